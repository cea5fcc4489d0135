"""New subscribers of Spotler become contacts or leads, through both clients."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.definitions import ColumnDefinitions
from connector.dataverse.names import Contact, Info, Lead
from connector.errors import Misconfigured, Transient
from connector.mapping import parse_mapping
from connector.sync import newcomer_choice as counted
from connector.sync.external_ids import Tie
from connector.sync.newcomers import take

ROWS = [
    {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"},
    {"contact": "firstname", "lead": "firstname", "direction": "<->", "spotler": "firstName"},
    {"contact": "lastname", "lead": "lastname", "direction": "->", "spotler": "lastName"},
    {"contact": "telephone1", "lead": "telephone1", "direction": "<->", "spotler": "phoneNumber"},
    {"contact": "birthdate", "direction": "->", "spotler": "birthday"},
    {"contact": "new_source", "direction": "<-", "spotler": "$value:Web form"},
    {"lead": "leadsourcecode", "direction": "<-", "spotler": "$value:Web"},
    {"contact": "@map(permissions)", "lead": "@map(permissions)", "direction": "<->", "spotler": "permissions"},
]


@pytest.fixture
def subscribe(world):
    """Makes contacts in Spotler without an External Id; they come as the feed shows them."""
    world.spotler.settings(dedupe="both")

    def _subscribe(*people: dict) -> list:
        made = [{"properties": person.pop("properties"), **person} for person in people]
        ids = world.spotler.contacts(*made)
        now = datetime.now(UTC)
        shown = world.services.spotler.feeds.updates(now - timedelta(days=1), now + timedelta(days=1))
        by_id = {each.encrypted_id: each for each in shown}
        return [by_id[each] for each in ids]

    return _subscribe


@pytest.fixture
def became(world):
    """Takes contacts as new subscribers."""

    def _became(contacts, target="contact", **settings):
        definitions = ColumnDefinitions(world.services.dataverse).of
        world.services = replace(
            world.services,
            settings=world.services.settings.model_copy(update={"new_subscribers": target, **settings}),
            mapping=replace(parse_mapping({"rows": ROWS}), definitions=definitions),
        )
        return take(world.services, contacts)

    return _became


def person(email: str = "ann@example.org", *, on: tuple[int, ...] = (1,), **properties: object) -> dict:
    items = [{"bit": bit, "enabled": bit in on} for bit in (1, 2, 4)]
    return {"properties": {"email": email, "permissions": items, **properties}}


def in_spotler(world) -> dict[str, str | None]:
    """The External Id by address."""
    return {each["properties"]["email"]: each["externalId"] for each in world.spotler.state()["contacts"]}


def permissions_of(world, row_id: str) -> dict[str, bool]:
    rows = world.rows("dh_spotlerpermission")
    return {row["dh_name"]: row["dh_subscribed"] for row in rows if row_id in row.values()}


def test_a_subscriber_becomes_a_contact_with_its_permissions_and_its_id(world, subscribe, became):
    ann = subscribe(person(firstName="Ann", lastName="Jansen", birthday="1980-02-29", on=(1, 4)))

    assert became(ann) == {counted.CREATED: 1, str(Tie.TIED): 1}
    (row,) = world.rows(Contact.TABLE)
    assert (row["firstname"], row["lastname"], row["birthdate"]) == ("Ann", "Jansen", "1980-02-29")
    assert (row["emailaddress1"], row["new_source"]) == ("ann@example.org", "Web form")
    assert in_spotler(world) == {"ann@example.org": row["contactid"]}
    assert permissions_of(world, row["contactid"]) == {"Newsletter": True, "Events": False, "Offers": True}
    (info,) = world.rows(Info.TABLE)
    assert (info[Info.RECORD], info[Info.ACTIVE]) == (row["contactid"], True)


def test_taking_them_again_changes_nothing(world, subscribe, became):
    ann = subscribe(person(lastName="Jansen"))
    became(ann)
    before = world.rows(Contact.TABLE), world.rows("dh_spotlerpermission"), in_spotler(world)

    assert became(ann) == {counted.OTHER_SYSTEM: 1}
    assert before == (world.rows(Contact.TABLE), world.rows("dh_spotlerpermission"), in_spotler(world))
