"""Check: a job that changes nothing, and says how long its way took.

    row saved ─► queue dataverse, router ─► topic, function ─► claimed and read ─► Spotler answers a read

Whoever creates it sees the whole way work, or where it stops: a row that stays Queued did not arrive.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, override

from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.operation import Needs, ParameterlessOperation, Task
from connector.operations.results import Done, Result


class Check(ParameterlessOperation):
    """One read of Spotler serves all jobs of a chunk."""

    choice = Choice.CHECK
    needs = Needs.NOTHING

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """Ask Spotler for something that changes nothing."""
        context.check_time()
        services = context.services
        before = services.now()
        services.spotler.probe()
        after = services.now()
        return {task.job.id: Done(_says(task, before, after)) for task in tasks}


def _says(task: Task[None], before: datetime, after: datetime) -> str:
    """The message: seconds of each part of the way, as far as they are known."""
    read = f"{_seconds(task.begun_on, before)} to claim it; {_seconds(before, after)} for a read of Spotler."
    if task.routed_on is None:
        return f"The sweep found the job: its message did not arrive. Seconds: {read}"
    way = f"{_seconds(task.ordered_on, task.routed_on)} from Dataverse to the router"
    return f"The job arrived. Seconds: {way}; {_seconds(task.routed_on, task.begun_on)} to its function; {read}"


def _seconds(since: datetime | None, until: datetime | None) -> str:
    """The time between two moments; the clocks of two systems may differ, and Dataverse keeps whole seconds."""
    if since is None or until is None:
        return "unknown"
    return f"{max((until - since).total_seconds(), 0):.1f}"


OPERATIONS: Final = (Check(),)
