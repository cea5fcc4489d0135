"""The feeds of interactions: every way in which events can come, and what can go wrong."""

import json
import logging
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.api import Forbidden
from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Info, Interaction
from connector.errors import Transient
from connector.pulls import interactions as pull, loop, switches
from connector.pulls.interactions import InteractionFeed
from connector.spotler import InteractionKind
from connector.sync.interactions import storing
from sandbox.dataverse.roles import Verb
from sandbox.spotler.dialect import DIALECTS
from sandbox.spotler.seed import MAILING_ID
from tests.unit.pulls.interaction_events import (
    arm,
    date_of,
    forget_checkpoints,
    iso,
    of,
    opens,
    read,
    rows,
    use_pages,
    with_settings,
    written,
)
from tests.unit.sync.two_systems import TwoSystems

OPENED, CLICKED = InteractionType.EMAIL_OPENED, InteractionType.EMAIL_CLICKED
DAY = timedelta(days=1)


# The feeds


def test_the_first_run_takes_no_history(systems):
    two = TwoSystems(systems)
    with_settings(two, feed_first_days=0)
    ann = two.contact("ann")
    two.sync(ann)
    opens(two, ann)
    two.tick(timedelta(hours=1))

    assert read(two) == Counter()
    assert rows(two) == []


def test_nothing_new_costs_a_call_for_each_kind_and_writes_nothing(two, people):
    people("ann")
    read(two)
    before, calls = written(two), two.calls("")

    two.tick(timedelta(hours=1))
    assert read(two) == Counter()
    assert written(two) == before
    made = [each.what for each in two.wire.touches[calls:] if each.request]
    assert len([each for each in made if "mailing-interaction" in each]) == len(made) == 4


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_no_event_is_lost_at_the_end_of_a_page(two, people, size, monkeypatch):
    monkeypatch.setattr(loop, "BLOCK", 2)
    monkeypatch.setattr(pull, "BLOCK", 2)
    records = people("ann", "bob", "cas", "dee", "eva")
    for record in records:
        opens(two, record)
    use_pages(two, size)

    assert read(two) == Counter(stored=5)
    assert [of(two, each) for each in records] == [[OPENED]] * 5


def test_the_same_page_twice_makes_each_row_once(two, people):
    records = people("ann", "bob")
    for record in records:
        opens(two, record)
        opens(two, record)
    feed = InteractionFeed(two.services, InteractionKind.OPENED)
    entries = list(feed.read(two.now() - DAY, two.now() + DAY))

    assert feed.work(two.services, entries + entries) == Counter(stored=4)
    assert feed.work(two.services, entries) == Counter(stored=4)
    assert [of(two, each) for each in records] == [[OPENED] * 2] * 2


@pytest.mark.parametrize("fails", ["upsert_multiple", "update_multiple"])
def test_a_crash_in_the_middle_loses_no_event_and_doubles_none(two, people, fails, monkeypatch):
    monkeypatch.setattr(pull, "BLOCK", 2)
    records = people("ann", "bob", "cas", "dee", "eva")
    for record in records:
        opens(two, record)
    write, calls = getattr(two.services.dataverse, fails), iter(range(10))

    def dies(table, changes):
        results = write(table, changes)
        if next(calls) == 1:
            raise Transient
        return results

    with monkeypatch.context() as patched:
        patched.setattr(two.services.dataverse, fails, dies)
        with pytest.raises(Transient):
            read(two)
    read(two)

    assert [of(two, each) for each in records] == [[OPENED]] * 5
    assert all(date_of(two, each, Info.LAST_OPENED_ON) for each in records)


def test_a_gap_of_thirty_days_is_caught_up(two, people):
    (ann,) = people("ann")
    for _ in range(5):
        opens(two, ann)
        two.tick(6 * DAY)

    assert read(two) == Counter(stored=5)
    assert read(two) == Counter()
    assert of(two, ann) == [OPENED] * 5


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.prefix)
@pytest.mark.parametrize("fault", [None, "other_dialect", "extra_members"])
def test_both_dialects_are_read(two, people, dialect, fault, monkeypatch):
    (ann,) = people("ann")
    opens(two, ann)
    on = two.now()
    transport = two.services.spotler._calls._transport
    root = two.services.settings.spotler_url.removesuffix("/integrationservice-1.1.0")
    monkeypatch.setattr(transport, "base_url", root + dialect.prefix)
    if fault:
        arm(two, fault, "/mailing-interaction/opened")

    assert read(two) == Counter(stored=1)
    assert date_of(two, ann, Info.LAST_OPENED_ON) == on.replace(microsecond=0)


def test_an_event_that_both_dialects_show_is_one_row(two, people):
    (ann,) = people("ann")
    opens(two, ann)
    read(two)
    forget_checkpoints(two)
    arm(two, "other_dialect", "/mailing-interaction/opened")

    assert read(two)["stored"] == 1
    assert of(two, ann) == [OPENED]


def test_malformed_entries_are_counted_and_stop_no_other(two, people):
    (ann,) = people("ann")
    date, good = iso(two), {"externalContactId": ann.id, "encryptedMailingId": MAILING_ID}
    body = [
        None,
        "text",
        {},
        {**good, "id": 1, "date": "soon"},
        {**good, "id": 2, "date": (two.now() + 400 * DAY).isoformat()},
        {"id": 3, "date": date, "encryptedMailingId": MAILING_ID},
        {**good, "date": date, "changeDate": "never"},
        {**good, "id": 4, "date": date, "changeDate": date, "encryptedMailingId": None},
    ]
    arm(two, "wrong_body", "/mailing-interaction/opened", body=body)
    with_settings(two, interactions="opened")

    assert read(two) == Counter({"malformed": 5, "unknown contacts": 1, "stored": 2})
    assert sorted(row[Interaction.NAME] for row in rows(two)) == ["Email opened", "Email opened: June news"]


def test_a_clock_that_was_wrong_hides_no_event(two, people):
    (ann,) = people("ann")
    right = two.services.now
    two.services = replace(two.services, now=lambda: right() + timedelta(hours=5))
    read(two)
    two.services = replace(two.services, now=right)
    opens(two, ann)

    assert read(two) == Counter(stored=1)


@pytest.mark.parametrize("hour", [0, 1, 2])
def test_the_hour_that_comes_twice_in_autumn_hides_no_event(systems, hour):
    """Dutch time goes from 03:00 back to 02:00 on 31 October 2027, at 01:00 UTC."""
    two = TwoSystems(systems)
    ann = two.contact("ann")
    two.sync(ann)
    two.tick(datetime(2027, 10, 31, tzinfo=UTC) - timedelta(minutes=20) - two.now())
    read(two)
    two.tick(timedelta(hours=hour, minutes=30))
    opens(two, ann)
    on = two.now()
    two.tick(timedelta(minutes=10))

    assert read(two) == Counter(stored=1)
    assert date_of(two, ann, Info.LAST_OPENED_ON) == on.replace(microsecond=0)


# What goes wrong


def test_a_kind_that_cannot_be_read_keeps_no_other_waiting(two, people):
    (ann,) = people("ann")
    opens(two, ann)
    opens(two, ann, kind="click")
    arm(two, "html", "/mailing-interaction/clicked")

    with pytest.raises(Transient):
        read(two)
    assert of(two, ann) == [OPENED]

    two.systems.controls.arm(json.dumps({"faults": [], "replace": True}).encode())
    assert read(two) == Counter(stored=1)


def test_the_kinds_share_the_time_of_a_run_and_the_next_run_goes_on(two, people, monkeypatch):
    (ann,) = people("ann")
    opens(two, ann)
    opens(two, ann, kind="click")
    store = pull.store_events

    def slow(*arguments):
        two.tick(loop.TIME_LIMIT)
        return store(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(pull, "store_events", slow)
        assert read(two) == Counter(stored=1)
    assert of(two, ann) == [CLICKED]

    assert read(two) == Counter(stored=1)
    assert of(two, ann) == [OPENED, CLICKED]


def test_a_missing_privilege_keeps_the_events_waiting(two, people, monkeypatch):
    (ann,) = people("ann")
    opens(two, ann)
    with monkeypatch.context() as patched:
        patched.setitem(two.systems.environment.connector.role.tables, Interaction.TABLE, frozenset({Verb.READ}))
        with pytest.raises(Forbidden, match="prv"):
            read(two)

    assert read(two) == Counter(stored=1)


def test_a_record_that_was_deleted_is_an_unknown_contact_and_stops_no_other(two, people):
    ann, bob = people("ann", "bob")
    for record in (ann, bob):
        opens(two, record)
    two.systems.by_person("DELETE", f"contacts({ann.id})", {})

    assert read(two) == Counter({"stored": 1, "unknown contacts": 1})
    assert of(two, bob) == [OPENED]


def test_a_record_that_is_deleted_while_its_events_are_stored_stops_no_other(two, people, monkeypatch):
    ann, bob = people("ann", "bob")
    for record in (ann, bob):
        opens(two, record)
    infos = storing._infos

    def deleted_meanwhile(*arguments):
        found = infos(*arguments)
        two.systems.by_person("DELETE", f"contacts({ann.id})", {})
        return found

    monkeypatch.setattr(storing, "_infos", deleted_meanwhile)

    assert read(two) == Counter({"stored": 1, "unknown contacts": 1})
    assert of(two, bob) == [OPENED]


def test_switched_off_no_call_is_made(two, people, caplog, monkeypatch):
    monkeypatch.setattr(switches, "_reported_off", set())
    people("ann")
    with_settings(two, interactions_enabled=False)
    calls = two.calls("")

    with caplog.at_level(logging.INFO):
        assert read(two) == Counter()
    assert two.calls("") == calls
    assert "Feed interactions is switched off by its setting." in caplog.text


def test_no_log_line_names_a_person(two, people, caplog):
    (ann,) = people("ann")
    opens(two, ann)
    with caplog.at_level(logging.DEBUG):
        read(two)

    assert "ann@" not in caplog.text
    assert "Feed interactions-opened: 1 new entries" in caplog.text
