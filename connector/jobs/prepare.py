"""What comes before the work: records are read, withdrawals are written, changes are sent, and consent is checked.

In this order: a person who must not be in Spotler any more is removed with the first job about them, whatever it is;
and a change of the record, consent before anything else, is in Spotler before any other work about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.consent import Change, Intent, objection
from connector.dataverse.choices import ConsentCause
from connector.errors import Invalid, Refused
from connector.jobs.attempt import Attempt
from connector.operations.context import Context
from connector.operations.operation import JobOperation, Needs, Task
from connector.operations.results import Continue, Failed, Result
from connector.sync.owners import RecordIdTaken
from connector.sync.permissions.former_names import FormerNames
from connector.sync.permissions.history import append
from connector.sync.permissions.late_creation import refusals_of
from connector.sync.permissions.switch import Switch, switch
from connector.sync.permissions.withdrawal import withdrawals_ordered
from connector.sync.records import Record, RecordReader


def lookup_problem(operation: JobOperation[Any], attempt: Attempt) -> Invalid | None:
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
    operation: JobOperation[Plan], planned: Sequence[tuple[Attempt, Plan]], context: Context
) -> tuple[list[Task[Plan]], dict[str, Result]]:
    """The tasks that can be performed now, and the results of the others, by job id.

    Raises:
        Exception: ends them all, where nothing can be said of any.
    """
    tasks, results = _with_records(operation, planned, context)
    tasks, refused = _withdrawn(tasks, context)
    results |= refused
    about = [task for task in _left(tasks, results) if task.record is not None]
    if operation.syncs_first:
        # A job that was claimed before may have died between sending its record and remembering it.
        again = [task for task in about if task.job.attempts > 1]
        ends = context.send(again, always=True)
        ends |= context.send([task for task in about if task.job.attempts <= 1], always=False)
        results |= ends
    for task in about:
        if _is_to_be_sent_again(results.get(task.job.id)):
            continue  # whoever may not be in Spotler has to leave it before the job ends
        permission = task.permission.name if task.permission else ""
        error = objection(task.known_record.decision, task.intent, permission=permission)
        if error and not comes_back(results.get(task.job.id)):  # else the person may still be in Spotler
            results[task.job.id] = Failed(error)
    return _left(tasks, results), results


def _is_to_be_sent_again(result: Result | None) -> bool:
    """Whether the record could not be sent, and no refusal says that it cannot be."""
    return isinstance(result, Failed) and not isinstance(result.error, Invalid | Refused)


def _with_records[Plan](
    operation: JobOperation[Plan], planned: Sequence[tuple[Attempt, Plan]], context: Context
) -> tuple[list[Task[Plan]], dict[str, Result]]:
    """A task for every job, with its record."""
    refs = {} if operation.needs is Needs.NOTHING else {each.job.id: each.about for each, _ in planned if each.about}
    now = context.services.now()
    about = set(refs.values())
    records = RecordReader(context.services).read(about, about if operation.accepts_deleted else ())
    context.consent.remember(records.values(), now)
    tasks: list[Task[Plan]] = []
    results: dict[str, Result] = {}
    for attempt, plan in planned:
        ref = refs.get(attempt.job.id)
        try:
            record = _found(attempt, records.get(ref)) if ref else None
        except Invalid as error:
            results[attempt.job.id] = Failed(error)
            continue
        intent, permission = operation.intent(plan), operation.permission(plan)
        item = attempt.item
        tasks.append(
            Task(
                attempt.job,
                plan,
                record,
                intent,
                permission,
                item.step,
                ordered_on=_ordered_on(attempt),
                begun_on=item.first_attempt,
                routed_on=None if item.reason == "sweep" else item.first_seen,
            )
        )
    return tasks, results


def _withdrawn[Plan](tasks: Sequence[Task[Plan]], context: Context) -> tuple[list[Task[Plan]], dict[str, Result]]:
    """Switch off in Dataverse what the tasks switch off, before Spotler is called; the results of those that failed."""
    switches: list[Switch] = []
    refusals: list[Change] = []
    now, former = context.services.now(), FormerNames(context.services)
    after: list[Task[Plan]] = []
    for task in tasks:
        record, permission = task.record, task.permission
        if record is None or permission is None or task.intent is not Intent.SWITCH_OFF:
            after.append(task)
            continue
        rows = record.rows_of(permission.name, permission.bit, former.of(permission, record.facts.rows))
        switches += withdrawals_ordered(record, rows, job=task.job.id, now=now)
        refusals += refusals_of(record.ref, rows, ConsentCause.JOB, f"Job {task.job.id}", now)
        after.append(replace(task, record=record.without(rows)))
    refused = append(context.services.dataverse, refusals) | switch(context.services, switches)
    return after, {
        task.job.id: Failed(refused[task.record.ref]) for task in after if task.record and task.record.ref in refused
    }


def _ordered_on(attempt: Attempt) -> datetime | None:
    """When a person queued the job, at the latest: the row was last written then, or the first attempt was later."""
    times = (attempt.job.modified_on, attempt.item.first_attempt)
    return min((each for each in times if each is not None), default=None)


def comes_back(result: Result | None) -> bool:
    """Whether a job with this result is not over, so that later jobs of its record must wait."""
    if isinstance(result, Failed):
        return not isinstance(result.error, Invalid | Refused)
    return isinstance(result, Continue)


def _left[Plan](tasks: Sequence[Task[Plan]], results: Mapping[str, Result]) -> list[Task[Plan]]:
    return [task for task in tasks if task.job.id not in results]


def _found(attempt: Attempt, record: Record | None) -> Record:
    """The record of a job, as it was read.

    Raises:
        Invalid: when it is gone, the job has lost it, or its contact in Spotler is that of another record.
    """
    if record is None:
        raise _deleted()
    if record.is_foreign:
        raise RecordIdTaken
    if record.exists and attempt.job.record is None:
        raise _no_record()  # it is still there, so a person has cleared the lookup
    return record


def _deleted() -> Invalid:
    return Invalid("The customer or lead of the job was deleted.")


def _no_record() -> Invalid:
    return Invalid("The job has neither a customer nor a lead, or its record was deleted; fill one of them.")
