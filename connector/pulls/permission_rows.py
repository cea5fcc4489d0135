"""Rows of permissions follow what Spotler calls its permissions: by the bit, which stays when a name changes.

| A row has | Then |
|---|---|
| the name of a permission, and no bit or one that Spotler has no more | it gets the bit |
| no bit, and a name that only one permission had before | it gets the bit, and then the name |
| the bit of a permission, and a name that Spotler has no more | it gets the name, unless two permissions have that |
| the name of one permission and the bit of another | it stays as it is, with a warning: either may be meant |

When and by whom the permission was changed stays as it was, because nobody agreed to anything now. The history gets an
entry under the new name, so that it goes on.

A table of Periodieken may have no column for the bit: then a former name alone shows which permission it is. Where it
has no column for the time of the last change, its rows are left as they are: a write would look like a newer consent.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from connector.consent import Change, PermissionRow
from connector.consent.edits import edits_of
from connector.consent.permissions import key_of
from connector.dataverse.api import Keyed, Row, filters
from connector.dataverse.choices import ConsentCause
from connector.dataverse.edition import read_columns
from connector.dataverse.permission_tables import PermissionTable
from connector.dataverse.records import RecordRef
from connector.dataverse.texts import cut
from connector.services import Services
from connector.spotler import Option
from connector.sync.permissions.former_names import former_names, remember_names
from connector.sync.permissions.history import append, latest
from connector.sync.permissions.places import row_tables
from connector.sync.permissions.row import columns_of, read_row
from connector.sync.permissions.row_storage import RowStorage

log = logging.getLogger(__name__)

#: Rows of one query, which is also one page.
PAGE: Final = 5000
#: Records whose history is read in one query.
RECORDS: Final = 100
#: After this time no further page is begun; the next refresh goes on. The lock of a job's message lasts five minutes.
TIME_LIMIT: Final = timedelta(minutes=2)
#: The longest name that the row takes.
NAME_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class _Change:
    """Rows that are to be changed, and how.

    Attributes:
        rows: a filter; a row that was changed does not fit it any more.
        values: the new values.
    """

    rows: str
    values: Row


def update_rows(services: Services, options: Sequence[Option]) -> int:
    """Give rows the bit and the name of their permission, and say how many were changed.

    Raises:
        ConnectorError: when Dataverse cannot be asked, or does not take a row.
    """
    end = services.now() + TIME_LIMIT
    # What is written must fit the filters that find what is to be written.
    options = [replace(option, name=cut(option.name, NAME_LENGTH).strip()) for option in options]
    former = former_names(services, options)
    tables = [table for table in row_tables(services) if table.changed_on]
    changed = sum(_update(services, table, options, former, end) for table in tables)
    remember_names(services, options)
    return changed


def _update(
    services: Services,
    table: PermissionTable,
    options: Sequence[Option],
    former: Mapping[int, Sequence[str]],
    end: datetime,
) -> int:
    contradictions = _contradictions(table, options)
    if contradictions and services.dataverse.query(table.set, select=(table.id,), filter=contradictions, top=1):
        log.warning(
            "Rows of permissions have the name of one permission and the bit of another. They were left as they "
            "are, and switch nothing on. Correct their name or empty their bit."
        )
    return sum(
        _apply(services, table, change, is_over=lambda: services.now() >= end)
        for change in _changes(table, options, former)
    )


def _changes(
    table: PermissionTable, options: Sequence[Option], former: Mapping[int, Sequence[str]]
) -> Iterator[_Change]:
    names = Counter(key_of(option.name) for option in options)
    if table.bit is None:
        for option in options:
            if former[option.bit] and names[key_of(option.name)] == 1:
                yield _Change(filters.in_(table.name, former[option.bit]), {table.name: option.name})
        return
    no_such_bit = filters.and_(*(filters.ne(table.bit, option.bit) for option in options))
    no_such_name = filters.and_(*(filters.ne(table.name, option.name) for option in options))
    no_bit = filters.or_(filters.eq(table.bit, None), f"({no_such_bit})")
    for option in options:
        if names[key_of(option.name)] == 1:
            yield _Change(filters.and_(filters.eq(table.name, option.name), no_bit), {table.bit: option.bit})
        if former[option.bit]:
            names_before = filters.in_(table.name, former[option.bit])
            yield _Change(filters.and_(names_before, filters.eq(table.bit, None)), {table.bit: option.bit})
        if names[key_of(option.name)] == 1:
            renamed = filters.and_(filters.eq(table.bit, option.bit), no_such_name)
            yield _Change(renamed, {table.name: option.name})


def _contradictions(table: PermissionTable, options: Sequence[Option]) -> str:
    """Rows with the name of one permission and the bit of another; no text if there can be none."""
    bit = table.bit
    if bit is None:
        return ""
    others = {
        option.name: [other.bit for other in options if key_of(other.name) != key_of(option.name)] for option in options
    }
    return filters.or_(*(
        f"({filters.and_(filters.eq(table.name, name), filters.in_(bit, bits))})"
        for name, bits in others.items()
        if bits
    ))  # fmt: skip


def _apply(services: Services, table: PermissionTable, change: _Change, *, is_over: Callable[[], bool]) -> int:
    changed = 0
    while not is_over():
        rows = read_columns(
            services.dataverse,
            (*columns_of(table), *(lookup.value for lookup in table.lookups.values())),
            lambda columns: services.dataverse.query(table.set, select=columns, filter=change.rows, top=PAGE),
        )
        if not rows:
            break
        for error in append(services.dataverse, list(_entries(services, table, change, rows))).values():
            raise error
        results = services.dataverse.update_multiple(
            table, [Keyed(str(row[table.id]), {**change.values, **_same_time(services, table, row)}) for row in rows]
        )
        for error in filter(None, (result.error for result in results)):
            raise error
        changed += len(rows)
    return changed


def _same_time(services: Services, table: PermissionTable, row: Row) -> Row:
    """When the permission was switched: after this write, nothing else shows it."""
    at = read_row(services, row, table).at
    return {table.changed_on: at.isoformat(timespec="seconds")} if at and table.changed_on else {}


def _entries(services: Services, table: PermissionTable, change: _Change, rows: Sequence[Row]) -> Iterator[Change]:
    """What people did to rows before they are written here; and of those that get another name, the new name.

    All rows of a record count that have either name: where one of them refuses, the permission is off.
    """
    name = change.values.get(table.name)
    owned = [(record, row) for row in rows if (record := _owner(table, row))]
    if not isinstance(name, str):
        yield from _edits(services, table, {record for record, _ in owned})
        return
    renamed = {
        str(row[table.id]): record for record, row in owned if key_of(str(row.get(table.name) or "")) != key_of(name)
    }
    for part in batched(sorted(set(renamed.values()), key=lambda each: each.id), RECORDS, strict=False):
        histories = latest(services.dataverse, part)
        for record, own in _rows_of(services, table, part):
            former = [row.name for row in own if row.id in renamed]
            if not former:
                continue  # somebody has deleted them since
            names = {key_of(each) for each in (name, *former)}
            group = [replace(row, name=former[0]) for row in own if key_of(row.name) in names]
            entries = [entry for key, entry in histories.get(record, {}).items() if key in names]
            newest = max(entries, key=lambda entry: (entry.at, not entry.on), default=None)
            noted = {key_of(former[0]): newest} if newest else {}
            found = edits_of(record, group, noted, services.now())
            yield from found.changes
            on = not any(row.refuses for row in found.rows)
            times = [row.at for row in found.rows if row.refuses is not on and row.at]
            at = max([*times, *([newest.at] if newest else [])], default=services.now())
            yield Change(record, name, on, on, at, ConsentCause.RULE, f"Renamed in Spotler; it was {former[0]}")


def _edits(services: Services, table: PermissionTable, records: Collection[RecordRef]) -> Iterator[Change]:
    """What people did to rows about which the history has something: after the write, the row shows no more when."""
    for part in batched(sorted(records, key=lambda each: each.id), RECORDS, strict=False):
        histories = latest(services.dataverse, part)
        for record, own in _rows_of(services, table, part):
            found = edits_of(record, own, histories.get(record, {}), services.now())
            yield from (each for each in found.changes if each.before is not None)


def _rows_of(
    services: Services, table: PermissionTable, records: Sequence[RecordRef]
) -> Iterator[tuple[RecordRef, Sequence[PermissionRow]]]:  # fmt: skip
    """All rows of these records."""
    for record_table in sorted({record.table for record in records}):
        own = [record for record in records if record.table == record_table]
        found = RowStorage(services, table, record_table).read([record.id for record in own])
        yield from ((record, found[record.id]) for record in own if record.id in found)


def _owner(table: PermissionTable, row: Row) -> RecordRef | None:
    owners = {name: row.get(lookup.value) for name, lookup in table.lookups.items()}
    return next((RecordRef(name, str(key).lower()) for name, key in owners.items() if key), None)
