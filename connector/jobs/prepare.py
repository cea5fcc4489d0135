"""What comes before the work of every operation: the record is read, found fit, and known to Spotler."""

from collections.abc import Sequence

from connector.errors import Invalid, Refused
from connector.jobs.attempt import Attempt
from connector.jobs.operation import Batch, Needs, Operation
from connector.sync.outward import SKIPPED, Outward
from connector.sync.records import RecordReader


def prepare(operation: Operation, attempts: Sequence[Attempt], batch: Batch) -> None:
    """Give every attempt its record; end those whose record is not fit for the operation."""
    for attempt in attempts:
        _check_lookups(operation, attempt)
    about_records = [attempt for attempt in attempts if attempt.is_open and attempt.job.record is not None]
    if not about_records:
        return
    reader = RecordReader(batch.services)
    records = reader.read({attempt.job.record for attempt in about_records if attempt.job.record is not None})
    for attempt in about_records:
        record = records.get(attempt.job.record) if attempt.job.record else None
        if record is None:
            attempt.fail(Invalid("The customer or lead of the job was deleted."))
        elif not record.is_active and not operation.accepts_inactive:
            attempt.fail(Invalid("The customer or lead of the job is deactivated."))
        else:
            attempt.record = record
    if operation.syncs_first:
        _sync_first([attempt for attempt in about_records if attempt.is_open], batch)


def _check_lookups(operation: Operation, attempt: Attempt) -> None:
    job = attempt.job
    if job.customer is not None and job.lead is not None:
        attempt.fail(Invalid("The job has both a customer and a lead; keep one of them."))
    elif job.record is None and attempt.item.record is not None and operation.needs is not Needs.NOTHING:
        attempt.fail(Invalid("The customer or lead of the job was deleted."))
    elif operation.needs is Needs.RECORD and job.record is None:
        attempt.fail(Invalid("The job has neither a customer nor a lead, or its record was deleted; fill one of them."))


def _sync_first(attempts: Sequence[Attempt], batch: Batch) -> None:
    """A record that Spotler does not know yet is sent before anything is done with it."""
    unknown = [attempt for attempt in attempts if attempt.record is not None and not attempt.record.is_known]
    if not unknown:
        return
    sent = Outward(batch.services, batch.infos).send(
        [attempt.record for attempt in unknown if attempt.record is not None], always=True
    )
    for attempt in unknown:
        assert attempt.record is not None  # noqa: S101 - filtered above
        result = sent[attempt.record.ref]
        if isinstance(result, Exception):
            attempt.fail(result)
        elif result.code in SKIPPED:
            attempt.fail(
                Refused(
                    f"Spotler does not know the record, and it may not be sent there: {result.message}",
                    code=result.code,
                    advice="Make the record fit for Spotler, then set the job back to Queued.",
                )
            )
