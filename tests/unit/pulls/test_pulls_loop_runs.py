"""Runs of the loop that fail, take long, or are at work at the same time."""

import logging
from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.api import Forbidden
from connector.errors import Misconfigured, Refused, Transient
from connector.pulls import loop
from connector.pulls.checkpoint import LEASE
from connector.pulls.loop import BLOCK, TIME_LIMIT, run_feed
from connector.state import StateConflict, StoredValueUnreadable
from tests.unit.pulls.list_feed import START, Entry, ListFeed, stored

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
