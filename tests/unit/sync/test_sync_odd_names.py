"""People with names of all scripts, whose messages arrive garbled, twice and in any order: none is lost or doubled."""

# ruff: noqa: RUF001 - typographic marks are what is tested

import json
import random

import pytest

from connector.dataverse.messages import parse_message
from connector.dataverse.names import Contact
from connector.dataverse.records import RecordRef
from connector.routing.route import route
from connector.spotler import clean_text
from connector.sync.automatic.changes import Delivered, sync_changes
from tests.unit.messages.documents import load, typed
from tests.unit.messages.test_message_mojibake import garble

FIRST = [
    *("Zoë", "Renée", "Björn", "Chloé", "Юлия", "Дмитрий", "שרה", "مريم", "Ann 🎉", "漢字", "Łukasz", "İpek"),
    *("Nguyễn", "👩‍👩‍👧 Bo"),
]
LAST = [
    *("van der Ploeg-Müller", "’t Hart", "d’Hondt", "Ålund", "Щербакова", "כהן", "الأحمد", "Jansen “Jr”"),
    *("O'Neill 💐", "Ștefănescu"),
]
#: Messages in one delivery of the bus.
BATCH = 200


def people(count: int, chance: random.Random) -> dict[str, tuple[str, str]]:
    """First and last name by address."""
    return {
        f"person{number}@example.org": (chance.choice(FIRST), f"{chance.choice(LAST)} {number}")
        for number in range(count)
    }


def message(row_id: str, first: str, last: str, *, garbled: bool) -> bytes:
    """What Dataverse posts about a contact that was created."""
    shown = garble if garbled else str
    attributes = [{"key": "firstname", "value": shown(first)}, {"key": "lastname", "value": shown(last)}]
    target = typed("Entity", Attributes=attributes, Id=row_id, LogicalName=Contact.TABLE)
    document = load(
        "create-job.json",
        MessageName="Create",
        PrimaryEntityName=Contact.TABLE,
        PrimaryEntityId=row_id,
        InputParameters=[{"key": "Target", "value": target}],
    )
    return json.dumps(document, ensure_ascii=False).encode()


@pytest.mark.parametrize("count", [600, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_everybody_arrives_once_under_the_right_name(world, count):
    chance = random.Random(count)  # noqa: S311 - the same people in every run
    names = people(count, chance)
    rows = [
        {"emailaddress1": address, "firstname": first, "lastname": last} for address, (first, last) in names.items()
    ]
    ids = world.door("POST", "rows", json={Contact.TABLE: rows})[Contact.TABLE]
    posted = [
        message(row_id, *name, garbled=chance.random() < 0.7) for row_id, name in zip(ids, names.values(), strict=True)
    ]
    posted += chance.sample(posted, count // 10)
    chance.shuffle(posted)

    for start in range(0, len(posted), BATCH):
        routed = [route(parse_message(body), now=world.now) for body in posted[start : start + BATCH]]
        sync_changes(world.services, [Delivered(each.item.body()) for publish in routed for each in publish])

    contacts = world.spotler.state()["contacts"]
    assert len(contacts) == count
    assert {each["externalId"] for each in contacts} == set(ids)
    found = {each["properties"]["email"]: each["properties"] for each in contacts}
    assert {address: (each["firstName"], each["lastName"]) for address, each in found.items()} == {
        address: (clean_text(first), clean_text(last)) for address, (first, last) in names.items()
    }
    assert len(world.spotler.journal("contact.created")) == count
    assert {ref.id for ref in (RecordRef(Contact.TABLE, each) for each in ids)} == {
        row["dh_recordid"] for row in world.rows("dh_spotlerinfo")
    }
