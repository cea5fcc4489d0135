import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from connector.errors import Transient
from connector.http.clock import SYSTEM_CLOCK, Clock
from connector.http.gate import Gate, Turn
from tests.unit.scripted_server import FakeTime


def until(condition):
    deadline = monotonic() + 10
    while not condition():
        assert monotonic() < deadline
        sleep(0.001)


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def gate(time):
    return Gate("Spotler", 2, Clock(monotonic=time.monotonic, sleep=time.sleep))


def test_no_more_calls_at_a_time_than_places_and_all_get_one():
    gate = Gate("Spotler", 3, SYSTEM_CLOCK)
    lock = threading.Lock()
    running = most = 0

    def call(_):
        nonlocal running, most
        with gate.slot(8.0):
            with lock:
                running += 1
                most = max(most, running)
            sleep(0)  # lets others try
            with lock:
                running -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(call, range(2000)))

    assert most == 3
    assert gate._busy == 0


def test_threads_get_their_turns_in_the_order_of_asking():
    gate = Gate("Spotler", 1, SYSTEM_CLOCK)
    order = []

    def call(number):
        with gate.slot(8.0):
            order.append(number)

    with ThreadPoolExecutor(8) as pool, gate.slot(8.0):
        for number in range(8):
            pool.submit(call, number)
            until(lambda number=number: len(gate._queue) == number + 1)

    assert order == [*range(8)]


def test_a_place_is_free_again_after_a_call_that_failed(gate):
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), gate.slot(8.0):
            raise ZeroDivisionError

    assert not gate.is_full


def test_a_call_that_waits_too_long_for_its_turn_fails_and_leaves_the_queue():
    gate = Gate("Spotler", 1, SYSTEM_CLOCK, longest_turn=0.01)
    gate.join(Turn(8.0, lambda: None))

    with pytest.raises(Transient, match="No call to Spotler could begin") as caught, gate.slot(8.0):
        pass
    gate.leave()

    assert caught.value.retry_after is None
    assert not gate.is_full


def test_a_pause_longer_than_the_call_may_wait_is_reported_at_once_and_costs_no_place(gate, time):
    gate.close(30.0)

    with pytest.raises(Transient) as caught, gate.slot(8.0):
        pass

    assert caught.value.retry_after == 30.0
    assert time.slept == []
    assert not gate.is_full


def test_a_call_waits_for_the_end_of_a_shorter_pause(gate, time):
    gate.close(5.0)

    with gate.slot(8.0):
        assert time.slept == [5.0]


def test_a_call_stops_waiting_when_the_pause_grows_too_long():
    time = FakeTime()
    pauses = [20.0]

    def sleep_while_another_call_is_refused(seconds):
        time.sleep(seconds)
        if pauses:
            gate.close(pauses.pop())

    gate = Gate("Spotler", 2, Clock(monotonic=time.monotonic, sleep=sleep_while_another_call_is_refused))
    gate.close(5.0)

    with pytest.raises(Transient) as caught, gate.slot(8.0):
        pass

    assert caught.value.retry_after == 20.0
    assert not gate.is_full


def test_a_pause_turns_away_at_once_those_in_the_queue_that_may_not_wait_for_its_end():
    gate = Gate("Spotler", 1, SYSTEM_CLOCK)

    def call(longest_pause):
        with gate.slot(longest_pause):
            pass

    with ThreadPoolExecutor(2) as pool, gate.slot(8.0):
        hasty = pool.submit(call, 8.0)
        slow = pool.submit(call, 3600.0)
        until(lambda: len(gate._queue) == 2)
        gate.close(60.0)

        with pytest.raises(Transient) as caught:
            hasty.result(timeout=10)
        assert 59 < caught.value.retry_after <= 60
        assert not slow.done()

        with gate._lock:
            gate._closed_until = 0.0

    assert slow.exception() is None


def test_a_shorter_pause_does_not_end_a_longer_one(gate):
    gate.close(30.0)
    gate.close(5.0)

    assert gate.pause == 30.0


@pytest.mark.parametrize(
    ("status", "retry_after", "pause"), [(429, 5.0, 5.0), (503, 5.0, 5.0), (429, None, 0.0), (200, 5.0, 0.0)]
)
def test_a_429_or_a_503_may_ask_for_a_pause(gate, status, retry_after, pause):
    gate.observe(status, retry_after)

    assert max(gate.pause, 0.0) == pause


class AnySchedule(RuleBasedStateMachine):
    """Joining, leaving, resizing, pausing and giving up in any order."""

    @initialize(places=st.integers(1, 4))
    def begin(self, places):
        self.now = 0.0
        self.gate = Gate("Spotler", places, Clock(monotonic=lambda: self.now))
        self.places = places
        self.running = 0
        self.queue = []
        self.woken = []

    @rule(longest_pause=st.floats(0.0, 20.0))
    def join(self, longest_pause):
        turn = Turn(self.now + longest_pause, lambda: self.woken.append(turn))
        self.gate.join(turn)
        if self.gate.pause > 0 and turn.deadline < self.now + self.gate.pause:
            assert turn.admitted is False
        elif self.running < self.places:
            assert turn.admitted
            self.running += 1
        else:
            assert turn.admitted is None
            self.queue.append(turn)

    @rule()
    def leave(self):
        if self.running:
            self.running -= 1
            self.gate.leave()
            self.expect_admitted()

    @rule(places=st.integers(1, 4))
    def resize(self, places):
        self.places = places
        self.gate.resize(places)
        self.expect_admitted()

    @rule(seconds=st.floats(0.0, 20.0))
    def close(self, seconds):
        self.gate.close(seconds)
        hasty = [turn for turn in self.queue if turn.deadline < self.now + self.gate.pause]
        self.queue = [turn for turn in self.queue if turn not in hasty]
        assert self.woken == hasty
        assert all(turn.admitted is False for turn in hasty)
        self.woken.clear()

    @rule(which=st.integers(0, 20))
    def give_up(self, which):
        if self.queue:
            self.gate.give_up(self.queue.pop(which % len(self.queue)))

    @rule(seconds=st.floats(0.0, 10.0))
    def tick(self, seconds):
        self.now += seconds

    def expect_admitted(self):
        """Exactly those at the head of the queue for whom there is a place, in the order of asking."""
        free = max(self.places - self.running, 0)
        first, self.queue = self.queue[:free], self.queue[free:]
        self.running += len(first)
        assert self.woken == first
        assert all(turn.admitted for turn in first)
        self.woken.clear()

    @invariant()
    def nobody_else_was_woken_and_nobody_waits_beside_a_free_place(self):
        if hasattr(self, "gate"):
            assert self.woken == []
            assert all(turn.admitted is None for turn in self.queue)
            assert not self.queue or self.running >= self.places
            assert self.gate.is_full == (self.running >= self.places)


TestAnySchedule = AnySchedule.TestCase
TestAnySchedule.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
