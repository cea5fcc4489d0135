"""Rows of Spotler Permission are switched here, and nowhere else: the history first, then the row.

    switches ─► Consent History ─┬─ written ──► rows (on: only the version that was read)
                                 └─ not written ──► the error of its record: nothing is switched

Switching off is never bound to a version, so that no state of a row forbids a withdrawal. Switching on is: where
somebody has changed the row meanwhile, that person's change stays.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connector import telemetry
from connector.consent import Change, PermissionRow
from connector.dataverse.api import BatchRequest, Conflict, Keyed, NotFound, Row
from connector.dataverse.choices import ChangedBy, ConsentCause
from connector.dataverse.names import Permission
from connector.dataverse.permission_tables import PermissionTable
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Transient
from connector.services import Services
from connector.sync.old_values import OPERATION, Overwritten, keep
from connector.sync.permissions.history import append
from connector.sync.permissions.storage import storage_of

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

    def values(self, table: PermissionTable) -> Row:
        """The columns of the row afterwards."""
        at = self.at.astimezone(UTC).isoformat(timespec="seconds")
        by = _CHANGED_BY.get(self.cause, ChangedBy.DYNAMICS)
        active = {Permission.STATE: 0, Permission.STATUS: 1} if self.on and not self.row.is_active else {}
        return {table.subscribed: self.on, **traces(table, at, by), **active}


def traces(table: PermissionTable, at: str | None, by: ChangedBy) -> dict[str, object]:
    """What a row says of its last switch, as far as the table has columns for it."""
    columns = {table.changed_on: at, table.changed_by: by.value}
    return {name: value for name, value in columns.items() if name is not None}


def switch(services: Services, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    """Switch rows, all in one write of the history and one of the rows each way.

    Call it before Spotler is called when a permission goes off, so that a crash leaves nobody subscribed.

    Returns:
        the records of which a row could not be switched, and why. A row that is gone is the same end state.
    """
    changes = [change for each in switches if (change := each.change)]
    failed = append(services.dataverse, changes)
    ready = [each for each in switches if each.record not in failed]
    _keep_old(services, ready)
    for table, group in _by_table(services, ready):
        failed |= _off(services, table, [each for each in group if not each.on])
        failed |= _on(services, table, [each for each in group if each.on])
    return failed


def _keep_old(services: Services, switches: Sequence[Switch]) -> None:
    """Keep what the rows said. That this fails holds no withdrawal back: an undo leaves permissions as they are."""
    by_record: dict[RecordRef, dict[str, tuple[object, object]]] = {}
    for each in switches:
        by_record.setdefault(each.record, {})[each.row.id] = (not each.row.refuses, each.on)
    changes = {ref: Overwritten(ref.table, {}, rows) for ref, rows in by_record.items()}
    for error in keep(services, changes).values():
        telemetry.log_problem(log, error, operation=OPERATION)


def _by_table(services: Services, switches: Sequence[Switch]) -> list[tuple[PermissionTable, list[Switch]]]:
    """The switches of each table that permissions are kept in."""
    by_name: dict[str, tuple[PermissionTable, list[Switch]]] = {}
    for each in switches:
        table = storage_of(services, each.record.table)
        by_name.setdefault(table.table, (table, []))[1].append(each)
    return list(by_name.values())


def note_edits(services: Services, table: PermissionTable, rows: Sequence[PermissionRow]) -> None:
    """Write on rows when people switched them. Whoever changes one meanwhile is noticed with the next sync.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    if rows and table.changed_on:
        services.dataverse.batch(
            [
                BatchRequest.update(table.set, row.id, _edited(table, row), if_match=row.version)
                for row in rows
                if row.at
            ]
        )


def _edited(table: PermissionTable, row: PermissionRow) -> Row:
    at = row.at.astimezone(UTC).isoformat(timespec="seconds") if row.at else None
    return traces(table, at, ChangedBy.DYNAMICS)


def _off(services: Services, table: PermissionTable, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    if not switches:
        return {}
    try:
        results = services.dataverse.update_multiple(
            table, [Keyed(each.row.id, each.values(table)) for each in switches]
        )  # fmt: skip
    except ConnectorError as error:
        return {each.record: error for each in switches}
    return _errors(switches, [result.error for result in results])


def _on(services: Services, table: PermissionTable, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    if not switches:
        return {}
    requests = [
        BatchRequest.update(table.set, each.row.id, each.values(table), if_match=each.row.version) for each in switches
    ]
    try:
        answers = services.dataverse.batch(requests)
    except ConnectorError as error:
        return {each.record: error for each in switches}
    errors = [RowChanged() if isinstance(answer.error, Conflict) else answer.error for answer in answers]
    return _errors(switches, errors)


def _errors(
    switches: Sequence[Switch], errors: Sequence[ConnectorError | None]
) -> dict[RecordRef, ConnectorError]:  # fmt: skip
    return {
        each.record: error
        for each, error in zip(switches, errors, strict=True)
        if error is not None and not isinstance(error, NotFound)
    }
