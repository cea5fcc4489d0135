"""Consent that is withdrawn: which rows of Spotler Permission are switched off, why, and what shows it."""

from datetime import datetime

from connector.consent import PermissionRow, Reason
from connector.consent.permissions import key_of
from connector.dataverse.choices import ConsentCause
from connector.sync.permission_switch import Switch
from connector.sync.records import Record


def withdrawals_decided(record: Record, now: datetime) -> list[Switch]:
    """The rows that the decision about a record switches off."""
    opted_out = {each.row for each in record.decision.permissions if each.reason is Reason.OPTED_OUT_IN_SPOTLER}
    rows = [row for row in record.facts.rows if row.id in record.decision.withdrawals]
    by_spotler = [
        Switch(record.ref, row, on=False, at=_reported(record, row) or now, cause=ConsentCause.FEED, evidence=_SPOTLER)
        for row in rows
        if row.id in opted_out
    ]
    rule = f"Rule: {record.decision.all_off}"
    return by_spotler + [
        Switch(record.ref, row, on=False, at=now, cause=ConsentCause.RULE, evidence=rule)
        for row in rows
        if row.id not in opted_out
    ]


def withdrawals_ordered(
    record: Record, permission: str, bit: int | None, *, job: str, now: datetime
) -> list[Switch]:  # fmt: skip
    """The rows that a job switches off, by the name of their permission or its bit."""
    return [
        Switch(record.ref, row, on=False, at=now, cause=ConsentCause.JOB, evidence=f"Job {job}")
        for row in record.rows_of(permission, bit)
        if row.subscribed
    ]


_SPOTLER = "Opted out in Spotler"


def _reported(record: Record, row: PermissionRow) -> datetime | None:
    """When the person opted out in Spotler: the latest time that was reported, of this permission or of everything."""
    spotler = record.facts.spotler
    times = [
        each.at
        for each in spotler.permissions
        if not each.on and (key_of(each.name) == key_of(row.name) or each.bit == row.bit)
    ]
    times += [spotler.opted_out_at] if spotler.opted_out else []
    return max((each for each in times if each), default=None)
