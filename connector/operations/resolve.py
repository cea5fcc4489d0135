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
from connector.routing.subscriptions import RESOLVE


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
    raise Invalid("The job has no operation that the connector knows.", advice="Choose an Operation in a new job.")


OPERATIONS: Final = (ResolveJob(),)
