"""Conversions from Dataverse values to Spotler types."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from connector.errors import Invalid
from connector.mapping.values import Cell, chosen_labels, convert, equals, to_wire, to_yes_no

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SCALAR_TYPES = ["string", "email", "mobNr", "postcode", "gender", "int", "money", "date", "birthdate", "dateTime"]
REFUSED = object()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ODD_TEXTS = st.sampled_from(
    [
        "", "  ", "1,2", "-", "1e5", "٣", "9" * 5000, "\ud800", "2024W01", "2024-13-01", "2024-02-30T00:00:00Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-01-01T10:00:00+99:00", "0001-01-01T00:00:00+14:00",
        "31 februari 2024", "99 mei 2024", "\u200b", ";;", "1.000",
    ]
)  # fmt: skip


def converted(type_: str, cell: Cell) -> object:
    try:
        return convert(type_, cell, AMSTERDAM)
    except Invalid:
        return REFUSED


@pytest.mark.parametrize(
    ("type_", "cell", "expected"),
    [
        ("string", Cell("  Ann "), "Ann"),
        ("string", Cell("\ufeff\u200bZoe\u0308\u00a0"), "Zoë"),
        ("string", Cell(100000001, "Gold "), "Gold"),
        ("string", Cell("1,2", "Red; Blue"), "Red; Blue"),
        ("string", Cell("1,2"), "1,2"),
        ("string", Cell(True, "Yes"), "true"),
        ("string", Cell(False, "No"), "false"),
        ("string", Cell(12345, "12,345"), "12345"),
        ("string", Cell(-1234567, "-1.234.567"), "-1234567"),
        ("string", Cell(-12345, "(12,345)"), "-12345"),
        ("string", Cell(1234567, "12,34,567"), "1234567"),
        ("string", Cell(12345, "12\u202f345"), "12345"),
        ("string", Cell(7, "7"), "7"),
        ("string", Cell(110, "1-10"), "1-10"),
        ("string", Cell(12, "1.2"), "1.2"),
        ("string", Cell(60, "1 hour"), "1 hour"),
        ("string", Cell(100000001), REFUSED),
        ("string", Cell(1.5, "1.50"), REFUSED),
        ("mobNr", Cell(31612345678, "31,612,345,678"), "31612345678"),
        ("email", Cell(" ann@example.org "), "ann@example.org"),
        ("gender", Cell(1, "Male"), "M"),
        ("gender", Cell(2, "Weiblich"), "F"),
        ("gender", Cell(100000001, "Vrouw"), "F"),
        ("gender", Cell(3, "Other"), None),
        ("gender", Cell("Vrouw"), "F"),
        ("gender", Cell("other"), REFUSED),
        ("gender", Cell(True), REFUSED),
        ("int", Cell(12, "12"), 12),
        ("int", Cell(" -7 "), -7),
        ("int", Cell("1.234.567"), 1234567),
        ("int", Cell("1.000"), REFUSED),
        ("int", Cell("1.5"), REFUSED),
        ("int", Cell(1.0), REFUSED),
        ("int", Cell(True), REFUSED),
        ("int", Cell("twelve"), REFUSED),
        ("money", Cell(1.005), Decimal("1.01")),
        ("money", Cell(0.1), Decimal("0.10")),
        ("money", Cell(Decimal("-2.345")), Decimal("-2.35")),
        ("money", Cell(7), Decimal("7.00")),
        ("money", Cell("12,5"), Decimal("12.50")),
        ("money", Cell("1.000,00"), Decimal("1000.00")),
        ("money", Cell("1.000"), REFUSED),
        ("money", Cell(float("nan")), REFUSED),
        ("money", Cell(1e300), REFUSED),
        ("money", Cell(True), REFUSED),
        ("date", Cell("2024-02-29"), date(2024, 2, 29)),
        ("birthdate", Cell("1984-02-29"), date(1984, 2, 29)),
        ("date", Cell("2024-06-30T22:30:00Z"), date(2024, 7, 1)),
        ("date", Cell("2024-06-30T21:30:00Z"), date(2024, 6, 30)),
        ("date", Cell("2024-06-30T22:30:00Z", wall_clock=True), date(2024, 6, 30)),
        ("date", Cell("2024-06-30T22:30:00"), date(2024, 6, 30)),
        ("date", Cell("29-02-2024"), date(2024, 2, 29)),
        ("date", Cell("2024-02-30"), REFUSED),
        ("date", Cell(20240229), REFUSED),
        ("dateTime", Cell("2024-06-30T22:30:00Z"), datetime(2024, 6, 30, 22, 30, tzinfo=UTC)),
        ("dateTime", Cell("2024-06-30T22:30:00+02:00"), datetime(2024, 6, 30, 20, 30, tzinfo=UTC)),
        ("dateTime", Cell("2024-06-30T22:30:00Z", wall_clock=True), datetime(2024, 6, 30, 20, 30, tzinfo=UTC)),
        ("dateTime", Cell("2024-06-30 22:30"), datetime(2024, 6, 30, 22, 30, tzinfo=UTC)),
        ("dateTime", Cell("2024-02-29"), datetime(2024, 2, 29, tzinfo=UTC)),
        ("dateTime", Cell("noon"), REFUSED),
        ("unheard-of", Cell("x"), REFUSED),
    ],
)
def test_each_conversion(type_, cell, expected):
    found = converted(type_, cell)

    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize("type_", SCALAR_TYPES)
@pytest.mark.parametrize("value", [None, "", "  \t", "\u200b\ufeff"])
def test_nothing_clears_a_field_of_any_type(type_, value):
    assert to_wire(type_, Cell(value), AMSTERDAM) == ""


@given(
    st.sampled_from([*SCALAR_TYPES, "set", "?", None]), JSON | ODD_TEXTS, st.none() | st.text() | ODD_TEXTS,
    st.booleans(),
)  # fmt: skip
def test_no_value_that_json_can_hold_raises_anything_but_invalid(type_, value, label, wall_clock):
    cell = Cell(value, label, wall_clock)
    for conversion in (
        lambda: to_wire(type_, cell, AMSTERDAM),
        lambda: chosen_labels(cell, {"a", "a; b"}),
        lambda: to_yes_no(cell),
    ):
        try:
            conversion()
        except Invalid as refusal:
            assert len(str(value)) < 20 or str(value) not in refusal.for_people  # noqa: PT017 - raising is optional

    assert equals(cell, "x") in (True, False)


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=4))
def test_money_is_never_off_by_more_than_half_a_cent(amount):
    found = convert("money", Cell(amount), AMSTERDAM)

    assert abs(found - amount) <= Decimal("0.005")
    assert found.as_tuple().exponent == -2


@given(st.integers(-(10**15), 10**15), st.sampled_from([",", ".", " ", "'", "\u00a0", "\u202f", "\u2019"]))
def test_the_digits_of_a_whole_number_are_sent_however_dataverse_shows_them(number, group):
    assert convert("string", Cell(number, f"{number:,}".replace(",", group)), AMSTERDAM) == str(number)


@given(st.dates())
def test_a_date_stays_the_same_day_as_a_moment(day):
    assert day == convert("dateTime", Cell(day.isoformat()), AMSTERDAM).date()


ZONES = st.sampled_from(["Europe/Amsterdam", "America/New_York", "Pacific/Auckland", "UTC"]).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, ZONES)
def test_a_date_time_without_a_time_zone_has_the_day_and_the_time_that_are_written(moment, zone):
    cell = Cell(moment.isoformat(), wall_clock=True)
    local = convert("dateTime", cell, zone).astimezone(zone)

    assert convert("date", cell, zone) == moment.date()
    # An hour that the clocks skip in spring is the only loss.
    assert abs(local.replace(tzinfo=None) - moment.replace(tzinfo=None)).total_seconds() in (0, 3600)


@given(MOMENTS, ZONES)
def test_a_date_time_with_a_time_zone_has_the_day_of_that_zone_and_stays_the_same_moment(moment, zone):
    cell = Cell(moment.isoformat())

    assert convert("dateTime", cell, zone) == moment
    assert convert("date", cell, zone) == moment.astimezone(zone).date()


@given(st.dates(), ZONES)
def test_a_user_local_column_that_shows_only_the_day_is_that_day(day, zone):
    midnight = datetime.combine(day, time(12), zone).astimezone(UTC)

    assert convert("birthdate", Cell(midnight.isoformat()), zone) == day


@pytest.mark.parametrize(
    ("cell", "wanted", "same"),
    [
        (Cell("Gold"), "gold", True),
        (Cell(" Gold "), "Gold", True),
        (Cell("Zoe\u0308"), "zoë\u200b", True),
        (Cell("Golden"), "Gold", False),
        (Cell(1, "Gold"), "GOLD", True),
        (Cell(1, "Gold"), "1", True),
        (Cell(12, "Gold"), "1", False),
        (Cell("1,2", "Red; Blue"), "blue", True),
        (Cell("1,2", "Red; Blue"), "2", True),
        (Cell("1,22", "Red; Blue"), "2", False),
        (Cell("3,4", "Food; Drinks; Sweets"), "food;drinks", True),
        (Cell("3,4", "Food; Drinks; Sweets"), "food; sweets", False),
        (Cell(True, "Allow"), "true", True),
        (Cell(True, "Allow"), "ja", True),
        (Cell(True, "Allow"), "aan", True),
        (Cell(True, "Allow"), "allow", True),
        (Cell(True, "Allow"), "false", False),
        (Cell(True, "Allow"), "perhaps", False),
        (Cell(False), "0", True),
        (Cell(3, "Food; Drinks"), "food; drinks", True),
        (Cell(3, "Food; Drinks"), "Food", False),
        (Cell("3", "Food; Drinks"), "Food", False),
        (Cell(1.5), "1,5", True),
        (Cell(0.1, "0.10"), "0.1", True),
        (Cell(1234.56, "1,234.56"), "1234,56", True),
        (Cell(1234.56, "1,234.56"), "1.234,56", True),
        (Cell(1000, "1,000"), "1000", True),
        (Cell(1, "1"), "1.000", False),
        (Cell(0.1, "0.10"), "0.11", False),
        (Cell(None), "0", False),
        (Cell([1]), "1", False),
    ],
)
def test_a_filter_compares_with_the_value_or_its_label(cell, wanted, same):
    assert same is equals(cell, wanted)


KNOWN = ("food; drinks", "drinks", "sweets", "a", "b", "a; b")


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        (Cell(3, "Food; Drinks"), ("food; drinks",)),
        (Cell(3, "Food;Drinks"), ("food; drinks",)),
        (Cell("3", "Food; Drinks"), ("food; drinks",)),
        (Cell("3,4", "Food; Other"), ("food", "other")),
        (Cell("3,4", "Food; Drinks; Sweets"), ("food; drinks", "sweets")),
        (Cell("4,3", "Sweets; Food; Drinks"), ("sweets", "food; drinks")),
        (Cell("3,4,5", "Food; Drinks; Drinks; Sweets"), ("food; drinks", "drinks", "sweets")),
        (Cell("1,2", "A; B"), ("a", "b")),
        (Cell("1,2,3", "A; B; A; B"), ("a; b", "a", "b")),
        (Cell("Food; Drinks;"), ("food; drinks",)),
        (Cell("Drinks; Food;Drinks; ;Cake"), ("drinks", "food; drinks", "cake")),
        (Cell(None), ()),
    ],
)
def test_a_label_with_a_semicolon_is_one_label(cell, labels):
    assert labels == chosen_labels(cell, KNOWN)


@pytest.mark.parametrize("cell", [Cell(3), Cell(True, "Yes"), Cell(1.5, "1.5"), Cell([1]), Cell({})])
def test_what_is_no_choice_and_no_text_has_no_labels(cell):
    with pytest.raises(Invalid):
        chosen_labels(cell, KNOWN)


WORDS = st.text(st.sampled_from("abcXYZ é"), min_size=1, max_size=4).map(str.strip).filter(bool)
LABELS = st.lists(st.lists(WORDS, min_size=1, max_size=3).map("; ".join), min_size=1, max_size=5)


@given(LABELS)
def test_as_many_labels_as_choices_are_found_and_nothing_of_them_is_lost(labels):
    values = ",".join(str(number) for number in range(len(labels)))
    known = {label.casefold() for label in labels}

    found = chosen_labels(Cell(values, "; ".join(labels)), known)

    assert "; ".join(found) == "; ".join(labels).casefold()
    assert len(found) <= len(labels) or not any("; " in label for label in labels)


@given(LABELS.filter(lambda labels: len({part for each in labels for part in each.casefold().split("; ")}) == sum(
    len(each.split("; ")) for each in labels)))  # fmt: skip
def test_labels_that_share_no_part_are_always_distinguished(labels):
    values = ",".join(str(number) for number in range(len(labels)))

    found = chosen_labels(Cell(values, "; ".join(labels)), {label.casefold() for label in labels})

    assert found == tuple(label.casefold() for label in labels)
