"""Days, weeks, months, years and fiscal periods, as dates of the caller's calendar."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_DAYS_OF_WEEK: Final = 7
_MONTHS_OF_YEAR: Final = 12
#: Days of a period of a four-weekly calendar; the last period of a year lasts until the next year.
_FOUR_WEEKS: Final = 28


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where there is none.

    Raises:
        ValueError: beyond the calendar.
    """
    year, month = divmod(day.year * _MONTHS_OF_YEAR + day.month - 1 + months, _MONTHS_OF_YEAR)
    if not date.min.year <= year <= date.max.year:
        raise ValueError(f"the year {year} is beyond the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add(day: date, unit: str, number: int) -> date:
    """The day so many `days`, `weeks`, `months` or `years` later.

    Raises:
        ValueError: beyond the calendar.
        OverflowError: far beyond it.
    """
    if unit == "days":
        return day + timedelta(days=number)
    if unit == "weeks":
        return day + timedelta(weeks=number)
    return add_months(day, number * (_MONTHS_OF_YEAR if unit == "years" else 1))


def start_of(day: date, unit: str, first_week_day: int) -> date:
    """The first day of the `weeks`, `months` or `years` that a day is in; 0 is a week that starts on Sunday."""
    if unit == "weeks":
        return day - timedelta(days=(day.isoweekday() - first_week_day) % _DAYS_OF_WEEK)
    return day.replace(day=1) if unit == "months" else day.replace(month=1, day=1)


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """The fiscal years of an organisation, each called by the year in which it begins.

    Attributes:
        month, day: when a fiscal year begins.
        period_type: 2000 yearly, 2001 half-yearly, 2002 quarterly, 2003 monthly, 2004 four-weekly.
    """

    month: int
    day: int
    period_type: int

    @property
    def periods(self) -> int:
        """How many periods a year has."""
        return {2000: 1, 2001: 2, 2002: 4, 2003: 12, 2004: 13}[self.period_type]

    def start(self, year: int, period: int = 1) -> date:
        """The first day of a period, or of the year; the period after the last is the next year.

        Raises:
            ValueError: beyond the calendar.
        """
        later, period = divmod(period - 1, self.periods)
        first = date(year + later, self.month, min(self.day, monthrange(year + later, self.month)[1]))
        if self.periods > _MONTHS_OF_YEAR:
            return first + timedelta(days=_FOUR_WEEKS * period)
        return add_months(first, period * _MONTHS_OF_YEAR // self.periods)

    def locate(self, day: date) -> tuple[int, int]:
        """The fiscal year and the period that a day is in."""
        year = day.year if self.start(day.year) <= day else day.year - 1
        period = max(number for number in range(1, self.periods + 1) if self.start(year, number) <= day)
        return year, period
