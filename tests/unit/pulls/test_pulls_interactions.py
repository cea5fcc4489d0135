"""The feeds of interactions between a Spotler and a Dataverse: every way in which they can come."""

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
from connector.pulls.interactions import InteractionFeed, read_interactions
from connector.spotler import InteractionKind
from connector.spotler.feeds import Feeds
from connector.sync.interactions import storing
from sandbox.dataverse.roles import Verb
from sandbox.spotler.dialect import DIALECTS
from sandbox.spotler.seed import CAMPAIGN_MAILING_ID, MAILING_ID
from tests.unit.sync.two_systems import TwoSystems

OPENED, CLICKED = InteractionType.EMAIL_OPENED, InteractionType.EMAIL_CLICKED
DAY = timedelta(days=1)


@pytest.fixture
def two(systems):
    """Both systems, after the first reading of all kinds."""
    made = TwoSystems(systems)
    with_settings(made, interactions="sent,opened,clicked,bounced", feed_first_days=0)
    read_interactions(made.services)
    return made


@pytest.fixture
def people(two):
    """Contacts that both systems know."""

    def _people(*names):
        made = [two.contact(name) for name in names]
        two.sync(*made)
        return made

    return _people


def with_settings(two, **settings):
    two.services = replace(two.services, settings=two.services.settings.model_copy(update=settings))


def opens(two, record, *, mailing=MAILING_ID, ago=timedelta(0), kind="open"):
    two.tick()
    date = (two.now() - ago).isoformat()
    two._emit(type=kind, externalId=record.id, mailing=mailing, date=date)


def read(two):
    two.tick()
    return read_interactions(two.services)


def rows(two):
    return two.systems.rows(Interaction.TABLE)


def of(two, record):
    """What stands about a record: types, newest last."""
    found = [row for row in rows(two) if row.get(f"_{Interaction.CONTACT}_value") == record.id]
    return [row[Interaction.TYPE] for row in sorted(found, key=lambda row: row[Interaction.ON])]


def date_of(two, record, column):
    text = two.info(record).get(column)
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def written(two):
    return len(two.systems.written())


def arm(two, kind, route, **details):
    body = {"faults": [{"kind": kind, "route": f"GET {route}", "count": None, **details}]}
    two.systems.controls.arm(json.dumps(body).encode())


def use_pages(two, size):
    two.services.spotler.feeds = Feeds(two.services.spotler._calls, page_size=size)


# What becomes of an event


def test_each_kind_of_event_becomes_a_row_about_its_record(two, people):
    (ann,) = people("ann")
    for kind in ("sent", "open", "click"):
        opens(two, ann, kind=kind)
    two._emit(type="bounce", externalId=ann.id, mailing=MAILING_ID, hard=False)

    assert read(two) == Counter(stored=4)
    assert [row[Interaction.NAME] for row in rows(two)] == [
        "Email bounced (soft): June news",
        "Email clicked: June news",
        "Email opened: June news",
        "Email sent: June news",
    ]
    assert {row[Interaction.MAILING_ID] for row in rows(two)} == {MAILING_ID}
    assert len(of(two, ann)) == 4


def test_the_name_of_a_mailing_is_asked_for_once_and_a_campaign_mailing_has_one_too(two, people):
    ann, bob = people("ann", "bob")
    for record in (ann, bob, ann):
        opens(two, record, mailing=CAMPAIGN_MAILING_ID)
    before = two.calls("mailing/*")

    read(two)

    assert {row[Interaction.MAILING] for row in rows(two)} == {"Your invoice"}
    assert two.calls("campaign-mailing/") - before <= 1


def test_a_mailing_that_spotler_does_not_know_has_its_id_for_a_name(two, people):
    (ann,) = people("ann")
    opens(two, ann)
    del two.systems.sandbox.world.mailings[MAILING_ID]
    body = {"interactions": [{"id": 1, "externalContactId": ann.id, "encryptedMailingId": "mX", "date": iso(two)}]}
    arm(two, "wrong_body", "/mailing-interaction/opened", body=body)
    with_settings(two, interactions="opened")

    assert read(two) == Counter(stored=1)
    assert rows(two)[0][Interaction.NAME] == "Email opened: mX"
    assert rows(two)[0].get(Interaction.MAILING) is None


def iso(two):
    return two.now().isoformat()


def test_sent_messages_are_read_only_where_the_setting_names_them(two, people):
    (ann,) = people("ann")
    opens(two, ann, kind="sent")
    with_settings(two, interactions="opened, CLICKED")

    assert read(two) == Counter()
    assert two.calls("mailing-interaction/sent") == 0


def test_events_of_contacts_that_nobody_knows_are_counted_and_of_those_who_left_too(two, people):
    ann, bob = people("ann", "bob")
    two._emit(type="open", externalId=ann.id, mailing=MAILING_ID)
    opens(two, bob)
    row = two.info(ann)[Info.ID]
    two.systems.by_person("PATCH", f"{Info.SET}({row})", {Info.GONE: True})
    nobody = (None, "shop-17", "c0ffee00-0000-4000-8000-000000000001")
    events = [
        {"id": 5, "externalContactId": each, "encryptedMailingId": MAILING_ID, "date": iso(two)} for each in nobody
    ]
    arm(two, "wrong_body", "/mailing-interaction/clicked", body={"interactions": events})

    assert read(two) == Counter({"stored": 1, "unknown contacts": 4})
    assert [of(two, ann), of(two, bob)] == [[], [OPENED]]


def test_events_that_the_next_clean_up_would_delete_are_not_stored(two, people):
    (ann,) = people("ann")
    with_settings(two, keep_interactions_days=30)
    opens(two, ann, ago=31 * DAY)
    opens(two, ann, ago=29 * DAY)

    assert read(two) == Counter({"stored": 1, "too old to keep": 1})


# The dates of Spotler Info


def test_the_dates_of_spotler_info_are_those_of_the_last_events(two, people):
    (ann,) = people("ann")
    opens(two, ann, ago=3 * DAY)
    opens(two, ann, kind="click", ago=2 * DAY)
    opens(two, ann, ago=DAY)
    newest = two.now() - DAY
    read(two)

    assert date_of(two, ann, Info.LAST_OPENED_ON) == newest.replace(microsecond=0)
    assert date_of(two, ann, Info.LAST_CLICKED_ON) < newest
    assert date_of(two, ann, Info.LAST_MAILED_ON) is None


def test_an_event_that_comes_late_or_twice_moves_no_date_back(two, people):
    (ann,) = people("ann")
    opens(two, ann, ago=DAY)
    read(two)
    before, version = date_of(two, ann, Info.LAST_OPENED_ON), two.info(ann)["versionnumber"]

    opens(two, ann, ago=9 * DAY)
    read(two)
    forget_checkpoints(two)
    read(two)

    assert date_of(two, ann, Info.LAST_OPENED_ON) == before
    assert two.info(ann)["versionnumber"] == version
    assert len(of(two, ann)) == 2


def test_a_date_in_the_future_that_somebody_typed_counts_as_none(two, people):
    (ann,) = people("ann")
    typed = (two.now() + 400 * DAY).isoformat(timespec="seconds").replace("+00:00", "Z")
    two.systems.by_person("PATCH", f"{Info.SET}({two.info(ann)[Info.ID]})", {Info.LAST_OPENED_ON: typed})
    opens(two, ann)
    read(two)

    assert date_of(two, ann, Info.LAST_OPENED_ON) <= two.now()


def forget_checkpoints(two):
    """The state is lost, and the next run looks back two days."""
    for name in two.services.state.names("feeds/interactions"):
        two.services.state.delete(name)
    with_settings(two, feed_first_days=2)


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
