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
from datetime import datetime
from enum import Enum, auto
from typing import ClassVar, override

from connector.consent import Intent, Item
from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.job import JobRow
from connector.operations.results import Result
from connector.sync.records import Record


class Needs(Enum):
    """Whether a job of this operation is about a record."""

    RECORD = auto()
    RECORD_OR_NOTHING = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Task[Plan]:
    """One job to perform.

    Attributes:
        plan: what the operation made of its row.
        record: what it is about; None where it is about nothing.
        intent: what it means for the person.
        permission: the permission that is switched, if it is one.
        step: how many steps of a long work are done.
        ordered_on: when it was ordered, at the latest; None if that is not known.
        begun_on: when its first attempt began; None if that is not known.
        routed_on: when its message was routed; None where the sweep found the row.
    """

    job: JobRow
    plan: Plan
    record: Record | None = None
    intent: Intent = Intent.CONTACT
    permission: Item | None = None
    step: int = 0
    ordered_on: datetime | None = None
    begun_on: datetime | None = None
    routed_on: datetime | None = None

    @property
    def removes(self) -> bool:
        """Whether it only takes something away, so that a contact which Spotler does not have is its end."""
        return self.intent in (Intent.REMOVE, Intent.SWITCH_OFF)

    @property
    def known_record(self) -> Record:
        """The record of an operation that needs one."""
        assert self.record is not None  # noqa: S101 - `prepare` ended the tasks without one
        return self.record


class JobOperation[Plan](ABC):
    """An operation of Spotler Jobs.

    Attributes:
        slug: its name in the topic and in the portal.
        needs: whether it is about a record.
        required: the columns of a job that must be filled, beside its record.
        optional: the columns that may be filled.
        repeatable: whether running it twice ends in the same state as running it once.
        usual_intent: what it means for the person, unless that depends on the job.
        accepts_deleted: whether it is done for records that are gone from Dataverse, of which only the id is left.
        syncs_first: whether a changed record is sent to Spotler first.
    """

    choice: ClassVar[Choice]
    needs: Needs = Needs.RECORD
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    repeatable: bool = True
    usual_intent: Intent = Intent.CONTACT
    accepts_deleted: bool = False
    syncs_first: bool = False

    @property
    def slug(self) -> str:
        """Its name in the topic and in the portal."""
        return self.choice.slug

    @abstractmethod
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Plan | Exception]:
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

    def intent(self, plan: Plan) -> Intent:  # noqa: ARG002 - depends on the plan where a class says so
        """What a job means for the person: consent decides by it whether it is done."""
        return self.usual_intent

    def permission(self, plan: Plan) -> Item | None:  # noqa: ARG002
        """The permission that a job switches, if it is one."""
        return None


class ParameterlessOperation(JobOperation[None]):
    """An operation without parameters: its jobs ask for nothing but their record, if they have one."""

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, None]:
        """Nothing that could be refused stands on a row."""
        return dict.fromkeys(job.id for job in jobs)


def each_job[Plan](jobs: Iterable[JobRow], plan: Callable[[JobRow], Plan]) -> dict[str, Plan | Exception]:
    """The plan of each job, or what making it raised."""
    plans: dict[str, Plan | Exception] = {}
    for job in jobs:
        try:
            plans[job.id] = plan(job)
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            plans[job.id] = error
    return plans
