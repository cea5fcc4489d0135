"""Setting jobs back to Queued, and seeing what becomes of them.

A job that was set back has failed again when its row is Failed, or when it waits for another attempt with the same
error as before. A wake-up is sent for each, so that it need not wait for the sweep, which finds it if that is lost.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Final

from connector.cli.output import error_text, moment, say
from connector.cli.replay.ledger import Ledger, Observed, Replayable, ReplayState
from connector.cli.replay.selection import Selection
from connector.cli.rows import number_of, row_id
from connector.dataverse.api import BatchRequest, Conflict, Dataverse, NotFound, Row, filters
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job as Names
from connector.dataverse.schema.labels import named
from connector.errors import ConnectorError, InternalError, OutcomeUnknown
from connector.jobs.store import JobStore
from connector.operations.job import JobRow
from connector.operations.job_reading import job_pages
from connector.operations.registry import operation_of
from connector.routing.subscriptions import RESOLVE, slug_of
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import Bus, OutgoingMessage
from connector.servicebus.entities import TOPIC_JOBS
from connector.words import Sentence, marked

#: Failures after which it is unknown whether the work was done.
UNCERTAIN: Final = frozenset({OutcomeUnknown.code, InternalError.code})
#: Jobs that are read or written in one call.
CALL: Final = 100

_QUEUED: Final = {Names.STATUS: JobStatus.QUEUED.value, Names.STATE: JobStatus.QUEUED.state}


class JobReplayer:
    """Sets jobs back to Queued; with `force` also those that `refusal_to_retry` keeps otherwise."""

    ended = marked("Completed")

    def __init__(self, client: Dataverse, bus: Bus, *, force: bool) -> None:
        self._client, self._bus, self._force = client, bus, force
        self._row_ids: dict[str, str] = {}
        self._before: dict[str, JobRow] = {}

    def choose(self, selection: Selection) -> list[Replayable]:
        """The jobs with these ids or numbers; without any, the Failed jobs. Of both only those that fit.

        One that does not exist is chosen too, so that it is reported.
        """
        chosen: list[Replayable] = []
        found = self._named(selection.ids) if selection.ids else self._failed(selection)
        for name, row in found:
            if row is None:
                chosen.append(Replayable(name, NotFound.code, Sentence("no operation")))
                continue
            job, ended = JobRow.from_row(row), row.get(Names.COMPLETED_ON)
            code, slug = job.result_code, slug_of(job.operation)
            failed_on = datetime.fromisoformat(ended) if isinstance(ended, str) else None
            if selection.fits(code=code, operation=slug, failed_on=failed_on):
                self._row_ids[name] = job.id
                chosen.append(Replayable(name, code, slug))
        return chosen

    def replay(self, things: Sequence[Replayable], ledger: Ledger) -> None:
        """Set jobs back, unless somebody changes the row at the same moment, and wake them up.

        Raises:
            ConnectorError: when Dataverse cannot be asked; jobs without a line were not set back.
        """
        for part in batched(things, CALL, strict=False):
            free = dict(self._free([thing.id for thing in part], ledger))
            answers = self._client.batch(
                [BatchRequest.update(Names.SET, job.id, _QUEUED, if_match=job.row_version) for job in free.values()]
            )
            set_back: list[JobRow] = []
            for (name, job), answer in zip(free.items(), answers, strict=True):
                if answer.error is None:
                    ledger.replayed(name, named(JobStatus.QUEUED.label))
                    self._before[name] = job
                    set_back.append(job)
                elif isinstance(answer.error, Conflict):
                    ledger.refused(
                        name, Sentence("The job was changed at the same moment. Look at it, then try again.")
                    )
                else:
                    ledger.refused(name, error_text(answer.error))
            self._wake_up(set_back)

    def look(self, ids: Collection[str]) -> Mapping[str, Observed]:
        """What the rows of these say now."""
        rows = self._rows(ids)
        return {name: _seen(rows.get(self._row_ids[name]), self._before[name]) for name in ids}

    def _free(self, names: Iterable[str], ledger: Ledger) -> Iterator[tuple[str, JobRow]]:
        """The jobs that may be set back, as they are now; the others are refused."""
        names = list(names)
        rows = self._rows(names)
        for name in names:
            job = rows.get(self._row_ids.get(name, ""))
            refusal = refusal_to_retry(job, force=self._force) if job else error_text(NotFound())
            if job is not None and refusal is None:
                yield name, job
            else:
                ledger.refused(name, refusal or "")

    def _rows(self, names: Iterable[str]) -> dict[str, JobRow]:
        """The rows of these jobs, by id."""
        store = JobStore(self._client)
        row_ids = [self._row_ids[name] for name in names if name in self._row_ids]
        return {job.id: job for part in batched(row_ids, CALL, strict=False) for job in store.read(part, ())}

    def _wake_up(self, jobs: Sequence[JobRow]) -> None:
        now, messages = datetime.now(UTC), list[OutgoingMessage]()
        for job in jobs:
            slug = slug_of(job.operation)
            item = WorkItem(operation=slug, job=job.id, record=job.record, reason="sweep", first_seen=now)
            messages.append(item.message(f"{job.id}/retry/{job.row_version}"))
        try:
            self._bus.to_topic(TOPIC_JOBS, messages)
        except ConnectorError as error:
            sweep = Sentence("The sweep finds them within about four minutes.")
            say(Sentence.joined(sweep, error_text(error)), err=True)

    def _named(self, names: Sequence[str]) -> Iterator[tuple[str, Row | None]]:
        """The rows with these ids or numbers, in their order; None for one that does not exist."""
        keys = {name: _key(name) for name in names}
        rows: dict[tuple[str, str], Row] = {}
        for column in (Names.NUMBER, Names.ID):
            values = [value for key, value in keys.values() if key == column]
            for part in batched(values, CALL, strict=False):
                rows |= {(column, str(row[column]).lower()): row for row in self._query(filters.in_(column, part))}
        for name, key in keys.items():
            yield name, rows.get(key)

    def _failed(self, selection: Selection) -> Iterator[tuple[str, Row]]:
        """The Failed jobs that may fit, by number."""
        operations = (None if slug == RESOLVE else _value(slug) for slug in sorted(selection.operations))
        condition = filters.and_(
            filters.eq(Names.STATUS, JobStatus.FAILED.value),
            filters.or_(*(filters.eq(Names.RESULT_CODE, code) for code in sorted(selection.codes))),
            filters.or_(*(filters.eq(Names.OPERATION, value) for value in operations)),
            filters.ge(Names.COMPLETED_ON, selection.since) if selection.since else "",
            filters.lt(Names.COMPLETED_ON, selection.before) if selection.before else "",
        )
        for row in self._query(condition):
            yield str(row[Names.NUMBER]).lstrip("0"), row

    def _query(self, condition: str) -> Iterator[Row]:
        for page in job_pages(self._client, condition, also=(Names.COMPLETED_ON,)):
            yield from page


def refusal_to_retry(job: JobRow, *, force: bool) -> Sentence | None:
    """Why a job is not set back to Queued; None when it is.

    Work that may have been done needs `--force`, so that nobody receives the same mail twice by mistake.
    """
    if job.status == JobStatus.QUEUED:
        return Sentence("It is Queued already; job explain says what it waits for.")
    if job.status == JobStatus.IN_PROGRESS:
        return Sentence(
            "It is In Progress. If its worker has died, another takes over after {time}.",
            time=moment(job.lease_until),
        )
    if job.status == JobStatus.COMPLETED and not force:
        return Sentence("It is Completed; job retry --force does it again.")
    if job.status not in (JobStatus.COMPLETED, JobStatus.FAILED):
        return Sentence("The connector does not know its status; set it by hand.")
    if job.result_code in UNCERTAIN and not force and not operation_of(slug_of(job.operation)).repeatable:
        return Sentence("It may have been done: look in Spotler, and run job retry --force if it was not.")
    return None


def _key(name: str) -> tuple[str, str]:
    """The column and the value that find the row of a job."""
    number = number_of(name)
    return (Names.NUMBER, number) if number else (Names.ID, row_id(name))


def _seen(job: JobRow | None, before: JobRow) -> Observed:
    """What the row of a job says, which was so before it was set back."""
    if job is None:
        return Observed(ReplayState.FAILED, NotFound.code)
    if job.status == JobStatus.COMPLETED:
        return Observed(ReplayState.ENDED)
    if job.is_final:
        return Observed(ReplayState.FAILED, job.result_code or "unknown")
    if job.attempts > before.attempts and job.result_code and job.result_code == before.result_code:
        return Observed(ReplayState.FAILED, job.result_code, Sentence("it is tried again by itself"))
    return Observed(ReplayState.WAITING)


def _value(slug: str) -> int | None:
    """The value of an operation; 0, which no job has, for a queue or another subscription."""
    try:
        return Operation.from_slug(slug).value
    except KeyError:
        return 0
