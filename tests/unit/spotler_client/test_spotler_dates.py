from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from connector.spotler.dates import parse_date, query_date

MOMENT = datetime(2024, 6, 11, 6, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        1718085602000,
        1718085602000.0,
        "1718085602000",
        1718085602,
        "2024-06-11T08:00:02.000+02:00",
        "2024-06-11T08:00:02+0200",
        "2024-06-11T06:00:02Z",
        "2024-06-11T08:00:02",
        " 2024-06-11 08:00:02 ",
    ],
)
def test_numbers_and_texts_are_the_same_moment(value):
    assert parse_date(value) == MOMENT


@pytest.mark.parametrize(("text", "hour"), [("2024-01-11T08:00:02", 7), ("2024-06-11T08:00:02", 6)])
def test_without_offset_it_is_dutch_time_summer_and_winter(text, hour):
    assert parse_date(text) == datetime.fromisoformat(text).replace(hour=hour, tzinfo=UTC)


def test_a_date_alone_is_its_midnight():
    assert parse_date("2024-06-11") == datetime(2024, 6, 10, 22, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "never", True, [], {}, float("nan"), float("inf"), 10**30, "9" * 400])
def test_what_is_no_date_is_none(value):
    assert parse_date(value) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.integers())))
def test_nothing_is_ever_raised(value):
    parsed = parse_date(value)

    assert parsed is None or parsed.tzinfo is UTC


def test_a_date_in_a_query_has_its_plus_encoded():
    moment = datetime(2024, 5, 1, 2, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))

    assert query_date(moment) == "2024-05-01T00%3A00%3A00%2B00%3A00"
