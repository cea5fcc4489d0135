"""Resolve Job: a job whose message did not name its operation is read, and sent to the function that carries it out.

A job without an operation is not valid and fails here.
"""

from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.errors import Invalid
from connector.operations.context import Context
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Needs, Task, each_job
from connector.operations.results import Result
from connector.routing.subscriptions import CARRIED_OUT, RESOLVE
from connector.words import Sentence


class ResolveJob(JobOperation[None]):
    """The operation of the jobs that name none: none of them is valid."""

    slug = RESOLVE
    needs = Needs.NOTHING

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Exception | None]:
        """Refuse every job."""
        return each_job(jobs, _refuse)

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """Nothing is left to perform."""
        return {}


def _refuse(_: JobRow) -> None:
    known = ", ".join(choice.label for choice in CARRIED_OUT)
    raise Invalid(Sentence("The job has no operation that the connector knows; choose one of: {known}.", known=known))


OPERATIONS: Final = (ResolveJob(),)
