from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.api import filters
from connector.dataverse.api.filters import and_, eq, ge, gt, guid, in_, key, le, literal, lt, ne, or_, quoted

ID = "5531d753-95af-e711-a94e-000d3a11e605"


class Colour(IntEnum):
    RED = 863_000_001


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (Colour.RED, "863000001"),
        (Decimal("1.50"), "1.50"),
        ("O'Neil", "'O''Neil'"),
        ("", "''"),
        (UUID(ID), ID),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, 0, tzinfo=UTC), "2026-03-01T12:00:00Z"),
        (datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T10:00:00Z"),
        (datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC), "2026-03-01T12:00:00.120Z"),
    ],
)
def test_values_are_written_as_odata_does(value, expected):
    assert literal(value) == expected


def test_the_two_hours_of_one_name_in_a_night_of_october_are_two_moments():
    first = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))

    assert [literal(first), literal(first.replace(fold=1))] == ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"]


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        literal(datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


def test_comparisons():
    assert [compare("n", 1) for compare in (eq, ne, gt, ge, lt, le)] == [
        "n eq 1", "n ne 1", "n gt 1", "n ge 1", "n lt 1", "n le 1",
    ]  # fmt: skip
    assert eq("contactid", guid(ID)) == f"contactid eq {ID}"


def test_filters_combine_and_empty_ones_vanish():
    assert and_("a eq 1", "", or_("b eq 2", "c eq 3")) == "a eq 1 and (b eq 2 or c eq 3)"
    assert or_("a eq 1") == "a eq 1"
    assert and_() == or_() == ""


def test_lists_hold_each_value_once_and_as_text():
    assert in_("contactid", [guid(ID), guid(ID)]) == (
        f"Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=['{ID}'])"
    )
    assert in_("n", [2, 1, "it's"]).endswith("PropertyValues=['2','1','it''s'])")


def test_an_empty_list_is_refused():
    with pytest.raises(ValueError, match="no values for contactid"):
        in_("contactid", [])


@pytest.mark.parametrize("column", ["", "a b", "a'", "a)", "1a", "a eq 1 or b"])
def test_what_cannot_be_a_column_is_refused(column):
    for build in (lambda: eq(column, 1), lambda: in_(column, [1]), lambda: key({column: 1})):
        with pytest.raises(ValueError, match="not the name of a column"):
            build()


def test_what_is_no_id_is_refused():
    with pytest.raises(ValueError, match="badly formed"):
        guid("contact 1")


def test_a_key_may_have_several_columns():
    assert key({"a": "x'y", "b": 2}) == "a='x''y',b=2"


@given(st.text())
def test_text_never_leaves_its_quotes(text):
    inside = quoted(text)[1:-1]

    assert "'" not in inside.replace("''", "")
    assert inside.replace("''", "'") == text


def test_everything_here_is_reachable_from_the_package():
    from connector.dataverse import api

    assert api.filters is filters
