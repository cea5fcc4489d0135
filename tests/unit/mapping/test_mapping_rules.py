"""A bad mapping is refused with every problem at once."""

import json

import pytest

from connector.errors import Misconfigured
from connector.mapping import load_mapping, parse_mapping
from connector.mapping.columns import Plain
from connector.mapping.document import problems_of

from .conftest import MAPPINGS

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


def problems(*rows: dict, **settings: object) -> str:
    with pytest.raises(Misconfigured) as refused:
        parse_mapping({"rows": [EMAIL, *rows], **settings})
    return refused.value.sentence


@pytest.mark.parametrize("name", ["default.json", "examples/filters-and-constants.json"])
def test_the_mappings_that_come_with_the_product_are_valid(name):
    assert load_mapping(MAPPINGS / name).rows


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"contact": "firstname", "spotler": "a"}, "row 2: 'direction' is a required property"),
        ({"contact": "firstname", "direction": "=>", "spotler": "a"}, "row 2, direction: must be one of the three"),
        ({"contact": "firstname", "direction": [], "spotler": "a"}, "row 2, direction: must be one of the three"),
        ({"contact": "a(b).c.d", "direction": "->", "spotler": "a"}, "row 2, contact: goes deeper than one level"),
        ({"contact": "$value:", "direction": "->", "spotler": "a"}, "row 2, contact: $value: needs a text"),
        ({"contact": "@map(x)", "direction": "->", "spotler": "a"}, "row 2, contact: is not a special value"),
        ({"contact": "$CustomerType", "direction": "<-", "spotler": "a"}, "can only be sent to Spotler (->), not <-"),
        ({"contact": "$value:X", "direction": "<->", "spotler": "a"}, "can only be sent to Spotler (->), not <->"),
        ({"contact": "p(account).name", "direction": "<->", "spotler": "a"}, "is read through a lookup"),
        ({"contact": "ownerid", "direction": "<-", "spotler": "a"}, "is read through a lookup"),
        (
            {"contact": "firstname", "direction": "->", "spotler": "Email"},
            "is already mapped for the table contact",
        ),
        ({"contact": "firstname", "direction": "->", "spotler": "externalId"}, "is the key of the contact"),
        ({"contact": "firstname", "direction": "->"}, "row 2, spotler: is missing"),
        ({"direction": "->", "spotler": "a"}, "row 2: has no column of any table"),
        ({"contact": "$value:X", "direction": "->", "filter": "1"}, "the filter has nothing to compare"),
        ({"contact": "@map(permissions)", "direction": "->", "spotler": "p:News"}, "means all items"),
        ({"contact": "x", "direction": "->", "spotler": "p:News", "items": ["A"]}, "cannot stand beside field:item"),
        ({"contact": "x", "direction": "->", "spotler": "p", "items": ["A", "a"]}, "names an item twice"),
        (
            {"lead": "firstname", "direction": "->", "spotler": "a"},
            "fields of the table lead are mapped, but",
        ),
        ({"contact": "x", "direction": "->", "spotler": "a", "colour": "red"}, "'colour' was unexpected"),
        ({"contact": "x", "direction": "->", "spotler": "$value:A"}, "row 2, direction: must be <-"),
        ({"contact": "x", "direction": "<-", "spotler": "$value:"}, "row 2, spotler: must be the internal name"),
        ({"contact": "ownerid", "direction": "<-", "spotler": "$value:A"}, "row 2, contact: must be a column of the"),
        ({"contact": "x", "direction": "<-", "spotler": "$value:A", "filter": "1"}, "row 2, filter: cannot stand"),
        ({"contact": "x", "direction": "<-", "spotler": "$value:A", "items": ["B"]}, "row 2, items: needs a"),
        ({"contact": "x", "entity": "y", "direction": "->", "spotler": "a"}, "row 2, entity: needs the name of its"),
        ({"contact": "donotemail", "direction": "<->", "spotler": "a"}, "decides who may be mailed and can only"),
        ({"contact": "donotbulkemail", "direction": "<-", "spotler": "a:B"}, "decides who may be mailed and can only"),
        ({"contact": "statuscode", "direction": "<-", "spotler": "$value:1"}, "is the state of the record"),
        ({"contact": "statecode", "direction": "<->", "spotler": "a"}, "is the state of the record and can only"),
        ({"contact": "contactid", "direction": "<-", "spotler": "a"}, "is the key of the record and can only"),
        ({"contact": 7, "direction": "->", "spotler": "a"}, "row 2, contact: must be column"),
        ({"contact": "x", "direction": "->", "spotler": "first name"}, "row 2, spotler: must be the internal name"),
    ],
)
def test_each_rule_names_its_row_and_column(row, problem):
    assert problem in problems(row)


def test_all_problems_are_named_at_once_in_the_order_of_the_rows():
    rows = [
        {"contact": "A", "lead": "b.c", "direction": "->", "spotler": "x"},
        {"contact": "firstname", "direction": "?", "spotler": "y"},
        {"contact": "$value:", "direction": "->", "spotler": "z"},
    ]

    spots = [problem.spot for problem in problems_of({"rows": [EMAIL, *rows], "navigation": {}})]

    assert spots == [
        ("navigation",),
        ("rows", 1, "contact"),
        ("rows", 1, "lead"),
        ("rows", 2, "direction"),
        ("rows", 3, "contact"),
    ]
    assert problems(*rows).count("row 2, ") == 2


def test_a_whole_list_field_and_one_of_its_items_cannot_both_be_mapped():
    assert "already mapped for the table contact in row 2" in problems(
        {"contact": "x", "direction": "->", "spotler": "interests"},
        {"contact": "y", "direction": "->", "spotler": "interests:Garden"},
    )
    assert "already mapped for the table contact in row 2" in problems(
        {"contact": "y", "direction": "->", "spotler": "interests:Garden"},
        {"contact": "x", "direction": "->", "spotler": "interests"},
    )


def test_a_field_is_mapped_once_per_table_in_whatever_directions():
    for first, second in (("<-", "<-"), ("->", "<-"), ("<->", "<-"), ("<-", "->")):
        assert "row 3, spotler: is already mapped for the table contact in row 2" in problems(
            {"contact": "x", "direction": first, "spotler": "a"},
            {"contact": "y", "direction": second, "spotler": "A"},
        )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"direction": "<-", "spotler": "a"}, {"direction": "<->", "spotler": "b"}),
        ({"direction": "<-", "spotler": "a:B"}, {"direction": "<-", "spotler": "a:C"}),
        ({"direction": "<-", "spotler": "a"}, {"direction": "<-", "spotler": "$value:b"}),
    ],
)
def test_a_column_is_written_from_one_field_only(first, second):
    assert "row 3, contact: is already written from Spotler by row 2" in problems(
        {"contact": "x", **first}, {"contact": "x", **second}
    )


def test_a_column_may_be_sent_to_one_field_and_written_from_another():
    rows = [
        {"contact": "x", "direction": "->", "spotler": "a"},
        {"contact": "x", "direction": "<-", "spotler": "b"},
    ]

    assert problems_of({"rows": [EMAIL, *rows]}) == ()


@pytest.mark.parametrize("collection", ["permissions", "list", "periodiek"])
def test_rows_beside_a_record_belong_to_one_field(collection):
    assert "row 3, contact: is already mapped in row 2" in problems(
        {"contact": f"@map({collection})", "direction": "->", "spotler": "permissions"},
        {"contact": f"@map({collection})", "lead": "x", "direction": "->", "spotler": "others"},
    )


MEMBERSHIP = {"tables": {"entity": "new_membershipentry"}}


def test_new_subscribers_can_become_rows_of_a_table_that_the_mapping_names():
    rows = [
        {"contact": "firstname", "entity": "new_firstname", "direction": "->", "spotler": "firstName"},
        {"entity": "new_source", "direction": "<-", "spotler": "$value:Web: form"},
    ]

    mapping = parse_mapping({"rows": [EMAIL, *rows], **MEMBERSHIP})

    assert mapping.entity_table == "new_membershipentry"
    assert mapping.rows[1].columns["new_membershipentry"] == Plain("new_firstname")
    assert (mapping.rows[2].constant, mapping.rows[2].field) == ("Web: form", "")
    assert not mapping.syncs("new_membershipentry")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"entity": "ownerid", "direction": "->", "spotler": "a"}, "must be a column of the table itself"),
        ({"entity": "x(account).name", "direction": "->", "spotler": "a"}, "must be a column of the table itself"),
        ({"entity": "$value:X", "direction": "->", "spotler": "a"}, "must be a column of the table itself"),
        ({"entity": "$CustomerType", "direction": "<-", "spotler": "a"}, "can only be sent to Spotler"),
        ({"entity": "@map(permissions)", "direction": "<-", "spotler": "p"}, "must be a column of the table itself"),
        ({"contact": "x", "entity": "x", "direction": "->", "filter": "1"}, "is of a table that is not sent"),
        ({"entity": "statuscode", "direction": "<-", "spotler": "a"}, "is the state of the record"),
    ],
)
def test_what_a_column_of_the_table_for_new_subscribers_cannot_be(row, problem):
    assert f"row 2, entity: {problem}" in problems(row, **MEMBERSHIP)


def test_two_fields_cannot_fill_one_column_of_a_new_subscriber_whatever_their_directions():
    assert "row 3, entity: is already written from Spotler by row 2" in problems(
        {"entity": "x", "direction": "->", "spotler": "a"},
        {"entity": "x", "direction": "->", "spotler": "b"},
        **MEMBERSHIP,
    )


@pytest.mark.parametrize("table", ["contact", "lead", "account", "New_Table", "a b", ""])
def test_the_table_for_new_subscribers_is_another_one(table):
    assert "tables, entity: must be the logical name of a table other than" in problems(tables={"entity": table})


def test_one_field_may_have_a_row_per_table_and_a_row_per_item():
    mapping = parse_mapping(
        {
            "rows": [
                EMAIL,
                {"lead": "emailaddress1", "direction": "<->", "spotler": "email"},
                {"contact": "x", "direction": "->", "spotler": "interests:Garden"},
                {"contact": "y", "direction": "->", "spotler": "interests:Kitchen"},
            ]
        }
    )

    assert len(mapping.rows) == 4


@pytest.mark.parametrize("document", [None, [], "x", 3, {}, {"rows": []}, {"rows": {}}, {"rows": [None, 1, "x", []]}])
def test_what_is_no_mapping_at_all_is_refused(document):
    with pytest.raises(Misconfigured):
        parse_mapping(document)


def test_settings_beside_the_rows_are_checked_too():
    sentence = problems(customer_type={"user": "User"}, navigation={"x": "y z"}, triggers={"contact": ["A B"]})

    assert "'user' was unexpected" in sentence
    assert "must be written column(table)" in sentence
    assert "must be the logical name of a column" in sentence


def test_a_file_that_is_missing_or_no_json_is_refused_by_name(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"rows": [\n,]}', encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"broken\.json is not JSON: see line 2"):
        load_mapping(broken)
    with pytest.raises(Misconfigured, match=r"absent\.json cannot be read"):
        load_mapping(tmp_path / "absent.json")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({"rows": [EMAIL]}), encoding="utf-8-sig")

    assert len(load_mapping(path).rows) == 1
