"""The rules of time, on a clock that the test moves: windows, locks and lives of any length at once."""

from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.delivery import Outcome
from sandbox.servicebus.encoding import encode
from sandbox.servicebus.errors import AmqpError
from sandbox.servicebus.namespace import Namespace
from sandbox.servicebus.values import Described, Symbol, Timestamp, UInt, ULong

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


class Clock:
    """Time that stands still unless moved; also the alarm, which has nothing to ring for."""

    now = 1_700_000_000_000

    def __call__(self):
        return self.now

    def at(self, when):
        pass


class Taker:
    """A receiver with credit."""

    takes_for_good = False

    def __init__(self, credit=1000):
        self.credit = credit
        self.messages = []

    def wants_message(self):
        return len(self.messages) < self.credit

    def deliver(self, message):
        self.messages.append(message)


class World:
    def __init__(self, **queue):
        self.clock = Clock()
        definition = NamespaceDefinition.model_validate({"queues": [{"name": "work", **queue}]})
        self.namespace = Namespace(definition, self.clock, self.clock)
        self.queue = self.namespace.find("work")

    def send(self, message_id=None, ttl_ms=None, due=None):
        annotations = {} if due is None else {Symbol("x-opt-scheduled-enqueue-time"): Timestamp(due)}
        sections = (
            (0x70, [None, None, None if ttl_ms is None else UInt(ttl_ms)]),
            (0x72, annotations),
            (0x73, [message_id]),
        )
        return self.namespace.send(self.queue, [b"".join(encode(Described(ULong(c), v)) for c, v in sections)])[0]

    def pass_time(self, milliseconds):
        self.clock.now += milliseconds
        self.namespace.advance()

    def take(self, credit=1000):
        taker = Taker(credit)
        self.queue.attach(taker)
        self.queue.dispatch()
        self.queue.detach(taker)
        return taker.messages


def test_a_message_id_is_forgotten_after_the_window():
    world = World(requiresDuplicateDetection=True, duplicateDetectionHistoryTimeWindow="PT10M")
    world.send("same")
    world.pass_time(10 * MINUTE - 1)
    world.send("same")
    assert world.queue.stats()["duplicates"] == 1

    world.pass_time(1)
    world.send("same")

    assert (world.queue.stats()["duplicates"], world.queue.stats()["active"]) == (1, 2)


def test_messages_without_an_id_are_never_duplicates():
    world = World(requiresDuplicateDetection=True)
    world.send()
    world.send()

    assert world.queue.stats()["active"] == 2


def test_a_lock_ends_to_the_millisecond():
    world = World(lockDuration="PT1M")
    world.send()
    [message] = world.take()

    world.pass_time(MINUTE - 1)
    assert world.queue.stats()["locked"] == 1
    world.pass_time(1)

    assert (world.queue.stats()["locked"], world.queue.stats()["active"], message.delivery_count) == (0, 1, 1)


def test_renewing_one_lock_leaves_the_others_as_they_are():
    world = World(lockDuration="PT1M")
    world.send()
    world.send()
    first, second = world.take()
    world.pass_time(MINUTE // 2)
    world.queue.renew(first.lock_token)

    world.pass_time(MINUTE // 2)

    assert (first.delivery_count, second.delivery_count) == (0, 1)
    assert world.queue.stats()["locked"] == 1


def test_a_released_message_is_no_delivery():
    world = World(maxDeliveryCount=1)
    world.send()
    for _ in range(3):
        world.queue.settle(world.take()[0].lock_token, Outcome.RELEASE)

    assert world.take()[0].delivery_count == 0


def test_the_shorter_life_of_message_and_queue_counts():
    world = World(defaultMessageTimeToLive="P14D", deadLetteringOnMessageExpiration=True)
    world.send(ttl_ms=MINUTE)
    world.send(ttl_ms=2**32 - 1)
    world.pass_time(MINUTE)
    assert (world.queue.stats()["active"], world.queue.stats()["dead_lettered"]) == (1, 1)

    world.pass_time(14 * DAY)

    assert (world.queue.stats()["active"], world.queue.stats()["dead_lettered"]) == (0, 2)


def test_a_scheduled_message_lives_from_its_time_on():
    world = World(defaultMessageTimeToLive="PT1M")
    world.send(due=world.clock.now + DAY)
    world.pass_time(DAY)
    assert world.queue.stats()["active"] == 1

    world.pass_time(MINUTE)

    assert world.queue.stats()["active"] == 0


def test_a_dead_letter_waits_for_ever():
    world = World(defaultMessageTimeToLive="PT1M", deadLetteringOnMessageExpiration=True)
    world.send()
    world.pass_time(MINUTE)

    world.pass_time(1000 * DAY)

    assert world.queue.stats()["dead_lettered"] == 1


def test_a_message_keeps_its_place_when_it_comes_back():
    world = World()
    numbers = [world.send() for _ in range(3)]
    [first] = world.take(credit=1)
    world.queue.settle(first.lock_token, Outcome.ABANDON)

    assert [message.sequence_number for message in world.take()] == numbers


def test_unknown_locks_settle_nothing():
    world = World()
    world.send()

    with pytest.raises(AmqpError, match="lock"):
        world.queue.settle(uuid4(), Outcome.COMPLETE)


def test_the_next_due_moment_is_the_earliest_of_all():
    world = World(lockDuration="PT1M", defaultMessageTimeToLive="PT3M")
    assert world.namespace.advance() is None
    start = world.clock.now
    world.send()
    assert world.namespace.advance() == start + 3 * MINUTE
    world.send(due=start + 2 * MINUTE)
    assert world.namespace.advance() == start + 2 * MINUTE

    world.take()

    assert world.namespace.advance() == start + MINUTE


def test_shuffling_does_not_revive_what_has_expired():
    world = World(defaultMessageTimeToLive="PT1M")
    world.send()
    world.pass_time(MINUTE)

    world.namespace.set_shuffle(on=True, seed=1)

    assert world.take() == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from(["plain", "later"])),
        st.tuples(st.just("take"), st.integers(1, 3)),
        st.tuples(st.just("settle"), st.sampled_from(list(Outcome))),
        st.tuples(st.just("wait"), st.sampled_from([1, MINUTE - 1, MINUTE, 5 * MINUTE])),
        st.tuples(st.just("shuffle"), st.booleans()),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=300)
@given(steps)
def test_whatever_happens_no_message_is_lost_or_doubled(plan):
    world = World(maxDeliveryCount=2, defaultMessageTimeToLive="PT5M", deadLetteringOnMessageExpiration=True)
    sent, tokens = 0, []
    for step, detail in plan:
        if step == "send":
            sent += 1
            world.send(due=world.clock.now + MINUTE if detail == "later" else None)
        elif step == "take":
            tokens += [message.lock_token for message in world.take(credit=detail)]
        elif step == "settle" and tokens:
            with suppress(AmqpError):  # the lock may have ended
                world.queue.settle(tokens.pop(0), detail)
        elif step == "wait":
            world.pass_time(detail)
        elif step == "shuffle":
            world.namespace.set_shuffle(on=detail, seed=1)

        stats = world.queue.stats()
        present = sum(stats[name] for name in ("active", "locked", "scheduled", "deferred", "dead_lettered"))
        assert present + stats["completed"] == sent
