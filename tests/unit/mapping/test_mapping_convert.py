"""Conversions from Dataverse values to Spotler types."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from connector.mapping.convert import CLEAR, NO_VALUE, Cell, convert, equals, to_labels, to_yes_no

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SCALAR_TYPES = ["string", "email", "mobNr", "postcode", "gender", "int", "money", "date", "birthdate", "dateTime"]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ODD_TEXTS = st.sampled_from(
    [
        "", "  ", "1,2", "-", "1e5", "٣", "9" * 5000, "\ud800", "2024W01", "2024-13-01", "2024-02-30T00:00:00Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-01-01T10:00:00+99:00", "0001-01-01T00:00:00+14:00",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "cell", "expected"),
    [
        ("string", Cell("  Ann "), "Ann"),
        ("string", Cell(100000001, "Gold "), "Gold"),
        ("string", Cell("1,2", "Red; Blue"), "Red; Blue"),
        ("string", Cell("1,2"), "1,2"),
        ("string", Cell(True, "Yes"), "true"),
        ("string", Cell(False, "No"), "false"),
        ("string", Cell(100000001), NO_VALUE),
        ("string", Cell(1.5, "1.50"), NO_VALUE),
        ("email", Cell(" ann@example.org "), "ann@example.org"),
        ("gender", Cell(1, "Male"), "M"),
        ("gender", Cell(2, "Female"), "F"),
        ("gender", Cell(3, "Other"), CLEAR),
        ("gender", Cell("Vrouw"), "F"),
        ("gender", Cell(True), NO_VALUE),
        ("int", Cell(12, "12"), 12),
        ("int", Cell(" -7 "), -7),
        ("int", Cell(1.0), NO_VALUE),
        ("int", Cell(True), NO_VALUE),
        ("int", Cell("twelve"), NO_VALUE),
        ("money", Cell(1.005), Decimal("1.01")),
        ("money", Cell(0.1), Decimal("0.10")),
        ("money", Cell(Decimal("-2.345")), Decimal("-2.35")),
        ("money", Cell(7), Decimal("7.00")),
        ("money", Cell("12,5"), Decimal("12.50")),
        ("money", Cell("1.000,00"), NO_VALUE),
        ("money", Cell(float("nan")), NO_VALUE),
        ("money", Cell(1e300), NO_VALUE),
        ("date", Cell("2024-02-29"), date(2024, 2, 29)),
        ("birthdate", Cell("1984-02-29"), date(1984, 2, 29)),
        ("date", Cell("2024-06-30T22:30:00Z"), date(2024, 7, 1)),
        ("date", Cell("2024-06-30T21:30:00Z"), date(2024, 6, 30)),
        ("date", Cell("29-02-2024"), NO_VALUE),
        ("date", Cell(20240229), NO_VALUE),
        ("dateTime", Cell("2024-06-30T22:30:00Z"), datetime(2024, 6, 30, 22, 30, tzinfo=UTC)),
        ("dateTime", Cell("2024-06-30T22:30:00+02:00"), datetime(2024, 6, 30, 20, 30, tzinfo=UTC)),
        ("dateTime", Cell("2024-02-29"), datetime(2024, 2, 29, tzinfo=UTC)),
        ("unheard-of", Cell("x"), NO_VALUE),
    ],
)
def test_each_conversion(type_, cell, expected):
    converted = convert(type_, cell, AMSTERDAM)

    assert expected == converted
    assert type(expected) is type(converted)


@pytest.mark.parametrize("type_", SCALAR_TYPES)
@pytest.mark.parametrize("value", [None, "", "  \t"])
def test_nothing_clears_a_field_of_any_type(type_, value):
    assert convert(type_, Cell(value), AMSTERDAM) == CLEAR


@given(st.sampled_from([*SCALAR_TYPES, "set", "?"]), JSON | ODD_TEXTS, st.none() | st.text() | ODD_TEXTS)
def test_no_value_that_json_can_hold_raises(type_, value, label):
    cell = Cell(value, label)
    convert(type_, cell, AMSTERDAM)
    to_labels(cell)
    to_yes_no(cell)

    assert equals(cell, "x") in (True, False)


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=4))
def test_money_is_never_off_by_more_than_half_a_cent(amount):
    converted = convert("money", Cell(amount), AMSTERDAM)

    assert abs(converted - amount) <= Decimal("0.005")
    assert converted.as_tuple().exponent == -2


@given(st.dates())
def test_a_date_stays_the_same_day_as_a_moment(day):
    assert day == convert("dateTime", Cell(day.isoformat()), AMSTERDAM).date()


@pytest.mark.parametrize(
    ("cell", "wanted", "same"),
    [
        (Cell("Gold"), "gold", True),
        (Cell(" Gold "), "Gold", True),
        (Cell("Golden"), "Gold", False),
        (Cell(1, "Gold"), "GOLD", True),
        (Cell(1, "Gold"), "1", True),
        (Cell(12, "Gold"), "1", False),
        (Cell("1,2", "Red; Blue"), "blue", True),
        (Cell("1,2", "Red; Blue"), "2", True),
        (Cell("1,22", "Red; Blue"), "2", False),
        (Cell(True, "Allow"), "true", True),
        (Cell(True, "Allow"), "ja", True),
        (Cell(True, "Allow"), "allow", True),
        (Cell(True, "Allow"), "false", False),
        (Cell(False), "0", True),
        (Cell(3, "Food; Drinks"), "food; drinks", True),
        (Cell(3, "Food; Drinks"), "Food", False),
        (Cell(1.5), "1,5", True),
        (Cell(0.1, "0.10"), "0.1", True),
        (Cell(1234.56, "1,234.56"), "1234,56", True),
        (Cell(0.1, "0.10"), "0.11", False),
        (Cell(None), "0", False),
        (Cell([1]), "1", False),
    ],
)
def test_a_filter_compares_with_the_value_or_its_label(cell, wanted, same):
    assert same is equals(cell, wanted)


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        (Cell(3, "Food; Drinks"), ("Food; Drinks",)),
        (Cell("3", "Food; Drinks"), ("Food; Drinks",)),
        (Cell("3,4", "Food; Drinks"), ("Food", "Drinks")),
        (Cell("Food; Drinks;"), ("Food", "Drinks")),
        (Cell(None), ()),
    ],
)
def test_a_semicolon_parts_labels_only_where_there_may_be_several(cell, labels):
    assert labels == to_labels(cell)
