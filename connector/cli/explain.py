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
from connector.cli.output import error_text, moment, put
from connector.cli.rows import dataverse, job_key, moment_of, operation_named, status_named
from connector.cli.stored_messages import browser, id_of, reason_of
from connector.dataverse.api import Row
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names
from connector.errors import ConnectorError, Invalid, Unreadable
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
from connector.words import Sentence

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
        ["", Sentence("Next"), *last_problem(this, row), *next_step(this, siblings, now)],
        ["", Sentence("On the bus"), *on_the_bus(this.id)],
        ["", Sentence("The log lines are from {log}.", log=str(log))]
        if log
        else [*log_queries(this.id, moment_of(row, "createdon") or now)],
    ):
        typer.echo("\n".join(put(line) if isinstance(line, Sentence) else line for line in paragraph))


def title(job: JobRow) -> str:
    """What the job is."""
    values = {"number": job.number, "operation": operation_named(job.operation)}
    if job.record is None:
        return Sentence("Job {number}  {operation} without a record", **values)
    return Sentence("Job {number}  {operation} for {table} {id}", **values, table=job.record.table, id=job.record.id)


def story(events: Iterable[Event]) -> Iterator[str]:
    """What happened, in order; what has no moment comes last."""
    for when, what in sorted(events, key=lambda event: event[0] or datetime.max.replace(tzinfo=UTC)):
        yield Sentence("{when}  {what}", when=moment(when), what=what)


def events_of(job: JobRow, row: Row) -> Iterator[Event]:
    """What the row says."""
    yield moment_of(row, "createdon"), Sentence("created")
    if started := moment_of(row, Names.STARTED_ON):
        yield started, Sentence("claimed once", plural="claimed {count} times, most recently then", count=job.attempts)
    if job.is_final:
        message = str(row.get(Names.RESULT_MESSAGE) or "")
        ended = moment_of(row, Names.COMPLETED_ON)
        if message.startswith(f"[{job.result_code}]"):
            yield ended, Sentence("{status}: {message}", status=status_named(job.status), message=message)
        else:
            code = job.result_code or Sentence("no code")
            yield (
                ended,
                Sentence("{status}, {code}: {message}", status=status_named(job.status), code=code, message=message),
            )
        return
    yield moment_of(row, "modifiedon"), status_named(job.status)
    if job.lease_until is not None:
        yield job.lease_until, Sentence("protected until then: no other worker takes it")


def last_problem(job: JobRow, row: Row) -> Iterator[str]:
    """Why an unfinished job waits, as its last attempt wrote it; nothing where an earlier run ended well."""
    if job.is_final or not job.result_code or job.result_code in MEANINGS:
        return
    message = str(row.get(Names.RESULT_MESSAGE) or "").removeprefix(f"[{job.result_code}]").strip()
    yield Sentence.joined(Sentence("Last problem: [{code}]", code=job.result_code), message)


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
            yield Sentence.joined(Sentence("Nothing: it has ended."), _after_the_end(job))
        case Drop():
            yield Sentence("A worker has it, or it is tried again by itself after a pause.")
        case End(outcome):
            yield Sentence(
                "It ends as {status} without being run, {code}: {message}",
                status=status_named(outcome.status),
                code=outcome.code,
                message=Sentence.of(outcome.message),
            )
        case Run():
            yield Sentence("It runs when its work item is delivered; if that was lost, the sweep sends another.")
        case Wait():
            yield Sentence("It waits for older jobs of the same record:")
            for other in sorted(siblings, key=lambda each: each.number):
                if other.number < job.number:
                    yield Sentence(
                        "  {number}  {operation}  {status}  {id}",
                        number=other.number,
                        operation=operation_named(other.operation),
                        status=status_named(other.status),
                        id=other.id,
                    )


def _after_the_end(job: JobRow) -> Sentence:
    """What a person can do about a job that has ended."""
    if job.status == JobStatus.FAILED and job.result_code == Invalid.code:
        return Sentence("It would fail again unless what it is about has changed; create a corrected job instead.")
    return refusal_to_retry(job, force=False) or Sentence("job retry sets it back to Queued.")


def on_the_bus(job_id: str) -> Iterator[str]:
    """Its messages on the bus. An error of the bus is only printed: the rest of the explanation does not need it."""
    try:
        found = browser().peek((*work_locations(), QUARANTINE, *dead_letter_locations()))
    except ConnectorError as error:
        yield error_text(error)
        return
    lines = list(_messages(job_id, found))
    yield from lines or [Sentence("No message of it.")]
    yield Sentence("Work items that are due later cannot be seen on a topic before their time.")


def log_queries(job_id: str, created: datetime) -> Iterator[str]:
    """Queries for the log lines of a job, ready to paste: one for each place where people look."""
    since = f"datetime({(created - CLOCK_MARGIN).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})"
    yield ""
    yield Sentence("In Application Insights, under Logs")
    yield "union traces, exceptions"
    yield f"| where timestamp > {since}"
    yield f'| where message has "{job_id}" or tostring(customDimensions) has "{job_id}"'
    yield "| project timestamp, severityLevel, operation_Name, message, type, customDimensions"
    yield "| order by timestamp asc"
    yield ""
    yield Sentence("In the Log Analytics workspace, under Logs")
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
            yield Sentence(
                "{where}, message {id}, since {since}: {reason}",
                where=where,
                id=id_of(message),
                since=since,
                reason=reason_of(message),
            )
        else:
            yield Sentence("{where}, since {since}, {what}", where=where, since=since, what=_described(message))


def _described(message: StoredMessage) -> Sentence:
    try:
        item = WorkItem.from_body(message.body)
    except Unreadable:
        return Sentence("message of Dataverse")
    return Sentence(
        "{what}, delivered {count} time",
        plural="{what}, delivered {count} times",
        what=Sentence("an outcome to be written")
        if item.receipt
        else Sentence("work item ({reason})", reason=item.reason),
        count=message.deliveries,
    )
