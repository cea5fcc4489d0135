"""The three forms of a date, and the offset that is not what it seems."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.messages.dates import parse_date, parse_iso, parse_ticks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

instants = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
offsets = st.integers(-14 * 60, 14 * 60)


def ticks(moment):
    return (moment - EPOCH) // MILLISECOND


@given(instants)
def test_ticks_are_milliseconds_since_1970(moment):
    assert parse_ticks(f"/Date({ticks(moment)})/") == moment


@given(instants, offsets)
def test_an_offset_is_added_because_the_platform_has_subtracted_it_from_what_was_utc(moment, minutes):
    number = ticks(moment - timedelta(minutes=minutes))
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)

    assert parse_ticks(f"/Date({number}{sign}{hours:02}{rest:02})/") == moment


@given(instants, offsets)
def test_iso_dates_are_instants_whatever_their_zone(moment, minutes):
    written = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()

    assert parse_iso(written) == moment
    assert parse_iso(written).tzinfo is UTC


@given(instants)
def test_iso_dates_without_a_zone_are_utc(moment):
    assert parse_iso(moment.replace(tzinfo=None).isoformat()) == moment


@given(st.text() | st.from_regex(r"/Date\(-?\d+([+-]\d{4})?\)/") | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"))
def test_no_text_does_more_than_not_being_a_date(text):
    found = parse_date(text)

    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(0)/", EPOCH),
        ("/Date(-1)/", datetime(1969, 12, 31, 23, 59, 59, 999000, UTC)),
        ("/Date(-62135596800000)/", datetime(1, 1, 1, tzinfo=UTC)),
        ("/Date(253402300799999)/", datetime(9999, 12, 31, 23, 59, 59, 999000, UTC)),
        ("/Date(1724647396000+0300)/", datetime(2024, 8, 26, 7, 43, 16, tzinfo=UTC)),
        ("2020-12-15T05:47:38-00:00", datetime(2020, 12, 15, 5, 47, 38, tzinfo=UTC)),
        ("2024-12-10T06:43:34.1234567Z", datetime(2024, 12, 10, 6, 43, 34, 123456, UTC)),
    ],
)
def test_dates_at_the_edges_are_exact(text, moment):
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "/Date(-62135596800001)/",
        "/Date(253402300800000)/",
        "/Date(253402300799999+0001)/",
        "/Date(99999999999999999999)/",
        "/Date(1.5)/",
        "/Date(٣)/",
        "/Date()/",
        "/Date(1)/ ",
        "0001-01-01T00:00:00+01:00",
        "2024-W01-1T00:00:00Z",
        "20241210T064334Z",
        "2024-12-10",
        "2024-12-10T25:00:00Z",
    ],
)
def test_what_is_out_of_range_or_no_date_is_none(text):
    assert parse_date(text) is None
