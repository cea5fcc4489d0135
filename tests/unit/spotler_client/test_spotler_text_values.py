import pytest
from hypothesis import given, strategies as st

from connector.errors import Invalid
from connector.spotler import PropertyType, parse_boolean, parse_text


@pytest.mark.parametrize(
    ("kind", "text", "wire"),
    [
        ("string", " any text ", "any text"),
        ("int", "+12", 12),
        ("int", "-7", -7),
        ("money", "49,95", 4995),
        ("money", "49.5", 4950),
        ("money", "-12", -1200),
        ("date", "2024-05-31", "2024-05-31"),
        ("date", "31-05-2024", "2024-05-31"),
        ("date", "1/5/2024", "2024-05-01"),
        ("birthdate", "2024-05-31T23:59:00-05:00", "2024-05-31"),
        ("dateTime", "2024-05-31T14:30:00+02:00", "2024-05-31T12:30:00.000+00:00"),
        ("dateTime", "2024-05-31 14:30", "2024-05-31T14:30:00.000+00:00"),
        ("email", "ann@example.org", "ann@example.org"),
        ("gender", "Vrouw", "F"),
        ("gender", "v", "F"),
        ("gender", "MAN", "M"),
        ("mobNr", "+31 6 (123) 456-78", "+31612345678"),
        ("postcode", "1234ab", "1234AB"),
        ("set", "ja", True),
        ("set", "0", False),
    ],
)
def test_what_people_type_becomes_what_spotler_takes(kind, text, wire):
    assert parse_text(kind, text) == wire


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "12.5"),
        ("int", "twelve"),
        ("int", "1" * 5000),
        ("money", "1.234,50"),
        ("money", "1,234"),
        ("money", "€ 5"),
        ("date", "31-02-2024"),
        ("date", "05/31/2024"),
        ("date", "24-12/2025"),
        ("date", "24/12-2025"),
        ("date", "2024-05-31T25:00"),
        ("date", "2024-05-31 or so"),
        ("dateTime", "tomorrow"),
        ("dateTime", "0001-01-01T00:00:00+14:00"),
        ("email", "ann at example.org"),
        ("gender", "x"),
        ("mobNr", "12"),
        ("postcode", "75001"),
        ("set", "perhaps"),
        ("string", "   "),
        ("string", "x" * 256),
        ("polygon", "text"),
    ],
)
def test_anything_else_is_refused_without_being_quoted(kind, text):
    with pytest.raises(Invalid) as refusal:
        parse_text(kind, text)

    assert len(text.strip()) < 4 or text not in refusal.value.for_people


@pytest.mark.parametrize("word", ["true", "Ja", " 1 ", "TRUE"])
def test_words_that_switch_on(word):
    assert parse_boolean(word) is True


@pytest.mark.parametrize("word", ["false", "Nee", " 0 ", "FALSE"])
def test_words_that_switch_off(word):
    assert parse_boolean(word) is False


@pytest.mark.parametrize("word", ["", "yes", "no", "2", "on"])
def test_words_that_do_neither(word):
    with pytest.raises(Invalid):
        parse_boolean(word)


TYPED = st.one_of(
    st.text(),
    st.from_regex(r"[+-]?[0-9]{1,20}([.,][0-9]{0,3})?"),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].{0,20})?"),
    st.from_regex(r"[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{4}"),
)


@given(st.sampled_from([*PropertyType, "polygon", None]), TYPED)
def test_no_text_raises_anything_but_invalid(kind, text):
    try:
        value = parse_text(kind, text)
    except Invalid:
        return

    assert isinstance(value, str | int)
    assert value != ""
