"""The recipe of every batch, followed chunk by chunk (`connector.jobs.chunks`).

    bodies ─► items ─► jobs read ─► decided ─► claimed ─► planned ─► prepared ─► performed ─► recorded ─► put back
                │                    │    │                  │          │                        ▲
           quarantine              wait  drop                └──────────┴─────── results ────────┘

A batch never fails as a whole: whatever happens to one job, its neighbours are done. Only when the bus itself cannot
take what has to be put back does the batch raise, so that the bus delivers it again; the rows then say what was done.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connector import due
from connector.jobs.chunks import AT_A_TIME, AT_A_TIME_ONCE, divide, read_items
from connector.jobs.claiming import Claiming
from connector.jobs.put_back import PutBack
from connector.jobs.recorder import Recorder
from connector.jobs.work import perform
from connector.operations.context import Context
from connector.operations.operation import JobOperation
from connector.routing.work_item import WorkItem
from connector.services import Services
from connector.threads import ContextThreadPool


def run_batch(services: Services, operation: JobOperation[Any], bodies: Sequence[bytes]) -> None:
    """Do what these messages ask for.

    Raises:
        Transient, Misconfigured: when the bus cannot take what has to be put back.
    """
    lock = timedelta(seconds=services.settings.job_lease_seconds)
    deadline = services.now() + lock * due.WORKING_SHARE
    chunks = divide(read_items(bodies, services.bus, source=operation.slug))
    at_a_time = AT_A_TIME if operation.repeatable else AT_A_TIME_ONCE
    with ContextThreadPool(at_a_time, thread_name_prefix=operation.slug) as pool:
        done = [pool.submit(_run_chunk, services, operation, chunk, deadline) for chunk in chunks]
    for chunk in done:
        chunk.result()


def _run_chunk(services: Services, operation: JobOperation[Any], items: Sequence[WorkItem], deadline: datetime) -> None:
    now, put_back = services.now(), PutBack()
    if now < deadline:
        context = Context.of(services, deadline)
        taken = Claiming(services, operation, put_back).take(items)
        ended = [*taken.ended, *perform(operation, taken.attempts, context)]
        Recorder(services, operation, put_back).record(ended, taken.siblings, context.infos())
    else:
        for item in items:
            put_back.wait(item, now)
    put_back.send(services.bus)
