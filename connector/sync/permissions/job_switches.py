"""Permissions that jobs switched in Spotler: what is on gets its row, and what Spotler has now is remembered.

The rows of what is switched off were off before Spotler was called. Without a note of what Spotler has,

* a person who takes back what a job switched on would leave the content that was sent last, and nothing would tell the
  next sync that Spotler has something else;
* an opt-in in Spotler after a job that switches off would count from before that job, so it would look refused.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from connector import telemetry
from connector.consent import Item
from connector.consent.creation import NewRow
from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping.columns import KEPT_AS_ROWS
from connector.services import Services
from connector.sync.both_ways.switches import known_after_sending
from connector.sync.info import InfoChanged, InfoWrite, info_of, write_unchanged
from connector.sync.permissions.creation import create
from connector.sync.permissions.places import storage_of
from connector.sync.permissions.switch import Switch, switch
from connector.sync.records import Record, RecordReader

log = logging.getLogger(__name__)

#: The name under which problems are logged.
OPERATION: Final = "set-contact-field"
#: How often a row is written that others write at the same time.
TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class JobSwitch:
    """A permission that a job switched in Spotler.

    Attributes:
        job: its id.
        record: of whom.
        permission: which.
        began: before Spotler was called.
        ended: when it had answered. What was seen since is newer.
    """

    job: str
    record: Record
    permission: Item
    began: datetime
    ended: datetime


def record_opt_outs(services: Services, opt_outs: Sequence[JobSwitch]) -> None:
    """Remember that these permissions are off in Spotler, where something was known of them; a failure is logged."""
    known = [each for each in opt_outs if each.permission.bit in each.record.last.permissions]
    try:
        failed = _remember(services, known, on=False)
    except ConnectorError as error:
        failed = {each.record.ref: error for each in known}
    for problem in failed.values():
        telemetry.log_problem(log, problem, operation=OPERATION)


def record_opt_ins(services: Services, opt_ins: Sequence[JobSwitch]) -> dict[str, ConnectorError]:
    """Switch the rows on, or create them, where the mapping keeps permissions as rows.

    Returns:
        the jobs whose row could not be written, and why.
    """
    now = services.now()
    switches: list[Switch] = []
    new: dict[RecordRef, list[NewRow]] = {}
    kept = [each for each in opt_ins if _has_rows(services, each.record.ref.table)]
    # The sync before a job may have made the row.
    without = {each.record.ref for each in kept if not each.record.rows_of(each.permission.name, each.permission.bit)}
    made = RecordReader(services).read(without)
    for each in kept:
        rows = each.record.rows_of(each.permission.name, each.permission.bit)
        if not rows and each.record.ref in made:
            # A row that a person has made meanwhile stays.
            own = storage_of(services, each.record.ref.table).row_id(each.record.ref, each.permission.name)
            rows = tuple(row for row in made[each.record.ref].facts.rows if row.id == own)
        evidence = f"Job {each.job}"
        switches += [
            Switch(each.record.ref, row, on=True, at=now, cause=ConsentCause.JOB, evidence=evidence)
            for row in rows
            if row.refuses
        ]
        if not rows:
            row = NewRow(each.permission.name, each.permission.bit, True, now, ConsentCause.JOB, evidence)
            new.setdefault(each.record.ref, []).append(row)
    failed = switch(services, switches)
    failed |= create(services, new)[1]
    failed |= _remember(services, [each for each in kept if each.record.ref not in failed], on=True)
    return {each.job: failed[each.record.ref] for each in kept if each.record.ref in failed}


def _remember(
    services: Services, switches: Collection[JobSwitch], *, on: bool
) -> dict[RecordRef, ConnectorError]:  # fmt: skip
    """Note on Spotler Info how Spotler has these permissions; the records where that failed, and why."""
    left = {each.record.ref for each in switches}
    failed: dict[RecordRef, ConnectorError] = {}
    for _ in range(TRIES):
        writes = []
        for ref, record in RecordReader(services).read(left).items():
            known = record.last.permissions
            for each in (each for each in switches if each.record.ref == ref):
                bit = each.permission.bit
                if bit not in known or known[bit].at <= each.ended:
                    known = known_after_sending(known, [(bit, on)], began=each.began, ended=each.ended)
            if known == record.last.permissions:
                continue
            last = replace(record.last, permissions=known)
            writes.append(InfoWrite(ref, record.info, info_of(ref, record.name, **{Info.LAST_COMMON: last.text})))
        written = write_unchanged(services.dataverse, writes)
        failed = {ref: each for ref, each in written.items() if isinstance(each, ConnectorError)}
        left = {ref for ref, error in failed.items() if isinstance(error, InfoChanged)}
        if not left:
            break
    return failed


def _has_rows(services: Services, table: str) -> bool:
    return any(row.columns.get(table) in KEPT_AS_ROWS for row in services.mapping.rows)
