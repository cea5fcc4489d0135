"""The last step of a chunk: every attempt gets its verdict, the rows are written, what is left is put back."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connector import due, telemetry
from connector.dataverse.api import Conflict, NotFound
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, OutcomeUnknown, Refused, Transient
from connector.jobs import timeline
from connector.jobs.attempt import Attempt, Ended
from connector.jobs.put_back import PutBack
from connector.jobs.store import ClaimLost, JobStore
from connector.jobs.verdict import verdict
from connector.jobs.writes import Write, receipt_of
from connector.operations.context import InfoRow
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation
from connector.operations.results import Continue, Done, Failed, Retry, Unknown
from connector.routing.work_item import LateInfo
from connector.services import Services
from connector.sync.info import merged

log = logging.getLogger(__name__)


class Recorder:
    """Records how the attempts of one chunk ended."""

    def __init__(self, services: Services, operation: JobOperation[Any], put_back: PutBack) -> None:
        self._services = services
        self._operation = operation
        self._put_back = put_back
        self._store = JobStore(services.dataverse)
        self._wording = services.wording
        self._lease = timedelta(seconds=services.settings.job_lease_seconds)
        self._give_up = timedelta(hours=services.settings.job_give_up_hours)

    def record(
        self,
        ended: Collection[Ended],
        siblings: Mapping[RecordRef, Sequence[JobRow]],
        infos: Sequence[InfoRow],
    ) -> None:
        """Write how each attempt ended, put back what is tried again, and hand over to the next jobs.

        Args:
            ended: all attempts of the chunk.
            siblings: the unfinished jobs of each record, as the chunk read them.
            infos: the rows of Spotler Info that could not be written with the work.
        """
        now = self._services.now()
        later = {ref: LateInfo.of(values, now) for ref, values in merged(infos).items()}
        writes: list[Write] = []
        outcomes: list[tuple[Attempt, Done]] = []
        results = [(each.attempt, self._result(each, now)) for each in ended]
        left = _by_job(results, later)
        for attempt, result in results:
            match result:
                case Retry(moment):
                    writes.append(Write.retried(attempt.job, result, self._lease, self._wording))
                    self._put_back.retry(attempt, moment, left.get(attempt.job.id))
                case Continue():
                    writes.append(Write.continued(attempt.job, result, now + self._lease, self._wording))
                    self._put_back.go_on(attempt, now, left.get(attempt.job.id))
                case Done() as done:
                    outcomes.append((attempt, done))
                    writes.append(Write.ended(attempt.job, done, now, self._wording, is_claimed=attempt.is_claimed))
        posts = [(attempt.about, done.post) for attempt, done in outcomes if attempt.about and done.post]
        posting = self._services.side_pool.submit(timeline.post, self._services, posts, operation=self._operation.slug)
        refusals = self._write(writes)
        if failure := posting.exception():
            telemetry.log_problem(log, failure, operation=self._operation.slug)
        for attempt, done in outcomes:
            self._settle(attempt, done, refusals.get(attempt.job.id), left.get(attempt.job.id), now)
        over = {attempt.job.id for attempt, _ in outcomes} - refusals.keys()
        self._hand_over(over, siblings, now, tried={each.attempt.job.id for each in ended})

    def _result(self, ended: Ended, now: datetime) -> Done | Retry | Continue:
        """What becomes of an attempt; problems are logged here, once for each job."""
        attempt, result = ended.attempt, ended.result
        if not isinstance(result, Failed):
            return result
        decided = verdict(
            result,
            tries=attempt.item.tries,
            first_seen=attempt.item.first_seen,
            first_attempt=attempt.item.first_attempt or now,
            now=now,
            give_up=self._give_up,
            repeatable=self._operation.repeatable,
        )
        is_internal = not isinstance(result.error, ConnectorError)
        if is_internal or (isinstance(decided, Retry) and decided.problem is not None):
            telemetry.log_problem(log, result.error, operation=self._operation.slug, job=attempt.job.id)
        if is_internal and isinstance(decided, Done):
            self._put_back.aside(attempt.item, telemetry.internal_error(result.error), source=self._operation.slug)
        return decided.outcome if isinstance(decided, Unknown) else decided

    def _write(self, writes: Sequence[Write]) -> Mapping[str, Exception]:
        """Write the rows; by job id, why one was not taken."""
        refusals: Mapping[str, Exception]
        try:
            refusals = self._store.write(writes)
        except Exception as error:  # noqa: BLE001 - work that is done is recorded, whatever keeps its row from being written
            refusals = {write.job.id: error for write in writes}
        for first_of_each_type in {type(refusal): refusal for refusal in refusals.values()}.values():
            if not isinstance(first_of_each_type, NotFound | ClaimLost):
                telemetry.log_problem(log, first_of_each_type, operation=self._operation.slug)
        return refusals

    def _settle(
        self, attempt: Attempt, done: Done, refusal: Exception | None, info: LateInfo | None, now: datetime
    ) -> None:
        """An outcome that was written is logged; another one becomes a receipt, or is kept in quarantine."""
        is_over = refusal is None or isinstance(refusal, NotFound | ClaimLost)
        if is_over:
            self._log_end(attempt, done, now, is_written=refusal is None)
        if self._put_back.has(attempt.job.id):
            return  # its row of Spotler Info waits, and the outcome with it
        if info is None and isinstance(refusal, Refused) and not isinstance(refusal, NotFound | Conflict):
            self._keep(attempt, done, refusal)
        elif info is not None or not is_over:
            self._write_later(attempt, done, refusal, info, now)

    def _write_later(
        self, attempt: Attempt, done: Done, refusal: Exception | None, info: LateInfo | None, now: datetime
    ) -> None:
        """Dataverse cannot take an outcome now: it travels, or, without a claim to go on with, is found again."""
        if info is None and self._is_found_again(attempt, done):
            return
        since = attempt.item.first_attempt or attempt.item.first_seen
        moment = due.after_dataverse(refusal or Transient(), since=since, now=now, claimed=True)
        if attempt.is_claimed:
            self._put_back.receipt(attempt, moment, receipt_of(done, self._wording), info)
        else:
            self._put_back.wait(attempt.item, moment)

    def _keep(self, attempt: Attempt, done: Done, refusal: Refused) -> None:
        """The row cannot be written: the quarantine keeps the item, to be replayed once its row can be written.

        The sweep goes on finding the row; what it sends is not kept once more each time. But what is done, and must not
        be done twice, is known nowhere else.
        """
        is_only_copy = attempt.is_claimed and not self._operation.repeatable
        if attempt.item.reason == "sweep" and not is_only_copy:
            return
        item = (
            attempt.item_again("receipt", receipt=receipt_of(done, self._wording))
            if attempt.is_claimed
            else attempt.item
        )
        self._put_back.aside(item, refusal, source=self._operation.slug)

    def _is_found_again(self, attempt: Attempt, done: Done) -> bool:
        """Whether the sweep leads to this outcome again, so that it need not travel.

        Somebody else may carry the true outcome of a job that was taken over; a second one must not compete with it.
        """
        return done.code == OutcomeUnknown.code or (attempt.item.reason == "sweep" and self._operation.repeatable)

    def _log_end(self, attempt: Attempt, done: Done, now: datetime, *, is_written: bool) -> None:
        telemetry.job_ended(
            log,
            job=attempt.job.id,
            operation=self._operation.slug,
            status=done.status.label,
            code=done.code,
            attempts=attempt.job.attempts,
            since=attempt.item.first_seen,
            now=now,
            is_counted=is_written,
        )

    def _hand_over(
        self,
        over: Collection[str],
        siblings: Mapping[RecordRef, Sequence[JobRow]],
        now: datetime,
        *,
        tried: Collection[str],
    ) -> None:
        """Wake up the next job of each record at once: it may be waiting for the one that is done.

        One that this chunk has tried comes back by itself, or its row cannot be written.
        """
        for jobs in siblings.values():
            left = [job for job in jobs if job.id not in over]
            following = min(left, key=lambda job: job.number, default=None)
            if following is None or len(left) == len(jobs) or following.id in tried:
                continue
            if following.is_queued and not following.is_leased(now) and not self._put_back.has(following.id):
                self._put_back.hand_over(following, now=now)


def _by_job(
    results: Iterable[tuple[Attempt, Done | Retry | Continue]], later: Mapping[RecordRef, LateInfo]
) -> dict[str, LateInfo]:
    """The rows of Spotler Info that are left to be written, by the job whose item takes them along.

    That of the first job of the record that goes on, because no other one goes on before it; or else of the first one.
    A second copy would come after what that job has written meanwhile, and make it unknown what Spotler holds.
    """
    jobs: dict[RecordRef, str] = {}
    for attempt, _ in sorted(results, key=lambda each: isinstance(each[1], Done)):
        if attempt.about is not None and attempt.about in later and attempt.is_claimed:
            jobs.setdefault(attempt.about, attempt.job.id)
    return {job: later[ref] for ref, job in jobs.items()}
