"""One measurement: the functions are warm, the jobs wait on the bus, and the clock runs until the last one is over.

The host of the functions is stopped while the jobs are created. So all jobs wait when it goes on, batches are as full
as a backlog makes them, and the time that Dataverse takes to create jobs is not part of what is measured.
"""

import signal
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
LONGEST_SINGLE_JOB: Final = 60.0
#: Jobs that go one by one before the crowd: the first in a cold process, the others as somebody waits for just one.
SINGLE_JOBS: Final = 6

#: What Spotler has to have seen, once for each job.
_EFFECTS: Final = {Operation.ADD_TAG: "tag.added", Operation.SYNC_CONTACT: "contact.created"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        seconds: from the moment the functions may begin until the last job is over.
        dataverse_per_job: HTTP requests to Dataverse, refused ones included; a `$batch` is one.
        refused_per_job: those of them that were answered with 429.
        spotler_per_job: HTTP requests to Spotler.
        peak_memory_mb: of the engine; None where the system does not tell.
        cpu_ms_per_job: processor time of each part while the jobs were done.
        first_job_seconds: how long the very first job takes in a process that has just started.
        single_job_seconds: how long a job takes afterwards while nothing else goes on; the median of a few.
    """

    jobs: int
    seconds: float
    jobs_per_second: float
    dataverse_per_job: float
    refused_per_job: float
    spotler_per_job: float
    peak_memory_mb: float | None
    cpu_ms_per_job: Mapping[str, float]
    first_job_seconds: float
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
        contacts = load_contacts(around.dataverse, around.spotler, case.operation, SINGLE_JOBS + case.jobs)
        with functions(around, options) as host:
            bench = _Bench(case, around, host, People(around.dataverse))
            singles = [bench.single_job(contact) for contact in contacts[:SINGLE_JOBS]]
            figures = bench.crowd(contacts[SINGLE_JOBS:], singles)
            bench.check(len(contacts))
            return figures


@dataclass(frozen=True, slots=True)
class _Bench:
    """A case with everything running."""

    case: Case
    around: Surroundings
    host: Part
    people: People

    def single_job(self, contact: str) -> float:
        """How many seconds one job takes from its creation, while nothing else goes on."""
        before = observe.work_done(self.host, self.case.function)
        create_jobs(self.people, self.case.operation, [contact])
        started = time.monotonic()
        self._wait(before + 1, LONGEST_SINGLE_JOB)
        return time.monotonic() - started

    def crowd(self, contacts: Sequence[str], singles: Sequence[float]) -> Figures:
        """What all the jobs together take."""
        case, before = self.case, observe.work_done(self.host, self.case.function)
        pids = self._pids()
        self.host.process.send_signal(signal.SIGSTOP)
        try:
            create_jobs(self.people, case.operation, contacts)
            observe.wait(
                lambda: observe.waiting_messages(self.around.servicebus) >= case.jobs,
                LONGEST_POST,
                "Dataverse did not post the messages of the jobs",
            )
            calls, cpu = observe.calls(self.around), _cpu_seconds(pids)
        finally:
            self.host.process.send_signal(signal.SIGCONT)
        started = time.monotonic()
        seconds = self._finish(before + case.jobs) - started
        used, cpu_after = observe.calls(self.around).since(calls), _cpu_seconds(pids)
        return Figures(
            jobs=case.jobs,
            seconds=seconds,
            jobs_per_second=case.jobs / seconds,
            dataverse_per_job=used.dataverse / case.jobs,
            refused_per_job=used.refused / case.jobs,
            spotler_per_job=used.spotler / case.jobs,
            peak_memory_mb=processes.peak_memory_mb(pids["engine"]),
            cpu_ms_per_job={name: 1000 * (cpu_after[name] - cpu[name]) / case.jobs for name in pids},
            first_job_seconds=singles[0],
            single_job_seconds=median(singles[1:]),
        )

    def check(self, jobs: int) -> None:
        """The work was really done.

        Raises:
            BenchFailed: when it was not.
        """
        done = observe.job_statuses(self.around.dataverse).count(JobStatus.COMPLETED)
        seen = len(SideDoor(self.around.spotler.get("url")).journal(_EFFECTS[self.case.operation]))
        if (done, seen) != (jobs, jobs):
            raise BenchFailed(f"{self.case.slug}: of {jobs} jobs {done} are Completed, and Spotler saw {seen}")

    def _finish(self, messages: int) -> float:
        """The time at which all jobs were over.

        The rows are looked at only when the function has seen as many messages as there are jobs: looking costs the
        stand-in time, which it should have for the connector.
        """
        deadline = time.monotonic() + LONGEST_RUN
        while True:
            self._wait(messages, deadline - time.monotonic())
            ended = time.monotonic()
            if all(status.is_final for status in observe.job_statuses(self.around.dataverse)):
                return ended

    def _wait(self, messages: int, seconds: float) -> None:
        """Until the function has worked off so many messages since its start."""
        observe.wait(
            lambda: observe.work_done(self.host, self.case.function) >= messages,
            seconds,
            f"{self.case.slug}: the jobs were not done in time",
        )

    def _pids(self) -> dict[str, list[int]]:
        return {
            "engine": observe.engine_pids(self.host),
            "host": [self.host.process.pid],
            "bus": [self.around.servicebus.process.pid],
            "dataverse": [self.around.dataverse.process.pid],
            "spotler": [self.around.spotler.process.pid],
        }


def _cpu_seconds(pids: Mapping[str, Sequence[int]]) -> dict[str, float]:
    return {name: processes.cpu_seconds(each) for name, each in pids.items()}
