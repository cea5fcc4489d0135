"""The clock of the stand-in, and dates as they travel: ISO 8601, or milliseconds since 1970."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?")
#: Eleven digits of milliseconds reach back to 1973; fewer are not a date of this API.
_EPOCH_MS = re.compile(r"\d{11,14}")
_MICROSECOND_DIGITS = 6


@dataclass(slots=True)
class Clock:
    """A clock that tests can set, move and stop. All dates of the account come from it."""

    offset: timedelta = timedelta(0)
    stopped_at: datetime | None = None

    def now(self) -> datetime:
        """The time in UTC, cut to milliseconds, because that is what dates on the wire carry."""
        now = self.stopped_at or datetime.now(UTC) + self.offset
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def set(self, moment: datetime) -> None:
        """Make it this moment now; a stopped clock stays stopped."""
        if self.stopped_at is not None:
            self.stopped_at = moment
        else:
            self.offset = moment - datetime.now(UTC)

    def advance(self, step: timedelta) -> None:
        """Move forward, or backward with a negative step."""
        self.set(self.now() + step)

    def stop(self) -> None:
        """Stand still until `run`."""
        self.stopped_at = self.now()

    def run(self) -> None:
        """Tick on from where it stands."""
        if self.stopped_at is not None:
            moment, self.stopped_at = self.stopped_at, None
            self.set(moment)


def parse_iso(text: str, zone: tzinfo, *, offset_required: bool = False) -> datetime | None:
    """An ISO 8601 date or timestamp in UTC, or None. Without an offset it is taken to be in `zone`."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    day, time, fraction, offset = found.groups()
    if offset_required and offset is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{time or '00:00:00'}{offset or ''}")
        if fraction is not None:
            digits = fraction[1:].ljust(_MICROSECOND_DIGITS, "0")[:_MICROSECOND_DIGITS]
            moment = moment.replace(microsecond=int(digits))
        return (moment if offset else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_query_date(text: str, zone: tzinfo) -> datetime | None:
    """A date as clients write it into a query: ISO 8601 in its variants, or milliseconds since 1970."""
    if _EPOCH_MS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return parse_iso(text, zone)


def parse_form_date(text: str, zone: tzinfo) -> datetime | None:
    """A date of the form results: `yyyyMMdd` with or without `HHmmss`."""
    for pattern in ("%Y%m%d%H%M%S", "%Y%m%d"):
        if len(text) == len(datetime(2000, 1, 1, tzinfo=UTC).strftime(pattern)) and text.isdigit():
            try:
                return datetime.strptime(text, pattern).replace(tzinfo=zone).astimezone(UTC)
            except ValueError:
                return None
    return None


def parse_day(text: str) -> date | None:
    """A calendar day; of a whole timestamp the date part counts, as it is written."""
    if _ISO.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def iso(moment: datetime, zone: ZoneInfo) -> str:
    """`2024-05-01T10:15:30.000+02:00`: milliseconds and an offset, as the service's own clients write it."""
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
