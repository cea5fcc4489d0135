"""The loop of every feed, with a feed that the test fills."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

import pytest

from connector.dataverse.api import Forbidden
from connector.errors import Misconfigured, Refused, Transient
from connector.pulls import loop
from connector.pulls.checkpoint import LEASE
from connector.pulls.loop import BLOCK, OVERLAP, PASSES, TIME_LIMIT, WINDOW, run_feed
from connector.state import StateConflict, StoredValueUnreadable
from tests.memory_state import MemoryState

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    id: str
    at: datetime | None = START


@dataclass
class ListFeed:
    """Entries that happened; a window has its start and not its end, or the other way round."""

    entries: list = field(default_factory=list)
    name: str = "list"
    includes_end: bool = False
    #: Called before an entry is given out.
    on_entry: object = lambda _: None
    #: Called with each block before it is worked on.
    on_work: object = lambda _: None
    windows: list = field(default_factory=list)
    worked: list = field(default_factory=list)

    def read(self, start, end):
        self.windows.append((start, end))
        for entry in list(self.entries):
            if not isinstance(entry, Entry) or entry.at is None or self._is_inside(entry.at, start, end):
                self.on_entry(entry)
                yield entry

    def _is_inside(self, at, start, end):
        return start < at <= end if self.includes_end else start <= at < end

    def key(self, entry):
        if not isinstance(entry, Entry):
            raise ValueError("malformed")  # noqa: TRY004 - what the loop expects
        return entry.id

    def moment(self, entry):
        return entry.at

    def work(self, _services, entries):
        self.on_work(entries)
        self.worked += [entry.id for entry in entries]
        return Counter(done=len(entries))


class Clocked(SimpleNamespace):
    """The services that the loop uses, at a time that the test moves."""

    def __init__(self, state=None, first_days=0):
        numbers = count(1)
        super().__init__(
            state=state or MemoryState(),
            time=START,
            new_id=lambda: f"run-{next(numbers)}",
            settings=SimpleNamespace(feed_first_days=first_days),
        )

    def now(self):
        return self.time

    def later(self, **span):
        self.time += timedelta(**span)
        return self.time


@pytest.fixture
def services():
    return Clocked()


@pytest.fixture
def feed(services):
    """A feed that has had its first run."""
    made = ListFeed()
    run_feed(services, made)
    services.later(minutes=15)
    made.windows.clear()
    return made


def stored(services):
    return services.state.read("feeds/list").value


# What a run reads


def test_the_first_run_has_no_history_and_the_second_begins_where_it_was(services):
    feed = ListFeed([Entry("old", START - timedelta(hours=1))])

    assert (run_feed(services, feed), feed.windows) == (Counter(), [])
    services.later(minutes=15)
    run_feed(services, feed)

    assert feed.windows == [(START - OVERLAP, START + timedelta(minutes=15))]
    assert feed.worked == []


def test_the_first_run_may_look_back_so_many_days():
    services = Clocked(first_days=2.5)
    feed = ListFeed([Entry("old", START - timedelta(days=2)), Entry("older", START - timedelta(days=3))])

    assert run_feed(services, feed) == Counter(done=1)
    assert feed.worked == ["old"]


def test_a_first_run_that_fails_begins_again_at_the_same_time():
    services = Clocked(first_days=1)
    feed = ListFeed([Entry("old", START - timedelta(hours=23, minutes=59))])

    def fails(_):
        raise Transient

    feed.on_entry = fails
    with pytest.raises(Transient):
        run_feed(services, feed)

    services.later(hours=1)
    feed.on_entry = lambda _: None
    run_feed(services, feed)

    assert feed.worked == ["old"]


def test_nothing_new_costs_one_reading_and_moves_the_checkpoint(services, feed):
    assert run_feed(services, feed) == Counter()
    assert len(feed.windows) == 1
    assert stored(services) == {"seen": [], "until": services.time.isoformat()}


@pytest.mark.parametrize("includes_end", [False, True])
def test_every_entry_is_worked_on_once_whichever_end_of_a_window_is_included(services, feed, includes_end):
    feed.includes_end = includes_end
    feed.entries = [Entry(str(n), START + timedelta(seconds=n)) for n in range(0, 3600, 30)]
    for _ in range(6):
        run_feed(services, feed)
        services.later(minutes=15)

    assert sorted(feed.worked, key=int) == [str(n) for n in range(0, 3600, 30)]


def test_what_arrives_late_within_the_overlap_is_not_missed(services, feed):
    run_feed(services, feed)
    late = services.time - OVERLAP + timedelta(seconds=1)
    services.later(minutes=15)
    feed.entries.append(Entry("late", late))

    run_feed(services, feed)

    assert feed.worked == ["late"]


def test_a_gap_of_thirty_days_is_caught_up_day_by_day(services, feed):
    days = [Entry(str(n), services.time + timedelta(days=n, hours=1)) for n in range(30)]
    feed.entries = list(reversed(days))
    services.later(days=30)

    run_feed(services, feed)

    assert feed.worked == [str(n) for n in range(30)]
    assert len(feed.windows) == 31
    assert all(end - start <= WINDOW + OVERLAP for start, end in feed.windows)
    assert stored(services)["until"] == services.time.isoformat()


def test_a_failure_in_a_gap_keeps_the_days_that_were_done(services, feed):
    feed.entries = [Entry(str(n), services.time + timedelta(days=n, hours=1)) for n in range(10)]
    services.later(days=10)

    def fails(entries):
        if entries[0].id == "5":
            raise Transient

    feed.on_work = fails
    with pytest.raises(Transient):
        run_feed(services, feed)
    assert feed.worked == ["0", "1", "2", "3", "4"]

    feed.on_work = lambda _: None
    run_feed(services, feed)

    assert feed.worked == [str(n) for n in range(10)]


# What comes more than once


def test_an_entry_that_the_overlap_shows_again_is_skipped_and_a_newer_one_of_the_same_key_is_not(services, feed):
    feed.entries = [Entry("a", services.time - timedelta(minutes=1))]
    run_feed(services, feed)
    services.later(minutes=1)
    feed.entries.append(Entry("a", services.time - timedelta(seconds=30)))

    run_feed(services, feed)
    run_feed(services, feed)

    assert feed.worked == ["a", "a"]


def test_the_same_page_twice_is_worked_on_once(services, feed):
    page = [Entry(str(n), services.time - timedelta(minutes=9)) for n in range(70)]
    feed.entries = [*page, *page]

    assert run_feed(services, feed) == Counter(done=70)


def test_an_entry_without_a_moment_is_never_taken_for_one_that_was_seen(services, feed):
    feed.entries = [Entry("a", None), Entry("a", None)]

    run_feed(services, feed)
    services.later(minutes=1)
    run_feed(services, feed)

    assert feed.worked == ["a", "a"], "once a run"


def test_what_was_seen_is_kept_as_hashes_and_only_for_the_overlap(services, feed):
    feed.entries = [Entry(f"person-{n}", services.time - timedelta(minutes=n, seconds=30)) for n in range(10)]
    run_feed(services, feed)

    assert len(stored(services)["seen"]) == 5
    assert "person" not in str(stored(services))


# Pages


@pytest.mark.parametrize("number", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_entries_are_worked_on_in_blocks_and_none_is_lost_at_a_boundary(services, feed, number):
    feed.entries = [Entry(str(n), services.time - timedelta(minutes=9)) for n in range(number)]
    sizes = []
    feed.on_work = lambda entries: sizes.append(len(entries))

    run_feed(services, feed)

    assert sorted(feed.worked, key=int) == [str(n) for n in range(number)]
    assert max(sizes) <= BLOCK
    assert len(feed.windows) == (1 if number <= BLOCK else 2), "what may have had several pages is read again"


def test_an_entry_that_an_offset_skipped_is_found_when_the_window_is_read_again(services, feed):
    """Somebody changes a contact while it is read: it leaves the window, and the next page begins one too late."""
    everything = [Entry(str(n), services.time - timedelta(minutes=9)) for n in range(250)]
    readings = iter([everything[1:150] + everything[151:], everything[1:]])
    feed.read = lambda *_: iter(next(readings, everything[1:]))

    run_feed(services, feed)

    assert sorted(feed.worked, key=int) == [str(n) for n in range(1, 250)]


def test_a_window_that_never_ends_to_change_is_left_for_the_next_run(services, feed):
    numbers = count()
    feed.read = lambda *_: iter([Entry(str(next(numbers)), START) for _ in range(BLOCK + 1)])

    with pytest.raises(Transient, match="change faster"):
        run_feed(services, feed)

    assert next(numbers) == PASSES * (BLOCK + 1)
    assert stored(services)["until"] == START.isoformat()


# Failures


def test_a_crash_in_the_middle_of_a_window_repeats_only_what_was_not_saved(services, feed, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_ENTRIES", 2 * BLOCK)
    feed.entries = [Entry(str(n), services.time - timedelta(minutes=1)) for n in range(5 * BLOCK)]

    class Killed(BaseException):
        pass

    def dies(entries):
        if entries[0].id == str(3 * BLOCK):
            raise Killed

    feed.on_work = dies
    with monkeypatch.context() as dead:
        dead.setattr(loop, "_give_back_after_failure", lambda _: None)  # the process is not there any more
        with pytest.raises(Killed):
            run_feed(services, feed)
    feed.on_work = lambda _: None
    assert run_feed(services, feed) == Counter(), "the lease of the dead run still holds"
    services.later(seconds=LEASE.total_seconds())
    run_feed(services, feed)

    assert Counter(feed.worked) == Counter(
        {str(n): 2 if 2 * BLOCK <= n < 3 * BLOCK else 1 for n in range(5 * BLOCK)}
    )  # fmt: skip


@pytest.mark.parametrize("error", [Transient, Misconfigured, Forbidden])
def test_a_problem_that_passes_leaves_the_checkpoint_and_gives_the_lease_back(services, feed, error):
    feed.entries = [Entry("a", services.time - timedelta(minutes=1))]

    def fails(_):
        raise error

    feed.on_work = fails
    with pytest.raises(error):
        run_feed(services, feed)
    assert stored(services) == {"seen": [], "until": START.isoformat()}

    feed.on_work = lambda _: None
    run_feed(services, feed)

    assert feed.worked == ["a"]


@pytest.mark.parametrize("error", [Refused, KeyError])
def test_an_entry_that_always_fails_is_logged_and_stops_no_other(services, feed, caplog, error):
    feed.entries = [Entry(str(n), services.time - timedelta(minutes=1)) for n in range(5)]

    def fails(entries):
        if any(entry.id == "3" for entry in entries):
            raise error

    feed.on_work = fails
    with caplog.at_level(logging.WARNING):
        counts = run_feed(services, feed)

    assert counts == Counter(done=4, failed=1)
    assert feed.worked == ["0", "1", "2", "4"]
    assert len(caplog.records) == 1


def test_malformed_entries_are_counted_once_and_stop_nothing(services, feed):
    feed.entries = [None, "text", *(Entry(str(n), services.time - timedelta(minutes=1)) for n in range(150))]

    assert run_feed(services, feed) == Counter(done=150, malformed=2)


def test_a_checkpoint_that_cannot_be_read_is_named(services, feed):
    state = services.state
    for value in ({"until": "yesterday"}, {"until": "2026-03-01T10:00:00"}, {"seen": "x"}, {"seen": [1]}):
        state.write("feeds/list", value, version=state.read("feeds/list").version)

        with pytest.raises(StoredValueUnreadable, match="feeds/list"):
            run_feed(services, feed)


# Time


def test_a_checkpoint_in_the_future_means_that_the_last_day_is_read_again(services, feed, caplog):
    services.later(hours=3)
    run_feed(services, feed)  # while the clock was wrong
    services.later(hours=-3)
    feed.entries = [Entry("a", services.time - timedelta(hours=23)), Entry("b", services.time - timedelta(minutes=1))]

    run_feed(services, feed)

    assert feed.worked == ["a", "b"]
    assert "clock was wrong" in caplog.text


def test_a_lease_that_was_taken_while_the_clock_was_wrong_blocks_nobody(services, feed):
    version = services.state.read("feeds/list").version
    until = (services.time + 2 * LEASE).isoformat()
    value = {"until": START.isoformat(), "seen": [], "lease": {"run": "x", "until": until}}
    services.state.write("feeds/list", value, version=version)

    run_feed(services, feed)

    assert len(feed.windows) == 1


def test_a_run_that_takes_long_ends_and_the_next_one_goes_on(services, feed, caplog):
    feed.entries = [Entry(str(n), services.time - timedelta(minutes=1)) for n in range(5 * BLOCK)]
    feed.on_work = lambda _: services.later(seconds=TIME_LIMIT.total_seconds() / 2)

    with caplog.at_level(logging.INFO):
        run_feed(services, feed)
    assert len(feed.worked) == 2 * BLOCK
    assert "The next run goes on." in caplog.text

    feed.on_work = lambda _: None
    run_feed(services, feed)

    assert sorted(feed.worked, key=int) == [str(n) for n in range(5 * BLOCK)]


def test_a_run_that_takes_long_reports_that_it_is_alive(services, feed, caplog):
    feed.entries = [Entry(str(n), services.time - timedelta(minutes=1)) for n in range(3 * BLOCK)]
    feed.on_work = lambda _: services.later(minutes=1)

    with caplog.at_level(logging.INFO):
        run_feed(services, feed)

    assert [str(n) in line for n, line in zip((100, 200, 300), caplog.messages, strict=False)] == [True] * 3
    assert caplog.messages[-1].startswith("Feed list: 300 new entries until ")
    assert caplog.messages[-1].endswith(": 300 done.")


# Two runs


def test_of_two_runs_at_the_same_time_one_does_the_work(services, feed):
    feed.entries = [Entry("a", services.time - timedelta(minutes=1))]
    other = ListFeed(feed.entries)
    feed.on_work = lambda _: run_feed(services, other)

    run_feed(services, feed)

    assert (feed.worked, other.worked, other.windows) == (["a"], [], [])


def test_two_runs_that_take_the_lease_at_the_same_moment_do_the_work_once(services, feed):
    feed.entries = [Entry("a", services.time - timedelta(minutes=1))]
    other = ListFeed(feed.entries)
    state, write = services.state, services.state.write

    def raced(name, value, *, version):
        state.write = write
        run_feed(services, other)
        return write(name, value, version=version)

    state.write = raced

    assert (run_feed(services, feed), feed.worked, other.worked) == (Counter(), [], ["a"])


def test_a_run_that_was_silent_for_too_long_does_not_overwrite_the_one_that_took_over(services, feed):
    feed.entries = [Entry("a", services.time - timedelta(minutes=1))]
    other = ListFeed(feed.entries)

    def stalls(_):
        services.later(seconds=LEASE.total_seconds())
        run_feed(services, other)

    feed.on_work = stalls
    with pytest.raises(StateConflict):
        run_feed(services, feed)

    assert other.worked == ["a"]
    assert stored(services)["until"] == services.time.isoformat()


def test_a_run_that_was_silent_for_too_long_begins_nothing_that_another_has_taken_over(services, feed):
    feed.entries = [Entry(f"{number}", services.time - timedelta(minutes=1)) for number in range(BLOCK + 1)]
    other = ListFeed(feed.entries)

    def stalls(_):
        if not other.worked:
            services.later(seconds=LEASE.total_seconds())
            run_feed(services, other)

    feed.on_entry = stalls  # while it reads what it is about to work on
    with pytest.raises(StateConflict):
        run_feed(services, feed)

    assert (len(other.worked), feed.worked) == (BLOCK + 1, [])


def test_a_run_that_reads_for_long_keeps_its_lease(services, feed):
    feed.entries = [Entry("a", services.time - timedelta(minutes=1))]
    other = ListFeed(feed.entries)
    feed.on_entry = lambda _: services.later(seconds=LEASE.total_seconds() / 2)
    feed.on_work = lambda _: (services.later(seconds=LEASE.total_seconds() - 2), run_feed(services, other))

    run_feed(services, feed)

    assert (other.worked, feed.worked) == ([], ["a"])
