"""What comes before the work of every operation: the record is read, found fit, willing, and known to Spotler."""

from collections.abc import Sequence

from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.jobs.consent import heed_consent
from connector.operations.attempt import Attempt
from connector.operations.field_write import Write
from connector.operations.operation import Accepts, Batch, Needs, Operation
from connector.sync.records import Record, RecordReader


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
    for attempt in fit:
        plan = attempt.plan
        attempt.only_removes = (
            plan.only_removes if isinstance(plan, Write) else Accepts.DO_NOT_EMAIL in operation.accepts
        )
    heed_consent(fit, batch.services)
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
    if not record.is_active and Accepts.INACTIVE not in operation.accepts:
        raise Invalid("The customer or lead of the job is deactivated.")
    return record


def _deleted() -> Invalid:
    return Invalid("The customer or lead of the job was deleted.")


def _no_record() -> Invalid:
    return Invalid("The job has neither a customer nor a lead, or its record was deleted; fill one of them.")
