"""Rows of Spotler Permission that the connector makes: for new records, and for older ones at their first sync."""

from collections.abc import Callable, Iterator

import pytest

from connector.dataverse.choices import ConsentCause, Operation
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    Consent,
    Permission,
    lookup_value,
)
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.acceptance.records import Record
from tests.acceptance.variables import definition_of, forget_values, give
from tests.acceptance.world import World

TABLES = ("contact", "lead", "account")
ALL_OFF = {"Newsletter": False, "Events": False}

type Variables = Callable[[str, str], None]


@pytest.fixture
def variables(world: World) -> Iterator[Variables]:
    """Sets the current values of the two environment variables; there is one of each for the whole environment."""

    def _variables(permissions: str, enabled: str) -> None:
        forget_values(world)
        for name, value in ((PERMISSIONS_VARIABLE, permissions), (ENABLED_VARIABLE, enabled)):
            give(world, definition_of(world, name), value)

    yield _variables
    forget_values(world)


def rows(world: World, record: Record) -> dict[str, bool]:
    lookup = lookup_value(
        {"contact": Permission.CONTACT, "lead": Permission.LEAD}.get(record.table, Permission.ACCOUNT)
    )
    return {
        row[Permission.NAME]: row[Permission.SUBSCRIBED]
        for row in world.rows(Permission.TABLE)
        if row[lookup] == record.id
    }


def sources(world: World, record: Record) -> set[ConsentCause]:
    return {ConsentCause(row[Consent.SOURCE]) for row in world.rows(Consent.TABLE) if row[Consent.RECORD] == record.id}


def made(world: World, table: str = "contact") -> Record:
    """A record that somebody has made, once the connector is done with it."""
    record = world.record(table)
    world.until(lambda: world.spotler.find(record) is not None, "the record is in Spotler")
    world.settle()
    return record


@pytest.mark.feature("PRM-01")
@pytest.mark.feature("ENV-01")
@pytest.mark.feature("ENV-04")
@pytest.mark.parametrize("table", TABLES)
def test_a_new_record_gets_a_row_for_each_name_of_the_variable_unsubscribed(automatic, variables, table):
    variables("newsletter; Events;", ";")

    record = made(automatic, table)

    assert rows(automatic, record) == ALL_OFF
    assert automatic.spotler.contact(record).permissions == []
    assert sources(automatic, record) == {ConsentCause.CREATION}


@pytest.mark.feature("ENV-01")
def test_a_name_that_spotler_does_not_have_gets_no_row(automatic, variables):
    variables("Fax of the week;Events", ";")

    assert rows(automatic, made(automatic)) == {"Events": False}


@pytest.mark.feature("PRM-01")
def test_while_the_variable_is_switched_off_a_new_record_gets_no_rows(automatic, variables):
    variables(";", "[All]")

    record = made(automatic)

    assert rows(automatic, record) == {}
    assert automatic.spotler.contact(record).permissions == []


@pytest.mark.feature("ENV-05")
def test_the_names_of_the_second_variable_start_as_subscribed(automatic, variables):
    variables("Newsletter;Events", "events;Offers")

    record = made(automatic)

    assert rows(automatic, record) == {"Newsletter": False, "Events": True}
    assert automatic.spotler.contact(record).permissions == [EVENTS_BIT]


@pytest.mark.feature("ENV-06")
@pytest.mark.parametrize("enabled", ["[All]", "[all];Fax"])
def test_all_of_them_start_as_subscribed(automatic, variables, enabled):
    variables("Newsletter;Events", enabled)

    record = made(automatic)

    assert rows(automatic, record) == dict.fromkeys(ALL_OFF, True)
    assert automatic.spotler.contact(record).permissions == [NEWSLETTER_BIT, EVENTS_BIT]


@pytest.mark.feature("ENV-07")
def test_a_semicolon_subscribes_nobody(automatic, variables):
    variables("Newsletter;Events", " ; ")

    assert rows(automatic, made(automatic)) == ALL_OFF


@pytest.mark.feature("PRM-02")
@pytest.mark.parametrize("table", TABLES)
def test_an_older_record_gets_rows_at_its_first_sync_unsubscribed(world, variables, table):
    variables("Newsletter;Events", "[All]")
    record = world.record(table)  # nothing is posted about it, as of a record that is older than the connector

    world.sync(record).assert_completed()

    assert rows(world, record) == ALL_OFF
    assert world.spotler.contact(record).permissions == []
    assert sources(world, record) == {ConsentCause.FIRST_SYNC}


@pytest.mark.feature("PRM-02")
def test_an_older_record_that_spotler_has_gets_what_is_enabled_there(world, variables):
    variables("Newsletter;Events", ";")
    record = world.contact()
    enabled = [{"bit": NEWSLETTER_BIT, "enabled": True}]
    world.spotler.door.contacts(
        {"externalId": record.id, "properties": {"email": "x@example.org", "permissions": enabled}}
    )

    world.sync(record).assert_completed()

    assert rows(world, record) == ALL_OFF | {"Newsletter": True}
    assert world.spotler.contact(record).permissions == [NEWSLETTER_BIT]


@pytest.mark.feature("GDP-03")
def test_who_orders_that_a_contact_is_anonymised_reads_that_it_cannot_be_undone(world):
    record = world.contact()
    world.sync(record).assert_completed()

    job = world.run(Operation.ANONYMIZE_CONTACT, record)

    job.assert_completed()
    assert "cannot be undone" in job.message
