"""Messages that others have captured and published are read as what they are.

They are read where they lie and are not part of this repository.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connector.dataverse.messages import Choice, Choices, Entity, EntityCollection, Message, Money, parse_message
from connector.dataverse.messages.decode import read_json

FOLDER = Path(__file__).parents[3] / "shared" / "samples" / "remote-execution-context"

ALL_TYPES = "create-all-column-types.json"
GARBLED = "create-account-garbled-text.json"
ON_PREMISES = "create-onpremises-parentcontext.json"
PRE_IMAGE = "update-custom-activity-preimage.json"
ONLINE = "update-online-2024.json"
EVERY = [ALL_TYPES, GARBLED, ON_PREMISES, PRE_IMAGE, ONLINE]


def body_of(name: str) -> bytes:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the published message {name} is not at hand: it belongs beside the repository, in {FOLDER}")
    return path.read_bytes()


def read(name: str) -> tuple[Message, Entity]:
    message = parse_message(body_of(name))
    assert isinstance(message.target, Entity)
    return message, message.target


@pytest.mark.parametrize(
    ("name", "operation", "columns", "repaired"),
    [
        (ALL_TYPES, ("Create", "albxrm_alltypes"), 26, True),
        (GARBLED, ("Create", "account"), 38, True),
        (ON_PREMISES, ("Create", "sharepointdocumentlocation"), 18, False),
        (PRE_IMAGE, ("Update", "new_customactivity"), 6, False),
        (ONLINE, ("Update", "msdyn_agentstatus"), 13, False),
    ],
)
def test_operation_table_and_number_of_columns_are_right(name, operation, columns, repaired):
    message, target = read(name)

    assert (message.message_name, message.table) == operation
    assert (target.table, len(target.attributes)) == (message.table, columns)
    assert (message.repaired, message.truncated, message.tag) == (repaired, False, None)


@pytest.mark.parametrize("name", EVERY)
def test_ids_are_those_of_the_document(name):
    document = json.loads(body_of(name))
    message, target = read(name)

    assert message.record_id == target.id == document["PrimaryEntityId"]
    assert message.initiating_user_id == document["InitiatingUserId"]


@pytest.mark.parametrize("name", EVERY)
def test_every_column_of_the_document_is_there_and_cleared_ones_are_none(name):
    document = json.loads(body_of(name))
    (pairs,) = [pair["value"]["Attributes"] for pair in document["InputParameters"] if pair["key"] == "Target"]
    _, target = read(name)

    assert list(target.attributes) == [pair["key"] for pair in pairs]
    assert {key for key, value in target.attributes.items() if value is None} == {
        pair["key"] for pair in pairs if pair["value"] is None
    }


def test_each_type_of_column_has_its_type():
    columns = read(ALL_TYPES)[1].attributes

    assert columns["albxrm_currency"] == Money(Decimal("2154.32"))
    assert columns["albxrm_multiselectoptionset"] == Choices((257760001, 257760002))
    assert columns["statuscode"] == Choice(1)
    assert columns["albxrm_decimal"] == Decimal("10.01")
    assert columns["createdon"] == datetime(2020, 12, 15, 4, 47, 38, tzinfo=UTC)
    assert columns["albxrm_twooptions"] is True


def test_a_currency_sign_that_was_garbled_twice_is_one_character_again():
    document, _ = read_json(body_of(ALL_TYPES))

    assert "€2" in str(document)


def test_garbled_cyrillic_and_latvian_are_letters_again():
    columns = read(GARBLED)[1].attributes

    assert {ord(character) >> 8 for character in columns["name"]} == {0x04, 0x00}
    assert columns["name"].isalpha()
    assert columns["new_name"].isalpha()


def test_the_own_image_is_kept_and_the_one_of_the_platform_is_not():
    message, _ = read(ON_PREMISES)

    assert list(message.post_images) == ["PostImage"]
    assert message.pre_images == {}
    assert read(ALL_TYPES)[0].post_images == {}


def test_a_pre_image_has_its_party_list():
    message, _ = read(PRE_IMAGE)
    parties = message.pre_images["Image"].attributes["from"]

    assert isinstance(parties, EntityCollection)
    assert [party.table for party in parties.entities] == ["activityparty"]


@pytest.mark.parametrize("name", [ON_PREMISES, PRE_IMAGE, ONLINE])
def test_the_time_of_the_operation_agrees_with_the_rows_own_whatever_the_offset(name):
    message, target = read(name)
    changed = target.attributes["modifiedon" if "modifiedon" in target.attributes else "createdon"]

    assert isinstance(changed, datetime)
    assert message.created_on is not None
    assert abs((message.created_on - changed).total_seconds()) < 60
