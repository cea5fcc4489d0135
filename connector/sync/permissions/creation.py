"""New rows of Spotler Permission: the history first, then all rows in one write.

The id of a row follows from its record and the name of its permission. So two workers that create it at the same time
create one row: the second one is told that it exists.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID, uuid5

from connector.consent import Change, PermissionRow
from connector.consent.creation import NewRow
from connector.consent.permissions import key_of
from connector.dataverse.api import Conflict, Duplicate, Row, WriteResult
from connector.dataverse.choices import ChangedBy, ConsentCause
from connector.dataverse.permission_tables import PermissionTable
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError, Transient
from connector.services import Services
from connector.sync.permissions.history import append
from connector.sync.permissions.storage import storage_of
from connector.sync.permissions.switch import traces

#: Makes the ids; never changed, or a row could exist twice.
_NAMESPACE: Final = UUID("6d0c1f0e-3b1c-5f2a-9a53-5d6f0d9a7c11")


class AlreadyThere(Transient):
    """Another worker created the row of the permission; the record has to be read again."""


def row_id(record: RecordRef, permission: str) -> str:
    """The id of the row of a permission that the connector creates."""
    return str(uuid5(_NAMESPACE, f"{record.id}:{key_of(permission)}"))


def create(
    services: Services, rows: Mapping[RecordRef, Sequence[NewRow]]
) -> tuple[dict[RecordRef, tuple[PermissionRow, ...]], dict[RecordRef, ConnectorError]]:
    """Create rows.

    Args:
        services: Dataverse.
        rows: by record.

    Returns:
        the created rows of each record, and the errors of the records of which a row was not created.
    """
    changes = [_entry(record, each) for record, news in rows.items() for each in news]
    failed = append(services.dataverse, changes)
    wanted = [(record, each) for record, news in rows.items() if record not in failed for each in news]
    if not wanted:
        return {}, failed
    results: list[WriteResult] = []
    # The rows of one record table are kept in one table.
    wanted.sort(key=lambda each: each[0].table)
    for table, group in groupby(wanted, key=lambda each: each[0].table):
        storage, part = storage_of(services, table), list(group)
        try:
            results += services.dataverse.create_multiple(storage, [_values(storage, *each) for each in part])
        except ConnectorError as error:
            results += [WriteResult("", error) for _ in part]
    created: dict[RecordRef, tuple[PermissionRow, ...]] = {}
    for (record, new), result in zip(wanted, results, strict=True):
        if result.error is None:
            created[record] = (*created.get(record, ()), _row(record, new))
        elif isinstance(result.error, Conflict | Duplicate):
            failed.setdefault(record, AlreadyThere())
        else:
            failed[record] = result.error
    return created, failed


def _entry(record: RecordRef, new: NewRow) -> Change:
    key = row_id(record, new.name)
    return Change(record, new.name, None, new.on, new.at, new.cause, new.evidence or f"Row {key}", once=key)


def _values(table: PermissionTable, record: RecordRef, new: NewRow) -> Row:
    bit = {table.bit: new.bit} if table.bit else {}
    return {
        table.id: row_id(record, new.name),
        table.name: new.name[:200],
        table.subscribed: new.on,
        **bit,
        **traces(table, new.at.isoformat(timespec="seconds"), _changed_by(new)),
        f"{table.lookup(record.table).navigation}@odata.bind": f"/{RECORD_TABLES[record.table].set_name}({record.id})",
    }


def _changed_by(new: NewRow) -> ChangedBy:
    return ChangedBy.SPOTLER if new.cause in (ConsentCause.FEED, ConsentCause.FORM) else ChangedBy.DYNAMICS


def _row(record: RecordRef, new: NewRow) -> PermissionRow:
    """The row as it would be read."""
    at = new.at.replace(microsecond=0)
    return PermissionRow(
        row_id(record, new.name), new.name, new.bit, subscribed=new.on, source=new.source, at=at, changed_on=at
    )
