"""All that there is: the ids of the records of every table that is synced, and every contact that Spotler shows.

Spotler has no list of contacts. Its feed of updates, read from a time before any contact was made, has each contact
once, with its last change. It is paged by offset, so a contact that changes while it is read moves others to a page
that was read already: it is read again until a pass shows nothing new. How far back the feed goes is not documented.
So a contact that Spotler Info knows and the feed does not show is asked for by its External Id; one that no record
knows would not be seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Final

from connector.dataverse.records import RecordRef
from connector.mapping.model import TABLES
from connector.reconcile.findings import NO_EXTERNAL_ID, NO_RECORD, OTHER_SYSTEM, TEMPORARY
from connector.reconcile.marks import key_of_contact, key_of_row
from connector.services import Services
from connector.spotler import SpotlerContact
from connector.sync.all_records import CHUNK, all_records
from connector.sync.both_ways.inward import ShownUpdate

#: Before any contact was made.
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: How far behind the clock of this machine may be: what was changed just now is shown too.
AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class FeedContact:
    """A contact as the feed shows it.

    Attributes:
        key: of the row whose id is its External Id, or of the contact alone.
        update: the contact, and when Spotler was asked.
        why: why it cannot belong to a record; empty if it may.
    """

    key: bytes
    update: ShownUpdate
    why: str = ""

    @property
    def row_id(self) -> str:
        """The id of its row."""
        return str(self.update.contact.external_id).lower()


def listed_records(services: Services) -> dict[bytes, str]:
    """The tables of all records, by key."""
    return {
        key_of_row(ref.id): table
        for table in TABLES
        if services.mapping.syncs(table)
        for ref in all_records(services.dataverse, table)
    }


def shown_contacts(services: Services, after: int) -> Iterator[Sequence[FeedContact]]:
    """All contacts, in blocks, each with the moment right before its page was read.

    Args:
        services: Spotler and the clock.
        after: how many of them are skipped.
    """
    seen_on = services.now()

    def before_page() -> None:
        nonlocal seen_on
        seen_on = services.now()

    contacts = services.spotler.feeds.updates(EVER, seen_on + AHEAD, after=after, before_page=before_page)
    shown = (_shown(ShownUpdate(contact, seen_on)) for contact in contacts)
    yield from batched(shown, CHUNK, strict=False)


def possible_records(services: Services, row_id: str) -> list[RecordRef]:
    """The records that may have this id, where the table is not known."""
    return [RecordRef(table, row_id) for table in TABLES if services.mapping.syncs(table)]


def why_without_record(contact: FeedContact) -> str:
    """Why a contact has no record."""
    return contact.why or NO_RECORD


def _shown(update: ShownUpdate) -> FeedContact:
    contact = update.contact
    why = _why_not(contact)
    try:
        key = key_of_contact(contact) if why else key_of_row(str(contact.external_id))
    except ValueError:
        return FeedContact(key_of_contact(contact), update, OTHER_SYSTEM)
    return FeedContact(key, update, why)


def _why_not(contact: SpotlerContact) -> str:
    if contact.temporary:
        return TEMPORARY
    return "" if contact.external_id else NO_EXTERNAL_ID
