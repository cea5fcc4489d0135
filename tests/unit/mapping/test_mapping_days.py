"""Every day since 1900 arrives in Spotler as the user sees it in Dynamics, and comes back as the same day.

All days are tried at night; by day those around a change of the clocks, and the first of every month.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.dataverse.schema.model import Column, Kind
from connector.mapping.inward import InwardPlan, inward_plan
from tests.unit.mapping.dutch_clocks import history, last_sunday, midnight, todays_rule, turning_points
from tests.unit.mapping.inward import FIELDS, contact, mapping_of

FIRST, AFTER = date(1900, 1, 1), date(2027, 1, 1)
FIELD = "birthday"
#: Some machines have no history of Amsterdam and use that of Brussels, which differs until 1942.
BRUSSELS = ZoneInfo("Europe/Brussels")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def all_days() -> list[date]:
    return [FIRST + timedelta(days=number) for number in range((AFTER - FIRST).days)]


def days_around_changes() -> list[date]:
    """Two days before and after every change of the clocks, by history and by the rule of today, and some others."""
    years = range(FIRST.year, AFTER.year)
    changes = [*turning_points(), *(last_sunday(year, month) for year in years for month in (3, 10))]
    around = {change + timedelta(days=days) for change in changes for days in range(-2, 3)}
    firsts = {date(year, month, 1) for year in years for month in range(1, 13)}
    return sorted(day for day in around | firsts if FIRST <= day < AFTER)


def test_no_change_of_the_clocks_is_left_out():
    tried = set(days_around_changes())
    yesterday = timedelta(days=1)
    changes = {
        day for day in all_days()[1:] for rules in (history, todays_rule) if rules(day) != rules(day - yesterday)
    }

    assert len(changes) > 300
    assert all({day - yesterday, day, day + yesterday} <= tried for day in changes)


#: The days of a test.
DAYS = pytest.mark.parametrize("days", [days_around_changes, pytest.param(all_days, marks=pytest.mark.nightly)])


def seen_by(day: date, moment: str, offset_of) -> bool:
    """Whether somebody whose clock has these offsets sees the moment on that day."""
    local = datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None) + offset_of(day)
    return local.date() == day


def plan_of(column: Column, zone: ZoneInfo = AMSTERDAM) -> InwardPlan:
    return inward_plan(mapping_of(column, ("new_x", "<->", FIELD), zone=zone), "contact")


def sent(plan: InwardPlan, value: str) -> object:
    """What goes to Spotler."""
    return plan.sent({"new_x": value}, FIELDS)["new_x"]


def received(plan: InwardPlan, day: date) -> object:
    """What comes back into the column."""
    back = plan.values(contact(**{FIELD: day.isoformat()}), FIELDS)["new_x"]
    assert back.arrives == day.isoformat()
    return back.value


@DAYS
def test_days_of_a_date_column(days):
    plan = plan_of(Column("new_x", Kind.DATE))
    for day in days():
        assert day.isoformat() == sent(plan, day.isoformat()) == received(plan, day)


@DAYS
def test_days_of_a_column_without_a_time_zone(days):
    plan = plan_of(Column("new_x", Kind.DATE_TIME_NO_ZONE))
    for day in days():
        assert day.isoformat() == sent(plan, f"{day}T00:00:00Z")
        assert f"{day}T00:00:00Z" == received(plan, day)


@DAYS
@pytest.mark.parametrize(("zone", "until"), [(AMSTERDAM, 2027), (BRUSSELS, 1947)])
def test_days_of_a_column_in_local_time_that_is_shown_as_a_day(zone, until, days):
    """Whichever rules Dynamics has for the past, and whichever this machine has."""
    plan = plan_of(Column("new_x", Kind.DATE_TIME, is_day=True), zone)
    for day in (day for day in days() if day.year < until):
        back = received(plan, day)
        for rules in (history, todays_rule):
            assert day.isoformat() == sent(plan, midnight(day, rules(day)))
            assert seen_by(day, back, rules), (day, back)


@DAYS
def test_days_of_a_column_in_local_time_that_is_shown_with_its_time(days):
    """Since 1996 the summer time is that of today, so all rules agree."""
    plan = plan_of(Column("new_x", Kind.DATE_TIME))
    for day in [day for day in days() if day.year >= 1996]:
        assert day.isoformat() == sent(plan, midnight(day, history(day)))
        assert midnight(day, history(day)) == received(plan, day)


def test_the_time_of_a_column_that_is_shown_with_its_time_decides_about_the_day():
    plan = plan_of(Column("new_x", Kind.DATE_TIME))

    assert plan.sent({"new_x": "2024-05-30T21:59:59Z"}, FIELDS) == {"new_x": "2024-05-30"}
    assert plan.sent({"new_x": "2024-05-30T22:00:00Z"}, FIELDS) == {"new_x": "2024-05-31"}


def test_the_table_of_dutch_clocks_has_the_known_changes():
    """The tables are typed by hand: some days that history books name."""
    assert midnight(date(1937, 7, 2), history(date(1937, 7, 2))) == "1937-07-01T22:40:00Z"
    assert midnight(date(1941, 1, 1), history(date(1941, 1, 1))) == "1940-12-31T22:00:00Z"
    assert midnight(date(1960, 7, 1), history(date(1960, 7, 1))) == "1960-06-30T23:00:00Z"
    assert midnight(date(1960, 7, 1), todays_rule(date(1960, 7, 1))) == "1960-06-30T22:00:00Z"
    assert midnight(date(2024, 3, 31), history(date(2024, 3, 31))) == "2024-03-30T23:00:00Z"
    assert midnight(date(2024, 4, 1), history(date(2024, 4, 1))) == "2024-03-31T22:00:00Z"
