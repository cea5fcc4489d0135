import pytest

from connector.errors import Invalid
from connector.spotler import Field, Fields, Option, PropertyType
from connector.spotler.readers import read_fields

BODY = [
    {"name": "email", "description": "E-mail address", "type": "email"},
    {"name": "note1", "description": "Note", "type": "string"},
    {"name": "note2", "description": "Note", "type": "STRING"},
    {
        "name": "permissions",
        "description": "Permissions",
        "type": "set",
        "entries": [
            {"bit": 4, "description": "Offers", "rank": 2},
            {"bit": "1", "description": " Newsletter ", "rank": 1},
            {"description": "no bit", "rank": 3},
        ],
    },
    {"name": "shape", "description": None, "type": "polygon"},
    {"description": "no name"},
    "not an object",
]


@pytest.fixture
def fields() -> Fields:
    return read_fields(BODY)


def test_what_spotler_lists_is_read_in_its_order_and_the_odd_left_out(fields):
    assert [each.name for each in fields] == ["email", "note1", "note2", "permissions", "shape"]
    assert len(fields) == 5


def test_internal_names_are_found_without_regard_to_case(fields):
    assert fields.get(" EMAIL ") == Field("email", "E-mail address", PropertyType.EMAIL)
    assert "Email" in fields
    assert "E-mail address" not in fields
    assert 7 not in fields


def test_a_person_may_use_the_display_name(fields):
    assert fields.find("e-mail ADDRESS").name == "email"


def test_the_internal_name_wins_over_a_display_name():
    fields = Fields([Field("a", "b", PropertyType.STRING), Field("b", "a", PropertyType.INT)])

    assert fields.find("a").name == "a"


def test_a_display_name_of_two_fields_asks_for_the_internal_name(fields):
    with pytest.raises(Invalid, match="note1, note2"):
        fields.find("Note")

    assert [each.name for each in fields.with_display_name("note")] == ["note1", "note2"]


def test_an_unknown_name_is_refused_without_being_quoted(fields):
    with pytest.raises(Invalid) as refusal:
        fields.find("ann@example.org")

    assert "ann@example.org" not in refusal.value.for_people


def test_items_of_a_set_are_found_both_ways_and_sorted_by_rank(fields):
    permissions = fields.permissions

    assert permissions is not None
    assert permissions.is_set
    assert [option.bit for option in permissions.options] == [1, 4]
    assert permissions.option("newsletter").bit == 1
    assert permissions.option_of_bit(4) == Option(4, "Offers", 2)
    assert permissions.option("Unheard of") is None
    assert permissions.option_of_bit(2) is None


def test_a_type_that_is_new_is_kept_as_unknown(fields):
    assert fields.get("shape").type is None
    assert fields.get("shape").display_name == "shape"


def test_an_account_that_hides_its_permissions_has_none():
    assert Fields([]).permissions is None
