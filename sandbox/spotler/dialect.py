"""The two bases of the API, which differ in the shape of contact lists and of contact dates."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.spotler.dates import epoch_ms, iso


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one base speaks.

    `envelope_for_contact_lists`: updates, bounces and opt-outs come with `paging`, else as a bare array, and
    then `pageSize` may be left out. `dates_as_epoch_ms`: dates of contacts are numbers, else ISO 8601 text.
    """

    prefix: str
    envelope_for_contact_lists: bool
    dates_as_epoch_ms: bool

    def contact_date(self, moment: datetime, zone: ZoneInfo) -> int | str:
        """A date that belongs to contact data."""
        return epoch_ms(moment) if self.dates_as_epoch_ms else iso(moment, zone)


FROZEN = Dialect("/integrationservice-1.1.0", envelope_for_contact_lists=False, dates_as_epoch_ms=True)
NEWEST = Dialect("/integrationservice", envelope_for_contact_lists=True, dates_as_epoch_ms=False)
DIALECTS = (FROZEN, NEWEST)


def other(dialect: Dialect) -> Dialect:
    """The one that this base does not speak."""
    return NEWEST if dialect is FROZEN else FROZEN
