"""Undo: what an inward run wrote into columns is taken back, where nobody has changed it since.

    old values of the run ─► records ─┬─ the column still has what the run wrote ─► the old value is written
                                      └─ it has another value ───────────────────► left

| Left | Why |
|---|---|
| a column that somebody, or a later run, has changed | the newer value counts |
| every permission | an undo never changes consent: a refusal stays, and nobody is switched on again |
| a contact that was anonymised | that cannot be undone; its old values are erased |

What is taken back is sent to Spotler where both sides may change the column. Where only Spotler may, it stays until
Spotler has a newer value.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import batched

from connector import telemetry
from connector.dataverse.names import Info
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError, Invalid
from connector.plans.sending import send
from connector.services import Services
from connector.state import StateStore, StoredValueUnreadable
from connector.sync.all_records import CHUNK
from connector.sync.both_ways.columns import shared_columns
from connector.sync.both_ways.row_writes import ColumnWrite, write_columns
from connector.sync.info import InfoWrite, info_of, write_unchanged
from connector.sync.last_common import Common
from connector.sync.old_values import OLD, OPERATION, Overwritten, begun, record_of, runs
from connector.sync.records import Record, RecordReader
from connector.sync.results import NotSent

log = logging.getLogger(__name__)


class Undone(StrEnum):
    """What became of one value of a run."""

    RESTORED = "restored"
    ALREADY = "has the old value already"
    NOT_THERE = "left: the record is not in Dataverse any more"
    CHANGED = "left: it was changed since"
    NOT_MAPPED = "left: the mapping does not read it any more"
    CONSENT = "left: an undo never changes a permission"
    UNREADABLE = "left: what is kept of it cannot be read"
    FAILED = "left: Dataverse did not take it"
    NOT_SENT = "restored, but not sent to Spotler yet; the next sync does it"


class NoSuchRun(Invalid):
    """No old values of a run with this id are kept."""

    code = "RUN_UNKNOWN"
    advice = "Look at undo --list."


@dataclass(frozen=True, slots=True)
class UndoneValue:
    """One value of a run after an undo.

    Attributes:
        record: whose.
        column: its name, or `permission` with the id of its row.
        undone: what became of it.
    """

    record: str
    column: str
    undone: Undone


def written_by(services: Services, run: str) -> list[str]:
    """The names of the old values of a run.

    Raises:
        NoSuchRun: there are none.
    """
    names = [name for name in services.state.names(f"{OLD}/") if name.rpartition("/")[2] == run]
    if not names and all(each.id != run for each in runs(services.state)):
        raise NoSuchRun
    return names


def undo(services: Services, run: str, *, seen: Callable[[int], object]) -> Iterator[UndoneValue]:
    """Take back what a run wrote; an undo is a run of its own, and can be undone too.

    Raises:
        NoSuchRun: nothing is kept of it.
        ConnectorError: what Dataverse or the state said; what was done before stays done.
    """
    names = written_by(services, run)
    undoing = begun(services, "undo")
    done = 0
    for chunk in batched(names, CHUNK, strict=False):
        kept: dict[RecordRef, Overwritten] = {}
        for name in chunk:
            try:
                found = _kept(services.state, name)
            except StoredValueUnreadable as error:
                telemetry.log_problem(log, error, operation=OPERATION)
                yield UndoneValue(name, "", Undone.UNREADABLE)
            else:
                kept |= found
        yield from _undo(undoing, kept)
        done += len(chunk)
        seen(done)


def _kept(state: StateStore, name: str) -> dict[RecordRef, Overwritten]:
    """What is kept of one record; nothing if it was erased meanwhile."""
    stored, record = state.read(name), record_of(name)
    if stored is None:
        return {}
    each = Overwritten.parse(name, stored.value)
    if record is None:
        raise StoredValueUnreadable.of(name, "has no id of a record in its name")
    return {RecordRef(each.table, record): each}


def _undo(services: Services, kept: Mapping[RecordRef, Overwritten]) -> Iterator[UndoneValue]:
    records = RecordReader(services).read([ref for ref in kept if ref.table in RECORD_TABLES])
    wanted: dict[RecordRef, dict[str, object]] = {}
    # An undo that stopped after its write may not have sent what it had restored.
    as_before: dict[RecordRef, dict[str, object]] = {}
    for ref, each in kept.items():
        about = f"{ref.table}/{ref.id}"
        for row in each.permissions:
            yield UndoneValue(about, f"permission {row}", Undone.CONSENT)
        for column, (old, new) in each.columns.items():
            mapped = shared_columns(services.mapping, ref.table).plan.select
            undone = _found(records.get(ref), column, old, new) if column in mapped else Undone.NOT_MAPPED
            if undone is Undone.RESTORED:
                wanted.setdefault(ref, {})[column] = old
                continue
            if undone is Undone.ALREADY:
                as_before.setdefault(ref, {})[column] = old
            yield UndoneValue(about, column, undone)
    written = write_columns(services, [ColumnWrite(records[ref], values) for ref, values in wanted.items()])
    restored = {ref: after for ref, after in written.items() if isinstance(after, Record)}
    before = {ref: records[ref] for ref in as_before if ref not in wanted}
    unsent = _bring_together(
        services, before | restored, {ref: as_before.get(ref, {}) | wanted.get(ref, {}) for ref in (*before, *restored)}
    )
    for ref, values in wanted.items():
        undone = (Undone.NOT_SENT if ref in unsent else Undone.RESTORED) if ref in restored else Undone.FAILED
        yield from (UndoneValue(f"{ref.table}/{ref.id}", column, undone) for column in values)


def _found(record: Record | None, column: str, old: object, new: object) -> Undone:
    if record is None:
        return Undone.NOT_THERE
    current = record.row.get(column)
    if current == new:
        return Undone.RESTORED
    return Undone.ALREADY if current == old else Undone.CHANGED


def _bring_together(
    services: Services, restored: Mapping[RecordRef, Record], wanted: Mapping[RecordRef, Mapping[str, object]]
) -> set[RecordRef]:
    """Note that the value of Spotler is not wanted, and send what both sides may change; the records not sent."""
    if not restored:
        return set()
    fields = services.spotler.fields()
    notes = []
    for ref, record in restored.items():
        columns = shared_columns(services.mapping, ref.table)
        here, common = columns.here(record, fields), dict(record.last.columns)
        for column in wanted[ref]:
            if column in common and column in here and column not in columns.two_way:
                common[column] = Common(here[column], common[column].spotler)
        last = replace(record.last, columns=common)
        if last != record.last:
            values = info_of(ref, record.name, **{Info.LAST_COMMON: last.text})
            notes.append(InfoWrite(ref, record.info, values))
    unsent = {
        ref for ref, each in write_unchanged(services.dataverse, notes).items() if isinstance(each, ConnectorError)
    }
    edited = {ref: tuple(values) for ref, values in wanted.items()}
    fresh: Sequence[Record] = list(RecordReader(services).read(restored).values())
    results = send(services, fresh, edited=edited)
    return unsent | {ref for ref, result in results.items() if isinstance(result, NotSent)}
