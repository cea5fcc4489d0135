"""Moments as rows of Dataverse have them."""

from datetime import UTC, datetime, timedelta
from typing import Final

#: No entry of a feed is from later than this: its date would hide everything that comes after it.
FUTURE: Final = timedelta(days=1)


def read_moment(value: object) -> datetime | None:
    """The moment, in UTC where it has no offset; None for no value and for one that cannot be read."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
