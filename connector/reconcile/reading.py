"""All that there is: the ids of the records of every table that is synced, and every contact that Spotler shows.

Spotler has no list of contacts. Its feed of updates, read from a time before any contact was made, has each contact
once, with its last change. It is paged by offset, so a contact that changes while it is read moves others to a page
that was read already: it is read again until a pass shows nothing new. How far back the feed goes is not documented.
So a contact that Spotler Info knows and the feed does not show is asked for by its External Id; one that no record
knows would not be seen.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from connector.sync.records import Record, RecordReader

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


@dataclass(slots=True)
class ListedRecords:
    """All records.

    Attributes:
        tables: the table of each record that a contact may belong to, by key.
        taken: the records whose id a record of another table has too, without the owner of the contact. They are not
            synced, so they are not compared.
    """

    tables: dict[bytes, str] = field(default_factory=dict)
    taken: list[RecordRef] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.tables) + len(self.taken)


def listed_records(services: Services) -> ListedRecords:
    """All records that there are.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    tables: dict[bytes, str] = {}
    shared = defaultdict[bytes, list[RecordRef]](list)
    for table in TABLES:
        if services.mapping.syncs(table):
            for ref in all_records(services.dataverse, table):
                key = key_of_row(ref.id)
                if tables.setdefault(key, table) != table:
                    shared[key].append(ref)
    found = ListedRecords(tables)
    same = {key: [RecordRef(tables.pop(key), refs[0].id), *refs] for key, refs in shared.items()}
    for block in batched(same.values(), CHUNK, strict=False):
        records = RecordReader(services).read([ref for refs in block for ref in refs])
        owners = owners_of(records)
        tables |= {key_of_row(row_id): owner.table for row_id, owner in owners.items() if owner is not None}
        found.taken += [ref for ref in records if ref != owners[ref.id]]
    return found


def owners_of(records: Mapping[RecordRef, Record]) -> dict[str, RecordRef | None]:
    """The record that the contact of each id belongs to; None where several records have the id and none owns it."""
    by_id = defaultdict[str, list[RecordRef]](list)
    for ref in records:
        by_id[ref.id].append(ref)

    def owner(refs: Sequence[RecordRef]) -> RecordRef | None:
        possible = refs if len(refs) == 1 else [ref for ref in refs if not records[ref].is_foreign]
        return possible[0] if len(possible) == 1 else None

    return {row_id: owner(refs) for row_id, refs in by_id.items()}


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
