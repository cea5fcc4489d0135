"""What people did to rows of Spotler Permission, seen by comparing the rows with the history.

A person who switches a row on a form leaves a row that differs from the newest entry of the history. The same is true
of a row that the connector was about to switch when it stopped, because the entry comes first. The two are told apart
by the row: what the connector has switched bears the time of the entry as Changed On, and an edit is later than that.
An entry about what a person did is no announcement: the row was switched before it.
A write of the connector that is later than Changed On, such as that of the bit, is neither: it switched nothing.

| Newest entry | The row is | Written at or since the entry, or the entry is about a person | Then |
|---|---|---|---|
| none | on or off | | this is its first entry |
| off | on | yes | a person switched it on |
| off | on | no | the withdrawal did not reach the row: it is switched off now |
| on | off | yes | a person switched it off |
| on | off | no | it stays off; what switched it on will do so again |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connector.consent.facts import ConsentSource, PermissionRow
from connector.consent.history import Change, Latest
from connector.consent.permissions import key_of
from connector.dataverse.choices import ConsentCause
from connector.dataverse.records import RecordRef

#: The smallest difference between two times that rows keep.
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Edits:
    """What was seen.

    Attributes:
        changes: the entries that the history lacks.
        rows: all rows, with what is known now of who switched them, and when.
        edited: the ids of those that a person has switched.
        unfinished: rows whose withdrawal did not reach them, with the time of the entry.
        is_explained: whether the history explains all rows once it has the changes, and the unfinished ones are off.
    """

    changes: tuple[Change, ...] = ()
    rows: tuple[PermissionRow, ...] = ()
    edited: frozenset[str] = frozenset()
    unfinished: tuple[tuple[PermissionRow, datetime], ...] = ()
    is_explained: bool = True


def edits_of(
    record: RecordRef, rows: Sequence[PermissionRow], history: Mapping[str, Latest], now: datetime
) -> Edits:  # fmt: skip
    """Compare the rows of a record with its history.

    Args:
        record: whose rows they are.
        rows: as they were read.
        history: the newest entry about each permission, by its name as it is compared.
        now: the present.
    """
    found = Edits(rows=tuple(rows))
    groups: dict[str, list[PermissionRow]] = {}
    for row in rows:
        groups.setdefault(key_of(row.name), []).append(row)
    for name, group in groups.items():
        found = _compare(found, record, group, history.get(name), now)
    return found


def _compare(
    found: Edits, record: RecordRef, group: Sequence[PermissionRow], latest: Latest | None, now: datetime
) -> Edits:  # fmt: skip
    on = not any(row.refuses for row in group)
    if latest is None:
        return replace(found, changes=(*found.changes, _entry(record, group, None, _time(group, now, on=on))))
    if on is latest.on:
        return _with_times(found, group, latest.at) if on else found
    touched = [row for row in group if row.refuses is not on and _is_touched(row, latest)]
    if on and len(touched) < len(group):
        left = [row for row in group if row not in touched]
        off = tuple(replace(row, subscribed=False) if row in left else row for row in found.rows)
        return replace(found, rows=off, unfinished=(*found.unfinished, *((row, latest.at) for row in left)))
    if not touched:
        return replace(found, is_explained=False)
    at = max(_edited(row, now) for row in touched)
    at = max(at, latest.at + _SECOND) if on else max(at, latest.at)
    found = replace(
        found,
        changes=(*found.changes, _entry(record, touched, latest.on, at)),
        edited=found.edited | {row.id for row in touched},
    )
    return _with_times(found, touched, at)


def _entry(record: RecordRef, rows: Sequence[PermissionRow], before: bool | None, at: datetime) -> Change:
    row = rows[0]
    on = not any(each.refuses for each in rows)
    return Change(record, row.name, before, on, at, ConsentCause.PERSON, f"Row {row.id}")


def _is_touched(row: PermissionRow, entry: Latest) -> bool:
    """Whether the row was written at or since the entry, by a person or to switch it."""
    reached = row.changed_on is not None and row.changed_on >= entry.at
    was_written = row.modified_on is not None and row.modified_on > entry.at and not row.is_own_write
    return entry.by_person or reached or was_written


def _edited(row: PermissionRow, now: datetime) -> datetime:
    """When a person edited the row: nobody else has written it since, or the connector left the time in Changed On."""
    times = (row.changed_on, row.modified_on) if row.is_own_write else (row.modified_on,)
    return next((each for each in (*times, row.at) if each), now)


def _time(group: Sequence[PermissionRow], now: datetime, *, on: bool) -> datetime:
    times = [row.at for row in group if row.refuses is not on and row.at]
    return (min if on else max)(times, default=now)


def _with_times(found: Edits, group: Sequence[PermissionRow], at: datetime) -> Edits:
    """The rows of a group count from this time, unless they say a later one themselves."""
    ids = {row.id for row in group}
    rows = tuple(
        replace(row, at=max(row.at or at, at), source=row.source or ConsentSource.PERSON) if row.id in ids else row
        for row in found.rows
    )
    return replace(found, rows=rows)
