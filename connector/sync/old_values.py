"""What inward runs have overwritten in Dataverse, kept for UNDO_DAYS, so that a run can be undone and explained.

    runs/20260301t120000-3f2a      when the run was, what it was, and by which mapping
    old/<record id>/<run>          of each record that it wrote: columns and permissions, before and after

Old values are kept before the new ones are written, so that a crash in between loses none. They lie below the id of
their record, so that they are erased with one look when the person is anonymised.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints

from connector import telemetry
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping import mapping_version
from connector.services import Services
from connector.state import StateConflict, StateStore, StoredMoment, StoredValue, StoredValueUnreadable

log = logging.getLogger(__name__)

#: Where they are kept.
RUNS: Final = "runs"
OLD: Final = "old"
#: The name under which problems are logged.
OPERATION: Final = "old-values"

#: What a column can have; before and after.
type ColumnValue = str | int | float | bool | None
type Pair = Annotated[list[ColumnValue], Field(min_length=2, max_length=2)]

_ROW_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class OldValue(StoredValue):
    """What is stored of what a run has overwritten: values before and after."""

    table: Annotated[str, StringConstraints(pattern="^[a-z0-9_]+$")]
    columns: dict[str, Pair]
    permissions: dict[str, Pair]


class RunValue(StoredValue):
    """What is stored of a run."""

    began: StoredMoment
    kind: str
    mapping: str


@dataclass(frozen=True, slots=True)
class Overwritten:
    """What a run has overwritten of one record.

    Attributes:
        table: of the record.
        columns: what each column had, and what was written into it.
        permissions: what each row of a permission said, by its id, and what it says after.
    """

    table: str
    columns: Mapping[str, tuple[object, object]]
    permissions: Mapping[str, tuple[object, object]]

    @classmethod
    def parse(cls, name: str, value: Mapping[str, object]) -> Self:
        """What the state holds.

        Raises:
            StoredValueUnreadable: it is something else.
        """
        found = OldValue.of(name, value)
        return cls(found.table, _pairs(found.columns), _pairs(found.permissions))

    @property
    def value(self) -> dict[str, object]:
        """What is written in the state."""
        return {
            "table": self.table,
            "columns": {name: list(pair) for name, pair in self.columns.items()},
            "permissions": {row: list(pair) for row, pair in self.permissions.items()},
        }

    def joined(self, later: "Overwritten") -> "Overwritten":
        """The first value before, and the last one after."""
        return Overwritten(
            self.table, _joined(self.columns, later.columns), _joined(self.permissions, later.permissions)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class InwardRun:
    """One inward run.

    Attributes:
        id: as people name it.
        kind: the feed, or `plan apply`, or `undo`.
        began: when.
        mapping: the version of the mapping.
    """

    id: str
    kind: str
    began: datetime
    mapping: str


def begun(services: Services, kind: str) -> Services:
    """The services with a run of their own: what is written inward with them is kept; nothing where that is off.

    The run is noted in the state when it overwrites something, so a run that changes nothing leaves no trace.
    """
    if not services.settings.undo_days:
        return services
    moment = services.now()
    run = f"{moment:%Y%m%dt%H%M%S}-{kind.replace(' ', '-')}-{services.new_id().replace('-', '')[-6:].lower()}"
    return replace(services, run=run)


def keep(services: Services, changes: Mapping[RecordRef, Overwritten]) -> dict[RecordRef, ConnectorError]:
    """Keep what is about to be overwritten, if the services belong to a run.

    Returns:
        the records whose old values could not be kept, and why: they must not be written now.
    """
    if not services.run or not changes:
        return {}
    try:
        _note_run(services)
    except ConnectorError as error:
        return dict.fromkeys(changes, error)
    calls = {
        ref: partial(_keep, services.state, f"{OLD}/{ref.id}/{services.run}", each) for ref, each in changes.items()
    }
    return {ref: error for ref, error in _each(services, calls).items() if error is not None}


def erase_old_values(services: Services, records: Iterable[RecordRef]) -> None:
    """Erase what is kept of people who are anonymised. What cannot be erased now is erased at night."""
    for record in records:
        try:
            for name in services.state.names(f"{OLD}/{record.id}/"):
                services.state.delete(name)
        except ConnectorError as error:
            telemetry.log_problem(log, error, operation=OPERATION)
            return


def runs(state: StateStore) -> list[InwardRun]:
    """The runs that have overwritten something, the newest first.

    Raises:
        StoredValueUnreadable: one of them cannot be read.
    """
    found = [run for name in state.names(f"{RUNS}/") if (run := _run(state, name)) is not None]
    return sorted(found, key=lambda run: run.began, reverse=True)


def expired(state: StateStore, *, days: int, now: datetime) -> list[str]:
    """The names of all values of runs that are older than this; of a run that cannot be read nothing is kept either."""
    kept = set[str]()
    for name in state.names(f"{RUNS}/"):
        try:
            run = _run(state, name)
        except StoredValueUnreadable as error:
            telemetry.log_problem(log, error, operation=OPERATION)
            continue
        if run is not None and now - run.began <= timedelta(days=days):
            kept.add(run.id)
    names = [*state.names(f"{OLD}/"), *state.names(f"{RUNS}/")]
    return [name for name in names if name.rpartition("/")[2] not in kept]


def record_of(name: str) -> str | None:
    """The id of the record of a stored value; None where its name has none."""
    record = name.removeprefix(f"{OLD}/").partition("/")[0]
    return record if _ROW_ID.fullmatch(record) else None


def _run(state: StateStore, name: str) -> InwardRun | None:
    stored = state.read(name)
    if stored is None:
        return None
    value = RunValue.of(name, stored.value)
    return InwardRun(name.partition("/")[2], value.kind, value.began, value.mapping)


def _note_run(services: Services) -> None:
    name = f"{RUNS}/{services.run}"
    if services.state.read(name) is not None:
        return
    kind = "-".join(services.run.split("-")[1:-1])
    value = {"began": services.now().isoformat(), "kind": kind, "mapping": mapping_version(services.mapping)}
    try:
        services.state.write(name, value, version=None)
    except StateConflict:
        log.debug("The run %s was noted by another thread.", services.run)


def _keep(state: StateStore, name: str, change: Overwritten) -> None:
    stored = state.read(name)
    before = Overwritten.parse(name, stored.value) if stored else None
    state.write(name, (before.joined(change) if before else change).value, version=stored.version if stored else None)


def _each(services: Services, calls: Mapping[RecordRef, Callable[[], None]]) -> dict[RecordRef, ConnectorError | None]:
    def result(call: Callable[[], None]) -> ConnectorError | None:
        try:
            call()
        except ConnectorError as error:
            return error
        return None

    if len(calls) == 1:  # the caller may be a thread of the pool, which must not wait for another
        return {ref: result(call) for ref, call in calls.items()}
    asked = {ref: services.side_pool.submit(result, call) for ref, call in calls.items()}
    return {ref: future.result() for ref, future in asked.items()}


def _pairs(value: Mapping[str, Pair]) -> dict[str, tuple[object, object]]:
    return {name: (old, new) for name, (old, new) in value.items()}


def _joined(
    first: Mapping[str, tuple[object, object]], later: Mapping[str, tuple[object, object]]
) -> dict[str, tuple[object, object]]:
    return {**first, **{name: (first[name][0] if name in first else pair[0], pair[1]) for name, pair in later.items()}}
