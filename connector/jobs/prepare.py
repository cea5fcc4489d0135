"""What comes before the work of every operation: the record is read, found fit, willing, and known to Spotler."""

from collections.abc import Sequence

from connector.consent import Intent, objection
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.operations.attempt import Attempt
from connector.operations.field_write import Write
from connector.operations.operation import Accepts, Batch, Needs, Operation
from connector.sync.records import Record, RecordReader
from connector.sync.withdrawal import withdraw


def check_lookups(operation: Operation, attempts: Sequence[Attempt]) -> None:
    """End the attempts whose row names two records, or none where one is needed: this takes no call."""
    for attempt in attempts:
        job = attempt.job
        if job.customer is not None and job.lead is not None:
            attempt.fail(Invalid("The job has both a customer and a lead; keep one of them."))
        elif operation.needs is Needs.NOTHING or job.record is not None:
            continue
        elif attempt.about is not None and Accepts.DELETED not in operation.accepts:
            attempt.fail(_deleted())
        elif attempt.about is None and operation.needs is Needs.RECORD:
            attempt.fail(_no_record())


def prepare(operation: Operation, attempts: Sequence[Attempt], batch: Batch) -> None:
    """Give every attempt its record; end those whose record is not fit for the operation."""
    refs = [] if operation.needs is Needs.NOTHING else [(each, each.about) for each in attempts if each.about]
    records = RecordReader(batch.services).read({ref for _, ref in refs})
    for attempt, ref in refs:
        try:
            attempt.record = _fit(operation, attempt, ref, records.get(ref))
        except Invalid as error:
            attempt.fail(error)
    fit = [attempt for attempt, _ in refs if attempt.is_open]
    enforce_consent(operation, fit, batch)
    if operation.syncs_first:
        # A record that Spotler does not know yet is sent before anything is done with it.
        batch.send([attempt for attempt in fit if attempt.is_open and not attempt.known_record.is_known])


def _fit(operation: Operation, attempt: Attempt, ref: RecordRef, record: Record | None) -> Record:
    """The record of a job, as it was read.

    Raises:
        Invalid: when it is not fit for the operation.
    """
    if record is None:
        if Accepts.DELETED not in operation.accepts:
            raise _deleted()
        return Record.deleted(ref)
    if attempt.job.record is None:
        raise _no_record()  # it is still there, so somebody has cleared the lookup
    return record


def enforce_consent(operation: Operation, attempts: Sequence[Attempt], batch: Batch) -> None:
    """End the attempts that consent forbids, and withdraw in Dataverse what the others switch off."""
    rows = {}
    for attempt in attempts:
        plan, record = attempt.plan, attempt.known_record
        write = plan if isinstance(plan, Write) else None
        intent = intent_of(operation, write)
        attempt.only_removes = intent in (Intent.REMOVE, Intent.SWITCH_OFF)
        if error := objection(record.decision, intent, permission=write.permission if write else ""):
            attempt.fail(error)
        elif write and intent is Intent.SWITCH_OFF:
            rows[record.ref] = record.rows_of(write.permission, write.bit)
            attempt.record = record.without(write.permission, write.bit)
    refused = withdraw(batch.services, rows)
    for attempt in attempts:
        if error := refused.get(attempt.known_record.ref):
            attempt.fail(error)


def intent_of(operation: Operation, write: Write | None) -> Intent:
    """What an operation wants to do with the person."""
    if write is not None and write.permission:
        return Intent.SWITCH_OFF if write.only_removes else Intent.SWITCH_ON
    if write is not None:
        return Intent.REMOVE if write.only_removes else Intent.CONTACT
    if not operation.syncs_first and Accepts.INACTIVE in operation.accepts:
        return Intent.SYNC
    return Intent.REMOVE if Accepts.DO_NOT_EMAIL in operation.accepts else Intent.CONTACT


def _deleted() -> Invalid:
    return Invalid("The customer or lead of the job was deleted.")


def _no_record() -> Invalid:
    return Invalid("The job has neither a customer nor a lead, or its record was deleted; fill one of them.")
