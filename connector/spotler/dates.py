"""Dates as Spotler writes and reads them.

Spotler answers ISO 8601 text on one of its base addresses and numbers (epoch milliseconds) on the other. Both are read,
whatever the base. A date is a moment in UTC everywhere in the connector.
"""

import math
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

#: Spotler is a Dutch service: a moment without an offset is Dutch time.
SPOTLER_ZONE = ZoneInfo("Europe/Amsterdam")

#: Numbers below this are seconds, not milliseconds: as milliseconds it is March 1973, as seconds the year 5138, and no
#: contact changed in either.
_FIRST_MILLISECONDS = 100_000_000_000


def parse_date(value: object) -> datetime | None:
    """The moment, in UTC, or None for no date or one that cannot be read.

    Accepts a number (milliseconds; seconds if it is small), its digits as text, and ISO 8601 with or without fraction
    and offset. One odd date must not stop a feed, so nothing is raised.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_epoch(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) > len("20240501"):
        return _from_epoch(int(text[:20]))
    return _from_iso(text)


def query_date(moment: datetime) -> str:
    """The moment for a query string: whole seconds with offset, percent-encoded, since `+` would read as a blank."""
    return quote(moment.astimezone(UTC).isoformat(timespec="seconds"), safe="")


def _from_epoch(number: float) -> datetime | None:
    if not math.isfinite(number):
        return None
    seconds = number if abs(number) < _FIRST_MILLISECONDS else number / 1000
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=SPOTLER_ZONE)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
