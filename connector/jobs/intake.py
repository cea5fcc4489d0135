"""The first half of a portion: from work items to claimed jobs."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.dataverse.records import RecordRef
from connector.errors import OutcomeUnknown, Refused
from connector.jobs import retry
from connector.jobs.claims import Drop, Run, Wait, decide, resumes
from connector.jobs.putback import PutBack
from connector.jobs.store import ClaimAnswers, JobStore
from connector.operations.attempt import Attempt, OlderFirst, Outcome
from connector.operations.job import Job
from connector.operations.operation import Operation
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import Claim, WorkItem
from connector.services import Services

log = logging.getLogger(__name__)

#: When a job whose row changed under our claim is looked at again.
CONTENDED: Final = timedelta(seconds=2)


class Intake:
    """Takes the items of one portion in.

    Attributes:
        siblings: the unfinished jobs of each record, as they were when the portion read them.
    """

    def __init__(self, services: Services, operation: Operation, putback: PutBack) -> None:
        self.siblings: Mapping[RecordRef, Sequence[Job]] = {}
        self._services = services
        self._operation = operation
        self._putback = putback
        self._store = JobStore(services.dataverse)
        self._lease = timedelta(seconds=services.settings.job_lease_seconds)

    def take(self, items: Sequence[WorkItem]) -> list[Attempt]:
        """The jobs that are now in hand, in the order of their numbers."""
        done = self._receipts([item for item in items if item.receipt is not None])
        return done + self._claim({item.job: item for item in items if item.receipt is None})

    def _receipts(self, items: Sequence[WorkItem]) -> list[Attempt]:
        """Items whose work is done already: their outcome has to be written, unless the row has moved on since."""
        if not items:
            return []
        try:
            jobs = {job.id: job for job in self._store.read([item.job for item in items], ())}
        except Exception as error:  # noqa: BLE001 - a batch never fails as a whole
            telemetry.log_problem(log, error, operation=self._operation.slug)
            now = self._services.now()
            for item in items:
                self._putback.wait(item, now + _patience(item, item.claim, error, now))
            return []
        attempts = []
        for item in items:
            job = jobs.get(item.job)
            if job is not None and item.receipt is not None and _takes_receipt(job, item):
                attempts.append(Attempt(item, job, result=Outcome.from_receipt(item.receipt)))
            else:
                self._drop(item, "the job has moved on since this outcome")
        return attempts

    def _drop(self, item: WorkItem, why: str) -> None:
        log.info("Item dropped: %s", why, extra=telemetry.fields(job=item.job, operation=item.operation))

    def _claim(self, items: Mapping[str, WorkItem]) -> list[Attempt]:
        """Read the jobs, decide about each, and claim those that may run."""
        if not items:
            return []
        now = self._services.now()
        token = self._services.new_id()
        runs: list[tuple[Job, Run]] = []
        try:
            runs, unclaimed = self._decide(items, now)
            answers = self._store.claim([job for job, _ in runs], token=token, now=now, lease=self._lease)
        except Exception as error:  # noqa: BLE001 - a batch never fails as a whole
            telemetry.log_problem(log, error, operation=self._operation.slug)
            tried = {job.id: _claim_of(items[job.id], job, token) for job, _ in runs}
            for item in items.values():
                if item.job not in self._putback.jobs:
                    claim = tried.get(item.job)
                    self._putback.wait(item, now + _patience(item, claim or item.claim, error, now), claim)
            return []
        return unclaimed + self._attempts(items, runs, answers, token, now)

    def _attempts(
        self,
        items: Mapping[str, WorkItem],
        runs: Iterable[tuple[Job, Run]],
        answers: ClaimAnswers,
        token: str,
        now: datetime,
    ) -> list[Attempt]:
        """What the answers to the claims mean, each for its own job; younger ones wait for one that is not in hand."""
        for one_of_a_kind in {type(refusal): refusal for refusal in answers.refused.values()}.values():
            telemetry.log_problem(log, one_of_a_kind, operation=self._operation.slug)
        attempts = []
        not_in_hand: set[RecordRef | None] = set()
        for job, run in runs:
            item, refusal = items[job.id], answers.refused.get(job.id)
            if job.id in answers.taken:
                blocked = job.record is not None and job.record in not_in_hand
                result = run.outcome or (OlderFirst() if blocked else None)
                attempts.append(Attempt(item.begun(now, anew=job.is_queued), answers.taken[job.id], result=result))
                continue
            not_in_hand.add(job.record)
            if isinstance(refusal, Refused):
                # Its row cannot be claimed, now or later: a rule of the customer forbids it. Perhaps it takes its end.
                attempts.append(Attempt(item, job, is_claimed=False, result=run.outcome or refusal))
            else:
                claim = _claim_of(item, job, token)
                pause = CONTENDED if refusal is None else _patience(item, claim, refusal, now)
                self._putback.wait(item, now + pause, claim)
        return attempts

    def _decide(self, items: Mapping[str, WorkItem], now: datetime) -> tuple[list[tuple[Job, Run]], list[Attempt]]:
        """The jobs to claim, and those of which only something is written, if nobody else has written: what somebody
        left undone is given up, and a claim is given back.
        """
        records = {item.record for item in items.values() if item.record is not None}
        jobs = {job.id: job for job in self._store.read(items.keys(), records)}
        self.siblings = _siblings(jobs.values())
        runs: dict[str, tuple[Job, Run]] = {}
        unclaimed: list[Attempt] = []
        for item in sorted(items.values(), key=lambda item: jobs[item.job].number if item.job in jobs else ""):
            job = jobs.get(item.job)
            corrected = item if job is None or job.is_final else _corrected(item, job)
            if corrected != item:
                # The row says otherwise than the message: the right function decides, with the right neighbours.
                self._putback.forward(corrected)
                continue
            decision = decide(
                item,
                job,
                siblings=self.siblings.get(job.record, ()) if job and job.record else (),
                together=runs.keys(),
                repeatable=self._operation.repeatable,
                now=now,
            )
            match decision:
                case Run(Outcome() as outcome) if job is not None and not job.is_queued:
                    unclaimed.append(Attempt(item, job, is_claimed=False, result=outcome))
                case Run():
                    assert job is not None  # noqa: S101 - a missing row is dropped
                    runs[job.id] = (job, decision)
                case Wait() if job is not None and resumes(item, job):
                    unclaimed.append(Attempt(item, job, result=OlderFirst()))
                case Wait(delay):
                    self._putback.wait(item, now + delay)
                case Drop(why):
                    self._drop(item, why)
        return list(runs.values()), unclaimed


def _siblings(jobs: Iterable[Job]) -> Mapping[RecordRef, Sequence[Job]]:
    siblings = defaultdict(list)
    for job in jobs:
        if not job.is_final and job.record is not None:
            siblings[job.record].append(job)
    return siblings


def _corrected(item: WorkItem, job: Job) -> WorkItem:
    """The item as the row has it; a record that the row has lost is remembered, because it was deleted."""
    return item.model_copy(update={"operation": slug_of(job.operation), "record": job.record or item.record})


def _claim_of(item: WorkItem, job: Job, token: str) -> Claim:
    """The claim that was tried: the row bears it, or still the one with which the item came."""
    return Claim(attempt=job.attempts + 1, token=token, before=job.claim if resumes(item, job) else "")


def _patience(item: WorkItem, claim: Claim | None, error: Exception, now: datetime) -> timedelta:
    """Nothing could be claimed: wait as long as the other side asks for, longer the longer it lasts."""
    asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
    return max(asked, retry.patience(now - item.first_seen, claimed=claim is not None))


def _takes_receipt(job: Job, item: WorkItem) -> bool:
    """Whether an outcome still belongs on the row: the claim is the same, or was given up as unknown in between.

    What a person has set back to Queued is to run again, unless nobody but the receipt knows how it ended.
    """
    is_its_own = item.claim is not None and job.claim == item.claim.token and not job.is_queued
    return is_its_own or job.result_code == OutcomeUnknown.code
