"""What people type into the field value of a job."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from connector.errors import Invalid
from connector.mapping.values import Cell, to_wire, to_yes_no, typed
from connector.mapping.values.numbers import parse_number
from connector.spotler import PropertyType

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("kind", "text", "wire"),
    [
        ("string", " any text ", "any text"),
        ("string", "1.000", "1.000"),
        ("string", "ja", "ja"),
        ("int", "+12", 12),
        ("int", "-7", -7),
        ("int", "\u22127", -7),
        ("int", "1.234.567", 1234567),
        ("int", "1 234", 1234),
        ("int", "12,00", 12),
        ("money", "49,95", 4995),
        ("money", "49.5", 4950),
        ("money", "-12", -1200),
        ("money", "1.234,50", 123450),
        ("money", "1,234.50", 123450),
        ("money", "1 234,50", 123450),
        ("money", "1'234.50", 123450),
        ("money", "1.234.567", 123456700),
        ("money", "1.234,-", 123400),
        ("money", "€ 12,50", 1250),
        ("money", "€\u00a012,50", 1250),
        ("money", "-€ 12,50", -1250),
        ("money", "€ -12,50", -1250),
        ("money", "12,50 EUR", 1250),
        ("money", "12 euro", 1200),
        ("money", "12,-", 1200),
        ("money", "12,\u2014", 1200),
        ("money", "0,125", 13),
        ("money", "12,3456", 1235),
        ("date", "2024-05-31", "2024-05-31"),
        ("date", "31-05-2024", "2024-05-31"),
        ("date", "1/5/2024", "2024-05-01"),
        ("date", "1.5.2024", "2024-05-01"),
        ("date", "24 december 2025", "2025-12-24"),
        ("date", "24 Dec. 2025", "2025-12-24"),
        ("date", "1 mrt 2025", "2025-03-01"),
        ("date", "1 March 2025", "2025-03-01"),
        ("birthdate", "29 februari 1984", "1984-02-29"),
        ("birthdate", "2024-05-31T23:59:00-05:00", "2024-06-01"),
        ("birthdate", "2024-05-31T23:59:00", "2024-05-31"),
        ("dateTime", "2024-05-31T14:30:00+02:00", "2024-05-31T12:30:00.000+00:00"),
        ("dateTime", "2024-05-31 14:30", "2024-05-31T14:30:00.000+00:00"),
        ("dateTime", "24 december 2025", "2025-12-24T00:00:00.000+00:00"),
        ("email", "ann@example.org", "ann@example.org"),
        ("email", "ann@bücher.example", "ann@bücher.example"),
        ("email", "jürgen@xn--bcher-kva.example", "jürgen@xn--bcher-kva.example"),
        ("email", "\u200bann@example.org\ufeff", "ann@example.org"),
        ("gender", "Vrouw", "F"),
        ("gender", "v", "F"),
        ("gender", "MAN", "M"),
        ("mobNr", "+31 6 (123) 456-78", "+31612345678"),
        ("mobNr", "\u202a+31612345678\u202c", "+31612345678"),
        ("postcode", "1234ab", "1234AB"),
        ("set", "ja", True),
        ("set", "0", False),
    ],
)
def test_what_people_type_becomes_what_spotler_takes(kind, text, wire):
    assert typed(kind, text, AMSTERDAM) == wire


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "12.5"),
        ("int", "12.345"),
        ("int", "€ 12"),
        ("int", "twelve"),
        ("int", "1" * 5000),
        ("money", "1,234"),
        ("money", "1.000"),
        ("money", "€ 1.000"),
        ("money", "12.34.567"),
        ("money", "1.234.56"),
        ("money", "1.234,567,89"),
        ("money", "1 2"),
        ("money", "$ 5"),
        ("money", "€ 5 €"),
        ("money", "1e5"),
        ("date", "31-02-2024"),
        ("date", "05/31/2024"),
        ("date", "24-12/2025"),
        ("date", "24/12-2025"),
        ("date", "24 brumaire 2025"),
        ("date", "31 februari 2025"),
        ("date", "2024-05-31T25:00"),
        ("date", "2024-05-31 or so"),
        ("dateTime", "tomorrow"),
        ("dateTime", "0001-01-01T00:00:00+14:00"),
        ("email", "ann at example.org"),
        ("email", "ann\u200b@example.org"),
        ("email", "“ann@example.org”"),
        ("gender", "x"),
        ("mobNr", "12"),
        ("postcode", "75001"),
        ("set", "perhaps"),
        ("string", "   "),
        ("string", "\u200b"),
        ("string", "x" * 256),
        ("polygon", "text"),
    ],
)
def test_anything_else_is_refused_without_being_quoted(kind, text):
    with pytest.raises(Invalid) as refusal:
        typed(kind, text, AMSTERDAM)

    assert len(text.strip()) < 4 or text not in refusal.value.for_people
    assert refusal.value.sentence.count(". ") <= 1


@pytest.mark.parametrize("word", ["true", "yes", "Ja", "on", "AAN", " 1 ", "TRUE", "\u200bja"])
def test_words_that_switch_on(word):
    assert typed("set", word, AMSTERDAM) is True
    assert to_yes_no(Cell(word)) is True


@pytest.mark.parametrize("word", ["false", "no", "Nee", "off", "UIT", " 0 ", "FALSE"])
def test_words_that_switch_off(word):
    assert typed("set", word, AMSTERDAM) is False
    assert to_yes_no(Cell(word)) is False


@pytest.mark.parametrize("word", ["2", "y", "perhaps", "ja nee", "-"])
def test_words_that_do_neither(word):
    with pytest.raises(Invalid):
        typed("set", word, AMSTERDAM)


TYPED = st.one_of(
    st.text(),
    st.from_regex(r"[+-]?[0-9]{1,20}([.,][0-9]{0,3})?", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].{0,20})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,2}[-/. ]{1,2}([0-9]{1,2}|mei|maart)[-/. ]{1,2}[0-9]{4}", fullmatch=True),
)


@given(st.sampled_from([*PropertyType, "polygon", None]), TYPED)
def test_no_text_raises_anything_but_invalid(kind, text):
    try:
        value = typed(kind, text, AMSTERDAM)
    except Invalid:
        return

    assert isinstance(value, str | int)
    assert value != ""


@given(st.sampled_from([kind for kind in PropertyType if kind is not PropertyType.SET]), TYPED)
def test_a_text_column_and_a_typed_value_become_the_same(kind, text):
    def result(convert):
        try:
            return convert()
        except Invalid as refusal:
            return refusal.sentence

    if not Cell(text).is_empty:
        assert result(lambda: typed(kind, text, AMSTERDAM)) == result(lambda: to_wire(kind, Cell(text), AMSTERDAM))


AMOUNTS = st.decimals(-(10**12), 10**12, places=2)


@given(AMOUNTS, st.sampled_from([",.", ".,", " ,", " .", "',", "'."]), st.booleans())
def test_an_amount_with_cents_reads_back_the_same_in_every_way_of_writing_it(amount, signs, grouped):
    group, point = signs
    text = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
    text = text.translate({ord(","): group, ord("."): point})

    assert parse_number(text) == amount


def reading(text: str, group: str, point: str) -> Decimal | None:
    """The number as one language reads it: the text is what Python writes for the number with these signs."""
    plain = text.replace(group, "").replace(point, ".")
    try:
        number = Decimal(plain)
    except ArithmeticError:
        return None
    places = len(plain.partition(".")[2])
    written = f"{number:,.{places}f}".translate({ord(","): group, ord("."): point})
    return number if text in (written, written.replace(group, "")) else None


@given(st.from_regex(r"[1-9][0-9]{0,3}([.,][0-9]{1,4}){0,3}", fullmatch=True))
def test_a_number_is_taken_only_if_the_dutch_and_the_english_reading_do_not_differ(text):
    readings = {each for each in (reading(text, ".", ","), reading(text, ",", ".")) if each is not None}
    if len(readings) > 1:
        with pytest.raises(Invalid, match="in two ways"):
            parse_number(text)
    else:
        assert parse_number(text) == next(iter(readings), None)


DUTCH_MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
)  # fmt: skip


@given(st.dates(), st.sampled_from(["-", "/", "."]))
def test_a_date_reads_back_the_same_in_every_way_of_writing_it(day, separator):
    wire = day.isoformat()
    padded = f"{day.year:04}"
    for text in (
        wire,
        f"{day.day}{separator}{day.month}{separator}{padded}",
        f"{day.day:02}{separator}{day.month:02}{separator}{padded}",
        f"{day.day} {DUTCH_MONTHS[day.month - 1]} {padded}",
    ):
        assert typed("date", text, AMSTERDAM) == wire
