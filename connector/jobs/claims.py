"""Whether an item may run its job now: the rules of the claim, without any input or output.

                       ┌──────────── a person sets it back ────────────┐
                       ▼                                               │
    created ──►  Queued ──claim──►  In Progress ──receipt──►  Completed or Failed
                   ▲                 │ │     ▲
                   └─── not begun ───┘ └─────┘  claimed again: a retry comes back with its claim,
                                                or the lease has passed and anybody may take over

The claim is a conditional write (row version), so of two that try at the same time one succeeds.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from connector.dataverse.choices import Operation
from connector.errors import Invalid, OutcomeUnknown
from connector.operations.attempt import Outcome
from connector.operations.job import Job
from connector.outcomes import MEANINGS, SUPERSEDED
from connector.routing.work_item import WorkItem

#: How soon an item looks again whether the older job of its record is done; it looks less often as it waits longer.
WAIT_FIRST: Final = timedelta(seconds=2)
WAIT_LONGEST: Final = timedelta(seconds=60)

#: Only Queued is an order to run a job; a row that nobody works on must end all the same.
SET_BY_HAND: Final = "The status was set to In Progress by hand, so nobody works on the job."


@dataclass(frozen=True, slots=True)
class Run:
    """Claim the job and run it; with an outcome, only write that."""

    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again later."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing to do: the job is over, gone, or in other hands."""

    why: str


type Decision = Run | Wait | Drop


def decide(  # noqa: PLR0911 - one return per rule reads best
    item: WorkItem,
    job: Job | None,
    *,
    siblings: Collection[Job],
    together: Collection[str],
    repeatable: bool,
    now: datetime,
) -> Decision:
    """Decide about one item.

    Args:
        item: the wake-up.
        job: its row as it is now; None when it is gone.
        siblings: the unfinished jobs of the same record.
        together: the ids of the jobs that the same batch runs before this one.
        repeatable: whether running the operation twice ends in the same state as running it once.
        now: the present, in UTC.
    """
    if job is None:
        return Drop("the job row is gone")
    if job.is_final:
        return Drop("the job is over")
    if not job.is_queued and not resumes(item, job):
        if not _is_stale(job, now):
            return Drop("the job is in other hands")
        if job.is_set_by_hand:
            return Run(Outcome.failed(Invalid(SET_BY_HAND)))
        if not repeatable:
            return Run(Outcome.failed(OutcomeUnknown("The work was interrupted and may have been done.")))
    if _is_superseded(job, siblings):
        return Run(Outcome.completed(MEANINGS[SUPERSEDED].sentence, code=SUPERSEDED))
    if any(other.number < job.number and other.id not in together for other in siblings):
        return Wait(wait_delay(now - item.first_seen))
    return Run()


def wait_delay(age: timedelta) -> timedelta:
    """Half of the time waited so far, within bounds: quick for a quick neighbour, cheap for a slow one."""
    return min(max(age / 2, WAIT_FIRST), WAIT_LONGEST)


def resumes(item: WorkItem, job: Job) -> bool:
    """Whether the item comes back with the claim that the row still bears."""
    return item.claim is not None and item.claim.is_borne_by(job.claim)


def _is_stale(job: Job, now: datetime) -> bool:
    return job.lease_until is None or job.lease_until <= now or not job.claim


def _is_superseded(job: Job, siblings: Collection[Job]) -> bool:
    """Whether a newer sync does its work: not one behind a job of another operation, which would see old values."""
    younger = sorted((other for other in siblings if other.number > job.number), key=lambda other: other.number)
    following = takewhile(lambda other: other.operation is Operation.SYNC_CONTACT, younger)
    return _syncs(job) and any(_syncs(other) and other.is_queued for other in following)


def _syncs(job: Job) -> bool:
    """Whether it will send its record; one with two records is not valid and will send neither."""
    return job.operation is Operation.SYNC_CONTACT and not (job.customer and job.lead)
