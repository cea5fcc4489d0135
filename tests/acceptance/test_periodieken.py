"""Permissions that are kept as Periodieken of iFunds Engage 365: in an app of their own, with that mapping."""

import json
from collections.abc import Iterator

import pytest

from connector.dataverse.names import Permission
from sandbox.dataverse.customer_tables import PERIODIEK
from sandbox.spotler.seed import NEWSLETTER_BIT
from sandbox.system import Options, running
from tests.acceptance.records import Record, new_address
from tests.acceptance.world import World

ROWS = [
    {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
    {"contact": "@map(periodiek)", "direction": "<->", "spotler": "permissions"},
]
NAMES = {
    "table": PERIODIEK.name,
    "set": PERIODIEK.set_name,
    "id": PERIODIEK.id_column,
    "name": PERIODIEK.name_column,
    "subscribed": "new_subscribed",
    "changed_on": "new_changedon",
    "lookups": {"contact": {"column": "new_contactid", "navigation": "new_ContactId"}},
}


@pytest.fixture(scope="module")
def engage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("engage")
    mapping = folder / "mapping.json"
    mapping.write_text(json.dumps({"rows": ROWS}), encoding="utf-8")
    settings = {"MAPPING_FILE": str(mapping), "PERIODIEK": json.dumps(NAMES)}
    with running(Options(settings=settings), folder=folder) as system:
        world = World(system)
        yield world
        world.bus.close()


def subscription(engage: World, record: Record, *, subscribed: bool) -> str:
    bind = {"new_ContactId@odata.bind": f"/contacts({record.id})"}
    row = {"new_name": "Newsletter", "new_subscribed": subscribed, **bind}
    return engage.people.create(PERIODIEK.set_name, row)


def permissions(engage: World, record: Record) -> list[int]:
    contact = engage.spotler.find(record)
    return contact.permissions if contact else []


@pytest.mark.feature("SUB-04")
def test_a_periodiek_reaches_spotler_and_nothing_is_kept_in_spotler_permission(engage):
    record = engage.contact(emailaddress1=new_address())
    row = subscription(engage, record, subscribed=True)
    engage.sync(record).assert_completed()
    assert permissions(engage, record) == [NEWSLETTER_BIT]

    engage.people.update(PERIODIEK.set_name, row, {"new_subscribed": False})
    engage.sync(record).assert_completed()

    assert permissions(engage, record) == []
    assert engage.rows(Permission.TABLE) == []


@pytest.mark.feature("SUB-04")
def test_an_opt_out_in_spotler_switches_the_periodiek_off(engage):
    record = engage.contact(emailaddress1=new_address())
    row = subscription(engage, record, subscribed=True)
    engage.sync(record).assert_completed()
    engage.run_timer("read_updates")

    engage.spotler.door.emit({"type": "unsubscribe", "externalId": record.id, "permissions": [NEWSLETTER_BIT]})

    def came_back() -> bool:
        engage.run_timer("read_updates")
        return engage.people.read(PERIODIEK.set_name, row)["new_subscribed"] is False

    engage.until(came_back, "the Periodiek is off")
    engage.sync(record).assert_completed()
    assert permissions(engage, record) == []
