"""The first half of a chunk: from work items to claimed jobs."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connector import due, telemetry
from connector.dataverse.records import RecordRef
from connector.errors import OutcomeUnknown, Refused
from connector.jobs.attempt import Attempt, Ended
from connector.jobs.claims import Drop, End, Run, Wait, decide, resumes
from connector.jobs.put_back import PutBack
from connector.jobs.store import ClaimAnswers, Claimed, JobStore
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation
from connector.operations.results import Done, Failed, OlderFirst
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import Claim, WorkItem
from connector.services import Services
from connector.sync.info import write_late

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the items of a chunk.

    Attributes:
        attempts: the jobs to perform, in the order of their numbers.
        ended: those whose result is known already.
        siblings: the unfinished jobs of each record, as they were when the chunk read them.
    """

    attempts: Sequence[Attempt] = ()
    ended: Sequence[Ended] = ()
    siblings: Mapping[RecordRef, Sequence[JobRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Decided:
    """The jobs to claim, with their items, and those of which only something is written."""

    runs: Sequence[tuple[WorkItem, Claimed]]
    ended: Sequence[Ended]
    siblings: Mapping[RecordRef, Sequence[JobRow]]


class Claiming:
    """Claims the jobs of one chunk."""

    def __init__(self, services: Services, operation: JobOperation[Any], put_back: PutBack) -> None:
        self._services = services
        self._operation = operation
        self._put_back = put_back
        self._store = JobStore(services.dataverse)
        self._lease = timedelta(seconds=services.settings.job_lease_seconds)

    def take(self, items: Sequence[WorkItem]) -> Taken:
        """Claim the jobs of these items, one item per job."""
        receipts = self._receipts([item for item in items if item.receipt is not None])
        taken = self._claim(self._with_infos([item for item in items if item.receipt is None]))
        return Taken(taken.attempts, [*receipts, *taken.ended], taken.siblings)

    def _receipts(self, items: Sequence[WorkItem]) -> list[Ended]:
        """Items whose work is done already: their outcome has to be written, unless the row has moved on since."""
        if not items:
            return []
        try:
            jobs = {job.id: job for job in self._store.read([item.job for item in items], ())}
        except Exception as error:  # noqa: BLE001 - a batch never fails as a whole
            self._wait_for_dataverse(items, error, {})
            return []
        late = self._late_infos(items)
        ended = []
        for item in items:
            job, receipt = jobs.get(item.job), item.receipt
            has_outcome = job is not None and receipt is not None and _takes_receipt(job, item)
            if item.job in late:
                self._wait_for_dataverse([item], late[item.job], {})
            elif not has_outcome:
                self._drop(item, "nothing is left to write for it")
            if job is not None and receipt is not None and has_outcome:
                done = Done(receipt.message, receipt.code, receipt.status, receipt.automation_contact_id)
                ended.append(Ended(Attempt(item, job, is_claimed=False), done))
        return ended

    def _with_infos(self, items: Sequence[WorkItem]) -> dict[str, WorkItem]:
        """The items whose rows of Spotler Info are written, by job: the records are read only then."""
        late = self._late_infos(items)
        for item in items:
            if item.job in late:
                self._wait_for_dataverse([item], late[item.job], {})
        return {item.job: _without_info(item) for item in items if item.job not in late}

    def _late_infos(self, items: Iterable[WorkItem]) -> dict[str, Exception]:
        """Write the rows of Spotler Info that items carry; by job id, why one has to be written later still.

        One that Dataverse has not taken for as long as jobs are tried is given up, as one that it refuses: its job and
        all later ones of its record would wait for good.
        """
        rows = {
            item.job: (item.record, item.info.made_on, item.info.values)
            for item in items
            if item.record is not None and item.info is not None
        }
        try:
            problems = write_late(self._services.dataverse, rows.values())
        except Exception as error:  # noqa: BLE001 - an internal error keeps no outcome from being written
            telemetry.log_problem(log, error, operation=self._operation.slug)
            return {}
        given_up = self._services.now() - timedelta(hours=self._services.settings.job_give_up_hours)
        return {
            job: problem
            for job, (record, made_on, _) in rows.items()
            if (problem := problems.get(record)) is not None and not isinstance(problem, Refused) and made_on > given_up
        }

    def _claim(self, items: Mapping[str, WorkItem]) -> Taken:
        """Read the jobs, decide about each, and claim those that may run."""
        if not items:
            return Taken()
        now = self._services.now()
        tried: dict[str, Claim] = {}
        try:
            decided = self._decide(items, now)
            tried = {item.job: _tried(item, claimed) for item, claimed in decided.runs}
            answers = self._store.claim([claimed for _, claimed in decided.runs], now=now, lease=self._lease)
        except Exception as error:  # noqa: BLE001 - a batch never fails as a whole
            self._wait_for_dataverse(items.values(), error, tried)
            return Taken()
        attempts, ended = self._attempts(decided.runs, answers, now)
        return Taken(attempts, [*decided.ended, *ended], decided.siblings)

    def _decide(self, items: Mapping[str, WorkItem], now: datetime) -> _Decided:
        records = {item.record for item in items.values() if item.record is not None}
        jobs = {job.id: job for job in self._store.read(items.keys(), records)}
        siblings = _siblings(jobs.values())
        runs: dict[str, tuple[WorkItem, Claimed]] = {}
        ended: dict[str, Ended] = {}
        for item in sorted(items.values(), key=lambda item: jobs[item.job].number if item.job in jobs else ""):
            job = jobs.get(item.job)
            corrected = item if job is None or job.is_final else _corrected(item, job)
            if corrected is not item:
                # The row differs from the message: the function of the operation on the row decides.
                self._put_back.forward(corrected)
                continue
            decision = decide(
                item,
                job,
                siblings=siblings.get(job.record, ()) if job and job.record else (),
                together=runs.keys() | ended.keys(),
                repeatable=self._operation.repeatable,
                now=now,
            )
            match decision:
                case Run() if job is not None:
                    runs[job.id] = (item, Claimed(job, self._services.new_id()))
                case End(outcome) if job is not None:
                    ended[job.id] = Ended(Attempt(item, job, is_claimed=False), outcome)
                case Wait() if job is not None and resumes(item, job):
                    self._give_back(item, job, ended)
                case Wait(moment):
                    self._put_back.wait(item, moment)
                case Drop(why):
                    self._drop(item, why)
        return _Decided(list(runs.values()), list(ended.values()), siblings)

    def _give_back(self, item: WorkItem, job: JobRow, ended: dict[str, Ended]) -> None:
        """A claim is given back when an older job has to be done first."""
        ended[job.id] = Ended(Attempt(item, job), Failed(OlderFirst()))

    def _attempts(
        self, runs: Iterable[tuple[WorkItem, Claimed]], answers: ClaimAnswers, now: datetime
    ) -> tuple[list[Attempt], list[Ended]]:
        """What the answers to the claims mean, each for its own job; younger ones wait for one that was not claimed."""
        for first_of_each_type in {type(refusal): refusal for refusal in answers.refused.values()}.values():
            telemetry.log_problem(log, first_of_each_type, operation=self._operation.slug)
        attempts: list[Attempt] = []
        ended: list[Ended] = []
        not_claimed: set[RecordRef | None] = set()
        for item, claimed in runs:
            job, refusal = claimed.job, answers.refused.get(claimed.job.id)
            if job.id in answers.taken:
                attempt = Attempt(item.begun(now, anew=not resumes(item, job)), answers.taken[job.id])
                if job.record is not None and job.record in not_claimed:
                    ended.append(Ended(attempt, Failed(OlderFirst())))
                else:
                    attempts.append(attempt)
                continue
            not_claimed.add(job.record)
            if isinstance(refusal, Refused):
                # The row cannot be claimed: a rule of the customer forbids it. Its end may still be written.
                ended.append(Ended(Attempt(item, job, is_claimed=False), Failed(refusal)))
            elif refusal is None:
                self._put_back.wait(item, now + due.CONTENDED, _tried(item, claimed))
            else:
                self._wait_for_dataverse([item], refusal, {job.id: _tried(item, claimed)}, log_it=False)
        return attempts, ended

    def _wait_for_dataverse(
        self, items: Iterable[WorkItem], error: Exception, tried: Mapping[str, Claim], *, log_it: bool = True
    ) -> None:
        """Nothing could be read or claimed: wait for as long as Dataverse asks, and longer while it lasts."""
        if log_it:
            telemetry.log_problem(log, error, operation=self._operation.slug)
        now = self._services.now()
        for item in items:
            if not self._put_back.has(item.job):
                claim = tried.get(item.job)
                claimed = (claim or item.claim) is not None
                moment = due.after_dataverse(error, since=item.first_seen, now=now, claimed=claimed)
                self._put_back.wait(item, moment, claim)

    def _drop(self, item: WorkItem, why: str) -> None:
        log.info("Item dropped: %s", why, extra=telemetry.fields(job=item.job, operation=item.operation))


def _siblings(jobs: Iterable[JobRow]) -> Mapping[RecordRef, Sequence[JobRow]]:
    siblings = defaultdict(list)
    for job in jobs:
        if not job.is_final and job.record is not None:
            siblings[job.record].append(job)
    return siblings


def _corrected(item: WorkItem, job: JobRow) -> WorkItem:
    """The item as the row has it; a record that the row has lost is remembered, because it was deleted."""
    operation, record = slug_of(job.operation), job.record or item.record
    is_right = (operation, record) == (item.operation, item.record)
    return item if is_right else item.model_copy(update={"operation": operation, "record": record})


def _without_info(item: WorkItem) -> WorkItem:
    return item.model_copy(update={"info": None}) if item.info else item


def _tried(item: WorkItem, claimed: Claimed) -> Claim:
    """The claims that may be on the row: the one just tried, and those with which the item came."""
    before = item.claim or Claim(attempt=claimed.job.attempts, tokens=())
    return before.and_tried(claimed.token)


def _takes_receipt(job: JobRow, item: WorkItem) -> bool:
    """Whether an outcome still belongs on the row: the claim is still there, or was given up as unknown in between.

    A row that bears the claim has not ended, whatever a person has set its status to, and the outcome is that of the
    run which it waits for. That nobody knows the outcome is no news for a row that says so.
    """
    if job.result_code == OutcomeUnknown.code:
        return item.receipt is not None and item.receipt.code != OutcomeUnknown.code
    return resumes(item, job)
