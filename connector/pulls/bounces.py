"""Bounces: what Spotler reports about the status of contacts stands on their rows of Spotler Info.

Two feeds of the loop. Bounces come from Spotler; each is also kept as a Marketing Interaction. A contact whose record
was sent after it had become inactive may have a new address, which activates it again: of those Spotler is asked
whether the contact can be reached.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connector.dataverse.api import Row, filters
from connector.dataverse.names import Info
from connector.pulls.loop import run_feed
from connector.pulls.switches import is_on
from connector.services import Services
from connector.spotler import Bounce
from connector.sync.interactions.events import MailingEvent
from connector.sync.interactions.storing import mailing_names, store_events
from connector.sync.moments import FUTURE
from connector.sync.status.contact_status import INACTIVE
from connector.sync.status.rows import UNKNOWN, apply_bounces, apply_contacts


def read_bounces(services: Services) -> Counter[str]:
    """Read what is new, if it is switched on, and say what became of it.

    Raises:
        ConnectorError: Spotler, Dataverse or the state cannot be used.
    """
    if not is_on(services, "bounces"):
        return Counter()
    return run_feed(services, BounceFeed(services)) + run_feed(services, ReturnFeed(services))


@dataclass(frozen=True, slots=True)
class BounceFeed:
    """The feed of bounces."""

    services: Services
    name: str = "bounces"

    def read(self, start: datetime, end: datetime) -> Iterator[Bounce]:
        """The bounces of a window in the order of their dates: soft bounces are counted in a row."""
        bounces = self.services.spotler.feeds.bounces(start, end)
        return iter(sorted(bounces, key=lambda bounce: bounce.date or start))

    def key(self, entry: Bounce) -> str:
        """The contact, the mailing and what happened."""
        contact = entry.contact
        person = contact.external_id or contact.encrypted_id
        if person is None or entry.date is None or entry.date > self.services.now() + FUTURE:
            raise ValueError("a bounce without a contact or a date")
        return f"{person}|{entry.mailing_id}|{entry.text}"

    def moment(self, entry: Bounce) -> datetime | None:
        """When the message came back."""
        return entry.date

    def work(self, services: Services, entries: Sequence[Bounce]) -> Counter[str]:
        """Change the rows of the contacts, and keep what bounced."""
        counts = apply_bounces(services, entries)
        if services.settings.interactions_enabled:
            events = [event for entry in entries if (event := MailingEvent.of_bounce(entry))]
            store_events(services, events, mailing_names(services))
        return counts


@dataclass(frozen=True, slots=True)
class ReturnFeed:
    """Rows of Spotler Info of inactive contacts whose record was sent: they may be active again."""

    services: Services
    name: str = "bounces-returned"

    def read(self, start: datetime, end: datetime) -> Iterator[Row]:
        """The rows whose record was sent within the window."""
        yield from self.services.dataverse.query(
            Info.SET,
            select=(Info.RECORD, Info.LAST_SYNC_ON),
            filter=filters.and_(
                filters.ge(Info.LAST_SYNC_ON, start),
                filters.lt(Info.LAST_SYNC_ON, end),
                filters.or_(filters.in_(Info.CONTACT_STATUS, sorted(INACTIVE)), filters.eq(Info.ACTIVE, False)),
                filters.ne(Info.GONE, True),
            ),
        )

    def key(self, entry: Row) -> str:
        """The record."""
        return str(entry[Info.RECORD])

    def moment(self, entry: Row) -> datetime | None:
        """When it was sent."""
        return datetime.fromisoformat(str(entry[Info.LAST_SYNC_ON])).astimezone(UTC)

    def work(self, services: Services, entries: Sequence[Row]) -> Counter[str]:
        """Ask Spotler about each contact, a few at a time."""
        at = services.now()
        found = list(services.pool.map(services.spotler.get_contact, [str(row[Info.RECORD]) for row in entries]))
        contacts = [contact for contact in found if contact is not None]
        missing = Counter({UNKNOWN: len(found) - len(contacts)})
        return +missing + apply_contacts(services, contacts, at)
