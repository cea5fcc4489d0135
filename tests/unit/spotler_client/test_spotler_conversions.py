from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from connector.errors import Invalid
from connector.spotler import TEXT_LENGTH, PropertyType, clean_text, from_spotler, to_spotler

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(), st.dates(), st.datetimes(),
    st.datetimes(timezones=st.timezones()), st.dictionaries(st.integers(), st.booleans()), st.lists(st.text()),
)  # fmt: skip
WIRE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.sampled_from(["bit", "enabled", "description", "x"]), inner)
    ),
)


@pytest.mark.parametrize(
    ("kind", "value", "wire"),
    [
        ("string", " Zoë ", "Zoë"),
        ("string", f" {'é' * TEXT_LENGTH} ", "é" * TEXT_LENGTH),
        ("string", "\u200bZoe\u0308\ufeff", "Zoë"),
        ("email", "ann+x@example.org", "ann+x@example.org"),
        ("email", "zoë@bücher.example", "zoë@bücher.example"),
        ("email", "उपयोगकर्ता@उदाहरण.example", "उपयोगकर्ता@उदाहरण.example"),
        ("int", -12, -12),
        ("money", Decimal("49.95"), 4995),
        ("money", Decimal("0.005"), 1),
        ("money", 3, 300),
        ("date", date(2024, 5, 1), "2024-05-01"),
        ("birthdate", date(1984, 2, 29), "1984-02-29"),
        ("dateTime", datetime(2024, 5, 1, 10, 15, 30, tzinfo=timezone(timedelta(hours=2))),
         "2024-05-01T08:15:30.000+00:00"),
        ("gender", "female", "F"),
        ("gender", "M", "M"),
        ("mobNr", "+31 (0)6-1234 5678", "+31612345678"),
        ("mobNr", "(06) 12345678", "0612345678"),
        ("postcode", "1234ab", "1234AB"),
        ("postcode", "1234 AB", "1234 AB"),
        ("set", {1: True, 4: False}, [{"bit": 1, "enabled": True}, {"bit": 4, "enabled": False}]),
    ],
)  # fmt: skip
def test_values_are_written_in_the_form_of_their_type(kind, value, wire):
    assert to_spotler(kind, value) == wire


@pytest.mark.parametrize("kind", [kind for kind in PropertyType if kind is not PropertyType.SET])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_value_clears_a_field(kind, value):
    assert to_spotler(kind, value) == ""


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 5),
        ("string", "\ud83d"),
        ("string", "x" * (TEXT_LENGTH + 1)),
        ("email", "ann@example"),
        ("email", "ann@example.org, bob@example.org"),
        ("email", "ann@-example.org"),
        ("email", "ann\u00ad@example.org"),
        ("email", "ann@exam\u200bple.org"),
        ("email", "“ann@example.org”"),
        ("email", "ann\uff20example.org"),
        ("email", "a" * 250 + "@example.org"),
        ("int", True),
        ("int", 1.0),
        ("int", 2**63),
        ("money", 1.5),
        ("money", Decimal("NaN")),
        ("money", Decimal("Infinity")),
        ("money", Decimal("1e40")),
        ("date", datetime(2024, 5, 1, tzinfo=UTC)),
        ("dateTime", datetime(2024, 5, 1)),  # noqa: DTZ001 - the missing zone is the point
        ("dateTime", datetime.max.replace(tzinfo=timezone(timedelta(hours=-9)))),
        ("gender", "X"),
        ("mobNr", "call me"),
        ("mobNr", "٠١٢٣٤٥٦٧٨"),
        ("postcode", "SW1A 1AA"),
        ("postcode", "0123 AB"),
        ("set", {}),
        ("set", {1: 1}),
        ("set", None),
        ("polygon", "text"),
        (None, "text"),
    ],
)
def test_what_does_not_fit_is_invalid_and_not_quoted(kind, value):
    with pytest.raises(Invalid) as refusal:
        to_spotler(kind, value)

    assert len(str(value)) < 3 or str(value) not in refusal.value.for_people


@given(st.sampled_from([*PropertyType, "polygon", None]), ANYTHING)
def test_writing_only_ever_raises_invalid(kind, value):
    try:
        wire = to_spotler(kind, value)
    except Invalid:
        return

    assert isinstance(wire, str | int | list)


@given(st.sampled_from([*PropertyType, "polygon", None]), WIRE)
def test_reading_only_ever_raises_invalid(kind, wire):
    try:
        from_spotler(kind, wire)
    except Invalid as refusal:
        assert len(str(wire)) < 20 or str(wire) not in refusal.for_people  # noqa: PT017 - raising is optional


@given(
    st.one_of(
        st.tuples(
            st.just("string"),
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=TEXT_LENGTH // 3)
            .map(clean_text)  # what a text loses on its way
            .filter(bool),
        ),
        st.tuples(st.just("int"), st.integers(-(2**63) + 1, 2**63 - 1)),
        st.tuples(st.just("money"), st.decimals(-(10**9), 10**9, places=2)),
        st.tuples(st.sampled_from(["date", "birthdate"]), st.dates()),
        st.tuples(st.just("gender"), st.sampled_from(["M", "F"])),
        st.tuples(st.just("set"), st.dictionaries(st.integers(1, 2**62), st.booleans(), min_size=1)),
        st.tuples(
            st.just("dateTime"),
            st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()).map(  # noqa: DTZ001
                lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, fold=0).astimezone(UTC)
            ),
        ),
    )
)
def test_what_was_written_reads_back_the_same(pair):
    kind, value = pair

    assert from_spotler(kind, to_spotler(kind, value)) == value


@pytest.mark.parametrize(
    ("kind", "wire", "value"),
    [
        ("date", "2024-05-01T00:00:00.000+02:00", date(2024, 5, 1)),
        ("birthdate", 446857200000, date(1984, 2, 29)),
        ("birthdate", -3600000, date(1970, 1, 1)),
        ("dateTime", 1718085602000, datetime(2024, 6, 11, 6, 0, 2, tzinfo=UTC)),
        ("gender", "MALE", "M"),
        ("int", "12", 12),
        ("money", 4995.0, Decimal("49.95")),
        ("string", 5, "5"),
        ("string", "", None),
        ("set", [{"bit": 1, "enabled": True, "description": "News"}, {"enabled": True}, "x"], {1: True}),
        ("set", [{"bit": bit, "enabled": odd} for bit, odd in enumerate([None, 1, 0, "yes", "", [], {}])], {}),
        ("set", [{"bit": 1}, {"bit": 2, "enabled": "TRUE"}, {"bit": 3, "enabled": "false"}], {2: True, 3: False}),
        ("set", [{"bit": 1, "enabled": True}, {"bit": 1, "enabled": False}, {"bit": 1, "enabled": True}], {1: False}),
        ("polygon", "kept", "kept"),
    ],
)
def test_both_dialects_and_odd_spellings_are_read(kind, wire, value):
    assert from_spotler(kind, wire) == value


@pytest.mark.parametrize(("kind", "wire"), [("int", "many"), ("set", "no list"), ("date", "soon"), ("gender", "X")])
def test_what_cannot_be_read_is_invalid(kind, wire):
    with pytest.raises(Invalid, match=kind):
        from_spotler(kind, wire)
