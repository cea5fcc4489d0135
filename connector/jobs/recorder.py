"""The last step of a portion: every attempt gets its verdict, the rows are written, what is left is put back."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from connector import telemetry
from connector.dataverse.api import Conflict, NotFound
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, OutcomeUnknown, Refused
from connector.jobs import retry, timeline
from connector.jobs.claims import wait_delay
from connector.jobs.putback import PutBack
from connector.jobs.store import Entry, Finished, JobStore, Postponed, Released
from connector.operations.attempt import Attempt, OlderFirst, Outcome
from connector.operations.job import Job
from connector.operations.operation import Operation
from connector.services import Services
from connector.sync.info import InfoValues, write_infos

log = logging.getLogger(__name__)


class Recorder:
    """Records how the attempts of one portion ended."""

    def __init__(self, services: Services, operation: Operation, putback: PutBack) -> None:
        self._services = services
        self._operation = operation
        self._putback = putback
        self._store = JobStore(services.dataverse)
        self._lease = timedelta(seconds=services.settings.job_lease_seconds)
        self._give_up = timedelta(hours=services.settings.job_give_up_hours)

    def _infos(self, rows: Sequence[tuple[RecordRef, InfoValues | None]]) -> None:
        """Write rows of Spotler Info. Losing one costs a call to Spotler later, so it fails no job."""
        for error in write_infos(self._services.dataverse, rows).values():
            telemetry.log_problem(log, error, operation=self._operation.slug)

    def record(
        self,
        attempts: Collection[Attempt],
        siblings: Mapping[RecordRef, Sequence[Job]],
        infos: Sequence[tuple[RecordRef, InfoValues | None]],
    ) -> None:
        """Write how each attempt ended, put back what is tried again, and hand over to the next jobs.

        Args:
            attempts: all attempts of the batch, ended.
            siblings: the unfinished jobs of each record, as the batch read them.
            infos: the rows of Spotler Info to write.
        """
        now = self._services.now()
        entries: list[Entry] = []
        ended: list[tuple[Attempt, Outcome]] = []
        for attempt in attempts:
            match self._verdict(attempt, now):
                case Outcome() as outcome:
                    ended.append((attempt, outcome))
                    entries.append(Finished(attempt.job, outcome))
                case retry.Retry(due):
                    was_held = isinstance(attempt.result, OlderFirst)
                    entries.append(Released(attempt.job) if was_held else Postponed(attempt.job, due + self._lease))
                    self._putback.retry(attempt, due)
        posts = [
            (attempt.record.ref, outcome.post)
            for attempt, outcome in ended
            if attempt.record and attempt.record.exists and outcome.post
        ]
        beside = [
            self._services.side_pool.submit(self._infos, infos),
            self._services.side_pool.submit(timeline.post, self._services, posts, operation=self._operation.slug),
        ]
        refusals = self._write(entries, now)
        for failure in filter(None, (future.exception() for future in beside)):
            telemetry.log_problem(log, failure, operation=self._operation.slug)
        for attempt, outcome in ended:
            refusal = refusals.get(attempt.job.id)
            if refusal is None or isinstance(refusal, NotFound):
                self._announce(attempt, outcome, now)
            elif isinstance(refusal, Refused) and not isinstance(refusal, Conflict):
                self._keep(attempt, outcome, refusal)
            else:
                self._write_later(attempt, outcome, refusal, now)
        done = [attempt.job for attempt, _ in ended if attempt.job.id not in refusals]
        self._hand_over(done, siblings, now, tried={attempt.job.id for attempt in attempts})

    def _write_later(self, attempt: Attempt, outcome: Outcome, refusal: Exception, now: datetime) -> None:
        """Dataverse cannot take the outcome now: it travels, or, without a claim to go on with, is found again."""
        if self._is_found_again(attempt, outcome):
            return
        asked = timedelta(seconds=getattr(refusal, "retry_after", None) or 0)
        age = now - (attempt.item.first_attempt or attempt.item.first_seen)
        due = now + max(asked, retry.patience(age, claimed=True))
        if attempt.is_claimed:
            self._putback.receipt(attempt, due, outcome)
        else:
            self._putback.wait(attempt.item, due)

    def _keep(self, attempt: Attempt, outcome: Outcome, refusal: Refused) -> None:
        """The row takes nothing: the quarantine keeps the item, to be replayed once its row can be written.

        The sweep goes on finding the row; what it sends is not kept once more each time. But what is done, and must not
        be done twice, is known to nobody else.
        """
        is_only_copy = attempt.is_claimed and not self._operation.repeatable
        if attempt.item.reason == "sweep" and not is_only_copy:
            return
        item = attempt.item_again("receipt", outcome) if attempt.is_claimed else attempt.item
        self._putback.aside(item, refusal, source=self._operation.slug)

    def _is_found_again(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Whether the sweep leads to this outcome again, so that it need not travel.

        Somebody else may carry the true outcome of a job that was taken over; a second one must not compete with it.
        """
        return outcome.code == OutcomeUnknown.code or (attempt.item.reason == "sweep" and self._operation.repeatable)

    def _verdict(self, attempt: Attempt, now: datetime) -> Outcome | retry.Retry:
        result = attempt.result
        if isinstance(result, Outcome):
            return result
        assert result is not None  # noqa: S101 - no attempt is left open
        if isinstance(result, OlderFirst):
            return retry.Retry(now + wait_delay(now - attempt.item.first_seen))
        verdict = retry.after(
            result,
            tries=attempt.item.tries,
            first_attempt=attempt.item.first_attempt or now,
            now=now,
            give_up=self._give_up,
            repeatable=self._operation.repeatable or not attempt.begun,
        )
        if isinstance(verdict, retry.Retry) or not isinstance(result, ConnectorError):
            telemetry.log_problem(log, result, operation=self._operation.slug, job=attempt.job.id)
        if isinstance(verdict, Outcome) and not isinstance(result, ConnectorError):
            self._putback.aside(attempt.item, telemetry.internal_error(result), source=self._operation.slug)
        return verdict

    def _write(self, entries: Sequence[Entry], now: datetime) -> Mapping[str, Exception]:
        """Write the rows; by job id, why one was not taken."""
        try:
            refusals = self._store.record(entries, now=now)
        except Exception as error:  # noqa: BLE001 - work that is done is told, whatever keeps its row from being written
            refusals = {entry.job.id: error for entry in entries}
        for one_of_a_kind in {type(refusal): refusal for refusal in refusals.values()}.values():
            telemetry.log_problem(log, one_of_a_kind, operation=self._operation.slug)
        return refusals

    def _announce(self, attempt: Attempt, outcome: Outcome, now: datetime) -> None:
        telemetry.job_ended(
            log,
            job=attempt.job.id,
            operation=self._operation.slug,
            status=outcome.status.label,
            code=outcome.code,
            attempts=attempt.job.attempts,
            since=attempt.item.first_seen,
            now=now,
        )

    def _hand_over(
        self,
        done: Collection[Job],
        siblings: Mapping[RecordRef, Sequence[Job]],
        now: datetime,
        *,
        tried: Collection[str],
    ) -> None:
        """Wake up the next job of each record at once: it may be waiting for the one that is done.

        One that this batch has tried comes back by itself, or its row takes nothing.
        """
        finished = {job.id for job in done}
        for record in {job.record for job in done if job.record is not None}:
            left = [job for job in siblings.get(record, ()) if job.id not in finished]
            following = min(left, key=lambda job: job.number, default=None)
            if following is None or following.id in tried or following.id in self._putback.jobs:
                continue
            if following.is_queued:
                self._putback.hand_over(following, now=now)
