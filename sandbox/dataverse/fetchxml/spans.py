"""The relative operators of dates: each is a span of time, from the caller's point of view.

The lower bound is always included; the upper one only where it is the present moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.calendars import add, start_of
from sandbox.dataverse.fetchxml.perspective import Perspective


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time.

    Attributes:
        start: the first moment, or None for all time before.
        end: the end, or None for all time after.
        end_included: whether the end belongs to it.
    """

    start: datetime | None
    end: datetime | None
    end_included: bool = False


type FixedSpan = Callable[[Perspective], Span]
type CountedSpan = Callable[[Perspective, int, Assumptions], Span]
type PeriodSpan = Callable[[Perspective, int, int], Span]

_WEEK: Final = 7


def days(who: Perspective, first: date | None, end: date | None) -> Span:
    """From the beginning of one day to the beginning of another."""
    return Span(None if first is None else who.midnight(first), None if end is None else who.midnight(end))


def _day(offset: int) -> FixedSpan:
    return lambda who: days(who, add(who.today, "days", offset), add(who.today, "days", offset + 1))


def _whole(unit: str, offset: int) -> FixedSpan:
    def span(who: Perspective) -> Span:
        first = add(start_of(who.today, unit, who.first_week_day), unit, offset)
        return days(who, first, add(first, unit, 1))

    return span


def _fiscal_year(offset: int) -> FixedSpan:
    def span(who: Perspective) -> Span:
        year = who.fiscal.locate(who.today)[0] + offset
        return in_fiscal_year(who, year)

    return span


def _fiscal_period(offset: int) -> FixedSpan:
    def span(who: Perspective) -> Span:
        year, period = who.fiscal.locate(who.today)
        return days(who, who.fiscal.start(year, period + offset), who.fiscal.start(year, period + offset + 1))

    return span


def in_fiscal_year(who: Perspective, year: int) -> Span:
    """A fiscal year."""
    return days(who, who.fiscal.start(year), who.fiscal.start(year + 1))


def _last(unit: str) -> CountedSpan:
    return lambda who, number, _: Span(who.midnight(add(who.today, unit, -number)), who.now, end_included=True)


def _next(unit: str) -> CountedSpan:
    def span(who: Perspective, number: int, _: Assumptions) -> Span:
        return Span(who.now, who.midnight(add(add(who.today, "days", 1), unit, number)))

    return span


def _older(unit: str) -> CountedSpan:
    return lambda who, number, _: Span(None, who.midnight(add(who.today, unit, -number)))


def _last_hours(who: Perspective, number: int, _: Assumptions) -> Span:
    return Span(who.full(minute=0, second=0) - timedelta(hours=number), who.now, end_included=True)


def _next_hours(who: Perspective, number: int, assumptions: Assumptions) -> Span:
    if assumptions.next_hours_end_with_the_hour:
        return Span(who.now, who.full(minute=0, second=0) + timedelta(hours=number + 1))
    return Span(who.now, who.now + timedelta(hours=number), end_included=True)


def _older_hours(who: Perspective, number: int, _: Assumptions) -> Span:
    return Span(None, who.full(minute=0, second=0) - timedelta(hours=number))


def _older_minutes(who: Perspective, number: int, _: Assumptions) -> Span:
    return Span(None, who.full(second=0) - timedelta(minutes=number))


def _last_fiscal(unit: str) -> CountedSpan:
    def span(who: Perspective, number: int, _: Assumptions) -> Span:
        year, period = who.fiscal.locate(who.today)
        first = who.fiscal.start(year - number) if unit == "years" else who.fiscal.start(year, period - number)
        return Span(who.midnight(first), who.now, end_included=True)

    return span


def _next_fiscal(unit: str) -> CountedSpan:
    def span(who: Perspective, number: int, _: Assumptions) -> Span:
        year, period = who.fiscal.locate(who.today)
        end = who.fiscal.start(year + number + 1) if unit == "years" else who.fiscal.start(year, period + number + 1)
        return Span(who.now, who.midnight(end))

    return span


#: Operators without a value.
FIXED: Final[dict[str, FixedSpan]] = {
    "today": _day(0),
    "yesterday": _day(-1),
    "tomorrow": _day(1),
    "last-seven-days": lambda who: _last("days")(who, _WEEK, Assumptions()),
    "next-seven-days": lambda who: _next("days")(who, _WEEK, Assumptions()),
    **{
        f"{word}-{unit}": _whole(f"{unit}s", offset)
        for unit in ("week", "month", "year")
        for word, offset in (("last", -1), ("this", 0), ("next", 1))
    },
    **{
        f"{word}-fiscal-{unit}": make(offset)
        for unit, make in (("year", _fiscal_year), ("period", _fiscal_period))
        for word, offset in (("last", -1), ("this", 0), ("next", 1))
    },
}

#: Operators with a number of units.
COUNTED: Final[dict[str, CountedSpan]] = {
    **{f"last-x-{unit}": _last(unit) for unit in ("days", "weeks", "months", "years")},
    **{f"next-x-{unit}": _next(unit) for unit in ("days", "weeks", "months", "years")},
    **{f"olderthan-x-{unit}": _older(unit) for unit in ("days", "weeks", "months", "years")},
    **{f"last-x-fiscal-{unit}": _last_fiscal(unit) for unit in ("years", "periods")},
    **{f"next-x-fiscal-{unit}": _next_fiscal(unit) for unit in ("years", "periods")},
}
#: The same in hours and minutes, which dates without a time do not have.
COUNTED_HOURS: Final[dict[str, CountedSpan]] = {
    "last-x-hours": _last_hours,
    "next-x-hours": _next_hours,
    "olderthan-x-hours": _older_hours,
    "olderthan-x-minutes": _older_minutes,
}

#: Operators with a day.
OF_DAY: Final[dict[str, Callable[[Perspective, date], Span]]] = {
    "on": lambda who, day: days(who, day, add(day, "days", 1)),
    "on-or-after": lambda who, day: days(who, day, None),
    "on-or-before": lambda who, day: days(who, None, add(day, "days", 1)),
}

#: Operators with a fiscal period and its year.
OF_PERIOD: Final[dict[str, PeriodSpan]] = {
    "in-fiscal-period-and-year": lambda who, period, year: days(
        who, who.fiscal.start(year, period), who.fiscal.start(year, period + 1)
    ),
    "in-or-before-fiscal-period-and-year": lambda who, period, year: days(
        who, None, who.fiscal.start(year, period + 1)
    ),
    "in-or-after-fiscal-period-and-year": lambda who, period, year: days(who, who.fiscal.start(year, period), None),
}
