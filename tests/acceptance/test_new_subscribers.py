"""New subscribers: whoever subscribes in Spotler becomes a contact, a lead, or a row of another table."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial

import pytest

from connector.dataverse.names import (
    ENABLED_VARIABLE,
    Contact,
    Info,
    Lead,
    Permission,
)
from sandbox.system import Options, Surroundings, System, functions
from tests.acceptance.variables import definition_of, forget_values, give
from tests.acceptance.world import World

ENTRY = "new_membershipentry"
MAPPING = {
    "tables": {"entity": ENTRY},
    "rows": [
        {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"},
        {"contact": "firstname", "lead": "firstname", "direction": "<->", "spotler": "firstName"},
        {"contact": "lastname", "lead": "lastname", "direction": "->", "spotler": "lastName"},
        {"contact": "new_source", "direction": "<-", "spotler": "$value:Web form"},
        {"lead": "leadsourcecode", "direction": "<-", "spotler": "$value:Web"},
        {"contact": "@map(permissions)", "lead": "@map(permissions)", "direction": "<->", "spotler": "permissions"},
        {"entity": "new_email", "direction": "<-", "spotler": "email"},
        {"entity": "new_origin", "direction": "<-", "spotler": "$value:Spotler"},
    ],
}


class Subscribers:
    """An app that takes new subscribers, and what became of them."""

    def __init__(self, world: World, table: str) -> None:
        self.world = world
        self._table = table

    def subscribe(self, address: str, *, on: tuple[int, ...] = (1,), **properties: object) -> None:
        """Somebody fills in a form of Spotler."""
        permissions = [{"bit": bit, "enabled": bit in on} for bit in (1, 2, 4)]
        self.world.spotler.door.contacts({"properties": {"email": address, "permissions": permissions, **properties}})

    def read(self) -> None:
        """Let the timer read the feed."""
        self.world.run_timer("read_updates")

    def row(self, address: str, *, column: str = "emailaddress1") -> dict[str, object]:
        """The one row with the address, when the timer has made it and Spotler has its id."""

        def is_known() -> bool:
            self.read()
            return self.id_in_spotler(address) is not None

        self.world.until(is_known, "the subscriber has a row")
        (row,) = self.rows(address, column=column)
        assert self.id_in_spotler(address) == row[f"{self._table}id"]
        return row

    def rows(self, address: str, *, column: str = "emailaddress1") -> list[dict[str, object]]:
        return [row for row in self.world.rows(self._table) if row.get(column) == address]

    def id_in_spotler(self, address: str) -> str | None:
        (contact,) = self.world.spotler.with_address(address)
        return contact.external_id

    def permissions(self, row: dict[str, object]) -> dict[str, bool]:
        key = f"_dh_{self._table}id_value"
        rows = [each for each in self.world.rows(Permission.TABLE) if each.get(key) == row[f"{self._table}id"]]
        return {str(each[Permission.NAME]): bool(each[Permission.SUBSCRIBED]) for each in rows}


@pytest.fixture(scope="module")
def apps(tmp_path_factory) -> Iterator[object]:
    """Keeps the app of the test before, for a test that wants the same one; two at a time would share the work."""
    running: dict[str, Subscribers] = {}
    with ExitStack() as stack:

        def start(system: System, table: str, **settings: str) -> Subscribers:
            wanted = json.dumps([table, settings])
            if wanted not in running:
                running.clear()
                stack.close()
                folder = tmp_path_factory.mktemp("app")
                file = folder / "mapping.json"
                file.write_text(json.dumps(MAPPING), encoding="utf-8")
                settings = {
                    **system.settings,
                    "MAPPING_FILE": str(file),
                    "STATE": str(folder / "state"),
                    "NEW_SUBSCRIBERS": table,
                    **settings,
                }
                around = Surroundings(system.servicebus, system.dataverse, system.spotler, settings, folder)
                part = stack.enter_context(functions(around, Options()))
                running[wanted] = Subscribers(World(replace(system, functions=part, settings=settings)), table)
                stack.callback(running[wanted].world.bus.close)
            return running[wanted]

        yield start


@pytest.fixture
def app(system, world, apps) -> Iterator[object]:
    """Gives an app whose new subscribers become rows of a table."""
    world.spotler.door.settings(dedupe="both")
    yield partial(apps, system)
    world.spotler.door.settings(dedupe="externalId")


@pytest.fixture
def enabled(world) -> Iterator[str]:
    """The environment variable with the permissions that start as subscribed."""
    yield definition_of(world, ENABLED_VARIABLE)
    forget_values(world)


@pytest.mark.feature("NEW-01")
@pytest.mark.feature("NEW-03")
@pytest.mark.feature("NEW-06")
@pytest.mark.feature("NEW-07")
@pytest.mark.feature("NEW-08")
def test_a_subscriber_becomes_a_contact_once(app, world, variable, enabled):
    give(world, variable, "Newsletter;Events;Offers;")
    give(world, enabled, "[All]")
    subscribers = app(Contact.TABLE)
    subscribers.read()
    subscribers.subscribe("ann.new@example.org", firstName="Ann", lastName="Jansen", on=(1, 4))

    row = subscribers.row("ann.new@example.org")

    assert (row["firstname"], row["lastname"], row["new_source"]) == ("Ann", "Jansen", "Web form")
    # The permissions are those of Spotler; the environment variables would have switched all on.
    assert subscribers.permissions(row) == {"Newsletter": True, "Events": False, "Offers": True}
    assert [info[Info.ACTIVE] for info in subscribers.world.rows(Info.TABLE) if info[Info.RECORD] == row["contactid"]]
    subscribers.read()
    assert len(subscribers.rows("ann.new@example.org")) == 1


@pytest.mark.feature("NEW-03")
def test_a_contact_with_the_address_is_updated(app, world):
    there = world.contact(emailaddress1="bea.there@example.org", firstname="Be", lastname="Bos")
    subscribers = app(Contact.TABLE)
    subscribers.read()
    subscribers.subscribe("bea.there@example.org", firstName="Bea")

    row = subscribers.row("bea.there@example.org")

    assert (row["contactid"], row["firstname"], row["lastname"]) == (there.id, "Bea", "Bos")
    assert row.get("new_source") is None


@pytest.mark.feature("NEW-07")
def test_where_spotler_does_not_look_for_addresses_the_row_is_found_again(app, world):
    subscribers = app(Contact.TABLE)
    subscribers.read()
    world.spotler.door.settings(dedupe="externalId")
    subscribers.subscribe("hugo@example.org")
    world.until(lambda: subscribers.read() or subscribers.rows("hugo@example.org"), "there is a contact")
    assert subscribers.id_in_spotler("hugo@example.org") is None

    world.spotler.door.settings(dedupe="both")
    (contact,) = [
        each for each in world.spotler.door.state()["contacts"] if each["properties"].get("email") == "hugo@example.org"
    ]
    world.spotler.door.emit(
        {"type": "profile", "encryptedId": contact["encryptedId"], "properties": {"firstName": "Hugo"}}
    )
    subscribers.row("hugo@example.org")


@pytest.mark.feature("NEW-01")
@pytest.mark.feature("NEW-02")
@pytest.mark.feature("NEW-06")
def test_a_subscriber_becomes_a_new_lead_also_where_one_has_the_address(app, world):
    there = world.lead(emailaddress1="cas.there@example.org")
    subscribers = app(Lead.TABLE, NEW_SUBSCRIBER_LEAD_TOPIC="From the website")
    subscribers.read()
    subscribers.subscribe("cas.there@example.org")
    world.until(lambda: subscribers.read() or subscribers.id_in_spotler("cas.there@example.org"), "it is a lead")

    (new,) = [row for row in subscribers.rows("cas.there@example.org") if row["leadid"] != there.id]

    assert (new["subject"], new["lastname"], new["leadsourcecode"]) == ("From the website", "cas.there", 8)
    assert subscribers.id_in_spotler("cas.there@example.org") == new["leadid"]


@pytest.mark.feature("NEW-04")
def test_a_subscriber_becomes_a_row_of_another_table(app):
    subscribers = app(ENTRY)
    subscribers.read()
    subscribers.subscribe("dora@example.org")

    row = subscribers.row("dora@example.org", column="new_email")

    assert (row["new_name"], row["new_origin"]) == ("dora", "Spotler")


@pytest.mark.feature("NEW-05")
def test_columns_of_the_customer_decide_who_is_the_same_person(app, world):
    there = world.contact(emailaddress1="old@example.org", firstname="Eva", lastname="Smit-Eva")
    subscribers = app(Contact.TABLE, NEW_SUBSCRIBER_MATCH="emailaddress1;firstname+lastname")
    subscribers.read()
    subscribers.subscribe("eva.new@example.org", firstName="EVA", lastName="Smit-Eva")
    world.until(lambda: subscribers.read() or subscribers.id_in_spotler("eva.new@example.org"), "it is known")

    assert subscribers.id_in_spotler("eva.new@example.org") == there.id


@pytest.mark.feature("NEW-05")
def test_an_unknown_column_is_a_mistake_of_the_settings(app, world):
    subscribers = app(Contact.TABLE, NEW_SUBSCRIBER_MATCH="nosuchcolumn")
    subscribers.read()
    subscribers.subscribe("fay@example.org")

    def is_logged() -> bool:
        with suppress(AssertionError):  # the timer fails once it has something to do
            subscribers.read()
        return "NEW_SUBSCRIBER_MATCH" in subscribers.world.log()

    world.until(is_logged, "the mistake is logged")
    assert subscribers.rows("fay@example.org") == []


@pytest.mark.feature("NEW-01")
def test_new_subscribers_are_left_alone_until_a_table_is_named(app, world):
    subscribers = app("")
    subscribers.read()
    subscribers.subscribe("gus@example.org")

    def is_counted() -> bool:
        subscribers.read()
        return "new subscribers are switched off" in subscribers.world.log()

    world.until(is_counted, "the subscriber is read and counted")
    assert [row for row in world.rows(Contact.TABLE) if row.get("emailaddress1") == "gus@example.org"] == []
    assert subscribers.id_in_spotler("gus@example.org") is None
