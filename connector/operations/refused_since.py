"""Whether a permission was refused after a job was ordered that switches it on: then the job comes too late.

A job may wait for hours, because a system is out of order or a worker has died, and its first attempt may have
switched the permission on. What the person has refused since then must stay refused, whether that was seen already:

| Seen in | As |
|---|---|
| Consent History | a withdrawal that is newer than the order, by another one than a job |
| Spotler Permission | a row that refuses, and that somebody else than the connector wrote since the order |
| Spotler | the permission is off, was on before, and the contact was changed since, by another one than the connector |
| Spotler | the contact is missing, or another one is in its place, so it is not known what the person refused |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from connector.consent import Change, Intent, Item
from connector.consent.intent import OptedOut
from connector.consent.permissions import key_of
from connector.dataverse.choices import ConsentCause
from connector.operations.consent_watch import MAX_AGE
from connector.operations.context import Context
from connector.operations.operation import Task
from connector.operations.results import Failed, Result
from connector.spotler import SpotlerContact
from connector.sync.both_ways.switches import shown_permissions
from connector.sync.info import CLOCKS_DIFFER
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.preparing import permissions_field
from connector.sync.permissions.history import last_withdrawals
from connector.sync.records import Record, RecordReader


class RefusedSince(OptedOut):
    """The permission may have been refused after the job was ordered, so the job does not switch it on."""

    advice = "If the person agrees to it now, choose Retry."


def refused_since(tasks: Sequence[Task[Any]], context: Context) -> dict[str, Result]:
    """The results of the tasks that come too late. A fresh order costs no call.

    Raises:
        ConnectorError: Dataverse or the fields of Spotler cannot be read now.
    """
    services = context.services
    now = services.now()
    orders = [
        _Order(task, task.permission, task.ordered_on)
        for task in tasks
        if task.intent is Intent.SWITCH_ON and task.permission is not None and task.ordered_on is not None
    ]
    results: dict[str, Result] = {
        each.task.job.id: Failed(RefusedSince()) for each in orders if each.is_refused_by(each.task.known_record)
    }
    old = [each for each in orders if now - each.on > MAX_AGE and each.task.job.id not in results]
    if not old:
        return results
    refs = [each.task.known_record.ref for each in old]
    records = RecordReader(services).read(refs)
    withdrawals = last_withdrawals(services.dataverse, refs)
    asked = {ref: partial(services.spotler.get_contact, ref.id) for ref in refs}
    contacts = one_by_one(services, context.check_time, asked)
    for each in old:
        ref = each.task.known_record.ref
        record, contact = records.get(ref, each.task.known_record), contacts[ref]
        withdrawal = withdrawals.get(ref, {}).get(key_of(each.permission.name))
        if isinstance(contact, Exception):
            results[each.task.job.id] = Failed(contact)
        elif (
            each.is_refused_by(record)
            or each.is_withdrawn_by(withdrawal)
            or (record.had_contact if contact is None else each.was_left(contact, record, withdrawal, context))
            or (contact is not None and each.is_of_another(contact))
        ):
            results[each.task.job.id] = Failed(RefusedSince())
    return results


@dataclass(frozen=True, slots=True)
class _Order:
    """A task that switches a permission on, and when it was ordered."""

    task: Task[Any]
    permission: Item
    on: datetime

    def is_refused_by(self, record: Record) -> bool:
        """Whether somebody else than the connector wrote a row that refuses, after the order."""
        return any(
            row.modified_on is not None and row.modified_on > self.on
            for row in record.rows_of(self.permission.name, self.permission.bit)
            if row.refuses and row.at == row.modified_on and row.at != row.changed_on
        )

    def is_withdrawn_by(self, withdrawal: Change | None) -> bool:
        """Whether this is newer than the order. Jobs of a record run in turn: that of another job is an older one."""
        return withdrawal is not None and withdrawal.cause is not ConsentCause.JOB and withdrawal.at > self.on

    def is_of_another(self, contact: SpotlerContact) -> bool:
        """Whether the contact was made in the place of one that Spotler has lost; where clocks differ, rather yes."""
        last = self.task.known_record.last
        made = last.made_on or last.made_about
        return made is not None and contact.created is not None and contact.created > made + CLOCKS_DIFFER

    def was_left(
        self, contact: SpotlerContact, record: Record, withdrawal: Change | None, context: Context
    ) -> bool:  # fmt: skip
        """Whether the person may have left the permission in Spotler after the order.

        It was on there, as far as is known, or since the first attempt; and the connector did not change the contact
        last.
        """
        before = self.task.known_record
        fields = context.services.spotler.fields()
        field = permissions_field(context.services.mapping, before.ref.table, fields)
        changed_on, bit = contact.last_changed, self.permission.bit
        if field is None or changed_on is None or shown_permissions(contact, fields, field.name).get(bit) is not False:
            return False
        if before.sent_on is not None and changed_on <= before.sent_on + CLOCKS_DIFFER:
            return False
        by_job = withdrawal.at if withdrawal is not None and withdrawal.cause is ConsentCause.JOB else None
        if any(at is not None and abs(changed_on - at) <= CLOCKS_DIFFER for at in (record.sent_on, by_job)):
            return False
        known = before.last.permissions.get(bit)
        since = self.on if known is not None and known.on else self.task.begun_on or self.on
        return changed_on > since + CLOCKS_DIFFER
