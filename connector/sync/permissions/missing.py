"""Permissions of a contact that Spotler had and has lost: they are switched off, as an opt-out may be lost with it.

Somebody may have anonymised the contact by hand after an opt-out that no feed has shown, and Spotler says nothing of it
any more. So every permission that was on counts as refused since the loss. Whoever switches one on after that is newer.

    Spotler does not know the contact                    all of them, since now
    Spotler has another one with the same External Id    those that are off there, since that one was made

Many at a time look like the wrong account of Spotler, so the brake counts the records that lose a permission.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connector.consent import Item, PermissionReport
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Transient
from connector.services import Services
from connector.sync.brake.brake import Brake
from connector.sync.brake.derived import MISSING, Derived
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record


class MissingHeld(Transient):
    """Spotler does not know many contacts that it had, so the brake holds back what would follow from that."""

    code = "CONTACTS_MISSING"
    advice = "Ask an administrator to check the key of Spotler, and to approve or discard the plan (plan list)."


def lost_permissions(
    record: Record, at: datetime | None = None, shown: Iterable[Item] = (), only: Collection[str] | None = None
) -> tuple[PermissionReport, ...]:
    """The permissions that are off because the contact was lost.

    Args:
        record: whose contact it was.
        at: when another contact was made in its place; None where there is none.
        shown: the permissions that are on there.
        only: the ids of the rows that count; None for all.
    """
    kept = {row.id for item in shown for row in record.rows_of(item.name, item.bit)}
    return tuple(
        PermissionReport(row.name, row.bit, on=False, at=at, missing=True)
        for row in record.facts.rows
        if row.subscribed and row.id not in kept and (only is None or row.id in only)
    )


def switch_off_lost(
    services: Services, records: Sequence[Record], only: Collection[str] | None = None
) -> dict[RecordRef, Record | ConnectorError]:
    """Switch off the permissions of records whose contacts Spotler does not know any more.

    Args:
        services: Dataverse, and the state that the brake counts in.
        records: which.
        only: the ids of the rows that count; None for all.

    Returns:
        each record as it is then, or why nothing was switched: `MissingHeld` where the brake holds it back.
    """
    reports = {each.ref: lost_permissions(each, only=only) for each in records}
    held = held_back(services, reports)
    told = [
        each.reporting(replace(each.facts.spotler, permissions=reports[each.ref]))
        for each in records
        if reports[each.ref] and each.ref not in held
    ]
    before = {each.ref: each for each in records}
    after: dict[RecordRef, Record | ConnectorError] = {**before, **held}
    for ref, done in PermissionRows(services).apply(told).items():
        after[ref] = done.reporting(before[ref].facts.spotler) if isinstance(done, Record) else done
    return after


def held_back(
    services: Services, lost: Mapping[RecordRef, Sequence[PermissionReport]]
) -> dict[RecordRef, ConnectorError]:
    """The records whose permissions must not be switched off now, and why; those that lose none are not counted."""
    derived = [Derived(ref, (MISSING,), is_of_mapping=False) for ref, reports in lost.items() if reports]
    try:
        return dict.fromkeys(Brake(services).held(derived), MissingHeld())
    except ConnectorError as error:
        return {each.ref: error for each in derived}
