"""The feed of updates between a Dataverse and a Spotler: every way in which it can come."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.names import Info
from connector.errors import Transient
from connector.pulls import loop, switches, updates as pull
from connector.pulls.updates import Updates, pull_updates, pull_updates_again
from connector.spotler.feeds import Feeds
from connector.sync.both_ways import inward
from sandbox.spotler.dialect import DIALECTS
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
LIST = "/contact/updates/list"


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS)


@pytest.fixture
def people(two):
    """Contacts that both systems know, and whose echo was read."""

    def _people(*names):
        made = [two.contact(name, firstname=name.title()) for name in names]
        two.sync(*made)
        two.pull()
        return made

    return _people


def names(two, records):
    return [two.row(record)["firstname"] for record in records]


def rename(two, records):
    """Everybody changes the first name in Spotler; what the rows should have then."""
    wanted = [f"New {number}" for number, _ in enumerate(records)]
    for record, name in zip(records, wanted, strict=True):
        two.profile(record, firstName=name)
    return wanted


def written(two):
    """What people could notice: Spotler Info only notes what was done."""
    return [each for each in two.systems.written() if each["table"] != Info.TABLE], two.systems.last_effect()


def use_pages(two, size):
    two.services.spotler.feeds = Feeds(two.services.spotler._calls, page_size=size)


def arm(two, kind, **details):
    body = {"faults": [{"kind": kind, "route": f"GET {LIST}", "count": None, **details}]}
    two.systems.controls.arm(json.dumps(body).encode())


def test_the_first_run_takes_no_history(systems):
    two = TwoSystems(systems, NAME)
    ann = two.contact("ann", firstname="Ann")
    two.sync(ann)
    two.profile(ann, firstName="Anna")
    two.services.state.delete("feeds/updates")
    two.services = replace(two.services, settings=two.services.settings.model_copy(update={"feed_first_days": 0}))
    two.tick(timedelta(hours=1))

    assert two.pull() == Counter()
    assert names(two, [ann]) == ["Ann"]


def test_the_first_run_takes_as_many_days_as_its_setting_says(two, people):
    (ann,) = people("ann")
    two.profile(ann, firstName="Anna")
    two.services.state.delete("feeds/updates")
    two.services = replace(two.services, settings=two.services.settings.model_copy(update={"feed_first_days": 1}))

    assert two.pull()[inward.WRITTEN] == 1
    assert names(two, [ann]) == ["Anna"]


def test_nothing_new_costs_one_call_and_writes_nothing(two, people):
    people("ann", "bob")
    two.tick(timedelta(hours=1))
    two.pull()
    before, calls = two.written(), len([each for each in two.wire.touches if each.request])

    two.tick(timedelta(hours=1))
    assert two.pull() == Counter()
    assert two.written() == before
    made = [each for each in two.wire.touches if each.request][calls:]
    assert [LIST in each.what for each in made] == [True]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_no_change_is_lost_at_the_end_of_a_page(two, people, size, monkeypatch):
    monkeypatch.setattr(loop, "BLOCK", 2)
    records = people("ann", "bob", "cas", "dee", "eva")
    wanted = rename(two, records)
    use_pages(two, size)

    two.pull()

    assert names(two, records) == wanted


def test_a_contact_that_changes_between_two_pages_hides_no_other(two, people, monkeypatch):
    """It moves to the end of the list, so the next page begins one too late."""
    monkeypatch.setattr(loop, "BLOCK", 2)
    records = people("ann", "bob", "cas", "dee")
    wanted = rename(two, records)
    use_pages(two, 2)
    read, work, done = Feeds.updates, Updates.work, []

    def changes_meanwhile(feed, services, entries):
        if not done:
            done.append(True)
            two.profile(records[0], firstName="Newer")
        return work(feed, services, entries)

    monkeypatch.setattr(Updates, "work", changes_meanwhile)
    two.tick(timedelta(minutes=1))
    two.pull()
    two.pull()

    assert read is Feeds.updates
    assert names(two, records) == ["Newer", *wanted[1:]]


def test_the_same_page_twice_is_written_once(two, people):
    records = people("ann", "bob")
    rename(two, records)
    feed = Updates(two.services)
    two.tick()
    entries = list(feed.read(two.now() - timedelta(hours=1), two.now()))

    assert feed.work(two.services, entries)[inward.WRITTEN] == 2
    before = written(two)
    assert feed.work(two.services, entries) == Counter({inward.UNCHANGED: 2})
    assert written(two) == before
    noted = two.written()
    feed.work(two.services, entries)
    assert two.written() == noted


@pytest.mark.parametrize("crash", [0, 1, 2])
def test_a_crash_in_the_middle_loses_nothing_and_writes_nothing_twice(two, people, crash, monkeypatch):
    monkeypatch.setattr(loop, "BLOCK", 1)
    records = people("ann", "bob", "cas")
    wanted = rename(two, records)
    two.unsubscribe(records[2], NEWSLETTER_BIT)
    apply, calls = inward.apply, iter(range(10))

    def fails_after_writing(services, entries):
        counts = apply(services, entries)
        if next(calls) == crash:
            raise Transient
        return counts

    with monkeypatch.context() as patched:
        patched.setattr(pull.inward, "apply", fails_after_writing)
        with pytest.raises(Transient):
            two.pull()
    assert names(two, records)[: crash + 1] == wanted[: crash + 1]
    before = written(two)

    counts = two.pull()

    assert names(two, records) == wanted
    assert counts[inward.WRITTEN] == len(records) - crash - 1
    assert two.pull() == Counter()
    assert (written(two) == before) == (crash == len(records) - 1)


def test_a_gap_of_thirty_days_is_caught_up(two, people):
    records = people("ann", "bob", "cas")
    wanted = []
    for days, record in zip((1, 14, 14.5), records, strict=True):
        two.tick(timedelta(days=days))
        two.profile(record, firstName=f"After {days}")
        wanted.append(f"After {days}")
    two.tick(timedelta(hours=12))

    assert two.pull()[inward.WRITTEN] == 3
    assert names(two, records) == wanted
    assert two.pull() == Counter()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.prefix)
@pytest.mark.parametrize("fault", [None, "other_dialect", "extra_members"])
def test_both_dialects_are_read(two, people, dialect, fault, monkeypatch):
    ann, bob = people("ann", "bob")
    two.profile(ann, firstName="Anna")
    two.unsubscribe(bob, NEWSLETTER_BIT)
    root = two.services.settings.spotler_url.removesuffix("/integrationservice-1.1.0")
    monkeypatch.setattr(two.services.spotler._calls._transport, "base_url", root + dialect.prefix)
    if fault:
        arm(two, fault)

    assert two.pull()[inward.WRITTEN] == 1
    assert names(two, [ann, bob]) == ["Anna", "Bob"]


def test_malformed_entries_are_counted_and_stop_no_other(two, people):
    (ann,) = people("ann")
    two.profile(ann, firstName="Anna")
    changed = two.now().isoformat()
    good = {"externalId": ann.id, "lastChanged": changed, "created": changed, "temporary": False, "testGroup": False}
    properties = {"email": "ann@example.org", "firstName": "Anna"}
    body = [
        None,
        "text",
        {},
        {**good, "externalId": None},
        {**good, "externalId": "shop-17"},
        {**good, "externalId": "c0ffee00-0000-4000-8000-000000000001", "lastChanged": "soon"},
        {**good, "externalId": ann.id, "properties": "none", "channels": 7, "lastChanged": changed[:-9]},
        {**good, "properties": properties, "channels": [{"name": "EMAIL", "value": True}]},
    ]
    arm(two, "wrong_body", body=body)

    counts = two.pull()

    assert counts["malformed"] == 4
    assert counts[pull.OTHER_SYSTEM] == counts[inward.NO_RECORD] == 1
    assert names(two, [ann]) == ["Anna"]


def test_a_clock_that_was_wrong_hides_no_change(two, people):
    (ann,) = people("ann")
    two.profile(ann, firstName="Anna")
    right = two.services.now
    two.services = replace(two.services, now=lambda: right() + timedelta(hours=5))
    with_wrong_clock = two.services.state.read("feeds/updates")
    two.pull()
    assert two.services.state.read("feeds/updates") != with_wrong_clock
    two.services = replace(two.services, now=right)

    two.profile(ann, firstName="Anne")
    two.pull()

    assert names(two, [ann]) == ["Anne"]


@pytest.mark.parametrize("hour", [0, 1, 2])
def test_the_hour_that_comes_twice_in_autumn_hides_no_change(systems, hour):
    """Dutch time goes from 03:00 back to 02:00 on 31 October 2027, at 01:00 UTC."""
    two = TwoSystems(systems, NAME)
    ann = two.contact("ann", firstname="Ann")
    two.sync(ann)
    two.tick(datetime(2027, 10, 31, tzinfo=UTC) - timedelta(minutes=20) - two.now())
    two.pull()
    two.pull()
    two.tick(timedelta(hours=hour, minutes=30))
    two.profile(ann, firstName="Anna")
    two.tick(timedelta(minutes=10))

    assert two.pull()[inward.WRITTEN] == 1
    assert names(two, [ann]) == ["Anna"]


def test_what_the_feed_has_missed_arrives_in_the_night(two, people):
    (ann,) = people("ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.pull()
    pull_updates_again(two.services)
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.tick(timedelta(hours=1))
    stored = two.services.state.read("feeds/updates")
    until = {"seen": [], "until": two.services.now().isoformat()}
    two.services.state.write("feeds/updates", until, version=stored.version)
    two.pull()
    assert two.subscribed(ann) == {"Newsletter": True}

    pull_updates_again(two.services)

    assert two.subscribed(ann) == {"Newsletter": False}


def test_the_second_reading_of_what_arrived_writes_nothing_into_the_record(two, people):
    (ann,) = people("ann")
    pull_updates_again(two.services)
    two.profile(ann, firstName="Anna")
    two.pull()
    before = two.row(ann)

    pull_updates_again(two.services)

    assert before["firstname"] == "Anna"
    assert two.row(ann) == before


def test_switched_off_it_asks_nobody_anything(two, monkeypatch):
    monkeypatch.setattr(switches, "_reported_off", set())
    settings = two.services.settings.model_copy(update={"updates_enabled": False})
    before = len(two.wire.touches)

    pull_updates(replace(two.services, settings=settings))

    assert len(two.wire.touches) == before


def test_two_runs_at_the_same_time_do_the_work_once(two, people, monkeypatch):
    records = people("ann", "bob")
    wanted = rename(two, records)
    work, second = Updates.work, []

    def run_meanwhile(feed, services, entries):
        if not second:
            second.append(None)
            second.append(two.pull())
        return work(feed, services, entries)

    monkeypatch.setattr(Updates, "work", run_meanwhile)

    assert two.pull()[inward.WRITTEN] == 2
    assert second[1] == Counter()
    assert names(two, records) == wanted
