"""The values of columns, in the form in which the Web API writes them.

Rows are kept in wire form, so that reading costs nothing: guids in lower case, times as `2025-01-31T12:00:00Z` (also
those that belong to no time zone), dates as `2025-01-31`, choices as numbers, several choices as `1,2`.
"""

import re
from datetime import UTC, date, datetime
from typing import Final
from unicodedata import category, normalize

#: Whether the collation tells `e` from `é`; that of an English environment (Latin1_General_CI_AI) does not.
ACCENTS_MATTER: Final = False

type Scalar = str | int | float | bool | None
type Json = Scalar | list[Json] | dict[str, Json]
type JsonObject = dict[str, Json]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(rf"{_DATE.pattern}T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,7}})?)?(?:Z|[+-]\d{{2}}:\d{{2}})")
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def fold(value: Scalar) -> Scalar:
    """The form in which values are compared: the database's collation ignores case, and accents."""
    if not isinstance(value, str):
        return value
    folded = value.casefold()
    if ACCENTS_MATTER or folded.isascii():
        return folded
    return "".join(each for each in normalize("NFD", folded) if category(each) != "Mn").casefold()


type SortKey = tuple[int, Scalar]


def sort_key(value: Scalar) -> SortKey:
    """By what values are ordered: nulls come first, as in the database; text sorts without case."""
    return (0, "") if value is None else (1, fold(value))


def as_guid(text: str) -> str | None:
    """The guid in its one spelling, or None when the text is none."""
    return text.lower() if GUID.fullmatch(text) else None


def stamp(moment: datetime) -> str:
    """A time as the Web API writes it: UTC, whole seconds."""
    return moment.isoformat(timespec="seconds")[:19] + "Z"


def as_stamp(text: str) -> str | None:
    """A time with an offset in its one spelling, or None when the text is none; fractions of a second are dropped."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return stamp(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def as_time_without_zone(text: str) -> str | None:
    """A time of no time zone in its one spelling, which has a `Z` nevertheless; None when the text is none.

    What Dataverse makes of another offset is not known, so it is refused.
    """
    return as_stamp(text) if text.endswith(("Z", "+00:00")) else None


def as_date(text: str) -> str | None:
    """A date in its one spelling, or None when the text is none."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def milliseconds(text: str) -> int:
    """Milliseconds since 1970 of a stored time or date."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000
