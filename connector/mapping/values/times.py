"""Dates and moments, as Dataverse sends them and as people write them.

| value | as a date | as a moment |
|---|---|---|
| a date: `2024-05-31`, `31-05-2024`, `31/5/2024`, `31 mei 2024` | that day | its midnight in UTC: the same day |
| a moment with an offset (behaviour UserLocal) | the day that it is in the time zone | the same moment |
| a midnight that is shown as a day (UserLocal, format DateOnly) | that day, see `MIDNIGHTS_DIFFER` | the same moment |
| a moment without a time zone (TimeZoneIndependent) | the day as written | that time in the time zone |
| a typed moment without an offset | the day as written | in UTC |
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from connector.errors import Invalid
from connector.mapping.values.cells import Cell
from connector.spotler.texts import clean_text

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].+)?")
_LONGEST_DATE: Final = len("2024-05-31")
_DUTCH: Final = re.compile(r"([0-9]{1,2})(?P<separator>[-/.])([0-9]{1,2})(?P=separator)([0-9]{4})")
_WORDS: Final = re.compile(r"([0-9]{1,2})\.? +([A-Za-z]{3,9})\.? +([0-9]{4})")
#: The names of the months in Dutch and English, each with its short forms.
_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        (
            "jan januari january", "feb februari february", "mrt maart mar march", "apr april", "mei may",
            "jun juni june", "jul juli july", "aug augustus august", "sep sept september", "okt oktober oct october",
            "nov november", "dec december",
        ),
        start=1,
    )
    for word in words.split()
}  # fmt: skip

#: How much later midnight may be by the rules of this machine than by those of Dynamics. Which rules Dynamics has for
#: the past is not known: Windows applies the summer time of today to every year. In the Netherlands the clocks have
#: been ahead of UTC by nothing (the rules of Brussels, which some machines use before 1940) to two hours.
MIDNIGHTS_DIFFER: Final = timedelta(hours=2)

_NOT_A_DATE: Final = "The field takes a date, such as 2024-05-31, 31-05-2024 or 31 mei 2024."
_NOT_A_MOMENT: Final = "The field takes a moment, such as 2024-05-31T14:30:00+02:00."


def to_date(cell: Cell, zone: tzinfo) -> date:
    """The day.

    Raises:
        Invalid: it is no date and no moment.
    """
    parsed = _parse(cell)
    if parsed is None:
        raise Invalid(_NOT_A_DATE)
    if not isinstance(parsed, datetime):
        return parsed
    if cell.wall_clock or parsed.tzinfo is None:
        return parsed.date()
    try:
        local = parsed.astimezone(zone)
        return (local.replace(tzinfo=None) + MIDNIGHTS_DIFFER if cell.day else local).date()
    except (OverflowError, ValueError):  # the first and last day of the calendar
        raise Invalid(_NOT_A_DATE) from None


def to_moment(cell: Cell, zone: tzinfo) -> datetime:
    """The moment, in UTC.

    Raises:
        Invalid: it is no date and no moment.
    """
    parsed = _parse(cell)
    if parsed is None:
        raise Invalid(_NOT_A_MOMENT)
    if not isinstance(parsed, datetime):
        return datetime.combine(parsed, time(), UTC)
    if cell.wall_clock:
        parsed = parsed.replace(tzinfo=zone)
    elif parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    try:
        return parsed.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Invalid(_NOT_A_MOMENT) from None


def is_moment(value: object) -> bool:
    """Whether a JSON value is written as a date with a time."""
    # Nearly all texts are told from a moment by their fifth character, which is quicker than a pattern.
    return isinstance(value, str) and value[4:5] == "-" and len(value) > _LONGEST_DATE and bool(_ISO.fullmatch(value))


def _parse(cell: Cell) -> date | datetime | None:
    """A date, or a moment with its offset if it has one; None if it is neither."""
    if not isinstance(cell.value, str):
        return None
    text = clean_text(cell.value)
    try:
        if _ISO.fullmatch(text):
            return datetime.fromisoformat(text) if len(text) > _LONGEST_DATE else date.fromisoformat(text)
        if written := _DUTCH.fullmatch(text):
            return date(int(written[4]), int(written[3]), int(written[1]))
        if (written := _WORDS.fullmatch(text)) and (month := _MONTHS.get(written[2].lower())):
            return date(int(written[3]), month, int(written[1]))
    except ValueError:
        pass
    return None
