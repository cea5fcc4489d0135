"""The rows of Spotler Job: reading, claiming and finishing them, each in as few calls as a batch allows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.dataverse.api import BatchRequest, Conflict, Dataverse, Keyed, NotFound, filters
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Account, Contact, Job as Names, Lead
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.operations.attempt import Outcome
from connector.operations.job import COLUMNS, Job


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that ended."""

    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Postponed:
    """A claimed job that goes on later: its lease is prolonged until then, so that nobody takes it over."""

    job: Job
    until: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """A job that was claimed and not begun: it is Queued again, so that nobody has to wonder whether it was done."""

    job: Job


type Entry = Finished | Postponed | Released


@dataclass(frozen=True, slots=True)
class ClaimAnswers:
    """What became of the claims of a portion. A job that somebody else changed in between is in neither.

    Attributes:
        taken: the claimed jobs, by id.
        refused: by id, why Dataverse did not take a claim.
    """

    taken: Mapping[str, Job]
    refused: Mapping[str, ConnectorError]


class JobStore:
    """Reads and writes job rows."""

    def __init__(self, dataverse: Dataverse) -> None:
        self._dataverse = dataverse

    def read(self, ids: Collection[str], records: Collection[RecordRef]) -> list[Job]:
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

    def asleep(self, *, queued_before: datetime, now: datetime, after: str, limit: int) -> list[Job]:
        """Unfinished jobs that nobody is working on: Queued for long, or claimed under a lease that has passed.

        They come in the order of their numbers, those with a higher number than `after`.
        """
        queued = filters.and_(filters.eq(Names.STATUS, JobStatus.QUEUED), filters.lt("modifiedon", queued_before))
        # Without lease or token nobody claimed it: a person set the status by hand, and is told that this runs nothing.
        nobody = filters.or_(filters.eq(Names.LEASE_UNTIL, None), filters.eq(Names.CLAIM, None))
        over = filters.or_(filters.lt(Names.LEASE_UNTIL, now), nobody)
        stale = filters.and_(filters.eq(Names.STATUS, JobStatus.IN_PROGRESS), over)
        younger = filters.gt(Names.NUMBER, after) if after else ""
        return self._query(filters.and_(filters.eq(Names.STATE, 0), filters.or_(queued, stale), younger), top=limit)

    def overdue(self, *, since: datetime, limit: int) -> list[Job]:
        """Jobs that should be over by now and are not, the oldest first.

        One that a person set back to Queued counts from then on, as long as nobody has claimed it.
        """
        left_alone = filters.or_(filters.ne(Names.STATUS, JobStatus.QUEUED), filters.lt("modifiedon", since))
        condition = filters.and_(filters.eq(Names.STATE, 0), filters.lt("createdon", since), left_alone)
        return self._query(condition, top=limit)

    def claim(self, jobs: Sequence[Job], *, token: str, now: datetime, lease: timedelta) -> ClaimAnswers:
        """Take these jobs in hand, each on condition that its row has not changed: one `$batch`.

        Args:
            jobs: as they were read.
            token: marks the claim on the rows, so that whoever lost the answer can tell later whether it succeeded.
            now: the present, in UTC.
            lease: how long nobody else touches them.

        Raises:
            ConnectorError: when the call as a whole met an obstacle; then nothing is known of any claim.
        """
        if not jobs:
            return ClaimAnswers({}, {})
        claims = [
            replace(
                job,
                status=JobStatus.IN_PROGRESS,
                attempts=job.attempts + 1,
                claim=token,
                lease_until=now + lease,
                row_version="",
            )
            for job in jobs
        ]
        answers = self._dataverse.batch(
            [_claiming(claim, now, job.row_version) for job, claim in zip(jobs, claims, strict=True)]
        )
        errors = {claim.id: answer.error for claim, answer in zip(claims, answers, strict=True)}
        return ClaimAnswers(
            taken={claim.id: claim for claim in claims if errors[claim.id] is None},
            refused={
                job: error
                for job, error in errors.items()
                if error is not None and not isinstance(error, Conflict | NotFound)
            },
        )

    def record(self, entries: Iterable[Entry], *, now: datetime) -> dict[str, Exception]:
        """Write how attempts ended: one bulk write, and one `$batch` for rows without a fresh claim, if there are any.

        A fresh claim protects its row; of any other, only the version that was read is written.

        Returns:
            by job id, why Dataverse did not take a row; empty when all is written.

        Raises:
            Exception: when Dataverse took nothing.
        """
        unclaimed, changes = [], []
        for entry in entries:
            if entry.job.row_version:
                unclaimed.append(entry)
            else:
                changes.append(Keyed(entry.job.id, _values(entry, now)))
        results = self._dataverse.update_multiple(Names, changes) if changes else []
        refusals: dict[str, Exception] = {result.key: result.error for result in results if result.error is not None}
        return refusals | self._record_unclaimed(unclaimed, now)

    def _record_unclaimed(self, entries: Sequence[Entry], now: datetime) -> dict[str, Exception]:
        if not entries:
            return {}
        requests = [
            BatchRequest.update(Names.SET, entry.job.id, _values(entry, now), if_match=entry.job.row_version)
            for entry in entries
        ]
        try:
            answers = self._dataverse.batch(requests)
        except Exception as error:  # noqa: BLE001 - what was written before must not look as if it was not
            return {entry.job.id: error for entry in entries}
        return {
            entry.job.id: answer.error
            for entry, answer in zip(entries, answers, strict=True)
            if answer.error is not None
        }

    def _query(self, condition: str, top: int | None = None) -> list[Job]:
        rows = self._dataverse.query(
            Names.SET, select=COLUMNS, filter=condition, orderby=(Names.NUMBER,), top=top, annotations=True
        )
        return [Job.from_row(row) for row in rows]


def _claiming(claim: Job, started: datetime, version: str) -> BatchRequest:
    """The conditional write that makes a claim; it clears what an earlier run left."""
    assert claim.lease_until is not None  # noqa: S101 - set by the claim
    values: dict[str, object] = {
        Names.STATUS: JobStatus.IN_PROGRESS.value,
        Names.STATE: JobStatus.IN_PROGRESS.state,
        Names.CLAIM: claim.claim,
        Names.STARTED_ON: _literal(started),
        Names.LEASE_UNTIL: _end(claim.lease_until),
        Names.ATTEMPTS: claim.attempts,
    }
    if claim.result_code:
        values |= {Names.RESULT_CODE: None, Names.RESULT_MESSAGE: None, Names.COMPLETED_ON: None}
    return BatchRequest.update(Names.SET, claim.id, values, if_match=version)


def _values(entry: Entry, now: datetime) -> dict[str, object]:
    if isinstance(entry, Postponed):
        return {Names.LEASE_UNTIL: _end(entry.until)}
    if isinstance(entry, Released):
        return {
            Names.STATUS: JobStatus.QUEUED.value,
            Names.STATE: JobStatus.QUEUED.state,
            Names.CLAIM: None,
            Names.STARTED_ON: None,
            Names.LEASE_UNTIL: None,
        }
    receipt = entry.outcome.receipt()
    values: dict[str, object] = {
        Names.STATUS: receipt.status.value,
        Names.STATE: receipt.status.state,
        Names.RESULT_CODE: receipt.code,
        Names.RESULT_MESSAGE: receipt.message,
        Names.COMPLETED_ON: _literal(now),
    }
    if receipt.automation_contact_id:
        values[Names.AUTOMATION_CONTACT_ID] = receipt.automation_contact_id
    return values


def _literal(moment: datetime) -> str:
    """Dataverse keeps whole seconds."""
    return filters.literal(moment.replace(microsecond=0))


def _end(moment: datetime) -> str:
    """The end of a lease, rounded up: it must not be shorter than the lock of the message."""
    return _literal(moment + timedelta(seconds=1) - timedelta.resolution)
