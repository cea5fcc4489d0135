"""The recipe of every batch: read, decide, act, record.

    bodies ─► items ─► jobs read ─► decided ─► claimed ─► checked ─► records read ─► known to Spotler ─► performed
                │                     │  │                   │            │               │                  │
           quarantine              wait  drop                └────────────┴── results ◄───┴──────────────────┘
                                      │                                          │
                                      └──────────► put back on the topic ◄───────┴──► recorded on the rows

A batch never fails as a whole: whatever happens to one job, its neighbours are done. Only when the bus itself cannot
take what has to be put back does the batch raise, so that the bus delivers it again; the rows then say what was done.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.bus import TOPIC_JOBS, OutgoingMessage
from connector.dataverse.client import Keyed, filters
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Invalid, Misconfigured, Refused, Transient, Unreadable
from connector.jobs import retry
from connector.jobs.attempt import Attempt, Outcome
from connector.jobs.claims import Drop, Run, Wait, decide
from connector.jobs.model import Job
from connector.jobs.operation import Batch, Operation
from connector.jobs.prepare import prepare
from connector.jobs.quarantine import quarantine
from connector.jobs.store import Finished, JobStore, Postponed
from connector.jobs.subscriptions import RESOLVE, SLUGS
from connector.jobs.work_item import Claim, WorkItem
from connector.services import Services

log = logging.getLogger(__name__)

#: The part of the lock after which a batch begins nothing new: the rest is for writing down and putting back.
LOCK_SHARE: Final = 0.6

#: When a job whose row changed under our claim is looked at again.
CONTENDED: Final = timedelta(seconds=2)

OLDER_FIRST: Final = "An older job of the same record has to be done first."


@dataclass(slots=True)
class _Delivery:
    """What one batch has to send at its end."""

    messages: list[OutgoingMessage] = field(default_factory=list)
    jobs: set[str] = field(default_factory=set)

    def has(self, job: str) -> bool:
        """Whether an item of this job is being put back already."""
        return job in self.jobs

    def wait(self, item: WorkItem, due: datetime, claim: Claim | None = None) -> None:
        """Put an unclaimed item back. Copies of one item meet in the same slot, where the bus keeps one of them.

        `claim` is a claim that was tried and may have succeeded although its answer was lost.
        """
        again = item.model_copy(update={"reason": "waiting", "claim": claim or item.claim})
        token = again.claim.token if again.claim else "none"
        self.jobs.add(item.job)
        self.messages.append(again.message(f"{item.job}/{item.operation}/wait/{token}/{int(due.timestamp())}", due))

    def forward(self, item: WorkItem) -> None:
        """Send an item to where it belongs, at once."""
        self.jobs.add(item.job)
        place = item.record.id if item.record else "none"
        self.messages.append(item.message(f"{item.job}/{item.operation}/forward/{place}"))

    def retry(self, attempt: Attempt, due: datetime, outcome: Outcome | None = None) -> None:
        """Put a claimed item back with its claim, and with its outcome if only that is left to write."""
        reason = "receipt" if outcome else "retry"
        again = attempt.item.model_copy(
            update={
                "reason": reason,
                "claim": Claim(attempt=attempt.job.attempts, token=attempt.job.claim),
                "receipt": outcome.receipt() if outcome else None,
            }
        )
        self.messages.append(
            again.message(f"{attempt.job.id}/{reason}/{attempt.job.claim}/{int(due.timestamp())}", due)
        )


class BatchRunner:
    """Runs batches of one operation."""

    def __init__(self, services: Services, operation: Operation) -> None:
        self._services = services
        self._operation = operation
        self._store = JobStore(services.dataverse)
        self._lease = timedelta(seconds=services.settings.job_lease_seconds)
        self._give_up = timedelta(hours=services.settings.job_give_up_hours)

    def run(self, bodies: Sequence[bytes]) -> None:
        """Do what these messages ask for.

        Raises:
            Transient: when the bus cannot take what has to be put back.
        """
        deadline = self._services.now() + self._lease * LOCK_SHARE
        delivery = _Delivery()
        items = self._read(bodies)
        attempts = [*self._receipts(items), *self._claimed(items, delivery)]
        self._perform([attempt for attempt in attempts if attempt.is_open], deadline)
        self._record(attempts, delivery)
        self._services.bus.to_topic(TOPIC_JOBS, delivery.messages)

    # -- read

    def _read(self, bodies: Sequence[bytes]) -> list[WorkItem]:
        """The items, one per job; what is none goes to quarantine."""
        items: dict[str, WorkItem] = {}
        for body in bodies:
            try:
                item = WorkItem.from_body(body)
            except Unreadable as error:
                quarantine(self._services.bus, body, error, source=self._operation.slug)
                continue
            # Of two items for one job the one that knows more is the better: a receipt, then a claim.
            held = items.get(item.job)
            if held is None or (item.receipt is not None, item.attempt) > (held.receipt is not None, held.attempt):
                items[item.job] = item
        return list(items.values())

    def _receipts(self, items: Iterable[WorkItem]) -> list[Attempt]:
        """Items whose work is done already: only their outcome has to be written."""
        return [
            Attempt(item, _job_of(item), result=Outcome.from_receipt(item.receipt))
            for item in items
            if item.receipt is not None
        ]

    # -- decide

    def _claimed(self, items: Iterable[WorkItem], delivery: _Delivery) -> list[Attempt]:
        """Read the jobs, decide about each, and claim those that may run, in the order of their numbers."""
        by_job = {item.job: item for item in items if item.receipt is None}
        if not by_job:
            return []
        now = self._services.now()
        runs: list[tuple[Job, Run]] = []
        token = self._services.new_id()
        try:
            runs = self._decide(by_job, delivery, now)
            claimed = self._store.claim([job for job, _ in runs], token=token, now=now, lease=self._lease)
        except Exception as error:  # noqa: BLE001 - a batch never fails as a whole
            tried = {job.id: Claim(attempt=job.attempts + 1, token=token) for job, _ in runs}
            waiting = [item for item in by_job.values() if not delivery.has(item.job)]
            self._put_back(waiting, tried, error, delivery, now)
            return []
        attempts = []
        contended = set()
        for job, decision in runs:
            item = by_job[job.id]
            if job.id not in claimed:
                contended.add(job.record)
                delivery.wait(item, now + CONTENDED, Claim(attempt=job.attempts + 1, token=token))
            elif job.record is not None and job.record in contended:
                attempts.append(Attempt(item, claimed[job.id], result=Transient(OLDER_FIRST)))
            else:
                attempts.append(Attempt(item, claimed[job.id], result=decision.outcome))
        return attempts

    def _decide(self, by_job: dict[str, WorkItem], delivery: _Delivery, now: datetime) -> list[tuple[Job, Run]]:
        records = {item.record for item in by_job.values() if item.record is not None}
        jobs = {job.id: job for job in self._store.read(by_job.keys(), records)}
        siblings = defaultdict(list)
        for other in jobs.values():
            if not other.is_final and other.record is not None:
                siblings[other.record].append(other)
        runs: dict[str, tuple[Job, Run]] = {}
        for item in sorted(by_job.values(), key=lambda item: jobs[item.job].number if item.job in jobs else ""):
            job = jobs.get(item.job)
            corrected = item if job is None or job.is_final else _corrected(item, job)
            if corrected != item:
                # The row says otherwise than the message did: the right function decides, knowing the right neighbours.
                delivery.forward(corrected)
                continue
            decision = decide(
                item,
                job,
                siblings=siblings[job.record] if job and job.record else (),
                together=runs.keys(),
                repeatable=self._operation.repeatable,
                now=now,
            )
            match decision:
                case Run():
                    assert job is not None  # noqa: S101 - a missing row is dropped
                    runs[job.id] = (job, decision)
                case Wait(delay):
                    delivery.wait(item, now + delay)
                case Drop(why):
                    log.info("Item dropped: %s", why, extra=telemetry.fields(job=item.job, operation=item.operation))
        return list(runs.values())

    def _put_back(
        self,
        items: Iterable[WorkItem],
        tried: dict[str, Claim],
        error: Exception,
        delivery: _Delivery,
        now: datetime,
    ) -> None:
        """Nothing could be claimed: the items wait as long as the obstacle asks for."""
        telemetry.obstacle(log, error, operation=self._operation.slug)
        asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
        for item in items:
            patience = min(max((now - item.first_seen) / 2, retry.BACKOFF_FIRST), retry.BACKOFF_LONGEST)
            delivery.wait(item, now + max(asked, patience), tried.get(item.job))

    # -- act

    def _perform(self, attempts: list[Attempt], deadline: datetime) -> None:
        """Check, prepare and perform; jobs of one record go one after the other, in rounds."""
        batch = Batch(self._services, deadline)
        if attempts:
            _guard(attempts, lambda: self._operation.check(attempts, batch))
        held: set[RecordRef | None] = set()
        for turn in _rounds([attempt for attempt in attempts if attempt.is_open]):
            for attempt in turn:
                if attempt.job.record in held:
                    attempt.fail(Transient(OLDER_FIRST))
            self._perform_round([attempt for attempt in turn if attempt.is_open], batch)
            held |= {attempt.job.record for attempt in turn if attempt.job.record and _will_be_tried_again(attempt)}
        self._write_infos(batch)

    def _perform_round(self, attempts: list[Attempt], batch: Batch) -> None:
        """One round: no record occurs twice."""
        _guard(attempts, lambda: prepare(self._operation, attempts, batch))
        todo = [attempt for attempt in attempts if attempt.is_open]
        if todo:
            _guard(todo, lambda: self._operation.perform(todo, batch))
        for attempt in todo:
            if attempt.is_open:
                attempt.fail(RuntimeError("the operation left the job open"))

    def _write_infos(self, batch: Batch) -> None:
        """The state of synchronisation. Losing it costs one more call to Spotler, so it never fails a job."""
        if not batch.infos:
            return
        try:
            results = self._services.dataverse.upsert_multiple(
                Info, [Keyed(filters.key({Info.RECORD: record}), row) for record, row in batch.infos.items()]
            )
        except ConnectorError as error:
            telemetry.obstacle(log, error, operation=self._operation.slug)
            return
        for result in results:
            if result.error is not None:
                telemetry.obstacle(log, result.error, operation=self._operation.slug)

    # -- record

    def _record(self, attempts: Sequence[Attempt], delivery: _Delivery) -> None:
        """Write how each attempt ended, and put back what is tried again."""
        now = self._services.now()
        entries: list[Finished | Postponed] = []
        ended: dict[str, tuple[Attempt, Outcome]] = {}
        for attempt in attempts:
            match self._verdict(attempt, now):
                case Outcome() as outcome:
                    ended[attempt.job.id] = (attempt, outcome)
                    entries.append(Finished(attempt.job, outcome))
                case retry.Retry(due):
                    entries.append(Postponed(attempt.job, due + self._lease))
                    delivery.retry(attempt, due)
        try:
            refused = self._store.record(entries, now=now)
        except ConnectorError as error:
            telemetry.obstacle(log, error, operation=self._operation.slug)
            refused = {entry.job.id: error for entry in entries}
        for job_id, (attempt, outcome) in ended.items():
            self._account_for(attempt, outcome, refused.get(job_id), delivery, now)

    def _verdict(self, attempt: Attempt, now: datetime) -> Outcome | retry.Retry:
        result = attempt.result
        if isinstance(result, Outcome):
            return result
        assert result is not None  # noqa: S101 - no attempt is left open
        telemetry.obstacle(log, result, operation=self._operation.slug, job=attempt.job.id)
        return retry.after(
            result,
            attempts=attempt.job.attempts,
            first_seen=attempt.item.first_seen,
            now=now,
            give_up=self._give_up,
            repeatable=self._operation.repeatable,
        )

    def _account_for(
        self, attempt: Attempt, outcome: Outcome, refusal: Exception | None, delivery: _Delivery, now: datetime
    ) -> None:
        """An outcome that could not be written travels in the item, so that the next attempt only writes it."""
        if isinstance(refusal, Transient | Misconfigured):
            pause = refusal.retry_after if isinstance(refusal, Transient) and refusal.retry_after else None
            delivery.retry(attempt, now + (timedelta(seconds=pause) if pause else retry.BACKOFF_FIRST), outcome)
            return
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


def _guard(attempts: Sequence[Attempt], work: Callable[[], object]) -> None:
    """Do the work for these attempts; an error ends those that are still open, and nothing else."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
        for attempt in attempts:
            if attempt.is_open:
                attempt.fail(error)


def _rounds(attempts: Iterable[Attempt]) -> list[list[Attempt]]:
    """Rounds in which every record occurs once, the jobs of one record in the order of their numbers."""
    rounds: list[list[Attempt]] = []
    seen: dict[object, int] = defaultdict(int)
    for attempt in sorted(attempts, key=lambda attempt: attempt.job.number):
        key = attempt.job.record or attempt.job.id
        turn = seen[key]
        seen[key] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(attempt)
    return rounds


def _corrected(item: WorkItem, job: Job) -> WorkItem:
    """The item as the row has it."""
    slug = job.operation.slug if job.operation else RESOLVE
    return item.model_copy(update={"operation": slug if slug in SLUGS else RESOLVE, "record": job.record})


def _will_be_tried_again(attempt: Attempt) -> bool:
    return isinstance(attempt.result, Exception) and not isinstance(attempt.result, Invalid | Refused)


def _job_of(item: WorkItem) -> Job:
    """The job of a receipt: its row need not be read to be written."""
    assert item.claim is not None  # noqa: S101 - a receipt comes with the claim it was made under
    return Job(item.job, attempts=item.claim.attempt, claim=item.claim.token)
