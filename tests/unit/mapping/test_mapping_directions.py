"""Which fields a job may set by hand, and which items of them."""

import pytest

from connector.mapping import Direction, parse_mapping


@pytest.fixture
def mapping():
    return parse_mapping(
        {
            "rows": [
                {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"},
                {"contact": "mobilephone", "direction": "<->", "spotler": "mobileNumber"},
                {"contact": "birthdate", "direction": "<-", "spotler": "birthday"},
                {"contact": "jobtitle", "direction": "<->", "spotler": "job"},
                {"lead": "jobtitle", "direction": "->", "spotler": "job"},
                {"contact": "new_garden", "direction": "->", "spotler": "interests:Garden"},
                {
                    "contact": "@map(permissions)",
                    "direction": "<->",
                    "spotler": "permissions",
                    "items": ["News", "Events"],
                },
            ]
        }
    )


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ("lastPurchaseDate", True),
        ("birthday", True),
        ("mobileNumber", True),
        ("MOBILENUMBER", True),
        ("permissions", True),
        ("email", False),
        ("EMAIL", False),
        ("job", True),
    ],
)
def test_a_field_that_the_sync_would_overwrite_may_not_be_set(mapping, field, allowed):
    assert allowed is mapping.may_be_set("contact", field)


def test_what_is_mapped_for_another_table_does_not_count(mapping):
    assert not mapping.may_be_set("lead", "job")
    assert not mapping.may_be_set("lead", "email")
    assert mapping.may_be_set("account", "email")
    assert mapping.may_be_set("lead", "interests", "Garden")


def test_of_a_list_field_only_the_mapped_item_is_taken(mapping):
    assert not mapping.may_be_set("contact", "interests", "garden")
    assert mapping.may_be_set("contact", "interests", "Kitchen")
    assert not mapping.may_be_set("contact", "interests")


def test_the_directions_of_a_field(mapping):
    assert frozenset() == mapping.direction_of("contact", "unheard-of")
    assert {Direction.BOTH} == mapping.direction_of("contact", "job")
    assert {Direction.TO_SPOTLER} == mapping.direction_of("lead", "job")
    assert frozenset() == mapping.direction_of("account", "job")
    assert (Direction.TO_SPOTLER.outward, Direction.TO_SPOTLER.inward) == (True, False)
    assert (Direction.TO_DATAVERSE.outward, Direction.TO_DATAVERSE.inward) == (False, True)
    assert (Direction.BOTH.outward, Direction.BOTH.inward) == (True, True)


def test_the_items_that_a_mapping_defines(mapping):
    assert mapping.items_of("contact", "Permissions") == ("News", "Events")
    assert mapping.items_of("lead", "Permissions") is None
    assert mapping.items_of("contact", "interests") is None
    assert mapping.items_of("contact", "email") is None


def test_the_fields_of_permissions_are_those_of_the_table_and_the_reserved_one():
    rows = [
        {"contact": "emailaddress1", "account": "emailaddress1", "direction": "->", "spotler": "email"},
        {"account": "@map(permissions)", "direction": "<->", "spotler": "interests"},
        {"contact": "@map(permissions)", "direction": "<->", "spotler": "Permissions"},
    ]
    mapping = parse_mapping({"rows": rows})

    assert mapping.permission_fields("contact") == ("Permissions",)
    assert mapping.permission_fields("account") == ("permissions", "interests")
    assert mapping.permission_fields("lead") == ("permissions",)


def test_contact_data_goes_to_spotler_only_and_permissions_both_ways_by_default(default_mapping):
    directions = {row.field: row.direction for row in default_mapping.rows}

    assert Direction.BOTH is directions.pop("permissions")
    assert {Direction.TO_SPOTLER} == set(directions.values())
