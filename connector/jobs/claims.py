"""Whether an item may run its job now: the rules of the claim, without any input or output.

                       ┌──────────── a person sets it back ────────────┐
                       ▼                                               │
    created ──►  Queued ──claim──►  In Progress ──outcome──►  Completed or Failed
                   ▲                 │ │     ▲
                   └─ older first ───┘ └─────┘  claimed again: a retry comes back with its claim, or the lease has
                                                passed and anybody may take over what is repeatable or not begun

The claim is a conditional write (row version), so of two that try at the same time one succeeds. While a lease runs,
nobody else touches the job, whatever its status says. What is written after a claim is bound to its token
(`connector.jobs.store`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final

from connector import due
from connector.dataverse.choices import Operation
from connector.errors import Invalid
from connector.operations.job import JobRow
from connector.operations.results import Done, Unknown
from connector.outcomes import MEANINGS, SUPERSEDED
from connector.routing.work_item import WorkItem
from connector.words import Sentence

#: Only Queued is an order to run a job; a row that no worker has must end all the same.
SET_BY_HAND: Final = "The status was set to In Progress by hand, which does not run the job."
#: Why a job that must not run twice is not run again after its holder has disappeared.
INTERRUPTED: Final = Sentence("The work was interrupted and may have been done.")


@dataclass(frozen=True, slots=True)
class Run:
    """Claim the job and run it."""


@dataclass(frozen=True, slots=True)
class End:
    """Write how the job ends, without running it."""

    outcome: Done


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again later."""

    due: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing to do: the job is over, gone, or claimed by another worker."""

    why: str


type ClaimDecision = Run | End | Wait | Drop


def decide(  # noqa: PLR0911 - one return per rule reads best
    item: WorkItem,
    job: JobRow | None,
    *,
    siblings: Collection[JobRow],
    together: Collection[str],
    repeatable: bool,
    now: datetime,
) -> ClaimDecision:
    """Decide about one item.

    Args:
        item: the wake-up.
        job: its row as it is now; None when it is gone.
        siblings: the unfinished jobs of the same record.
        together: the ids of the jobs that the same chunk runs before this one.
        repeatable: whether running the operation twice ends in the same state as running it once.
        now: the present, in UTC.
    """
    if job is None:
        return Drop("the job row is gone")
    if job.is_final:
        return Drop("the job is over")
    if not resumes(item, job):
        if job.is_leased(now):
            return Drop("the job is claimed by another worker")
        if job.is_set_by_hand:
            return End(Done.failed(Invalid(SET_BY_HAND)))
        if not (job.is_queued or repeatable or job.started_on is None):
            return End(Unknown(INTERRUPTED).outcome)
    if _is_superseded(job, siblings, now):
        return End(Done(MEANINGS[SUPERSEDED].sentence, code=SUPERSEDED))
    if any(other.number < job.number and other.id not in together for other in siblings):
        return Wait(due.after_older(item.first_seen, now))
    return Run()


def resumes(item: WorkItem, job: JobRow) -> bool:
    """Whether the item comes back with a claim that is on the row."""
    return item.claim is not None and item.claim.matches(job.claim)


def _is_superseded(job: JobRow, siblings: Collection[JobRow], now: datetime) -> bool:
    """Whether a newer sync does its work.

    Not one behind a job of another operation, which would see old values, nor one that may have read them already.
    """
    younger = sorted((other for other in siblings if other.number > job.number), key=lambda other: other.number)
    following = takewhile(lambda other: other.operation is Operation.SYNC_CONTACT, younger)
    return _syncs(job) and any(_syncs(other) and other.is_queued and not other.is_leased(now) for other in following)


def _syncs(job: JobRow) -> bool:
    """Whether it will send its record; one with two records is not valid and will send neither."""
    return job.operation is Operation.SYNC_CONTACT and not (job.customer and job.lead)
