"""What comes before the work: the record is read, fit, allowed by consent, and as it is in Spotler."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector.consent import Intent, objection
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.jobs.attempt import Attempt
from connector.operations.context import Context
from connector.operations.fields import Write
from connector.operations.operation import Needs, Operation, Task
from connector.operations.results import Failed, Result
from connector.services import Services
from connector.sync.records import Record, RecordReader
from connector.sync.withdrawal import withdraw


def lookup_problem(operation: Operation[Any], attempt: Attempt) -> Invalid | None:
    """What is wrong with a row that names two records, or none where one is needed: this takes no call."""
    job = attempt.job
    if job.customer is not None and job.lead is not None:
        return Invalid("The job has both a customer and a lead; keep one of them.")
    if operation.needs is Needs.NOTHING or job.record is not None:
        return None
    if attempt.about is not None and not operation.accepts_deleted:
        return _deleted()
    if attempt.about is None and operation.needs is Needs.RECORD:
        return _no_record()
    return None


def prepare[Plan](
    operation: Operation[Plan], planned: Sequence[tuple[Attempt, Plan]], context: Context
) -> tuple[list[Task[Plan]], dict[str, Result]]:
    """The tasks that can be performed now, and the results of the others, by job id.

    Raises:
        Exception: ends them all, where nothing can be said of any.
    """
    refs = {} if operation.needs is Needs.NOTHING else {each.job.id: each.about for each, _ in planned if each.about}
    records = RecordReader(context.services).read(set(refs.values()))
    tasks: list[Task[Plan]] = []
    results: dict[str, Result] = {}
    for attempt, plan in planned:
        task = Task(attempt.job, plan, intent=operation.intent_of(plan), step=attempt.item.step)
        ref = refs.get(attempt.job.id)
        if ref is None:
            tasks.append(task)
            continue
        try:
            tasks.append(replace(task, record=_fit(operation, attempt, ref, records.get(ref))))
        except Invalid as error:
            results[attempt.job.id] = Failed(error)
    tasks, refused = enforce_consent(tasks, context.services)
    results |= refused
    if operation.syncs_first:
        # A record that Spotler does not know yet is sent before anything is done with it.
        results |= context.send([task for task in tasks if task.record and not task.record.is_known], always=True)
    return _left(tasks, results), results


def enforce_consent[Plan](
    tasks: Sequence[Task[Plan]], services: Services
) -> tuple[list[Task[Plan]], dict[str, Result]]:
    """The tasks that consent allows, and the results of the others; what they switch off is withdrawn in Dataverse."""
    allowed: list[Task[Plan]] = []
    results: dict[str, Result] = {}
    rows = {}
    for task in tasks:
        record, write = task.record, task.plan if isinstance(task.plan, Write) else None
        permission = write.permission if write else ""
        if record is None:
            allowed.append(task)
        elif error := objection(record.decision, task.intent, permission=permission):
            results[task.job.id] = Failed(error)
        elif write and task.intent is Intent.SWITCH_OFF:
            rows[record.ref] = record.rows_of(permission, write.bit)
            allowed.append(replace(task, record=record.without(permission, write.bit)))
        else:
            allowed.append(task)
    for ref, error in withdraw(services, rows).items():
        results |= {task.job.id: Failed(error) for task in allowed if task.record and task.record.ref == ref}
    return _left(allowed, results), results


def _left[Plan](tasks: Sequence[Task[Plan]], results: Mapping[str, Result]) -> list[Task[Plan]]:
    return [task for task in tasks if task.job.id not in results]


def _fit(operation: Operation[Any], attempt: Attempt, ref: RecordRef, record: Record | None) -> Record:
    """The record of a job, as it was read.

    Raises:
        Invalid: when it is not fit for the operation.
    """
    if record is None:
        if not operation.accepts_deleted:
            raise _deleted()
        return Record.deleted(ref)
    if attempt.job.record is None:
        raise _no_record()  # it is still there, so somebody has cleared the lookup
    return record


def _deleted() -> Invalid:
    return Invalid("The customer or lead of the job was deleted.")


def _no_record() -> Invalid:
    return Invalid("The job has neither a customer nor a lead, or its record was deleted; fill one of them.")
