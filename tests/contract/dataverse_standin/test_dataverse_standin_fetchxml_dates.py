"""Relative dates and fiscal periods: which moments they have, in whose time zone."""

from datetime import datetime, timedelta

import pytest

from sandbox.dataverse.fetchxml.conditions import OPERATORS
from tests.contract.dataverse_standin.fetching import CALLER, FetchScene

#: In Amsterdam: 04:30 on Sunday, in the night in which summer time began.
SPRING = "2026-03-29T02:30:00Z"


def finds(scene, operator, moment, *values, column="createdon"):
    """Whether a row of that moment is found."""
    table = scene.store.tables["contact"]
    table.rows.clear()
    table._sorted = None
    scene.add("contact", {column: moment})
    inner = "".join(f"<value>{value}</value>" for value in values)
    found = scene.rows(
        f'<fetch><entity name="contact"><filter><condition attribute="{column}" operator="{operator}">{inner}'
        "</condition></filter></entity></fetch>"
    )
    return len(found) == 1


@pytest.mark.parametrize(
    ("operator", "values", "first", "last"),
    [
        ("today", (), "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"),
        ("yesterday", (), "2026-03-27T23:00:00Z", "2026-03-28T22:59:59Z"),
        ("tomorrow", (), "2026-03-29T22:00:00Z", "2026-03-30T21:59:59Z"),
        ("on", ("2026-03-29T23:59",), "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"),
        ("this-week", (), "2026-03-28T23:00:00Z", "2026-04-04T21:59:59Z"),
        ("last-week", (), "2026-03-21T23:00:00Z", "2026-03-28T22:59:59Z"),
        ("this-month", (), "2026-02-28T23:00:00Z", "2026-03-31T21:59:59Z"),
        ("this-year", (), "2025-12-31T23:00:00Z", "2026-12-31T22:59:59Z"),
        ("last-x-hours", ("3",), "2026-03-28T23:00:00Z", "2026-03-29T02:30:00Z"),
        ("next-x-hours", ("1",), "2026-03-29T02:30:00Z", "2026-03-29T03:59:59Z"),
        ("last-x-days", ("1",), "2026-03-27T23:00:00Z", "2026-03-29T02:30:00Z"),
        ("last-x-months", ("1",), "2026-02-27T23:00:00Z", "2026-03-29T02:30:00Z"),
        ("next-x-months", ("1",), "2026-03-29T02:30:00Z", "2026-04-29T21:59:59Z"),
        ("next-x-weeks", ("1",), "2026-03-29T02:30:00Z", "2026-04-05T21:59:59Z"),
        ("this-fiscal-period", (), "2025-12-31T23:00:00Z", "2026-03-31T21:59:59Z"),
        ("next-fiscal-period", (), "2026-03-31T22:00:00Z", "2026-06-30T21:59:59Z"),
        ("in-fiscal-period-and-year", ("3", "2025"), "2025-06-30T22:00:00Z", "2025-09-30T21:59:59Z"),
        ("last-x-fiscal-periods", ("1",), "2025-09-30T22:00:00Z", "2026-03-29T02:30:00Z"),
    ],
)
def test_a_span_of_time_in_the_night_of_summer_time(operator, values, first, last):
    scene = FetchScene(now=SPRING)
    before, after = _moved(first, -1), _moved(last, 1)

    assert [finds(scene, operator, each, *values) for each in (before, first, last, after)] == [
        False, True, True, False,
    ]  # fmt: skip


def _moved(moment, seconds):
    moved = datetime.fromisoformat(moment) + timedelta(seconds=seconds)
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("operator", "values", "edge"),
    [
        ("olderthan-x-days", ("1",), "2026-03-27T23:00:00Z"),
        ("olderthan-x-years", ("1",), "2025-03-28T23:00:00Z"),
        ("olderthan-x-hours", ("2",), "2026-03-29T00:00:00Z"),
        ("olderthan-x-minutes", ("5",), "2026-03-29T02:25:00Z"),
    ],
)
def test_older_than_ends_before_its_edge(operator, values, edge):
    scene = FetchScene(now=SPRING)

    assert [finds(scene, operator, each, *values) for each in (_moved(edge, -1), edge)] == [True, False]


@pytest.mark.parametrize(
    ("operator", "days"),
    [
        ("today", ["2026-03-29"]),
        ("last-x-days", ["2026-03-27", "2026-03-28", "2026-03-29"]),
        # A day counts as its midnight, so the present day is over.
        ("next-x-days", ["2026-03-30", "2026-03-31"]),
    ],
)
def test_a_day_counts_as_its_midnight(operator, days):
    scene = FetchScene(now=SPRING)
    every = [f"2026-03-{day}" for day in range(26, 32)]
    values = ("2",) if "-x-" in operator else ()

    assert [each for each in every if finds(scene, operator, each, *values, column="birthdate")] == days


def test_a_moment_without_an_offset_is_the_callers():
    scene = FetchScene()

    assert finds(scene, "eq", "2026-07-01T10:00:00Z", "2026-07-01T12:00:00")
    assert finds(scene, "eq", "2026-07-01T10:00:00Z", "2026-07-01T11:00:00+01:00")
    assert finds(scene, "ge", "2026-06-30T22:00:00Z", "2026-07-01")


def test_another_user_has_another_day():
    scene = FetchScene(now="2026-03-18T23:30:00Z")
    nobody = "5e5e5e5e-0000-4000-8000-000000000009"
    scene.add("contact", {"lastname": "x", "createdon": "2026-03-18T22:30:00Z"})
    today = '<filter><condition attribute="createdon" operator="today"/></filter>'
    text = f'<fetch><entity name="contact">{today}</entity></fetch>'

    assert [len(scene.rows(text, caller)) for caller in (CALLER, nobody)] == [0, 1]


@pytest.mark.parametrize(
    ("period_type", "period", "first", "last"),
    [
        (2000, "1", "2025-03-31T22:00:00Z", "2026-03-31T21:59:59Z"),
        (2001, "2", "2025-09-30T22:00:00Z", "2026-03-31T21:59:59Z"),
        (2003, "12", "2026-02-28T23:00:00Z", "2026-03-31T21:59:59Z"),
        (2004, "2", "2025-04-28T22:00:00Z", "2025-05-26T21:59:59Z"),
        (2004, "13", "2026-03-02T23:00:00Z", "2026-03-31T21:59:59Z"),
    ],
)
def test_fiscal_calendars(period_type, period, first, last):
    scene = FetchScene(fiscalperiodtype=period_type, fiscalcalendarstart="2000-04-01T00:00:00Z")
    edges = (_moved(first, -1), first, last, _moved(last, 1))

    assert [finds(scene, "in-fiscal-period-and-year", each, period, "2025") for each in edges] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [finds(scene, "in-fiscal-period", each, period) for each in (first, last)] == [True, True]
    assert not finds(scene, "in-fiscal-period", first, "14")
    assert not finds(scene, "in-fiscal-period-and-year", first, "14", "2025")


def test_every_operator_of_fetchxml_is_there():
    """The operators that the documentation lists."""
    assert len(OPERATORS) == 83
    documented = """
        above begins-with between contain-values ends-with eq eq-businessid eq-or-above eq-or-under eq-userid
        eq-userlanguage eq-useroruserhierarchy eq-useroruserhierarchyandteams eq-useroruserteams eq-userteams ge gt in
        in-fiscal-period in-fiscal-period-and-year in-fiscal-year in-or-after-fiscal-period-and-year
        in-or-before-fiscal-period-and-year last-fiscal-period last-fiscal-year last-month last-seven-days last-week
        last-x-days last-x-fiscal-periods last-x-fiscal-years last-x-hours last-x-months last-x-weeks last-x-years
        last-year le like lt ne ne-businessid ne-userid neq next-fiscal-period next-fiscal-year next-month
        next-seven-days next-week next-x-days next-x-fiscal-periods next-x-fiscal-years next-x-hours next-x-months
        next-x-weeks next-x-years next-year not-begin-with not-between not-contain-values not-end-with not-in not-like
        not-null not-under null olderthan-x-days olderthan-x-hours olderthan-x-minutes olderthan-x-months
        olderthan-x-weeks olderthan-x-years on on-or-after on-or-before this-fiscal-period this-fiscal-year this-month
        this-week this-year today tomorrow under yesterday
    """

    assert set(documented.split()) == OPERATORS.keys()
