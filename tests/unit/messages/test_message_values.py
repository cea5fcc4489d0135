"""Every type of value that a message can hold."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.dataverse.messages import (
    Choice,
    Choices,
    Entity,
    EntityCollection,
    EntityReference,
    Money,
    Other,
    parse_message,
)
from connector.dataverse.messages.convert import MAX_DEPTH
from connector.errors import Unreadable
from tests.unit.messages.documents import ZERO, attribute, attributes_of, load, parse, typed, with_attribute

ID = "c0ffee01-0000-4000-8000-000000000002"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("text", "Zoë"),
        ("memo", "een\ntwee\ttab"),
        ("guid", "9e4d0001-0000-4000-8000-000000000001"),
        ("flag", False),
        ("whole", -987654321),
        ("long", 9007199254740993),
        ("decimal", Decimal("12.5")),
        ("cleared", None),
        ("choice", Choice(257760001)),
        ("choices", Choices((257760001, 257760002))),
        ("no_choices", ()),
        ("money", Money(Decimal("2154.32"))),
        ("lookup", EntityReference("account", "acc0de01-0000-4000-8000-000000000004")),
        ("when", datetime(2020, 12, 15, 7, tzinfo=UTC)),
        ("before_1970", datetime(1969, 12, 31, tzinfo=UTC)),
        ("with_offset", datetime(2020, 12, 15, 10, tzinfo=UTC)),
        ("beyond", "/Date(999999999999999)/"),
        ("aliased", "Voorbeeld BV"),
        ("image", (137, 80, 78, 71)),
        ("words", ("een", "twee")),
        ("query", Other("QueryExpression")),
        ("wrapped_guid", "9e4d0002-0000-4000-8000-000000000002"),
        ("wrapped_date", datetime(2024, 12, 10, 6, 43, 34, tzinfo=UTC)),
        ("wrapped_double", Decimal("12.50")),
        ("wrapped_int", 7),
    ],
)
def test_a_column_of_each_type_becomes_a_plain_value(column, value):
    found = attributes_of(parse(load("every-type.json")))[column]

    assert (found, type(found)) == (value, type(value))


def test_a_party_list_holds_rows_without_a_type_mark():
    parties = attributes_of(parse(load("every-type.json")))["parties"]

    assert isinstance(parties, EntityCollection)
    assert [(party.table, party.id) for party in parties.entities] == [
        ("activityparty", "9a47e001-0000-4000-8000-000000000001"),
        ("activityparty", "9a47e001-0000-4000-8000-000000000002"),
    ]
    assert parties.entities[0].attributes["participationtypemask"] == Choice(1)


def test_lists_of_references_are_read():
    reference = typed("EntityReference", LogicalName="lead", Id="1ead0001-0000-4000-8000-000000000009")

    assert attribute([reference]) == (EntityReference("lead", "1ead0001-0000-4000-8000-000000000009"),)


def test_exact_decimals_do_not_pass_through_floating_point():
    digits = "0.1234567890123456789"
    body = json.dumps(with_attribute("<number>")).replace('"<number>"', digits).encode()

    assert attributes_of(parse_message(body))["x"] == Decimal(digits)


@pytest.mark.parametrize("mark", ["OptionSetValue", "OptionSetValue:http://elsewhere", "OptionSetValue:#Any"])
def test_only_the_class_of_a_type_mark_counts(mark):
    assert attribute({"__type": mark, "Value": 5}) == Choice(5)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ({"Attributes": [], "LogicalName": "contact", "Id": ID}, Entity),
        ({"LogicalName": "contact", "Id": ID}, EntityReference),
        ({"Entities": [], "EntityName": "contact"}, EntityCollection),
        ({"Value": 1}, Other),
        ({"__type": 7}, Other),
        ({}, Other),
    ],
)
def test_without_a_type_mark_the_shape_decides(shape, kind):
    assert isinstance(attribute(shape), kind)


def test_a_list_of_choices_and_something_else_stays_a_list():
    assert attribute([typed("OptionSetValue", Value=1), 2]) == (Choice(1), 2)


def test_references_and_rows_without_an_id_have_none():
    assert attribute(typed("EntityReference", LogicalName="contact", Id=ZERO)) == EntityReference("contact", None)
    assert attribute(typed("Entity", Attributes=None)) == Entity("", None, {})


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "twelve", "1e9999999999999999999999"])
def test_a_wrapped_number_that_is_none_stays_text(text):
    assert attribute({"__type": "Double:#System", "__value": text}) == text


@pytest.mark.parametrize("text", ["", "soon", "/Date(9)", "2024-02-30T00:00:00Z"])
def test_a_wrapped_date_that_is_none_stays_text(text):
    assert attribute({"__type": "DateTime:#System", "__value": text}) == text


def test_a_lone_surrogate_becomes_the_replacement_character_and_a_pair_its_character():
    assert attribute("a\ud83db") == "a\ufffdb"
    assert attribute("a\udc4bb") == "a\ufffdb"
    assert attribute("\ud83d\ud83d\udc4b") == "\ufffd👋"
    assert attribute("\\ud83d") == "\\ud83d"


@pytest.mark.parametrize(
    "value",
    [
        typed("OptionSetValue"),
        typed("OptionSetValue", Value="1"),
        typed("OptionSetValue", Value=1.5),
        typed("OptionSetValue", Value=1e300),
        typed("OptionSetValue", Value=2**63),
        typed("OptionSetValue", Value=True),
        typed("Money", Value=None),
        typed("Money", Value=False),
        typed("EntityReference", LogicalName=7, Id=ID),
        typed("EntityReference", LogicalName="contact", Id="not a guid"),
        typed("Entity", Attributes={}, LogicalName="contact"),
        typed("Entity", Attributes=[{"key": "x"}]),
        typed("EntityCollection", Entities=[7]),
    ],
    ids=repr,
)
def test_a_value_that_contradicts_its_type_makes_the_message_malformed(value):
    with pytest.raises(Unreadable) as caught:
        parse(with_attribute(value))

    assert caught.value.result_code == "MESSAGE_MALFORMED"


def nested(levels):
    value = "bottom"
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_has_an_end():
    assert attribute(nested(MAX_DEPTH - 1))
    with pytest.raises(Unreadable, match="nested too deeply"):
        parse(with_attribute(nested(MAX_DEPTH)))
