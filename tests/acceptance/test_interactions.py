"""Interactions: what people did with mailings stands in Marketing Interaction, and its last dates on Spotler Info."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.choices import InteractionType, Operation
from connector.dataverse.names import Account, Contact, Info, Interaction, Lead, lookup_value
from connector.dataverse.records import RECORD_TABLES
from sandbox.spotler.seed import MAILING_ID

OPENED, CLICKED, BOUNCED = (
    InteractionType.EMAIL_OPENED,
    InteractionType.EMAIL_CLICKED,
    InteractionType.EMAIL_BOUNCED,
)
LOOKUPS = {
    Contact.TABLE: lookup_value(Interaction.CONTACT),
    Lead.TABLE: lookup_value(Interaction.LEAD),
    Account.TABLE: lookup_value(Interaction.ACCOUNT),
}


@pytest.fixture
def read(world):
    """Lets things happen in Spotler, and the timer run until it has seen them."""

    def _read(*events):
        seen = _synced(world)
        world.run_timer("read_interactions")
        world.spotler.door.post("events", events=[*events, *(_event(kind, seen) for kind in ("open", "click"))])
        world.spotler.door.post("events", events=[_event("bounce", seen, hard=False)])

        def has_seen():
            world.run_timer("read_interactions")
            return {row[Interaction.TYPE] for row in _of(world, seen)} == {OPENED, CLICKED, BOUNCED}

        world.until(has_seen, "the interactions are read")

    return _read


def _synced(world, table=Contact.TABLE):
    record = world.record(table)
    world.sync(record).assert_completed()
    return record


def _event(kind, record, *, ago=timedelta(seconds=30), **details):
    date = datetime.now(UTC) - ago
    return {"type": kind, "externalId": record.id, "mailing": MAILING_ID, "date": date.isoformat(), **details}


def _of(world, record):
    """The interactions of a record, oldest first."""
    found = [row for row in world.rows(Interaction.TABLE) if row.get(LOOKUPS[record.table]) == record.id]
    return sorted(found, key=lambda row: row[Interaction.ON])


def _types(world, record):
    return [row[Interaction.TYPE] for row in _of(world, record)]


@pytest.mark.feature("INT-01")
@pytest.mark.parametrize("table", RECORD_TABLES)
def test_opens_and_clicks_are_rows_of_their_record_with_the_name_of_the_mailing(world, read, table):
    record = _synced(world, table)

    read(
        _event("open", record, ago=timedelta(hours=2)),
        _event("click", record, ago=timedelta(hours=1)),
    )

    assert [(row[Interaction.TYPE], row[Interaction.NAME]) for row in _of(world, record)] == [
        (OPENED, "Email opened: June news"),
        (CLICKED, "Email clicked: June news"),
    ]
    info = world.info(record)
    assert info[Info.LAST_OPENED_ON] < info[Info.LAST_CLICKED_ON]


@pytest.mark.feature("INT-01")
@pytest.mark.feature("BNC-04")
def test_a_bounce_that_both_feeds_show_is_one_row(world, read):
    record = _synced(world)
    world.run_timer("read_bounces")

    read(_event("bounce", record, hard=False))
    world.run_timer("read_bounces")
    world.run_timer("read_bounces")

    assert [row[Interaction.NAME] for row in _of(world, record)] == ["Email bounced (soft): June news"]
    assert world.info(record)[Info.SOFT_BOUNCES] == 1


@pytest.mark.feature("INT-01")
def test_an_event_that_is_read_again_is_no_second_row(world, read):
    record = _synced(world)
    event = _event("open", record)

    read(event)
    read(event)

    assert _types(world, record) == [OPENED]


@pytest.mark.feature("INT-01")
def test_an_event_of_an_unknown_contact_is_counted_and_stops_no_other(world, read):
    stranger = "c0ffee00-0000-4000-8000-000000000002"
    world.spotler.door.contacts({"externalId": stranger, "properties": {"email": "unknown@example.org"}})
    record = _synced(world)
    date = datetime.now(UTC).isoformat()

    read({"type": "open", "externalId": stranger, "mailing": MAILING_ID, "date": date}, _event("open", record))

    assert _types(world, record) == [OPENED]
    assert "1 unknown contacts" in world.log()


@pytest.mark.feature("INT-01")
def test_sent_messages_are_not_read_unless_a_setting_says_so(world, read):
    record = _synced(world)

    read(_event("sent", record), _event("open", record))

    assert _types(world, record) == [OPENED]
    assert world.spotler.calls_naming("/mailing-interaction/sent") == []


@pytest.mark.feature("INT-02")
def test_what_happened_before_the_first_run_stays_out_and_each_run_reads_what_is_new(world, read):
    record = _synced(world)

    read(_event("open", record, ago=timedelta(hours=3)))
    read(_event("open", record, ago=timedelta(hours=2)))
    read(_event("click", record, ago=timedelta(hours=1)))

    assert _types(world, record) == [OPENED, OPENED, CLICKED]


@pytest.mark.feature("INT-02")
def test_an_outage_delays_the_interactions_and_loses_none(world, read):
    record = _synced(world)
    world.run_timer("read_interactions")
    world.spotler.door.arm("error", route="GET /mailing-interaction/opened", status=503, count=None)
    world.spotler.door.post("events", events=[_event("open", record)])

    def fails():
        try:
            world.run_timer("read_interactions", fails=True)
        except AssertionError:  # in the second of the run before there is nothing to read
            return False
        return True

    world.until(fails, "the timer fails")
    assert _types(world, record) == []
    world.calm_down()
    read()

    assert _types(world, record) == [OPENED]


@pytest.mark.feature("INT-01")
def test_old_interactions_are_deleted_at_night_and_the_dates_stay(world, read):
    record = _synced(world)
    read(_event("open", record), _event("click", record, ago=timedelta(days=360)))
    old, _ = _of(world, record)
    on = (datetime.now(UTC) - timedelta(days=370)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.people.update(Interaction.SET, old[Interaction.ID], {Interaction.ON: on})

    world.run_timer("clean_up_jobs")

    assert _types(world, record) == [OPENED]
    assert world.info(record)[Info.LAST_CLICKED_ON]


@pytest.mark.feature("INT-01")
@pytest.mark.feature("GDP-02")
def test_interactions_of_somebody_who_is_anonymised_are_deleted_at_night(world, read):
    record, other = _synced(world), _synced(world)
    read(_event("open", record), _event("open", other))

    world.run(Operation.ANONYMIZE_CONTACT, record).assert_completed()
    assert world.info(record)[Info.LAST_OPENED_ON] is None

    def are_deleted():
        world.run_timer("clean_up_jobs")
        return _types(world, record) == []

    world.until(are_deleted, "the interactions are deleted")
    assert _types(world, other) == [OPENED]
