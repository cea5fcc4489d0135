"""The loop of every feed, with a feed that the test fills: what a run reads."""

from collections import Counter
from datetime import timedelta
from itertools import count

import pytest

from connector.errors import Transient
from connector.pulls.loop import BLOCK, OVERLAP, PASSES, WINDOW, run_feed
from tests.unit.pulls.list_feed import START, Clocked, Entry, ListFeed, stored

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
