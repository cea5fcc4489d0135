"""Replays grow while they go well, and stop by themselves."""

import signal
from collections import Counter

import pytest
import typer

from connector.cli.replay import growing
from connector.cli.replay.clock import ReplayClock
from connector.cli.replay.growing import SIZES, Manner, replay_growing
from connector.cli.replay.ledger import Observed, Replayable, ReplayState

MANNER = Manner(rate=1000, wait=60)
WELL = Observed(ReplayState.ENDED)
AWAY = Observed(ReplayState.AWAY)
WAITING = Observed(ReplayState.WAITING)


def failed(code):
    return Observed(ReplayState.FAILED, code)


class StillClock(ReplayClock):
    """Goes on only in pauses."""

    def __init__(self):
        super().__init__()
        self.seconds = 0.0

    def now(self):
        return self.seconds

    def pause(self, seconds):
        self.seconds += max(seconds, 0) if not self.stopped else 0


class System:
    """Remembers what was replayed, in portions, and says of each thing what `becomes` says, by id."""

    ended = "done"

    def __init__(self, clock, becomes):
        self.clock, self.becomes = clock, becomes
        self.portions, self.times = [], {}

    def replay(self, things, ledger):
        self.portions.append([thing.id for thing in things])
        for thing in things:
            self.times[thing.id] = self.clock.now()
            ledger.replayed(thing.id, "sent")

    def look(self, ids):
        return {id_: self.becomes(id_) for id_ in ids}


def things(count, code="BROKEN", origin="add-tag"):
    return [Replayable(f"{origin}/{code}/{number}", code, origin) for number in range(count)]


@pytest.fixture
def run(capsys):
    """Replay; returns the system, the exit code, and what was printed."""

    def _run(chosen, becomes, manner=MANNER):
        clock, code = StillClock(), 0
        system = System(clock, becomes)
        try:
            replay_growing(chosen, system, manner, clock)
        except typer.Exit as ended:
            code = ended.exit_code
        return system, code, capsys.readouterr()

    return _run


def test_batches_grow_up_to_the_largest_while_they_go_well(run):
    system, code, printed = run(things(sum(SIZES) + 15_000), lambda _: WELL)

    assert [len(portion) for portion in system.portions] == [*SIZES, 10_000, 5_000]
    assert code == 0
    assert printed.out.splitlines()[-1] == f"{sum(SIZES) + 15_000:,} replayed: {sum(SIZES) + 15_000:,} done."


def test_no_batch_follows_when_the_same_error_comes_back(run):
    system, code, printed = run(things(100), lambda id_: failed("BROKEN") if id_.endswith("/4") else WELL)

    assert [len(portion) for portion in system.portions] == [1, 2, 5]
    assert code == 1
    assert "add-tag/BROKEN/4  failed again: BROKEN" in printed.err.splitlines()
    assert "No more of add-tag, BROKEN: the same error came back (BROKEN)." in printed.err
    assert printed.out.splitlines()[-1] == "8 replayed: 7 done, 1 failed again (BROKEN 1). 92 not replayed."


def test_a_large_batch_ends_in_the_middle_when_it_begins_to_fail(run):
    system, _, _ = run(
        things(1000),
        lambda id_: failed("BROKEN") if int(id_.rpartition("/")[2]) >= 200 else WELL,
        Manner(rate=1, wait=60),
    )

    assert sum(map(len, system.portions)) == 1 + 2 + 5 + 20 + 100 + 80


def test_another_error_begins_again_with_one_and_ends_the_replay_when_it_comes_back(run):
    system, code, _ = run(things(100), lambda id_: failed("OTHER") if id_.endswith(("/5", "/9")) else WELL)

    assert [len(portion) for portion in system.portions] == [1, 2, 5, 1, 2]
    assert code == 1


def test_another_error_that_does_not_come_back_lets_the_batches_grow_again(run):
    system, code, printed = run(things(50), lambda id_: failed("OTHER") if id_.endswith("/5") else WELL)

    assert [len(portion) for portion in system.portions] == [1, 2, 5, 1, 2, 5, 20, 14]
    assert code == 1
    assert printed.out.splitlines()[-1] == "50 replayed: 49 done, 1 failed again (OTHER 1)."


def test_each_kind_begins_with_one_and_stops_by_itself(run):
    chosen = [*things(10, "FIXED"), *things(10, "BROKEN"), *things(10, "FIXED", "sync-records")]

    system, _, printed = run(chosen, lambda id_: failed("BROKEN") if "BROKEN" in id_ else WELL)

    assert system.portions[0] == ["add-tag/FIXED/0", "add-tag/BROKEN/0", "sync-records/FIXED/0"]
    assert [len(portion) for portion in system.portions] == [3, 4, 10, 4]
    assert printed.out.splitlines()[-1] == "21 replayed: 20 done, 1 failed again (BROKEN 1). 9 not replayed."


def test_as_many_as_are_tolerated_may_fail_again(run):
    system, code, _ = run(
        things(30), lambda id_: failed("BROKEN") if id_.endswith("/1") else WELL, Manner(1000, 60, tolerated=3)
    )

    assert sum(map(len, system.portions)) == 28 + 2
    assert code == 1
    system, _, _ = run(things(100), lambda _: failed("BROKEN"), Manner(1000, 60, tolerated=3))
    assert [len(portion) for portion in system.portions] == [1, 1, 1, 1]


def test_what_nobody_takes_up_is_not_followed_by_more(run):
    system, code, printed = run(things(100), lambda id_: WAITING if id_.endswith("/2") else WELL)

    assert [len(portion) for portion in system.portions] == [1, 2]
    assert system.clock.seconds >= MANNER.wait
    assert code == 1
    assert "nothing happened for 60 seconds" in printed.err
    assert printed.out.splitlines()[-1] == "3 replayed: 2 done, 1 still waiting. 97 not replayed."


def test_a_batch_is_waited_for_as_long_as_something_happens(run):
    looks, ends_after = Counter(), [3, 3, 6, 3, 6, 9, 12, 15]

    def slowly(id_):
        looks[id_] += 1
        return WELL if looks[id_] > ends_after[int(id_.rpartition("/")[2])] else WAITING

    system, code, _ = run(things(8), slowly, Manner(1000, wait=15))

    assert code == 0
    assert system.clock.seconds > 2 * 15


def test_what_went_away_is_looked_at_for_the_whole_waiting_time_and_in_later_batches(run):
    looks = []

    def late(id_):
        looks.append(id_)
        return failed("BROKEN") if id_.endswith("/0") and len(looks) > 15 else AWAY

    system, code, printed = run(things(100), late)

    assert [len(portion) for portion in system.portions] == [1, 2]
    assert system.times["add-tag/BROKEN/1"] >= MANNER.wait
    assert code == 1
    assert "add-tag/BROKEN/0  failed again: BROKEN" in printed.err


def test_no_more_are_sent_in_a_second_than_the_rate_says(run):
    system, _, _ = run(things(128), lambda _: WELL, Manner(rate=0.5, wait=60))

    times = sorted(system.times.values())
    assert times[-1] >= (128 - growing.PORTION_SECONDS * 0.5 - 1) / 0.5
    assert all(len(portion) <= 5 for portion in system.portions)


def test_ctrl_c_lets_the_portion_end_and_counts_what_was_done(run):
    def pressed(_):
        signal.raise_signal(signal.SIGINT)
        return AWAY

    before = signal.getsignal(signal.SIGINT)

    system, code, printed = run(things(100), pressed)

    assert [len(portion) for portion in system.portions] == [1]
    assert code == 130
    assert printed.out.splitlines()[-1] == "1 replayed: 1 not back so far. 99 not replayed."
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def _as_in_a_terminal():
    """A process that was started in the background may ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_as_in_a_terminal")
def test_a_second_ctrl_c_ends_the_process_as_always(run):
    def pressed_twice(_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(things(100), pressed_twice)


def test_a_real_pause_ends_with_ctrl_c(monkeypatch):
    clock = ReplayClock()
    monkeypatch.setattr("time.sleep", lambda _: signal.raise_signal(signal.SIGINT))

    with clock.interruptible():
        clock.pause(3600)

    assert clock.stopped
