"""System jobs of solutions: they end well after some seconds; one whose row was deleted meanwhile does nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import uuid4

from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.placing import place
from sandbox.dataverse.values import Scalar, stamp

_JOB: Final = "asyncoperation"


def begin_system_job(parts: Parts, name: str, kind: int, seconds: float, work: Callable[[], None]) -> str:
    """Put the row of a system job in place, and do its work later; the id of the row.

    Args:
        parts: of the environment.
        name: of the job.
        kind: its `operationtype`.
        seconds: until the work is done.
        work: what it does.
    """
    job = str(uuid4())
    begun: dict[str, Scalar] = {"name": name, "operationtype": kind, "statecode": 0, "statuscode": 0}
    place(parts.store, parts.clock, _JOB, job, begun)

    def finish() -> None:
        row = parts.store.get(_JOB, job)
        if row is None:
            return
        work()
        done: dict[str, Scalar] = {"statecode": 3, "statuscode": 30, "completedon": stamp(parts.clock.now())}
        ended = replace(row, version=parts.store.next_version(), values={**row.values, **done})
        parts.store.tables[_JOB].put(ended)

    parts.schedule.after(seconds, finish)
    return job
