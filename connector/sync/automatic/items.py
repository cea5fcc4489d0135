"""What the bus delivers to the automatic sync, and what it gets back at the end of a batch.

bodies ─► one item per row ─► one item per record
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector import due, telemetry
from connector.dataverse.api import Row, filters, lookup_id
from connector.dataverse.edition import read_columns
from connector.dataverse.permission_tables import PermissionTable
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Unreadable
from connector.routing.quarantine import quarantine
from connector.routing.record_item import RecordItem, joined_items
from connector.servicebus.bus import Bus, OutgoingMessage
from connector.servicebus.entities import SYNC_RECORDS, TOPIC_JOBS
from connector.services import Services
from connector.sync.permissions.places import row_tables

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as the bus delivered it.

    Attributes:
        body: of a record item.
        again: whether it was delivered before: that attempt may have sent something without remembering it.
    """

    body: bytes
    again: bool = False


@dataclass(slots=True)
class Returned:
    """What a batch sends at its end."""

    messages: list[OutgoingMessage] = field(default_factory=list)
    aside: list[tuple[RecordItem, ConnectorError]] = field(default_factory=list)

    def send(self, bus: Bus) -> None:
        """Send everything; what goes to the quarantine last, so that no other record suffers from it."""
        try:
            bus.to_topic(TOPIC_JOBS, self.messages)
        finally:
            for item, why in self.aside:
                quarantine(bus, item.body(), why, source=SYNC_RECORDS)


def read_items(messages: Iterable[Delivered], bus: Bus) -> list[RecordItem]:
    """The items of a batch, one per row; what is none goes to quarantine."""
    items: list[RecordItem] = []
    for message in messages:
        try:
            item = RecordItem.from_body(message.body)
        except Unreadable as error:
            quarantine(bus, message.body, error, source=SYNC_RECORDS)
        else:
            items.append(item.model_copy(update={"always": True}) if message.again else item)
    return joined_items(items)


def with_records(services: Services, items: Sequence[RecordItem], put_back: Returned) -> list[RecordItem]:
    """The items with the record of each; those that name a permission row get it from there."""
    unnamed = {item.permission: item for item in items if item.permission is not None}
    named = [item for item in items if item.permission is None]
    if not unnamed:
        return named
    now = services.now()
    try:
        found = _records_of(services, unnamed.keys())
    except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
        telemetry.log_problem(log, error, operation=SYNC_RECORDS)
        for item in unnamed.values():
            again = item.begun(now)
            put_back.messages.append(again.again(due.after_problem(error, tries=again.tries, now=now)))
        return named
    about = [unnamed[row].about(record) for row, records in found.items() for record in records]
    return joined_items([*named, *about])


def _records_of(services: Services, rows: Collection[str]) -> Mapping[str, Sequence[RecordRef]]:
    """The records of permission rows; a row that is gone has had a message about its deletion."""
    records: dict[str, list[RecordRef]] = defaultdict(list)
    for table in row_tables(services):
        for row in _rows_of(services, table, rows):
            for column, owner in table.owners.items():
                if record := lookup_id(row, column):
                    records[str(row[table.id]).lower()].append(RecordRef(owner, record.lower()))
    return records


def _rows_of(services: Services, table: PermissionTable, rows: Collection[str]) -> list[Row]:
    """Permission rows with what they are about."""
    condition = filters.in_(table.id, sorted(rows))
    return read_columns(
        services.dataverse,
        (table.id, *(lookup.value for lookup in table.lookups.values())),
        lambda columns: services.dataverse.query(table.set, select=columns, filter=condition),
    )
