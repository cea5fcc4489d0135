"""Bounces between a Dataverse and a Spotler: every way in which a feed can come."""

import dataclasses
import logging
import re
from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Info
from connector.errors import Transient
from connector.pulls import bounces as pull, loop, switches
from connector.pulls.bounces import BounceFeed, read_bounces
from connector.spotler.feeds import Feeds
from connector.sync.status import rows as status_rows
from sandbox.spotler.dialect import DIALECTS

HARD = "inactive (hard bounce)"


@pytest.fixture
def begun(world):
    """A world in which bounces were read before, at a time that no event of the test has."""
    world.now -= timedelta(days=40)
    read_bounces(world.services)
    world.now += timedelta(days=40)
    return world


@pytest.fixture
def recent(begun):
    """The same, with the last reading an hour ago."""
    begun.now -= timedelta(hours=1)
    read_bounces(begun.services)
    begun.now += timedelta(hours=1)
    return begun


def bounce(world, record, *, before=timedelta(minutes=5), **details):
    date = (world.now - before).isoformat()
    world.spotler.post("events", events=[{"type": "bounce", "externalId": record.id, "date": date, **details}])


def status(world, record):
    return world.info(record)[Info.CONTACT_STATUS]


def calls_for_bounces(world):
    return sum("/contact/bounces/list" in str(each["target"]) for each in world.spotler.traffic())


def with_feeds(world, page_size):
    """The services, with pages of this size."""
    feeds = Feeds(world.services.spotler._calls, page_size=page_size)
    world.services.spotler.feeds = feeds
    return world.services


def test_the_first_run_shows_no_history(world):
    record = world.contact(known=True)
    bounce(world, record)

    assert read_bounces(world.services) == Counter()
    assert status(world, record) is None


def test_nothing_new_costs_one_call_and_writes_nothing(recent):
    before = calls_for_bounces(recent)

    assert read_bounces(recent.services) == Counter()
    assert calls_for_bounces(recent) == before + 1


def test_a_bounce_is_shown_once_and_written_once(recent):
    record = recent.contact(known=True)
    bounce(recent, record)

    assert read_bounces(recent.services) == Counter({HARD: 1})
    version = recent.info(record)["versionnumber"]
    recent.now += timedelta(seconds=30)
    assert read_bounces(recent.services) == Counter()

    assert status(recent, record) == ContactStatus.HARD_BOUNCE
    assert recent.info(record)["versionnumber"] == version


def test_a_status_that_somebody_has_dated_in_the_future_hides_no_bounce(recent):
    record = recent.contact(known=True)
    recent.services.dataverse.update(
        Info.SET, str(recent.info(record)[Info.ID]), {Info.STATUS_ON: "2099-01-01T00:00:00Z"}
    )
    bounce(recent, record)

    assert read_bounces(recent.services) == Counter({HARD: 1})
    assert recent.info(record)[Info.STATUS_ON] < "2099"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_bounce_is_lost_at_the_end_of_a_page(recent, size, monkeypatch):
    monkeypatch.setattr(loop, "BLOCK", 2)
    records = [recent.contact(f"c{n}", known=True) for n in range(5)]
    for record in records:
        bounce(recent, record)

    read_bounces(with_feeds(recent, size))

    assert [status(recent, each) for each in records] == [ContactStatus.HARD_BOUNCE] * 5


def test_soft_bounces_are_counted_once_however_often_they_are_read(recent):
    record = recent.contact(known=True)
    for minutes in (9, 8, 7):
        bounce(recent, record, before=timedelta(minutes=minutes), hard=False)
    feed = BounceFeed(recent.services)
    read_bounces(recent.services)
    entries = list(feed.read(recent.now - timedelta(hours=1), recent.now))

    assert feed.work(recent.services, entries + entries) == Counter(unchanged=1), "the same page, twice"
    assert recent.info(record)[Info.SOFT_BOUNCES] == 3


def test_soft_bounces_are_counted_in_their_order_whatever_the_order_of_the_feed(recent, monkeypatch):
    record = recent.contact(known=True)
    for minutes in (9, 8, 7, 6):
        bounce(recent, record, before=timedelta(minutes=minutes), hard=False)
    read = Feeds.bounces
    monkeypatch.setattr(Feeds, "bounces", lambda *arguments: iter(list(read(*arguments))[::-1]))
    monkeypatch.setattr(loop, "BLOCK", 1)

    read_bounces(recent.services)

    assert (recent.info(record)[Info.SOFT_BOUNCES], status(recent, record)) == (4, ContactStatus.SOFT_BOUNCE)


def test_a_crash_in_the_middle_loses_no_bounce_and_counts_none_twice(recent, monkeypatch):
    monkeypatch.setattr(loop, "BLOCK", 1)
    record, other = recent.contact(known=True), recent.contact("other", known=True)
    for minutes in (9, 8, 7):
        bounce(recent, record, before=timedelta(minutes=minutes), hard=False)
    bounce(recent, other)
    apply, calls = status_rows.apply_bounces, iter(range(10))

    def fails_after_writing(services, entries):
        counts = apply(services, entries)
        if next(calls) == 1:
            raise Transient
        return counts

    with monkeypatch.context() as patched:
        patched.setattr(pull, "apply_bounces", fails_after_writing)
        with pytest.raises(Transient):
            read_bounces(recent.services)
    assert recent.info(record)[Info.SOFT_BOUNCES] == 2

    read_bounces(recent.services)

    assert recent.info(record)[Info.SOFT_BOUNCES] == 3
    assert status(recent, other) == ContactStatus.HARD_BOUNCE


def test_a_gap_of_thirty_days_is_caught_up(begun):
    records = [begun.contact(f"c{n}", known=True) for n in range(3)]
    for record, days in zip(records, (29, 15, 0.5), strict=True):
        bounce(begun, record, before=timedelta(days=days))

    assert read_bounces(begun.services) == Counter({HARD: 3})
    assert read_bounces(begun.services) == Counter()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.prefix)
@pytest.mark.parametrize("fault", [None, "other_dialect", "extra_members"])
def test_both_dialects_are_read(recent, dialect, fault, monkeypatch):
    record = recent.contact(known=True)
    bounce(recent, record)
    transport = recent.services.spotler._calls._transport
    root = recent.services.settings.spotler_url.removesuffix("/integrationservice-1.1.0")
    monkeypatch.setattr(transport, "base_url", root + dialect.prefix)
    if fault:
        recent.spotler.arm(fault, count=None)

    assert read_bounces(recent.services)[HARD] == 1
    assert recent.info(record)[Info.STATUS_ON][:16] == (recent.now - timedelta(minutes=5)).isoformat()[:16]


def test_malformed_entries_are_counted_and_stop_no_other(recent):
    record = recent.contact(known=True)
    date = (recent.now - timedelta(minutes=5)).isoformat()
    contact = {"externalId": record.id}
    body = [
        None,
        "text",
        {},
        {"type": "HARDBOUNCE", "date": "soon", "contact": contact},
        {"type": "HARDBOUNCE", "date": (recent.now + timedelta(days=400)).isoformat(), "contact": contact},
        {"type": "HARDBOUNCE", "date": date},
        {"type": ["HARD"], "date": date, "contact": {"externalId": "c0ffee00-0000-4000-8000-000000000001"}},
        {"type": "HARDBOUNCE", "date": date, "contact": contact},
    ]
    recent.spotler.arm("wrong_body", route="GET /contact/bounces/list", body=body)

    assert read_bounces(recent.services) == Counter({"malformed": 6, "unknown contacts": 1, HARD: 1})


def test_a_clock_that_was_wrong_hides_no_bounce(recent):
    record = recent.contact(known=True)
    recent.now += timedelta(hours=5)
    read_bounces(recent.services)
    recent.now -= timedelta(hours=5)
    bounce(recent, record)

    assert read_bounces(recent.services)[HARD] == 1


@pytest.mark.parametrize("hour", [0, 1, 2])
def test_the_hour_that_comes_twice_in_autumn_hides_no_bounce(world, hour):
    """Dutch time goes from 03:00 back to 02:00 on 25 October 2026, at 01:00 UTC."""
    world.now = world.now.replace(2026, 10, 25, 0, 0, 0) - timedelta(minutes=20)
    read_bounces(world.services)
    record = world.contact(known=True)
    world.now += timedelta(hours=hour, minutes=40)
    bounce(world, record, before=timedelta(minutes=10))

    assert read_bounces(world.services) == Counter({HARD: 1})


def test_a_row_that_somebody_writes_meanwhile_is_read_again(recent, monkeypatch):
    record = recent.contact(known=True)
    bounce(recent, record)
    rows, times = status_rows._rows, iter(range(10))

    def written_in_between(services, records):
        found = rows(services, records)
        if next(times) == 0:
            key = recent.info(record)[Info.ID]
            recent.services.dataverse.update(Info.SET, key, {Info.LAST_STATUS: "by somebody else"})
        return found

    monkeypatch.setattr(status_rows, "_rows", written_in_between)

    assert read_bounces(recent.services) == Counter({HARD: 1})
    assert recent.info(record)[Info.LAST_STATUS] == "by somebody else"


def test_rows_that_others_keep_writing_are_left_for_the_next_run(recent, monkeypatch):
    record = recent.contact(known=True)
    bounce(recent, record)
    rows = status_rows._rows

    def written_in_between(services, records):
        found = rows(services, records)
        recent.services.dataverse.update(Info.SET, recent.info(record)[Info.ID], {Info.NAME: "again"})
        return found

    with monkeypatch.context() as patched:
        patched.setattr(status_rows, "_rows", written_in_between)
        with pytest.raises(Transient, match="written by others"):
            read_bounces(recent.services)

    assert read_bounces(recent.services) == Counter({HARD: 1})


def test_a_row_that_dataverse_refuses_is_logged_and_stops_no_other(recent, caplog):
    records = [recent.contact(f"c{n}", known=True) for n in range(3)]
    for record in records:
        bounce(recent, record)
    recent.break_dataverse("400", re.escape(recent.info(records[1])[Info.ID]), inner=True)

    with caplog.at_level(logging.WARNING):
        counts = read_bounces(recent.services)

    assert (counts["failed"], len(caplog.records)) == (1, 1)
    expected = [ContactStatus.HARD_BOUNCE, None, ContactStatus.HARD_BOUNCE]
    assert [status(recent, each) for each in records] == expected


def test_switched_off_it_asks_nobody_anything(recent, monkeypatch, caplog):
    monkeypatch.setattr(switches, "_reported_off", set())
    settings = recent.services.settings.model_copy(update={"bounces_enabled": False})
    services = dataclasses.replace(recent.services, settings=settings)
    before = calls_for_bounces(recent)

    with caplog.at_level(logging.INFO):
        assert [read_bounces(services) for _ in range(2)] == [Counter()] * 2

    assert calls_for_bounces(recent) == before
    assert caplog.messages == ["Feed bounces is switched off by its setting."]


# Contacts that may be active again


def test_only_inactive_contacts_that_were_sent_since_are_asked_about(recent):
    bounced, sent, active = (recent.contact(name, known=True) for name in ("bounced", "sent", "active"))
    for record in (bounced, sent):
        bounce(recent, record)
    read_bounces(recent.services)
    recent.now += timedelta(minutes=10)
    at = (recent.now - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for record in (sent, active):
        recent.services.dataverse.update(Info.SET, recent.info(record)[Info.ID], {Info.LAST_SYNC_ON: at})
    recent.spotler.emit({"type": "profile", "externalId": sent.id, "properties": {"email": "new@example.org"}})

    assert read_bounces(recent.services) == Counter(active=1)
    assert status(recent, sent) == ContactStatus.ACTIVE_DYNAMIC
    assert status(recent, bounced) == ContactStatus.HARD_BOUNCE
    asked = [str(each["target"]) for each in recent.spotler.traffic() if each["method"] == "GET"]
    assert sum(active.id in target or bounced.id in target for target in asked) == 0


def test_a_contact_that_spotler_does_not_know_any_more_is_counted(recent):
    record = recent.contact()
    at = (recent.now - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    recent.load(
        Info.TABLE,
        **{Info.RECORD: record.id, Info.CONTACT_STATUS: ContactStatus.HARD_BOUNCE.value, Info.LAST_SYNC_ON: at},
    )

    assert read_bounces(recent.services) == Counter({"unknown contacts": 1})
