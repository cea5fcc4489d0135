"""Rows of Spotler Info of people who have left Spotler: their Marketing Interactions are deleted.

A feed of the loop, read at night. Each row is looked at for some nights, because events may have been stored at the
moment at which the person was anonymised.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from connector.dataverse.api import Row, filters
from connector.dataverse.edition import read_columns
from connector.dataverse.names import Info
from connector.pulls.loop import run_feed
from connector.services import Services
from connector.sync.interactions.clean_up import erase_interactions
from connector.sync.interactions.storing import COLUMNS

#: For how long a row is looked at again, and how far back the first night looks.
AGAIN: Final = timedelta(days=2)


def erase_gone(services: Services, until: datetime) -> int:
    """Delete the interactions of people who have left since the last time; returns how many.

    Raises:
        ConnectorError: Dataverse or the state cannot be used.
    """
    feed = GoneFeed(services, until)
    return run_feed(services, feed, deadline=until, first_days=AGAIN.days)["deleted interactions"]


@dataclass(frozen=True, slots=True)
class GoneFeed:
    """The rows of Spotler Info that say that the contact has left."""

    services: Services
    until: datetime
    name: str = "people-gone"

    def read(self, start: datetime, end: datetime) -> Iterator[Row]:
        """The rows that were written within the window, or some days before."""
        dataverse, condition = (
            self.services.dataverse,
            filters.and_(
                filters.eq(Info.GONE, value=True),
                filters.ge(Info.MODIFIED_ON, start - AGAIN),
                filters.lt(Info.MODIFIED_ON, end),
            ),
        )
        yield from read_columns(
            dataverse,
            (*COLUMNS, Info.MODIFIED_ON),
            lambda columns: dataverse.query(Info.SET, select=columns, filter=condition),
        )

    def key(self, entry: Row) -> str:
        """The record."""
        return str(entry[Info.RECORD])

    def moment(self, entry: Row) -> datetime | None:
        """When the row was written."""
        return datetime.fromisoformat(str(entry[Info.MODIFIED_ON])).astimezone(UTC)

    def work(self, services: Services, entries: Sequence[Row]) -> Counter[str]:
        """Delete what they have left behind."""
        return +Counter({"deleted interactions": erase_interactions(services, entries, self.until)})
