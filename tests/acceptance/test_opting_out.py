"""What people switch in Spotler comes back to Dataverse, and an opt-out wins over anything that is not newer."""

import pytest

from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Consent, Permission
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.acceptance.records import Record
from tests.acceptance.world import World

TABLES = ("contact", "lead", "account")


def subscribed(world: World, table: str = "contact") -> tuple[Record, dict[str, str]]:
    """A record with two permissions that are on in both systems, and the ids of its rows."""
    record = world.record(table)
    rows = {name: world.permission(record, name, subscribed=True) for name in ("Newsletter", "Events")}
    world.sync(record).assert_completed()
    assert world.spotler.contact(record).permissions == [NEWSLETTER_BIT, EVENTS_BIT]
    return record, rows


def switch_in_spotler(world: World, record: Record, bit: int, *, on: bool) -> None:
    items = [{"bit": bit, "enabled": on}]
    world.spotler.door.emit({"type": "profile", "externalId": record.id, "properties": {"permissions": items}})


def states(world: World, rows: dict[str, str]) -> dict[str, bool]:
    return {name: world.people.read(Permission.SET, row)[Permission.SUBSCRIBED] for name, row in rows.items()}


def read_until(world: World, rows: dict[str, str], expected: dict[str, bool]) -> None:
    def came_back() -> bool:
        world.run_timer("read_updates")
        return states(world, rows) == expected

    world.until(came_back, "what was switched in Spotler is in Dataverse")


def flag(world: World, record: Record) -> object:
    return world.people.read(record.set_name, record.id)["donotbulkemail"]


@pytest.mark.feature("SUB-06")
@pytest.mark.parametrize("table", TABLES)
def test_an_opt_out_of_one_permission_switches_its_row_off_and_says_so_in_the_history(world, table):
    record, rows = subscribed(world, table)

    switch_in_spotler(world, record, NEWSLETTER_BIT, on=False)

    read_until(world, rows, {"Newsletter": False, "Events": True})
    assert flag(world, record) is not True
    entries = [row for row in world.rows(Consent.TABLE) if row[Consent.RECORD] == record.id]
    by_feed = [row for row in entries if row[Consent.SOURCE] == ConsentCause.FEED]
    assert [(row[Consent.PERMISSION], row[Consent.AFTER]) for row in by_feed] == [("Newsletter", False)]


@pytest.mark.feature("SUB-07")
@pytest.mark.parametrize("table", TABLES)
def test_a_complete_opt_out_switches_everything_off_and_sets_do_not_bulk_email(world, table):
    record, rows = subscribed(world, table)

    world.spotler.door.emit({"type": "unsubscribe", "externalId": record.id})

    read_until(world, rows, {"Newsletter": False, "Events": False})
    assert flag(world, record) is True


@pytest.mark.feature("SUB-07")
@pytest.mark.feature("SUB-08")
def test_after_a_complete_opt_out_nothing_is_subscribed_again_by_a_sync(world):
    record, rows = subscribed(world)
    world.spotler.door.emit({"type": "unsubscribe", "externalId": record.id})
    read_until(world, rows, {"Newsletter": False, "Events": False})

    world.change(record, firstname="Bea", donotbulkemail=False)
    world.sync(record)

    assert states(world, rows) == {"Newsletter": False, "Events": False}
    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("SUB-08")
def test_an_opt_out_that_the_feed_has_not_shown_yet_is_not_undone_by_a_sync(world):
    record, rows = subscribed(world)
    switch_in_spotler(world, record, NEWSLETTER_BIT, on=False)

    world.change(record, firstname="Bea")
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == [EVENTS_BIT]
    read_until(world, rows, {"Newsletter": False, "Events": True})
