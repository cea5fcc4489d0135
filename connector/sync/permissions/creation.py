"""New rows of Spotler Permission: the history first, then all rows in one write.

The id of a row follows from its record and the name of its permission. So two workers that create it at the same time
create one row: the second one is told that it exists.
"""

from collections.abc import Mapping, Sequence

from connector.consent import Change, PermissionRow
from connector.consent.creation import NewRow
from connector.dataverse.api import Conflict, Duplicate
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Transient
from connector.services import Services
from connector.sync.permissions.history import append
from connector.sync.permissions.places import storage_of
from connector.sync.permissions.storage import PermissionStorage, Problems


class AlreadyThere(Transient):
    """Another worker created the row of the permission; the record has to be read again."""


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
    places = {record.table: storage_of(services, record.table) for record in rows}
    wanted = [(record, each) for record, news in rows.items() for each in news]
    before = [each for each in wanted if not (each[1].on and places[each[0].table].explains_itself)]
    failed = append(services.dataverse, [_entry(places, *each) for each in before])
    wanted = [each for each in wanted if each[0] not in failed]
    created: dict[RecordRef, tuple[PermissionRow, ...]] = {}
    for storage in {place.name: place for place in places.values()}.values():
        part = [each for each in wanted if places[each[0].table].name == storage.name]
        for (record, new), problem in zip(part, _problems(storage, part), strict=True):
            if problem is None:
                created[record] = (*created.get(record, ()), _row(places, record, new))
            elif isinstance(problem, Conflict | Duplicate):
                failed.setdefault(record, AlreadyThere())
            else:
                failed[record] = problem
    after = [each for each in wanted if each not in before and each[0] not in failed]
    failed |= append(services.dataverse, [_entry(places, *each) for each in after])
    return created, failed


def _problems(storage: PermissionStorage, rows: Sequence[tuple[RecordRef, NewRow]]) -> Problems:
    try:
        return storage.create(rows) if rows else ()
    except ConnectorError as error:
        return [error for _ in rows]


def _entry(places: Mapping[str, PermissionStorage], record: RecordRef, new: NewRow) -> Change:
    key = places[record.table].row_id(record, new.name)
    return Change(record, new.name, None, new.on, new.at, new.cause, new.evidence or f"Row {key}", once=key)


def _row(places: Mapping[str, PermissionStorage], record: RecordRef, new: NewRow) -> PermissionRow:
    """The row as it would be read."""
    at, key = new.at.replace(microsecond=0), places[record.table].row_id(record, new.name)
    return PermissionRow(key, new.name, new.bit, subscribed=new.on, source=new.source, at=at, changed_on=at)
