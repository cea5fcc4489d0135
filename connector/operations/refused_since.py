"""Whether a permission was refused after a job was ordered that switches it on: then the job comes too late.

A job may wait for hours, because a system is out of order or a worker has died, and its first attempt may have
switched the permission on. What the person has refused since then must stay refused, whether that was seen already:

| Seen in | As |
|---|---|
| Consent History | a withdrawal that is newer than the order |
| Spotler Permission | a row that refuses, and that somebody else than the connector wrote since the order |
| Spotler | the permission is off, and the contact was changed since the order and since the record was sent last |
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from connector.consent import Intent, Item
from connector.consent.intent import OptedOut
from connector.consent.permissions import key_of
from connector.dataverse.records import RecordRef
from connector.operations.consent_watch import MAX_AGE
from connector.operations.context import Context
from connector.operations.operation import Task
from connector.operations.results import Failed, Result
from connector.spotler import SpotlerContact
from connector.sync.consent_history import withdrawn_on
from connector.sync.info import CLOCKS_DIFFER
from connector.sync.one_by_one import one_by_one
from connector.sync.preparing import permissions_field
from connector.sync.records import Record, RecordReader
from connector.sync.switches import shown_permissions


class RefusedSince(OptedOut):
    """The permission may have been refused after the job was ordered, so the job does not switch it on."""

    advice = "If the person agrees to it now, set the job back to Queued."


def refused_since(tasks: Sequence[Task[Any]], context: Context) -> dict[str, Result]:
    """The results of the tasks that come too late. A fresh order costs no call.

    Raises:
        ConnectorError: Dataverse or the fields of Spotler cannot be read now.
    """
    services = context.services
    now = services.now()
    old = [
        (task, task.permission, task.ordered_on)
        for task in tasks
        if task.intent is Intent.SWITCH_ON
        and task.permission is not None
        and task.ordered_on is not None
        and now - task.ordered_on > MAX_AGE
    ]
    if not old:
        return {}
    refs = [task.known_record.ref for task, _, _ in old]
    records = RecordReader(services).read(refs)
    withdrawn = withdrawn_on(services.dataverse, refs)
    asked = {ref: partial(services.spotler.get_contact, ref.id) for ref in refs}
    contacts = one_by_one(services, context.check_time, asked)
    results: dict[str, Result] = {}
    for task, permission, ordered_on in old:
        ref = task.known_record.ref
        record, contact = records.get(ref, task.known_record), contacts[ref]
        if isinstance(contact, Exception):
            results[task.job.id] = Failed(contact)
            continue
        times = [withdrawn.get(ref, {}).get(key_of(permission.name)), *_refusals(record, permission)]
        if contact is not None:
            sent_on = task.known_record.sent_on, record.sent_on
            times.append(_left_on(ref, contact, permission, context, sent_on))
        if any(at is not None and at > ordered_on for at in times):
            results[task.job.id] = Failed(RefusedSince())
    return results


def _refusals(record: Record, permission: Item) -> Iterator[datetime | None]:
    """When somebody else than the connector wrote rows that refuse."""
    for row in record.rows_of(permission.name, permission.bit):
        if row.refuses and row.at == row.modified_on and row.at != row.changed_on:
            yield row.modified_on


def _left_on(
    ref: RecordRef,
    contact: SpotlerContact,
    permission: Item,
    context: Context,
    sent_on: tuple[datetime | None, datetime | None],
) -> datetime | None:
    """When the person may have left the permission in Spotler; None where the connector changed the contact last.

    Args:
        ref: the record.
        contact: as Spotler shows it.
        permission: which.
        context: the systems.
        sent_on: when the record was sent last before this attempt, and in it.
    """
    fields = context.services.spotler.fields()
    field = permissions_field(context.services.mapping, ref.table, fields)
    changed_on, (before, now) = contact.last_changed, sent_on
    if field is None or changed_on is None:
        return None
    is_off = shown_permissions(contact, fields, field.name).get(permission.bit) is False
    is_ours = before is not None and changed_on <= before + CLOCKS_DIFFER
    is_ours |= now is not None and abs(changed_on - now) <= CLOCKS_DIFFER
    return changed_on - CLOCKS_DIFFER if is_off and not is_ours else None
