"""Promote Visitor: a website visitor becomes a lead or an account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, override

from connector.dataverse.choices import Operation as Choice, PromoteTo
from connector.dataverse.names import Job as Names
from connector.errors import Invalid
from connector.operations.context import Context
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Needs, Task, each_job
from connector.operations.results import Done, Result
from connector.sync.visitors.promotion import promote


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a job asks for.

    Attributes:
        visitor: the id of the row.
        target: what it becomes; a lead unless the job says otherwise.
    """

    visitor: str
    target: PromoteTo


class PromoteVisitor(JobOperation[Promotion]):
    """Work in Dataverse alone: Spotler and Spotler Leads are not asked."""

    choice = Choice.PROMOTE_VISITOR
    needs = Needs.NOTHING
    required = (Names.VISITOR,)
    optional = (Names.PROMOTE_TO,)

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Promotion | Exception]:
        """The job has a visitor, and nothing else that it could be about."""
        return each_job(jobs, _plan)

    @override
    def perform(self, tasks: Sequence[Task[Promotion]], context: Context) -> Mapping[str, Result]:
        """Promote, a few visitors at a time."""
        return context.each(tasks, lambda task: _promote(task, context))


def _plan(job: JobRow) -> Promotion:
    if job.customer is not None or job.lead is not None:
        raise Invalid("A job about a website visitor has no customer and no lead; clear them.")
    if job.visitor_id is None:
        raise Invalid("The job has no website visitor, or its visitor was deleted; choose one.")
    return Promotion(job.visitor_id, job.promote_to or PromoteTo.LEAD)


def _promote(task: Task[Promotion], context: Context) -> Done:
    return Done(promote(context.services, task.plan.visitor, task.plan.target, task.job.id))


OPERATIONS: Final = (PromoteVisitor(),)
