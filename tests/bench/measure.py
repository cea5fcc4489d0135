"""One measurement: jobs are created, then the functions are started and watched until every job is over."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from connector.dataverse.choices import JobStatus, Operation
from sandbox.launch import Part
from sandbox.people import People
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Options, Surroundings, functions, surroundings
from tests.bench import observe, processes
from tests.bench.cases import Case
from tests.bench.fixtures import create_jobs, load_contacts
from tests.bench.observe import BenchFailed

#: Seconds that one measurement may take; a throttled naive connector needs more than five minutes for 1,000 jobs.
LONGEST_RUN: Final = 1800.0
#: Seconds until Dataverse has posted the messages of all jobs.
LONGEST_POST: Final = 60.0
#: Single jobs that follow the crowd, to see how long somebody waits who creates just one.
SINGLE_JOBS: Final = 5

#: What Spotler has to have seen, once for each job.
_EFFECTS: Final = {Operation.ADD_TAG: "tag.added", Operation.SYNC_CONTACT: "contact.created"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        seconds: from the moment the functions listen until the last job is over.
        dataverse_per_job: HTTP requests to Dataverse, refused ones included; a `$batch` is one.
        refused_per_job: those of them that were answered with 429.
        spotler_per_job: HTTP requests to Spotler.
        peak_memory_mb: of the engine; None where the system does not tell.
        cpu_ms_per_job: processor time of each part while the jobs were done.
        single_job_seconds: from the creation of one job, while all is quiet, until it is done; the median of a few.
    """

    jobs: int
    seconds: float
    jobs_per_second: float
    dataverse_per_job: float
    refused_per_job: float
    spotler_per_job: float
    peak_memory_mb: float | None
    cpu_ms_per_job: Mapping[str, float]
    single_job_seconds: float


def measure(case: Case, folder: Path) -> Figures:
    """Run one case in fresh surroundings; logs go to the folder.

    Raises:
        BenchFailed: when a job is not Completed in time, or Spotler did not see its work.
    """
    options = Options(
        latency_ms=case.latency_ms,
        dataverse_arguments=case.limits.arguments,
        settings=case.contender.settings,
        app=case.contender.app,
    )
    with surroundings(options, folder=folder) as around:
        contacts = load_contacts(around.dataverse, around.spotler, case)
        create_jobs(People(around.dataverse), case.operation, contacts)
        observe.wait(
            lambda: observe.waiting_messages(around.servicebus) >= case.jobs,
            LONGEST_POST,
            "Dataverse did not post the messages of the jobs",
        )
        calls = observe.calls(around)
        with functions(around, options) as host:
            started = time.monotonic()
            parts = _pids(around, host)
            cpu = {name: processes.cpu_seconds(pids) for name, pids in parts.items()}
            seconds = _finish(case, around, host) - started
            used = observe.calls(around).since(calls)
            cpu = {name: processes.cpu_seconds(pids) - cpu[name] for name, pids in parts.items()}
            _check(case, around)
            return Figures(
                jobs=case.jobs,
                seconds=seconds,
                jobs_per_second=case.jobs / seconds,
                dataverse_per_job=used.dataverse / case.jobs,
                refused_per_job=used.refused / case.jobs,
                spotler_per_job=used.spotler / case.jobs,
                peak_memory_mb=processes.peak_memory_mb(parts["engine"]),
                cpu_ms_per_job={name: 1000 * used_up / case.jobs for name, used_up in cpu.items()},
                single_job_seconds=_single_jobs(case, around, host, contacts[:SINGLE_JOBS]),
            )


def _pids(around: Surroundings, host: Part) -> dict[str, list[int]]:
    return {
        "engine": observe.engine_pids(host),
        "host": [host.process.pid],
        "bus": [around.servicebus.process.pid],
        "dataverse": [around.dataverse.process.pid],
        "spotler": [around.spotler.process.pid],
    }


def _finish(case: Case, around: Surroundings, host: Part) -> float:
    """The time at which all jobs were over.

    The rows are looked at only when the function has seen as many messages as there are jobs: looking costs the
    stand-in time, which it should have for the connector.
    """
    deadline = time.monotonic() + LONGEST_RUN
    while True:
        observe.wait(
            lambda: observe.work_done(host, case.function) >= case.jobs,
            deadline - time.monotonic(),
            f"{case.contender.name}: {case.title}: not done in time",
        )
        ended = time.monotonic()
        if all(status.is_final for status in observe.job_statuses(around.dataverse)):
            return ended


def _check(case: Case, around: Surroundings) -> None:
    statuses = observe.job_statuses(around.dataverse)
    done = statuses.count(JobStatus.COMPLETED)
    seen = len(SideDoor(around.spotler.get("url")).journal(_EFFECTS[case.operation]))
    if done != case.jobs or seen != case.jobs:
        raise BenchFailed(
            f"{case.contender.name}: {case.title}: of {case.jobs} jobs {done} are Completed, and Spotler saw {seen}"
        )


def _single_jobs(case: Case, around: Surroundings, host: Part, contacts: Sequence[str]) -> float:
    """How long one job takes from its creation, while nothing else goes on."""
    people = People(around.dataverse)
    seconds = []
    for number, contact in enumerate(contacts, start=1):
        before = observe.work_done(host, case.function)
        create_jobs(people, case.operation, [contact])
        started = time.monotonic()
        observe.wait(
            lambda before=before: observe.work_done(host, case.function) > before,  # type: ignore[misc]
            LONGEST_RUN,
            f"single job {number} was not done in time",
        )
        seconds.append(time.monotonic() - started)
    return median(seconds)
