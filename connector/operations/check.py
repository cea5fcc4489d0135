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
from connector.words import Sentence


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


def _says(task: Task[None], before: datetime, after: datetime) -> Sentence:
    """The message: seconds of each part of the way, as far as they are known."""
    claimed, read = _seconds(task.begun_on, before), _seconds(before, after)
    if task.routed_on is None:
        return Sentence(
            "The sweep found the job: its message did not arrive. "
            "Seconds: {claimed} to claim it; {read} for a read of Spotler.",
            claimed=claimed,
            read=read,
        )
    return Sentence(
        "The job arrived. Seconds: {routed} from Dataverse to the router; {taken} to its function; "
        "{claimed} to claim it; {read} for a read of Spotler.",
        routed=_seconds(task.ordered_on, task.routed_on),
        taken=_seconds(task.routed_on, task.begun_on),
        claimed=claimed,
        read=read,
    )


def _seconds(since: datetime | None, until: datetime | None) -> Sentence | float:
    """The time between two moments; the clocks of two systems may differ, and Dataverse keeps whole seconds."""
    if since is None or until is None:
        return Sentence("unknown")
    return round(max((until - since).total_seconds(), 0), 1)


OPERATIONS: Final = (Check(),)
