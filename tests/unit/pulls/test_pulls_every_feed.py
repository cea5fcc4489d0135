"""What is expected of every feed, between a Dataverse, a Spotler and a Spotler Leads: every way in which it can come.

A feed that is added to the connector needs a case in `every_feed.py`, and gets all of these tests.
"""

import importlib
import json
import pkgutil
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connector import pulls
from connector.dataverse.names import Info, Interaction
from connector.errors import Transient
from connector.pulls import interactions, loop
from connector.pulls.switches import is_switched_on
from sandbox.spotler.dialect import DIALECTS
from tests.damaged import overwrite
from tests.unit.pulls.every_feed import CASES
from tests.unit.pulls.interaction_events import use_pages

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
every_feed = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def at_night(*values):
    """Values that are tried with the long tests only."""
    return [pytest.param(*each, marks=pytest.mark.nightly) for each in values]


@pytest.fixture
def two(case, systems):
    """Both systems, in which the feed was read before."""
    return case.begin(systems)


@pytest.fixture
def small_blocks(monkeypatch):
    """A function that sets how many entries are worked on at once."""

    def _small_blocks(size):
        monkeypatch.setattr(loop, "BLOCK", size)
        monkeypatch.setattr(interactions, "BLOCK", size)

    return _small_blocks


def happen(two, case, subjects):
    for each in subjects:
        case.happen(two, each)
    two.tick(timedelta(minutes=1))


def noticed(two):
    """What people could notice; Spotler Info only notes what was done, and an interaction may be stored again."""
    of_connector = {Info.TABLE, Interaction.TABLE}
    writes = [each for each in two.systems.written() if each["table"] not in of_connector]
    return writes, len(two.systems.rows(Interaction.TABLE)), two.systems.last_effect()


def forget(two, case):
    """The checkpoint was lost."""
    two.services.state.delete(f"feeds/{case.name}")


def with_small_pages(two, monkeypatch, size):
    """All systems give so many entries in a page."""
    use_pages(two, size)
    monkeypatch.setattr(two.services.leads, "_take", size)
    answer = two.systems.answer

    def in_pages(request):
        if request.method == "GET" and "/api/data/" in request.url and "$top" not in request.url:
            given = request.headers.get("Prefer")
            request.headers["Prefer"] = ",".join(filter(None, (given, f"odata.maxpagesize={size}")))
        return answer(request)

    monkeypatch.setattr(two.systems, "answer", in_pages)


def feeds_of_the_connector():
    """Every class that brings to the loop what a feed brings."""
    modules = (importlib.import_module(each.name) for each in pkgutil.iter_modules(pulls.__path__, "connector.pulls."))
    parts = ("read", "key", "moment", "work")
    return {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and each is not loop.Feed and all(hasattr(each, part) for part in parts)
    }


def test_every_feed_has_a_case():
    assert {case.kind for case in CASES} == feeds_of_the_connector()
    assert len({case.name for case in CASES}) == len(CASES)


@every_feed
def test_a_case_is_that_of_its_feed(two, case):
    feed = case.feed(two.services)

    assert type(feed) is case.kind
    assert feed.name == case.name
    assert is_switched_on(two.services, case.name)
    assert two.services.state.read(f"feeds/{case.name}") is not None


@every_feed
def test_the_first_run_takes_what_is_not_too_old(two, case):
    old, new = subjects = case.subjects(two, 2)
    case.happen(two, old)
    two.tick(case.looks_back + HOUR)
    case.happen(two, new)
    two.tick(HOUR)
    forget(two, case)

    case.run(two)

    assert case.arrivals(two, subjects) == [0, 1]


@every_feed
def test_nothing_new_costs_the_same_however_much_there_is_and_writes_nothing(two, case):
    subjects = case.subjects(two, 3)

    def cost_of_nothing_new():
        two.tick(case.looks_back)  # people who have left are looked at again for some days
        case.run(two)
        before, calls = two.written(), two.calls("")
        two.tick(HOUR)
        case.run(two)
        assert two.written() == before
        return two.calls("") - calls

    before = cost_of_nothing_new()
    happen(two, case, subjects)
    case.run(two)

    assert cost_of_nothing_new() == before
    assert case.arrivals(two, subjects) == [1, 1, 1]


@every_feed
@pytest.mark.parametrize("size", [1, 3, *at_night([2], [5])])
def test_nothing_is_lost_at_the_end_of_a_page(two, case, size, small_blocks, monkeypatch):
    subjects = case.subjects(two, 5)
    happen(two, case, subjects)
    small_blocks(2)
    with_small_pages(two, monkeypatch, size)

    case.run(two)

    assert case.arrivals(two, subjects) == [1] * 5


@every_feed
def test_the_same_page_twice_changes_nothing_more(two, case):
    subjects = case.subjects(two, 2)
    happen(two, case, subjects)
    feed = case.feed(two.services)
    entries = list(feed.read(two.now() - HOUR, two.now()))
    assert len({feed.key(each) for each in entries}) == 2

    feed.work(two.services, entries + entries)
    assert case.arrivals(two, subjects) == [1, 1]
    before = noticed(two)
    feed.work(two.services, entries)
    case.run(two)
    forget(two, case)
    case.run(two)

    assert case.arrivals(two, subjects) == [1, 1]
    assert noticed(two) == before


@every_feed
def test_what_the_overlap_shows_again_is_not_worked_on_again(two, case, monkeypatch):
    subjects = case.subjects(two, 2)
    happen(two, case, subjects)
    case.run(two)
    case.run(two)  # people who have left: their rows were written meanwhile
    monkeypatch.setattr(case.kind, "work", lambda feed, *_: pytest.fail(f"{feed.name} works again"))
    two.tick(timedelta(seconds=30))

    case.run(two)

    assert case.arrivals(two, subjects) == [1, 1]


@every_feed
@pytest.mark.parametrize("crash", [0, 1, 2])
def test_a_crash_in_the_middle_loses_nothing_and_doubles_nothing(two, case, crash, small_blocks, monkeypatch):
    subjects = case.subjects(two, 3)
    happen(two, case, subjects)
    small_blocks(1)
    work, calls = case.kind.work, iter(range(100))

    def fails_after_writing(feed, services, entries):
        counts = work(feed, services, entries)
        if feed.name == case.name and next(calls) == crash:
            raise Transient
        return counts

    with monkeypatch.context() as patched:
        patched.setattr(case.kind, "work", fails_after_writing)
        with pytest.raises(Transient):
            case.run(two)
    assert sum(case.arrivals(two, subjects)) == crash + 1
    before = noticed(two)

    case.run(two)

    assert case.arrivals(two, subjects) == [1] * 3
    assert crash < 2 or noticed(two) == before


@every_feed
def test_two_runs_at_the_same_time_do_the_work_once(two, case, small_blocks, monkeypatch):
    subjects = case.subjects(two, 3)
    happen(two, case, subjects)
    small_blocks(1)
    work, worked = case.kind.work, []

    def run_meanwhile(feed, services, entries):
        worked.append(feed.name)
        if len(worked) == 1:
            case.run(two)
        return work(feed, services, entries)

    monkeypatch.setattr(case.kind, "work", run_meanwhile)
    case.run(two)

    assert worked.count(case.name) == 3
    assert case.arrivals(two, subjects) == [1] * 3


@every_feed
def test_a_gap_of_thirty_days_is_caught_up(two, case):
    subjects = case.subjects(two, 4)
    for days, each in zip((1, 14, 14.5, 0.4), subjects, strict=True):
        two.tick(timedelta(days=days))
        case.happen(two, each)
    two.tick(timedelta(hours=2))

    case.run(two)

    assert case.arrivals(two, subjects) == [1] * 4
    before = noticed(two)
    case.run(two)
    assert noticed(two) == before


@every_feed
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.prefix)
@pytest.mark.parametrize("fault", [None, "other_dialect", *at_night(["extra_members"])])
def test_both_dialects_are_read(two, case, dialect, fault, monkeypatch):
    subjects = case.subjects(two, 2)
    happen(two, case, subjects)
    root = two.services.settings.spotler_url.removesuffix("/integrationservice-1.1.0")
    monkeypatch.setattr(two.services.spotler._calls._transport, "base_url", root + dialect.prefix)
    if fault:
        two.systems.controls.arm(json.dumps({"faults": [{"kind": fault, "count": None}]}).encode())

    case.run(two)

    assert case.arrivals(two, subjects) == [1, 1]


@every_feed
def test_malformed_entries_stop_no_other(two, case, small_blocks, monkeypatch):
    subjects = case.subjects(two, 3)
    happen(two, case, subjects)
    small_blocks(4)
    put_odd_entries(two, case, monkeypatch)

    case.run(two)
    case.run(two)

    assert case.arrivals(two, subjects) == [1] * 3


def put_odd_entries(two, case, monkeypatch):
    """Odd rows are made in Dataverse; elsewhere the answers begin with odd entries."""
    if Info.SET in case.source:
        at = two.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        for each in case.odd:
            two.systems.by_person("POST", Info.SET, {Info.NAME: "Odd", Info.LAST_SYNC_ON: at, **each})
        return
    answer = two.systems.answer

    def with_odd_entries(request):
        answered = answer(request)
        if case.source in request.url and answered.status_code == 200:
            body = answered.json()
            page = body if isinstance(body, list) else next(each for each in body.values() if isinstance(each, list))
            page[:0] = case.odd
            answered._content = json.dumps(body).encode()
        return answered

    monkeypatch.setattr(two.systems, "answer", with_odd_entries)


@every_feed
def test_a_clock_that_was_wrong_hides_nothing(two, case):
    before, after = subjects = case.subjects(two, 2)
    case.happen(two, before)
    services = two.services
    two.services = replace(services, now=lambda: services.now() + 5 * HOUR)
    case.run(two)
    two.services = services

    case.happen(two, after)
    two.tick(timedelta(minutes=1))
    case.run(two)

    assert case.arrivals(two, subjects) == [1, 1]


@every_feed
@pytest.mark.parametrize("hour", [0, 1, 2])
@pytest.mark.parametrize("day", ["2027-10-31", *at_night(["2027-03-28"])])
def test_the_change_of_the_clocks_hides_nothing(two, case, day, hour):
    """Dutch time goes back by an hour on 31 October 2027, and forward by one on 28 March 2027, both at 01:00 UTC."""
    (subject,) = case.subjects(two, 1)
    two.tick(datetime.fromisoformat(f"{day}T00:00:00Z") - timedelta(minutes=20) - two.now())
    for name in two.services.state.names("feeds/"):  # or everything until then is caught up day by day
        two.services.state.delete(name)
    case.run(two)
    two.tick(timedelta(hours=hour, minutes=30))
    case.happen(two, subject)
    two.tick(timedelta(minutes=10))

    case.run(two)

    assert case.arrivals(two, [subject]) == [1]


@every_feed
def test_a_checkpoint_by_hand_in_the_future_hides_nothing_of_the_last_day(two, case):
    (subject,) = case.subjects(two, 1)
    case.happen(two, subject)
    overwrite(two.services.state, f"feeds/{case.name}", {"seen": [], "until": (two.now() + 400 * DAY).isoformat()})
    two.tick(HOUR)

    case.run(two)

    assert case.arrivals(two, [subject]) == [1]


@every_feed
def test_no_log_line_names_a_person(two, case, caplog):
    with caplog.at_level("DEBUG"):
        subjects = case.subjects(two, 1)
        happen(two, case, subjects)
        case.run(two)

    assert f"Feed {case.name}: 1 new entries" in caplog.text
    assert "example.org" not in caplog.text.replace("@odata", "")
