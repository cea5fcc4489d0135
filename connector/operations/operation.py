"""What an operation of a Spotler Job is: it plans from the rows of jobs, and performs what was planned.

    plan(jobs)      what each job asks for, from its row; what is wrong is refused before Spotler is asked anything
    (jobs/)         the jobs' records are read, checked against consent, and sent to Spotler where they changed
    perform(tasks)  the work in Spotler, and a result for every task

An operation knows nothing about claims, retries or messages. A class of a new file in this package is found by itself
(`connector.operations.registry`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import ClassVar

from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.job import Job
from connector.operations.results import Result
from connector.sync.records import Record


class Needs(Enum):
    """Whether a job of this operation is about a record."""

    RECORD = auto()
    RECORD_OR_NOTHING = auto()
    NOTHING = auto()


class Accepts(Flag):
    """The records, beside those that are fit for everything, for which an operation is carried out.

    Deactivated ones; those to which nothing at all may be mailed, for what only removes or stops; those that are gone
    from Dataverse, of which only the id is left.
    """

    FIT = 0
    INACTIVE = auto()
    DO_NOT_EMAIL = auto()
    DELETED = auto()
    UNFIT = INACTIVE | DO_NOT_EMAIL
    ANY = UNFIT | DELETED


@dataclass(frozen=True, slots=True)
class Task[Plan]:
    """One job to perform.

    Attributes:
        plan: what the operation made of its row.
        record: what it is about; None where it is about nothing.
        removes: whether it only takes something away, so that a contact which Spotler does not have is its end.
        step: how many steps of a long work are done.
    """

    job: Job
    plan: Plan
    record: Record | None = None
    removes: bool = False
    step: int = 0

    @property
    def known_record(self) -> Record:
        """The record of an operation that needs one."""
        assert self.record is not None  # noqa: S101 - `prepare` ended the tasks without one
        return self.record


class Operation[Plan](ABC):
    """One operation.

    Attributes:
        slug: its name in the topic and in the portal.
        needs: whether it is about a record.
        repeatable: whether running it twice ends in the same state as running it once.
        accepts: for which records it is done that others are not done for.
        syncs_first: whether Spotler must have the record as it is now before.
    """

    choice: ClassVar[Choice]
    needs: Needs = Needs.RECORD
    repeatable: bool = True
    accepts: Accepts = Accepts.FIT
    syncs_first: bool = False

    @property
    def slug(self) -> str:
        """Its name in the topic and in the portal."""
        return self.choice.slug

    @abstractmethod
    def plan(self, jobs: Sequence[Job], context: Context) -> Mapping[str, Plan | Exception]:
        """What each job asks for, by job id: the plan, or why it is refused.

        Raises:
            Exception: ends all jobs, where nothing can be said of any.
        """

    @abstractmethod
    def perform(self, tasks: Sequence[Task[Plan]], context: Context) -> Mapping[str, Result]:
        """Do the work; no record occurs twice among the tasks.

        Returns:
            a result for every task, by job id.
        """

    def removes(self, plan: Plan) -> bool:  # noqa: ARG002 - depends on the plan where a class says so
        """Whether a job only takes something away from somebody, so that it is done whatever consent says."""
        return Accepts.DO_NOT_EMAIL in self.accepts


def each_job[Plan](jobs: Iterable[Job], plan: Callable[[Job], Plan]) -> dict[str, Plan | Exception]:
    """The plan of each job, or what making it raised."""
    plans: dict[str, Plan | Exception] = {}
    for job in jobs:
        try:
            plans[job.id] = plan(job)
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            plans[job.id] = error
    return plans
