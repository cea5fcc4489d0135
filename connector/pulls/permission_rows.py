"""Rows of Spotler Permission follow what Spotler calls its permissions: by the bit, which stays when a name changes.

| A row has | Then |
|---|---|
| the name of a permission, and no bit or one that Spotler has no more | it gets the bit |
| no bit, and a name that only one permission had before | it gets the bit, and then the name |
| the bit of a permission, and a name that Spotler has no more | it gets the name |
| the name of one permission and the bit of another | it stays as it is, with a warning: either may be meant |

When and by whom the permission was changed stays as it was, because nobody agreed to anything now. The history gets an
entry under the new name, so that it goes on.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched
from typing import Final

from connector.consent import Change
from connector.consent.edits import edits_of
from connector.consent.permissions import key_of
from connector.dataverse.api import Keyed, Row, filters
from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Permission, lookup_value
from connector.dataverse.permission_tables import SPOTLER_PERMISSION
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.services import Services
from connector.spotler import Option
from connector.sync.permissions.former_names import former_names, remember_names
from connector.sync.permissions.history import append, latest
from connector.sync.permissions.row import columns_of, read_row

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
    contradictions = _contradictions(options)
    if contradictions and services.dataverse.query(
        Permission.SET, select=(Permission.ID,), filter=contradictions, top=1
    ):
        log.warning(
            "Rows of Spotler Permission have the name of one permission and the bit of another. They were left as they "
            "are, and switch nothing on. Correct their name or empty their bit."
        )
    end = services.now() + TIME_LIMIT
    former = former_names(services, options)
    changed = sum(
        _apply(services, change, is_over=lambda: services.now() >= end) for change in _changes(options, former)
    )  # fmt: skip
    remember_names(services, options)
    return changed


def _changes(options: Sequence[Option], former: Mapping[int, Sequence[str]]) -> Iterator[_Change]:
    names = Counter(key_of(option.name) for option in options)
    no_such_bit = filters.and_(*(filters.ne(Permission.BIT, option.bit) for option in options))
    no_such_name = filters.and_(*(filters.ne(Permission.NAME, option.name) for option in options))
    no_bit = filters.or_(filters.eq(Permission.BIT, None), f"({no_such_bit})")
    for option in options:
        if names[key_of(option.name)] == 1:
            yield _Change(filters.and_(filters.eq(Permission.NAME, option.name), no_bit), {Permission.BIT: option.bit})
        if former[option.bit]:
            names_before = filters.in_(Permission.NAME, former[option.bit])
            yield _Change(filters.and_(names_before, filters.eq(Permission.BIT, None)), {Permission.BIT: option.bit})
        renamed = filters.and_(filters.eq(Permission.BIT, option.bit), no_such_name)
        yield _Change(renamed, {Permission.NAME: option.name[:NAME_LENGTH]})


def _contradictions(options: Sequence[Option]) -> str:
    """Rows with the name of one permission and the bit of another; no text if there is only one permission."""
    others = {
        option.name: [other.bit for other in options if key_of(other.name) != key_of(option.name)] for option in options
    }
    return filters.or_(*(
        f"({filters.and_(filters.eq(Permission.NAME, name), filters.in_(Permission.BIT, bits))})"
        for name, bits in others.items()
        if bits
    ))  # fmt: skip


def _apply(services: Services, change: _Change, *, is_over: Callable[[], bool]) -> int:
    changed = 0
    while not is_over():
        rows = services.dataverse.query(
            Permission.SET, select=(*columns_of(SPOTLER_PERMISSION), *_OWNERS), filter=change.rows, top=PAGE
        )
        if not rows:
            break
        for error in append(services.dataverse, list(_entries(services, change, rows))).values():
            raise error
        results = services.dataverse.update_multiple(
            Permission, [Keyed(str(row[Permission.ID]), {**change.values, **_same_time(services, row)}) for row in rows]
        )
        for error in filter(None, (result.error for result in results)):
            raise error
        changed += len(rows)
    return changed


def _same_time(services: Services, row: Row) -> Row:
    """When the permission was switched: after this write, nothing else shows it."""
    at = read_row(services, row).at
    return {Permission.CHANGED_ON: at.isoformat(timespec="seconds")} if at else {}


def _entries(services: Services, change: _Change, rows: Sequence[Row]) -> Iterator[Change]:
    """The entries of rows that get another name: what people did to them under the old name, and the new name."""
    name = change.values.get(Permission.NAME)
    if not isinstance(name, str):
        return
    owned = [(record, read_row(services, row)) for row in rows if (record := _owner(row))]
    renamed = [(record, row) for record, row in owned if key_of(row.name) != key_of(name)]
    for part in batched(renamed, RECORDS, strict=False):
        histories = latest(services.dataverse, {record for record, _ in part})
        for record, row in part:
            yield from edits_of(record, [row], histories.get(record, {}), services.now()).changes
            on, at = not row.refuses, row.at or services.now()
            yield Change(record, name, on, on, at, ConsentCause.RULE, f"Renamed in Spotler; it was {row.name}")


def _owner(row: Row) -> RecordRef | None:
    owners = {table: row.get(column) for table, column in zip(RECORD_TABLES, _OWNERS, strict=True)}
    return next((RecordRef(table, str(key).lower()) for table, key in owners.items() if key), None)


#: The lookups of a row, in the order of RECORD_TABLES.
_OWNERS: Final = tuple(lookup_value(column) for column in (Permission.CONTACT, Permission.LEAD, Permission.ACCOUNT))
