"""From a Spotler contact to the columns of a record."""

import pytest

from connector.dataverse.schema.model import Column, Kind
from connector.mapping.inward import inward_plan
from connector.mapping.model import Direction
from tests.unit.mapping.inward import FIELDS, contact, mapping_of, value_of

SEGMENTS = {1: "Gold", 2: "Silver", 3: "silver "}
INTERESTS = {1: "Garden", 2: "Kitchen", 3: "Cellar"}


@pytest.mark.parametrize(
    ("column", "field", "wire", "expected"),
    [
        (Column("new_x", Kind.TEXT), "text", "  Ann\u200b ", "Ann"),
        (Column("new_x", Kind.TEXT, length=3), "text", "Ann", "Ann"),
        (Column("new_x", Kind.TEXT), "text", "", None),
        (Column("new_x", Kind.TEXT), "points", 12, "12"),
        (Column("new_x", Kind.TEXT), "gender", "F", "F"),
        (Column("new_x", Kind.CHOICE, options=SEGMENTS), "text", "gold", 1),
        (Column("new_x", Kind.CHOICE, options={1: "Male", 2: "Female", 3: "Other"}), "gender", "F", 2),
        (Column("new_x", Kind.CHOICE, options={7: "Vrouw", 8: "Man"}), "gender", "M", 8),
        (Column("new_x", Kind.CHOICES, options=INTERESTS), "text", "Kitchen; garden", "1,2"),
        (Column("new_x", Kind.YES_NO), "text", "Ja", True),
        (Column("new_x", Kind.YES_NO), "text", "uit", False),
        (Column("new_x", Kind.INTEGER), "text", "1234567", 1234567),
        (Column("new_x", Kind.INTEGER), "points", -5, -5),
        (Column("new_x", Kind.INTEGER), "turnover", 1200, 12),
        (Column("new_x", Kind.DECIMAL, precision=2), "turnover", 1250, 12.5),
        (Column("new_x", Kind.MONEY), "turnover", 1999999999, 19999999.99),
        (Column("new_x", Kind.DATE), "birthday", "2024-02-29", "2024-02-29"),
        (Column("new_x", Kind.DATE), "lastSeen", "2024-05-31T00:30:00+02:00", "2024-05-31"),
        (Column("new_x", Kind.DATE), "lastSeen", "2024-05-31T00:00:00Z", "2024-05-31"),
        (Column("new_x", Kind.DATE_TIME), "birthday", "2024-05-31", "2024-05-30T22:00:00Z"),
        (Column("new_x", Kind.DATE_TIME), "lastSeen", "2024-05-31T10:15:30.500+02:00", "2024-05-31T08:15:30Z"),
        (Column("new_x", Kind.DATE_TIME), "lastSeen", 1717143330000, "2024-05-31T08:15:30Z"),
        (Column("new_x", Kind.DATE_TIME_NO_ZONE), "lastSeen", "2024-05-31T08:15:30Z", "2024-05-31T10:15:30Z"),
        (Column("new_x", Kind.DATE_TIME_NO_ZONE), "birthday", "2024-05-31", "2024-05-31T00:00:00Z"),
    ],
)
def test_a_value_takes_the_form_of_its_column(column, field, wire, expected):
    value = value_of(column, field, wire)

    assert (expected, "") == (value.value, value.warning)
    assert type(expected) is type(value.value)


@pytest.mark.parametrize(
    ("column", "field", "wire", "why"),
    [
        (Column("new_x", Kind.TEXT, length=2), "text", "Ann", "longer than the column takes (2)"),
        (Column("new_x", Kind.TEXT, length=1), "text", "😀", "longer than the column takes (1)"),
        (Column("new_x", Kind.TEXT), "text", "a\x00b", "does not store"),
        (Column("new_x", Kind.TEXT), "text", "a\ud800b", "does not store"),
        (Column("new_x", Kind.TEXT), "turnover", 100, "cannot be written"),
        (Column("new_x", Kind.CHOICE, options=SEGMENTS), "text", "Lead", "no choice with this label"),
        (Column("new_x", Kind.CHOICE, options=SEGMENTS), "text", "Silver", "several choices"),
        (Column("new_x", Kind.CHOICE, options={5: "Unknown"}), "gender", "M", "no choice"),
        (Column("new_x", Kind.CHOICES, options=INTERESTS), "text", "Garden; Attic", "no choice with this label"),
        (Column("new_x", Kind.YES_NO), "text", "perhaps", "yes or no"),
        (Column("new_x", Kind.INTEGER), "mobile", "0612345678", "whole number"),
        (Column("new_x", Kind.INTEGER), "mobile", "+31612345678", "whole number"),
        (Column("new_x", Kind.INTEGER), "text", "1.000", "two ways"),
        (Column("new_x", Kind.INTEGER), "points", 2**31, "outside the range"),
        (Column("new_x", Kind.INTEGER, maximum=10), "points", 11, "outside the range"),
        (Column("new_x", Kind.INTEGER), "turnover", 1250, "whole number"),
        (Column("new_x", Kind.DECIMAL, precision=1), "turnover", 1255, "more decimals than the column keeps (1)"),
        (Column("new_x", Kind.DECIMAL), "turnover", 9999999999999999, "more digits"),
        (Column("new_x", Kind.DATE), "birthday", "soon", "no birthdate"),
        (Column("new_x", Kind.DATE), "birthday", "1700-01-01", "before 1753"),
        (Column("new_x", Kind.TEXT, writable=False), "text", "Ann", "cannot be written"),
        (Column("new_y", Kind.TEXT), "text", "Ann", "no such column"),
    ],
)
def test_a_value_that_does_not_fit_is_left_alone_and_named_without_it(column, field, wire, why):
    value = value_of(column, field, wire)

    assert why in value.warning
    assert value.value is None
    assert str(wire) not in value.warning.replace(why, "")


def test_the_address_of_a_record_is_never_removed():
    mapping = mapping_of(Column("emailaddress1", Kind.TEXT), ("emailaddress1", "<->", "email"), address="emailaddress2")

    (value,) = inward_plan(mapping, "contact").values(contact("", text="x"), FIELDS).values()

    assert "the address was not removed" in value.warning


def test_an_absent_property_is_empty_where_spotler_shows_its_field():
    assert value_of(Column("new_x", Kind.TEXT), "text", None).value is None
    assert not value_of(Column("new_x", Kind.TEXT), "text", None).warning


def test_of_a_contact_without_properties_nothing_is_known():
    mapping = mapping_of(Column("new_x", Kind.TEXT), ("new_x", "<-", "text"))

    assert inward_plan(mapping, "contact").values(contact(""), FIELDS) == {}


def test_of_a_field_that_spotler_does_not_show_nothing_is_known():
    mapping = mapping_of(Column("new_x", Kind.TEXT), ("new_x", "<-", "invisible"))

    assert inward_plan(mapping, "contact").values(contact(invisible="x"), FIELDS) == {}


def test_the_items_of_a_list_field_come_back_one_by_one():
    garden = Column("new_garden", Kind.YES_NO), Column("new_cellar", Kind.YES_NO)
    mapping = mapping_of(*garden, ("new_garden", "<->", "interests:garden"), ("new_cellar", "<->", "interests:Cellar"))
    plan = inward_plan(mapping, "contact")

    values = plan.values(contact(interests=[{"bit": 1, "enabled": True}, {"bit": 2, "enabled": False}]), FIELDS)

    assert {column: value.value for column, value in values.items()} == {"new_garden": True}
    assert values["new_garden"].spotler == [{"bit": 1, "enabled": True}] == values["new_garden"].arrives
    assert plan.sent({"new_garden": True}, FIELDS) == {"new_garden": [{"bit": 1, "enabled": True}]}


def test_a_list_field_comes_back_as_choices():
    both = [{"bit": 1, "enabled": True}, {"bit": 2, "enabled": True}]
    one = [{"bit": 1, "enabled": False}, {"bit": 2, "enabled": True}]
    choices = Column("new_x", Kind.CHOICES, options=INTERESTS)
    choice = Column("new_x", Kind.CHOICE, options=INTERESTS)

    assert value_of(choices, "interests", both).value == "1,2"
    assert value_of(choices, "interests", [{"bit": 1, "enabled": False}, {"bit": 2, "enabled": False}]).value is None
    assert value_of(choice, "interests", one).value == 2
    assert "takes one choice" in value_of(choice, "interests", both).warning
    assert "no choice with this label" in value_of(Column("new_x", Kind.CHOICES), "interests", one).warning
    assert value_of(choices, "interests", None) is None
    assert value_of(choices, "interests", one[1:]) is None


def test_only_rows_that_may_come_back_do():
    columns = (Column("new_x", Kind.TEXT), Column("new_y", Kind.TEXT))
    mapping = mapping_of(*columns, ("new_x", "->", "text"), ("new_y", "<-", "other"))
    plan = inward_plan(mapping, "contact")

    assert plan.values(contact(text="a", other="b"), FIELDS).keys() == {"new_y"}
    assert plan.select == ("new_y",)


def test_a_new_record_gets_every_mapped_column_and_the_constants():
    columns = (
        Column("emailaddress1", Kind.TEXT),
        Column("new_x", Kind.TEXT),
        Column("new_source", Kind.CHOICE, options={8: "Web", 9: "Form"}),
        Column("new_number", Kind.CHOICE, options={8: "Web", 9: "Form"}),
        Column("donotbulkemail", Kind.YES_NO),
    )
    mapping = mapping_of(
        *columns,
        ("new_x", "->", "text"),
        ("new_source", "<-", "$value:Web"),
        ("new_number", "<-", "$value:9"),
        ("donotbulkemail", "->", "other"),
    )
    plan = inward_plan(mapping, "contact")

    values = plan.new_values(contact(text="a", other="true"), FIELDS)

    assert {column: value.value for column, value in values.items()} == {
        "emailaddress1": "ann@example.org", "new_x": "a", "new_source": 8, "new_number": 9,
    }  # fmt: skip
    assert plan.values(contact(text="a"), FIELDS) == {}


def test_a_constant_that_is_no_choice_is_named():
    mapping = mapping_of(Column("new_x", Kind.CHOICE, options={8: "Web"}), ("new_x", "<-", "$value:Fair"))

    value = inward_plan(mapping, "contact").new_values(contact(), FIELDS)["new_x"]

    assert value.warning.startswith("The constant for the column new_x was not written.")


def test_a_constant_is_part_of_its_row():
    row = mapping_of(("new_x", "<-", "$value:Web shop")).rows[1]

    assert (row.constant, row.field, row.direction) == ("Web shop", "", Direction.TO_DATAVERSE)
