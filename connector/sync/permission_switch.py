"""Rows of Spotler Permission are switched here, and nowhere else: the history first, then the row.

    switches ─► Consent History ─┬─ written ──► rows (on: only the version that was read)
                                 └─ not written ──► the error of its record: nothing is switched

Switching off is never bound to a version, so that no state of a row forbids a withdrawal. Switching on is: where
somebody has changed the row meanwhile, that person's change stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connector.consent import Change, PermissionRow
from connector.dataverse.api import BatchRequest, Conflict, Keyed, NotFound, Row
from connector.dataverse.choices import ChangedBy, ConsentCause
from connector.dataverse.names import Permission
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Transient
from connector.services import Services
from connector.sync.consent_history import append

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
    def values(self) -> Row:
        """The columns of the row afterwards."""
        return {
            Permission.SUBSCRIBED: self.on,
            Permission.CHANGED_ON: self.at.astimezone(UTC).isoformat(timespec="seconds"),
            Permission.CHANGED_BY: _CHANGED_BY.get(self.cause, ChangedBy.DYNAMICS).value,
            **({Permission.STATE: 0, Permission.STATUS: 1} if self.on and not self.row.is_active else {}),
        }


def switch(services: Services, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    """Switch rows, all in one write of the history and one of the rows each way.

    Call it before Spotler is called when a permission goes off, so that a crash leaves nobody subscribed.

    Returns:
        the records of which a row could not be switched, and why. A row that is gone is the same end state.
    """
    changes = [change for each in switches if (change := each.change)]
    failed = append(services.dataverse, changes)
    ready = [each for each in switches if each.record not in failed]
    failed |= _off(services, [each for each in ready if not each.on])
    return failed | _on(services, [each for each in ready if each.on])


def note_edits(services: Services, rows: Sequence[PermissionRow]) -> None:
    """Write on rows when people switched them. Whoever changes one meanwhile is noticed with the next sync.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    if rows:
        services.dataverse.batch(
            [BatchRequest.update(Permission.SET, row.id, _edited(row), if_match=row.version) for row in rows if row.at]
        )


def _edited(row: PermissionRow) -> Row:
    at = row.at.astimezone(UTC).isoformat(timespec="seconds") if row.at else None
    return {Permission.CHANGED_ON: at, Permission.CHANGED_BY: ChangedBy.DYNAMICS.value}


def _off(services: Services, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    if not switches:
        return {}
    try:
        results = services.dataverse.update_multiple(
            Permission, [Keyed(each.row.id, each.values) for each in switches]
        )  # fmt: skip
    except ConnectorError as error:
        return {each.record: error for each in switches}
    return _errors(switches, [result.error for result in results])


def _on(services: Services, switches: Sequence[Switch]) -> dict[RecordRef, ConnectorError]:
    if not switches:
        return {}
    requests = [
        BatchRequest.update(Permission.SET, each.row.id, each.values, if_match=each.row.version) for each in switches
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
