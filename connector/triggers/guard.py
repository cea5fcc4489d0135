"""The edge between the engine and our work: no error leaves it with its text, and each log line has its invocation.

The host logs the text and the trace of whatever a function raises, with all its causes, and texts of others may quote
anything. So an error is logged here, in the words of `connector.telemetry`, and what is raised says nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from connector.threads import ContextThreadPool
from connector.triggers.invocation import enter_invocation

if TYPE_CHECKING:
    from azure.functions import Context

log = logging.getLogger(__name__)

#: Functions that can run at the same time, each with one batch: more than there are, because a batch that waits for a
#: thread uses up its locks. The loop's own pool has only a few threads more than the machine has cores. Threads are
#: created when they are needed.
MOST: Final = 64
#: What a timer returns that did nothing, because the connector is paused: such a run is no success.
PAUSED: Final = "paused"
threads: Final = ContextThreadPool(MOST, thread_name_prefix="function")


class NotDone(Exception):
    """The work was not done; the line before says why.

    The first line of the docstring is all that an error of this family says.
    """

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").splitlines()[0])


class DeliverAgain(NotDone):
    """These messages were not processed and have to be delivered again; the line before says why."""


class TimerFailed(NotDone):
    """This timer did not do its work and runs again on its schedule; the line before says why."""


async def run_batch(name: str, work: Callable[[], object], context: "Context") -> None:
    """Do the work for a batch of messages.

    Raises:
        DeliverAgain: when it was not done: the host then gives the messages back.
    """
    await _run(name, work, context, DeliverAgain)


async def run_timer(name: str, work: Callable[[], object], context: "Context") -> None:
    """Do the work of a timer.

    Raises:
        TimerFailed: when it was not done: operators then see it among the failures of the function.
    """
    await _run(name, work, context, TimerFailed, is_done=_is_timer_done)


async def _run(
    name: str,
    work: Callable[[], object],
    context: "Context",
    failure: type[NotDone],
    is_done: Callable[[str, Callable[[], object]], bool] | None = None,
) -> None:
    """Do the work in a thread. An error is logged there, and forgotten before the failure is raised."""
    from connector.telemetry import pipeline  # noqa: PLC0415 - not needed to index the functions

    enter_invocation(context)
    pipeline.start()
    if not await asyncio.get_running_loop().run_in_executor(threads, is_done or _is_done, name, work):
        raise failure


def _is_timer_done(name: str, work: Callable[[], object]) -> bool:
    """Do the work of a timer, count the run, and send what there is to say: the instance may be stopped right after."""
    from connector.telemetry import measuring, pipeline  # noqa: PLC0415 - not needed to index the functions
    from connector.telemetry.names import TIMER_RUNS  # noqa: PLC0415

    returned: list[object] = []
    done = _is_done(name, lambda: returned.append(work()))
    outcome = "failed" if not done else PAUSED if returned == [PAUSED] else "ok"
    measuring.count(TIMER_RUNS, timer=name, outcome=outcome)
    pipeline.flush()
    return done


def _is_done(name: str, work: Callable[[], object]) -> bool:
    from connector import telemetry  # noqa: PLC0415 - heavy, loaded when used

    try:
        work()
    except Exception as error:  # noqa: BLE001 - the family of the error decides its log level
        telemetry.log_problem(log, error, operation=name)
        return False
    finally:
        telemetry.log_repeated_problems()
    return True
