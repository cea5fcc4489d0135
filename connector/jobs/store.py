"""The rows of Spotler Job: reading, claiming and writing them, each in as few calls as a chunk allows.

What is written, and on which condition, is in `connector.jobs.writes`. Where somebody else has written since the claim,
for example a person who corrects a column, the row is read again, and written if it still has the claim.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.dataverse.api import Conflict, Dataverse, NotFound, filters
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Account, Contact, Job as Names, Lead
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.jobs.writes import Write, claiming
from connector.operations.job import JobRow
from connector.operations.job_reading import job_pages, job_rows


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job, and the token with which it is to be claimed."""

    job: JobRow
    token: str


@dataclass(frozen=True, slots=True)
class ClaimAnswers:
    """What became of the claims of a chunk. A job that somebody else changed in between is in neither.

    Attributes:
        taken: the claimed jobs, by id.
        refused: by id, why Dataverse did not take a claim.
    """

    taken: Mapping[str, JobRow]
    refused: Mapping[str, ConnectorError]


class ClaimLost(Conflict):
    """Another worker has the job now, or it has ended."""

    code = "CLAIM_LOST"


class JobStore:
    """Reads and writes job rows."""

    def __init__(self, dataverse: Dataverse) -> None:
        self._dataverse = dataverse

    def read(self, ids: Collection[str], records: Collection[RecordRef]) -> list[JobRow]:
        """These jobs, and every unfinished job of these records, in the order of their numbers: one query."""
        wanted = [filters.in_(Names.ID, sorted(ids))]
        of_records = [
            filters.in_(column, sorted({ref.id for ref in records if ref.table in tables}))
            for column, tables in (
                (Names.CUSTOMER, (Contact.TABLE, Account.TABLE)),
                (Names.LEAD, (Lead.TABLE,)),
            )
            if any(ref.table in tables for ref in records)
        ]
        if of_records:
            wanted.append(filters.and_(filters.eq(Names.STATE, 0), filters.or_(*of_records)))
        return self._query(filters.or_(*wanted))

    def oldest_unfinished(self) -> datetime | None:
        """When the unfinished job was written that nobody has touched for longest; None when there is none."""
        rows = self._dataverse.query(
            Names.SET,
            select=(Names.MODIFIED_ON,),
            filter=filters.eq(Names.STATE, 0),
            orderby=(Names.MODIFIED_ON,),
            top=1,
        )
        return datetime.fromisoformat(str(rows[0][Names.MODIFIED_ON])) if rows else None

    def stalled(
        self, ages: Collection[tuple[timedelta, timedelta]], *, now: datetime, queued_for: timedelta
    ) -> Iterator[list[JobRow]]:
        """Unfinished jobs that nobody is working on and that have been waiting for so long, page by page.

        They are Queued, or In Progress under a lease that has passed or that never was; the last is what a person does
        by hand, and ends with a message that this runs nothing.

        Args:
            ages: from and to, of the time that they have been waiting.
            now: the present, in UTC.
            queued_for: the least age of a job that is Queued, because its own wake-up is on its way.
        """
        by_lease = filters.or_(*(_untouched((Names.LEASE_UNTIL, Names.MODIFIED_ON), now, span) for span in ages))
        unleased = filters.or_(filters.eq(Names.LEASE_UNTIL, None), filters.eq(Names.CLAIM, None))
        by_change = filters.or_(*(_untouched((Names.MODIFIED_ON,), now, span) for span in ages))
        old_enough = filters.or_(
            filters.ne(Names.STATUS, JobStatus.QUEUED), filters.lt(Names.MODIFIED_ON, now - queued_for)
        )
        condition = filters.and_(
            filters.eq(Names.STATE, 0),
            filters.or_(
                filters.and_(filters.ne(Names.CLAIM, None), filters.lt(Names.LEASE_UNTIL, now), by_lease),
                filters.and_(unleased, old_enough, by_change),
            ),
        )
        for page in job_pages(self._dataverse, condition):
            yield [JobRow.from_row(row) for row in page]

    def overdue(self, *, since: datetime, limit: int) -> list[JobRow]:
        """Jobs that should be over by now and are not, the oldest first.

        One that a person set back to Queued counts from then on, as long as nobody has claimed it.
        """
        left_alone = filters.or_(filters.ne(Names.STATUS, JobStatus.QUEUED), filters.lt(Names.MODIFIED_ON, since))
        condition = filters.and_(filters.eq(Names.STATE, 0), filters.lt("createdon", since), left_alone)
        return self._query(condition, top=limit)

    def claim(self, claims: Sequence[Claimed], *, now: datetime, lease: timedelta) -> ClaimAnswers:
        """Claim these jobs, each on condition that its row has not changed: one `$batch`.

        Args:
            claims: the jobs as they were read, and a token for each, so that a worker that lost the answer can find out
                later whether the claim succeeded.
            now: the present, in UTC.
            lease: how long nobody else touches them.

        Raises:
            ConnectorError: when the call as a whole met a problem; then nothing is known of any claim.
        """
        if not claims:
            return ClaimAnswers({}, {})
        until = now + lease
        answers = self._dataverse.batch([claiming(each.job, each.token, now, until) for each in claims])
        answered = list(zip(claims, answers, strict=True))
        return ClaimAnswers(
            taken={
                each.job.id: replace(
                    each.job,
                    status=JobStatus.IN_PROGRESS,
                    attempts=each.job.attempts + 1,
                    claim=each.token,
                    lease_until=until,
                    started_on=now,
                    row_version=answer.etag,
                )
                for each, answer in answered
                if answer.error is None
            },
            refused={
                each.job.id: answer.error
                for each, answer in answered
                if answer.error is not None and not isinstance(answer.error, Conflict | NotFound)
            },
        )

    def write(self, writes: Sequence[Write]) -> dict[str, Exception]:
        """Write how attempts ended: one `$batch`, and one more for rows that others have written meanwhile.

        Returns:
            by job id, why Dataverse did not take a row; empty when all is written. `NotFound` and `ClaimLost` say that
            nothing is left to write.

        Raises:
            Exception: when Dataverse took nothing.
        """
        # A claim may have been answered without the version that it made.
        unknown = [each for each in writes if each.is_claimed and not each.job.row_version]
        refusals = self._write([each for each in writes if each not in unknown])
        changed = [each for each in writes if each.is_claimed and isinstance(refusals.get(each.job.id), Conflict)]
        for write in changed:
            del refusals[write.job.id]
        changed += unknown
        try:
            return refusals | self._write_again(changed)
        except Exception as error:  # noqa: BLE001 - what was written before must not look as if it was not
            return refusals | {write.job.id: error for write in changed}

    def _write_again(self, writes: Sequence[Write]) -> dict[str, Exception]:
        """Write rows in the version that they have now, if they still have the claim."""
        if not writes:
            return {}
        now = {job.id: job for job in self.read([write.job.id for write in writes], ())}
        held: list[Write] = []
        lost: dict[str, Exception] = {}
        for write in writes:
            job = now.get(write.job.id)
            if job is not None and job.claim == write.job.claim:
                held.append(replace(write, job=replace(write.job, row_version=job.row_version)))
            else:
                lost[write.job.id] = ClaimLost()
        return lost | self._write(held)

    def _write(self, writes: Sequence[Write]) -> dict[str, Exception]:
        answers = self._dataverse.batch([write.request for write in writes]) if writes else []
        return {
            write.job.id: answer.error
            for write, answer in zip(writes, answers, strict=True)
            if answer.error is not None
        }

    def _query(self, condition: str, top: int | None = None) -> list[JobRow]:
        return [JobRow.from_row(row) for row in job_rows(self._dataverse, condition, top=top)]


def _untouched(columns: Collection[str], now: datetime, span: tuple[timedelta, timedelta]) -> str:
    """Rows of which the latest of these moments is so long ago.

    The youngest span has no end: the clock of Dataverse may be a moment ahead.
    """
    youngest, oldest = span
    reached = (filters.le(column, now - youngest) for column in columns if youngest)
    not_yet = filters.or_(*(filters.gt(column, now - oldest) for column in columns))
    return f"({filters.and_(*reached, not_yet)})"
