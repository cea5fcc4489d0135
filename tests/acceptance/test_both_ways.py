"""What changes in Spotler comes back to Dataverse: where the mapping says so, real differences only, consent always."""

from datetime import timedelta

import pytest

from connector.dataverse.names import Consent, Info, Permission
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.acceptance.records import Record

#: More than the clocks of both systems may differ.
APART = timedelta(minutes=1).total_seconds()


@pytest.fixture
def read(world):
    """Lets the timer of the updates run until it has seen everything that happened before."""
    world.run_timer("read_updates")

    def _read():
        last = world.contact(numberofchildren=1)
        world.sync(last).assert_completed()
        profile(world, last, freeField1=2)

        def has_seen():
            world.run_timer("read_updates")
            return row(world, last)["numberofchildren"] == 2

        world.until(has_seen, "the updates are read")

    return _read


@pytest.fixture(name="earlier")
def _earlier(world):
    """Dataverse's clock is behind: what a person does there counts as done a minute before."""
    world.clock(-APART)
    yield
    world.clock(APART)


def profile(world, record, **properties):
    world.spotler.door.emit({"type": "profile", "externalId": record.id, "properties": properties})


def unsubscribe(world, record, *bits):
    world.spotler.door.emit({"type": "unsubscribe", "externalId": record.id, "permissions": list(bits)})


def row(world, record):
    return world.people.read(record.set_name, record.id)


def subscribed(world, record):
    rows = [each for each in world.rows(Permission.TABLE) if each[f"_dh_{record.table}id_value"] == record.id]
    return {each[Permission.NAME]: each[Permission.SUBSCRIBED] for each in rows}


def synced(world, **columns):
    record = world.contact(**columns)
    world.sync(record).assert_completed()
    return record


@pytest.mark.feature("CON-11")
@pytest.mark.feature("CON-12")
def test_a_change_in_spotler_comes_back_in_the_columns_that_the_mapping_says(world, read):
    record = synced(world, firstname="Ann", numberofchildren=1)

    profile(world, record, freeField1=3, turnover=1999, firstName="Not this one")
    read()

    found = row(world, record)
    assert (found["numberofchildren"], found["creditlimit"], found["firstname"]) == (3, 19.99, "Ann")


@pytest.mark.feature("CON-12")
def test_a_contact_whose_record_is_not_there_is_counted_and_no_other_suffers(world, read):
    record = synced(world, numberofchildren=1)
    missing = Record("contact", "99999999-0000-4000-8000-000000000009")
    world.spotler.door.contacts({"externalId": missing.id, "properties": {"email": "gone@example.org"}})

    profile(world, missing, freeField1=2)
    profile(world, record, freeField1=4)
    read()

    assert row(world, record)["numberofchildren"] == 4
    assert "1 without a record" in world.log()


@pytest.mark.feature("CON-15")
@pytest.mark.usefixtures("earlier")
def test_of_two_changes_of_one_column_the_later_one_wins(world, read):
    record = synced(world, numberofchildren=1)

    world.change(record, numberofchildren=2)
    profile(world, record, freeField1=3)
    world.sync(record).assert_completed()
    read()

    assert (row(world, record)["numberofchildren"], world.spotler.contact(record).properties["freeField1"]) == (3, 3)


@pytest.mark.feature("CON-15")
@pytest.mark.parametrize("sync_first", [True, False])
def test_where_the_times_are_too_close_dataverse_wins(world, read, sync_first):
    record = synced(world, numberofchildren=1)

    profile(world, record, freeField1=3)
    world.change(record, numberofchildren=2)
    if sync_first:
        world.sync(record).assert_completed()
    read()
    world.sync(record).assert_completed()

    assert (row(world, record)["numberofchildren"], world.spotler.contact(record).properties["freeField1"]) == (2, 2)


@pytest.mark.feature("CON-16")
def test_what_is_the_same_is_not_written(world, read):
    record = synced(world, numberofchildren=1)
    read()
    info = world.info(record)
    before = world.writes_to(record.table, record.id), world.writes_to(Info.TABLE, info[Info.ID])

    profile(world, record, city="Gouda")
    profile(world, record, freeField1=1)
    read()

    assert (world.writes_to(record.table, record.id), world.writes_to(Info.TABLE, info[Info.ID])) == before


@pytest.mark.feature("SUB-06")
def test_a_permission_that_is_left_in_spotler_is_off_in_dataverse_and_stays_off(world, read):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()

    unsubscribe(world, record, NEWSLETTER_BIT)
    read()

    left = subscribed(world, record)
    assert (left["Newsletter"], left["Events"]) == (False, True)
    assert world.spotler.contact(record).permissions == [EVENTS_BIT]
    history = [each for each in world.rows(Consent.TABLE) if each[Consent.RECORD] == record.id]
    assert [each[Consent.AFTER] for each in history if each[Consent.PERMISSION] == "Newsletter"][-1] is False
    world.sync(record).assert_completed()
    assert world.spotler.contact(record).permissions == [EVENTS_BIT]


@pytest.mark.feature("SUB-06")
@pytest.mark.feature("SUB-08")
def test_an_opt_out_that_was_not_read_yet_survives_a_sync(world, read):
    record = world.contact(firstname="Ann")
    world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()

    unsubscribe(world, record, NEWSLETTER_BIT)
    world.change(record, firstname="Anna")
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == []
    read()
    assert subscribed(world, record)["Newsletter"] is False


@pytest.mark.feature("SUB-08")
def test_where_one_side_says_no_and_the_other_yes_at_the_same_time_it_is_no(world, read):
    record = world.contact()
    events = world.permission(record, "Events", subscribed=True)
    newsletter = world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()
    read()

    # Left in Spotler and confirmed in Dataverse; withdrawn in Dataverse and ticked again in Spotler.
    unsubscribe(world, record, NEWSLETTER_BIT)
    world.people.update(Permission.SET, newsletter, {Permission.SUBSCRIBED: True})
    profile(world, record, permissions=[{"bit": EVENTS_BIT, "enabled": True}])
    world.people.update(Permission.SET, events, {Permission.SUBSCRIBED: False})
    world.sync(record).assert_completed()
    read()

    assert {name: subscribed(world, record)[name] for name in ("Newsletter", "Events")} == {
        "Newsletter": False,
        "Events": False,
    }
    assert world.spotler.contact(record).permissions == []
