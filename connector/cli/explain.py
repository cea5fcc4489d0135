"""`job explain`: everything that is known about one job.

What happened, from the row and the log; what happens next, and what the job waits for; its messages on the bus. The log
of a host on this machine is read; for the log in Azure queries are printed, because the same rows have other names in
the component of Application Insights and in its workspace.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from connector.cli.job_replay import refusal_to_retry
from connector.cli.log_lines import beside, lines_about
from connector.cli.output import error_text, moment
from connector.cli.rows import dataverse, job_key
from connector.cli.stored_messages import browser, id_of, reason_of
from connector.dataverse.api import Row
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names
from connector.errors import ConnectorError, Unreadable
from connector.jobs.claims import Drop, End, Run, Wait, decide
from connector.jobs.store import JobStore
from connector.operations.job import JobRow
from connector.operations.job_reading import job_row
from connector.operations.registry import operation_of
from connector.outcomes import MEANINGS
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import WorkItem
from connector.servicebus.browse import StoredMessage
from connector.servicebus.entities import QUARANTINE, dead_letter_locations, work_locations

#: The columns that are read besides those that the work needs.
EXPLAINED: Final = ("createdon", "modifiedon", Names.STARTED_ON, Names.COMPLETED_ON, Names.RESULT_MESSAGE)
#: Log lines may be written by a clock that is a little behind that of Dataverse.
CLOCK_MARGIN: Final = timedelta(minutes=5)

#: When, if that is known, and what.
type Event = tuple[datetime | None, str]


def explain(
    context: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help="The id or number of a job.")],
    log: Annotated[
        Path | None, typer.Option(help="The log of a Functions host on this machine.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Print everything that is known about one job."""
    now, log = datetime.now(UTC), log or beside(context.obj)
    with dataverse() as client:
        row = job_row(client, job_key(job), also=EXPLAINED)
        this = JobRow.from_row(row)
        unfinished = JobStore(client).read([this.id], [this.record] if this.record else [])
    siblings = [
        other for other in unfinished if not other.is_final and other.record is not None and other.record == this.record
    ]
    events = [*events_of(this, row), *(lines_about(this.id, log) if log else ())]
    for paragraph in (
        [title(this), *story(events)],
        ["", "Next", *last_problem(this, row), *next_step(this, siblings, now)],
        ["", "On the bus", *on_the_bus(this.id)],
        ["", f"The log lines are from {log}."] if log else [*log_queries(this.id, _moment(row, "createdon") or now)],
    ):
        typer.echo("\n".join(paragraph))


def title(job: JobRow) -> str:
    """What the job is."""
    operation = job.operation.label if job.operation else "no known operation"
    about = f"for {job.record.table} {job.record.id}" if job.record else "without a record"
    return f"Job {job.number}  {operation} {about}"


def story(events: Iterable[Event]) -> Iterator[str]:
    """What happened, in order; what has no moment comes last."""
    for when, what in sorted(events, key=lambda event: event[0] or datetime.max.replace(tzinfo=UTC)):
        yield f"{moment(when)}  {what}"


def events_of(job: JobRow, row: Row) -> Iterator[Event]:
    """What the row says."""
    yield _moment(row, "createdon"), "created"
    if started := _moment(row, Names.STARTED_ON):
        times = "once" if job.attempts == 1 else f"{job.attempts} times, most recently then"
        yield started, f"claimed {times}"
    if job.is_final:
        message = str(row.get(Names.RESULT_MESSAGE) or "")
        code = "" if message.startswith(f"[{job.result_code}]") else f", {job.result_code or 'no code'}"
        yield _moment(row, Names.COMPLETED_ON), f"{_status(job)}{code}: {message}"
        return
    yield _moment(row, "modifiedon"), _status(job)
    if job.lease_until is not None:
        yield job.lease_until, "protected until then: no other worker takes it"


def last_problem(job: JobRow, row: Row) -> Iterator[str]:
    """Why an unfinished job waits, as its last attempt wrote it; nothing where an earlier run ended well."""
    if job.is_final or not job.result_code or job.result_code in MEANINGS:
        return
    message = str(row.get(Names.RESULT_MESSAGE) or "").removeprefix(f"[{job.result_code}]").strip()
    yield " ".join(filter(None, (f"Last problem: [{job.result_code}]", message)))


def next_step(job: JobRow, siblings: Collection[JobRow], now: datetime) -> Iterator[str]:
    """What a fresh work item would do, and for which jobs it would wait."""
    slug = slug_of(job.operation)
    decision = decide(
        WorkItem(operation=slug, job=job.id, record=job.record, reason="sweep", first_seen=now),
        job,
        siblings=siblings,
        together=(),
        repeatable=operation_of(slug).repeatable,
        now=now,
    )
    match decision:
        case Drop() if job.is_final:
            yield f"Nothing: it has ended. {refusal_to_retry(job, force=False) or 'job retry sets it back to Queued.'}"
        case Drop():
            yield "A worker has it, or it is tried again by itself after a pause."
        case End(outcome):
            yield f"It ends as {outcome.status.label} without being run, {outcome.code}: {outcome.message}"
        case Run():
            yield "It runs when its work item is delivered; if that was lost, the sweep sends another."
        case Wait():
            yield "It waits for older jobs of the same record:"
            for other in sorted(siblings, key=lambda each: each.number):
                if other.number < job.number:
                    label = other.operation.label if other.operation else "no known operation"
                    yield f"  {other.number}  {label}  {_status(other)}  {other.id}"


def on_the_bus(job_id: str) -> Iterator[str]:
    """Its messages on the bus. An error of the bus is only printed: the rest of the explanation does not need it."""
    try:
        found = browser().peek((*work_locations(), QUARANTINE, *dead_letter_locations()))
    except ConnectorError as error:
        yield error_text(error)
        return
    lines = list(_messages(job_id, found))
    yield from lines or ["No message of it."]
    yield "Work items that are due later cannot be seen on a topic before their time."


def log_queries(job_id: str, created: datetime) -> Iterator[str]:
    """Queries for the log lines of a job, ready to paste: one for each place where people look."""
    since = f"datetime({(created - CLOCK_MARGIN).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})"
    yield ""
    yield "In Application Insights, under Logs"
    yield "union traces, exceptions"
    yield f"| where timestamp > {since}"
    yield f'| where message has "{job_id}" or tostring(customDimensions) has "{job_id}"'
    yield "| project timestamp, severityLevel, operation_Name, message, type, customDimensions"
    yield "| order by timestamp asc"
    yield ""
    yield "In the Log Analytics workspace, under Logs"
    yield "union AppTraces, AppExceptions"
    yield f"| where TimeGenerated > {since}"
    yield f'| where Message has "{job_id}" or tostring(Properties) has "{job_id}"'
    yield "| project TimeGenerated, SeverityLevel, OperationName, Message, ExceptionType, Properties"
    yield "| order by TimeGenerated asc"


def _messages(job_id: str, found: Iterable[StoredMessage]) -> Iterator[str]:
    for message in found:
        if job_id.encode() not in message.body.lower():
            continue
        where, since = str(message.location), moment(message.enqueued_on)
        if message.location == QUARANTINE or message.location.dead_letters:
            yield f"{where}, message {id_of(message)}, since {since}: {reason_of(message)}"
        else:
            yield f"{where}, since {since}, {_described(message)}"


def _described(message: StoredMessage) -> str:
    try:
        item = WorkItem.from_body(message.body)
    except Unreadable:
        return "message of Dataverse"
    what = "an outcome to be written" if item.receipt else f"work item ({item.reason})"
    return f"{what}, delivered {message.deliveries} times"


def _status(job: JobRow) -> str:
    return JobStatus(job.status).label if job.status in list(JobStatus) else f"status {job.status}"


def _moment(row: Row, column: str) -> datetime | None:
    value = row.get(column)
    return datetime.fromisoformat(value) if isinstance(value, str) else None
