"""Dates, in the three forms in which a message may have them.

    /Date(1722582039000)/         milliseconds since 1970 in UTC; negative before
    /Date(1722582039000+0300)/    the same with an offset
    2024-08-02T07:00:39.000Z      ISO 8601, from tools that dump a context for debugging

About the offset: by the rule of .NET's serializer the number is UTC already and the offset only a hint about the
writer. In messages of Dataverse it is not so: the platform labels a reading of its UTC clock as local time, and the
serializer then subtracts the offset from what was UTC. So the right instant is the number *plus* the offset: compared
with `modifiedon` of the same operation, this holds in every message seen with an offset other than zero.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: 15 digits reach beyond the year 9999; more can only be an accident.
_TICKS: Final = re.compile(r"/Date\((-?[0-9]{1,15})(?:([+-])([0-9]{2})([0-9]{2}))?\)/")

#: Narrower than `datetime.fromisoformat`, which also takes week dates and dates without hyphens.
_ISO: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)


def parse_ticks(text: str) -> datetime | None:
    """The instant of a `/Date(…)/`, in UTC; None for other text and outside the years 1 to 9999."""
    match = _TICKS.fullmatch(text)
    if match is None:
        return None
    milliseconds, sign, hours, minutes = match.groups()
    since = timedelta(milliseconds=int(milliseconds))
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        since += -offset if sign == "-" else offset
    try:
        return _EPOCH + since
    except OverflowError:
        return None


def parse_iso(text: str) -> datetime | None:
    """The instant of an ISO date and time, in UTC, which is also assumed where the text names no zone; else None."""
    if _ISO.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def parse_date(text: str) -> datetime | None:
    """The instant of a date in any of the three forms, in UTC; None for other text."""
    return parse_ticks(text) or parse_iso(text)
