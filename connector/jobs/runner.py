"""The recipe of every batch: read, decide, act, record. It is followed portion by portion (`connector.jobs.portions`).

    bodies ─► items ─► jobs read ─► decided ─► claimed ─► checked ─► records read ─► known to Spotler ─► performed
                │                     │  │                   │            │               │                  │
           quarantine              wait  drop                └────────────┴── results ◄───┴──────────────────┘
                                      │                                          │
                                      └──────────► put back on the topic ◄───────┴──► recorded on the rows

A batch never fails as a whole: whatever happens to one job, its neighbours are done. Only when the bus itself cannot
take what has to be put back does the batch raise, so that the bus delivers it again; the rows then say what was done.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Final

from connector.dataverse.records import RecordRef
from connector.jobs.intake import Intake
from connector.jobs.portions import at_a_time, divide, read_items
from connector.jobs.prepare import check_lookups, prepare
from connector.jobs.putback import PutBack
from connector.jobs.recorder import Recorder
from connector.operations.attempt import Attempt, OlderFirst
from connector.operations.operation import Batch, Operation
from connector.routing.work_item import WorkItem
from connector.services import Services
from connector.sync.info import InfoValues

#: The part of the lock after which a batch begins nothing new: the rest is for writing down and putting back.
LOCK_SHARE: Final = 0.6


class BatchRunner:
    """Runs batches of one operation."""

    def __init__(self, services: Services, operation: Operation) -> None:
        self._services = services
        self._operation = operation

    def run(self, bodies: Sequence[bytes]) -> None:
        """Do what these messages ask for.

        Raises:
            Transient, Misconfigured: when the bus cannot take what has to be put back.
        """
        services, slug = self._services, self._operation.slug
        lock = timedelta(seconds=services.settings.job_lease_seconds)
        deadline = services.now() + lock * LOCK_SHARE
        portions = divide(read_items(bodies, services.bus, source=slug))
        with ThreadPoolExecutor(at_a_time(self._operation), thread_name_prefix=slug) as pool:
            # The engine knows by the context to which invocation a log line belongs.
            done = [pool.submit(copy_context().run, self._work_off, portion, deadline) for portion in portions]
        for portion in done:
            portion.result()

    def _work_off(self, items: Sequence[WorkItem], deadline: datetime) -> None:
        """One portion: none harms another."""
        services, now, putback = self._services, self._services.now(), PutBack()
        if now < deadline:
            intake = Intake(services, self._operation, putback)
            attempts = intake.take(items)
            infos = self._perform([attempt for attempt in attempts if attempt.is_open], deadline)
            Recorder(services, self._operation, putback).record(attempts, intake.siblings, infos)
        else:
            for item in items:
                putback.wait(item, now)
        putback.send(services.bus)

    def _perform(
        self, attempts: Sequence[Attempt], deadline: datetime
    ) -> Sequence[tuple[RecordRef, InfoValues | None]]:
        """Check, prepare and perform; jobs of one record go one after the other, in rounds.

        Returns:
            the rows of Spotler Info to write.
        """
        batch = Batch(self._services, deadline)
        check_lookups(self._operation, attempts)
        in_order = [attempt for attempt in attempts if attempt.is_open]
        if in_order:
            _guard(in_order, lambda: self._operation.check(in_order, batch))
        held: set[RecordRef | None] = set()
        for turn in _rounds(attempt for attempt in attempts if attempt.is_open):
            for attempt in turn:
                if attempt.about in held:
                    attempt.fail(OlderFirst())
            self._perform_round([attempt for attempt in turn if attempt.is_open], batch)
            held |= {attempt.about for attempt in turn if attempt.about and attempt.will_be_tried_again}
        return batch.infos

    def _perform_round(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One round: no record occurs twice."""
        _guard(attempts, lambda: prepare(self._operation, attempts, batch))
        todo = [attempt for attempt in attempts if attempt.is_open]
        if todo:
            _guard(todo, lambda: self._operation.perform(todo, batch))
        for attempt in todo:
            if attempt.is_open:
                attempt.fail(RuntimeError("the operation left the job open"))


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
        key = attempt.about or attempt.job.id
        turn = seen[key]
        seen[key] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(attempt)
    return rounds
