"""Permissions are switched here, and nowhere else: the history first, then the row.

    switches ─► Consent History ─┬─ written ──► rows (on: only the version that was read)
                                 └─ not written ──► the error of its record: nothing is switched

Switching off is never bound to a version, so that no state of a row forbids a withdrawal. Switching on is: where
somebody has changed the row meanwhile, that person's change stays.

A place that shows by itself when somebody was switched on (a Marketing List) comes before the history then: see
`PermissionStorage.explains_itself`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connector import telemetry
from connector.consent import Change, PermissionRow
from connector.dataverse.api import Conflict, NotFound
from connector.dataverse.choices import ChangedBy, ConsentCause
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Transient
from connector.services import Services
from connector.sync.old_values import OPERATION, Overwritten, keep
from connector.sync.permissions.history import append
from connector.sync.permissions.places import storage_of
from connector.sync.permissions.storage import Problems

log = logging.getLogger(__name__)

#: What people see as the place where a permission was changed.
_CHANGED_BY: Final = {ConsentCause.FEED: ChangedBy.SPOTLER, ConsentCause.FORM: ChangedBy.SPOTLER}


class RowChanged(Transient):
    """Somebody changed the row of the permission while it was switched on."""

    code = "PERMISSION_CHANGED"


@dataclass(frozen=True, slots=True)
class Switch:
    """A row to switch.

    Attributes:
        record: whose row it is.
        row: the row as it was read.
        on: whether the permission is on afterwards.
        at: when that was decided or reported.
        cause: who or what switches it.
        evidence: what shows it.
        noted: whether the history has its entry already.
    """

    record: RecordRef
    row: PermissionRow
    on: bool
    at: datetime
    cause: ConsentCause
    evidence: str
    noted: bool = False

    @property
    def change(self) -> Change | None:
        """The entry that the history lacks; None where the permission was off before, as that of a deactivated row."""
        before = not self.row.refuses
        if self.noted or before is self.on:
            return None
        return Change(self.record, self.row.name, before, self.on, self.at, self.cause, self.evidence)

    @property
    def changed_by(self) -> ChangedBy:
        """What people see as the place where it was changed."""
        return _CHANGED_BY.get(self.cause, ChangedBy.DYNAMICS)


def switch(services: Services, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    """Switch rows, all in one write of the history and one of the rows each way.

    Call it before Spotler is called when a permission goes off, so that a crash leaves nobody subscribed.

    Returns:
        the records of which a row could not be switched, and why. A row that is gone is the same end state.
    """
    places = {each.record.table: storage_of(services, each.record.table) for each in switches}
    switches = [
        each for each in switches if not each.on or places[each.record.table].takes(each.row.name, each.row.bit)
    ]
    before = [each for each in switches if not (each.on and places[each.record.table].explains_itself)]
    failed = _note(services, before)
    ready = [each for each in switches if each.record not in failed]
    _keep_old(services, ready)
    for storage in {place.name: place for place in places.values()}.values():
        group = [each for each in ready if places[each.record.table].name == storage.name]
        failed |= _done(storage.switch_off, [each for each in group if not each.on])
        failed |= _done(storage.switch_on, [each for each in group if each.on])
    return failed | _note(services, [each for each in ready if each not in before and each.record not in failed])


def _note(services: Services, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    """Add to the history what it lacks."""
    return append(services.dataverse, [change for each in switches if (change := each.change)])


def _keep_old(services: Services, switches: Sequence[Switch]) -> None:
    """Keep what the rows said. That this fails holds no withdrawal back: an undo leaves permissions as they are."""
    by_record: dict[RecordRef, dict[str, tuple[object, object]]] = {}
    for each in switches:
        if each.row.refuses is each.on:
            by_record.setdefault(each.record, {})[each.row.id] = (not each.row.refuses, each.on)
    changes = {ref: Overwritten(ref.table, {}, rows) for ref, rows in by_record.items()}
    for error in keep(services, changes).values():
        telemetry.log_problem(log, error, operation=OPERATION)


def _done(
    write: Callable[[Sequence[Switch]], Problems], switches: Sequence[Switch]
) -> dict[RecordRef, ConnectorError]:  # fmt: skip
    """What went wrong, by record."""
    if not switches:
        return {}
    try:
        problems = write(switches)
    except ConnectorError as error:
        return {each.record: error for each in switches}
    return {
        each.record: RowChanged() if isinstance(problem, Conflict) else problem
        for each, problem in zip(switches, problems, strict=True)
        if problem is not None and not isinstance(problem, NotFound)
    }
