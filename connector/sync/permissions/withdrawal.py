"""Which rows of Spotler Permission are switched, why, and what shows it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from connector.consent import PermissionRow, Reason
from connector.consent.permissions import key_of
from connector.dataverse.choices import ConsentCause
from connector.sync.permissions.switch import Switch
from connector.sync.records import Record

#: The smallest difference between two times that rows keep.
_SECOND: Final = timedelta(seconds=1)


def withdrawals_decided(record: Record, now: datetime) -> list[Switch]:
    """The rows that the decision about a record switches off."""
    return [
        _decided(record, row, reason, now)
        for row in record.facts.rows
        if (reason := record.decision.withdrawals.get(row.id))
    ]


def opt_ins_decided(record: Record) -> list[Switch]:
    """The rows that are switched on, because Spotler reported an opt-in that is newer than every refusal.

    Rows and the history keep whole seconds, in which an opt-in has to be newer too.
    """
    on = {each.row for each in record.decision.permissions if each.on and each.reason is Reason.ON_IN_SPOTLER}
    return [
        Switch(
            record.ref,
            row,
            on=True,
            at=max(at, row.at + _SECOND) if row.at else at,
            cause=ConsentCause.FEED,
            evidence="The contact in Spotler opted in",
        )
        for row in record.facts.rows
        if row.id in on and row.refuses and (at := _reported(record, row, on=True))
    ]


def withdrawals_ordered(record: Record, rows: Iterable[PermissionRow], *, job: str, now: datetime) -> list[Switch]:
    """The switches of the rows that a job switches off; one that is off already refuses since now."""
    return [Switch(record.ref, row, on=False, at=now, cause=ConsentCause.JOB, evidence=f"Job {job}") for row in rows]


def _decided(record: Record, row: PermissionRow, reason: Reason, now: datetime) -> Switch:
    if reason is Reason.OPTED_OUT_IN_SPOTLER:
        at = _reported(record, row) or now
        return Switch(record.ref, row, on=False, at=at, cause=ConsentCause.FEED, evidence=_evidence(record))
    return Switch(record.ref, row, on=False, at=now, cause=ConsentCause.RULE, evidence=f"Rule: {reason}")


def _evidence(record: Record) -> str:
    what = "everything" if record.facts.spotler.opted_out else "this permission"
    return f"The contact in Spotler opted out of {what}"


def _reported(record: Record, row: PermissionRow, *, on: bool = False) -> datetime | None:
    """When the person opted in, or out, in Spotler: the latest time that was reported of this permission or of all."""
    spotler = record.facts.spotler
    times = [
        each.at
        for each in spotler.permissions
        if each.on is on and (key_of(each.name) == key_of(row.name) or (row.bit is not None and each.bit == row.bit))
    ]
    times += [spotler.opted_out_at] if spotler.opted_out and not on else []
    return max((each for each in times if each), default=None)
