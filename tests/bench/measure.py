"""One measurement: the functions are warm, the jobs wait on the bus, and the clock runs until the last one is over.

The host of the functions is stopped while the jobs are created. So all jobs wait when it goes on, batches are as full
as a backlog makes them, and the time that Dataverse takes to create jobs is not part of what is measured.
"""

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from connector.dataverse.choices import JobStatus, Operation
from sandbox.launch import Part
from sandbox.people import People
from sandbox.sample_setup import create_setup
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Options, Surroundings, functions, surroundings
from tests.bench import observe, pace, processes
from tests.bench.cases import Case
from tests.bench.fixtures import create_audience, create_jobs, load_people
from tests.bench.observe import BenchFailed, Calls
from tests.bench.pace import Latency
from tests.bench.work import is_known, row_of, work_of
from tests.bench.workers import Worker

#: Seconds that one measurement may take; a throttled naive connector needs more than five minutes for 1,000 jobs.
LONGEST_RUN: Final = 1800.0
#: Seconds until Dataverse has posted the messages of all jobs.
LONGEST_POST: Final = 60.0
LONGEST_SINGLE_JOB: Final = 60.0
#: Jobs that run one by one before the backlog: the first in a cold process, the others while nothing else runs.
SINGLE_JOBS: Final = 6


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        seconds: from the moment the functions may begin until the last job is over.
        dataverse_per_job: HTTP requests to Dataverse, refused ones included; a `$batch` is one.
        refused_per_job: those of them that were answered with 429.
        spotler_per_job: HTTP requests to Spotler.
        peak_memory_mb: of the engine; None where the system does not say.
        cpu_ms_per_job: processor time of each part while the jobs were done.
        first_job_seconds: how long the very first job takes in a process that has just started.
        single_job_seconds: how long a job takes afterwards while nothing else goes on; the median of a few.
        latency: how long jobs take that come at a steady pace; None where that was not asked for.
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
    latency: Latency | None = None


@dataclass(frozen=True, slots=True)
class _Spent:
    """What a backlog took."""

    seconds: float
    calls: Calls
    cpu: Mapping[str, float]


def measure(case: Case, folder: Path) -> Figures:
    """Run one case in fresh surroundings; logs go to the folder.

    For most operations the contacts are in step with Spotler before, so that the operation is all there is to do.

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
        counts = (SINGLE_JOBS, case.warm_up, case.jobs, case.paced)
        contacts = load_people(around.dataverse, sum(counts))
        people = People(around.dataverse)
        automations = create_setup(people)
        create_audience(around.spotler, row_of(case.operation, contacts[0], automations))
        known = Worker.start(around, "sync", "in step") if is_known(case.operation) else None
        with functions(around, options) as host:
            if known:
                known.end(LONGEST_RUN)
            bench = _Bench(case, around, host, people, automations)
            seen = bench.go_before(contacts)
            some = iter(contacts)
            alone, warm_up, backlog, paced = (list(islice(some, count)) for count in counts)
            singles = [bench.single_job(contact) for contact in alone]
            if warm_up:
                bench.backlog(warm_up)
            figures = bench.measured_backlog(backlog, singles)
            latency = bench.latency(paced)
            bench.check(len(contacts), seen)
            return replace(figures, latency=latency)


@dataclass(frozen=True, slots=True)
class _Bench:
    """A case with everything running."""

    case: Case
    around: Surroundings
    host: Part
    people: People
    automations: Mapping[str, str]

    def go_before(self, contacts: Sequence[str]) -> int:
        """Do for every contact what has to be done before the operation, if anything has.

        Returns:
            how often Spotler has seen the effect of the operation until then.
        """
        operation = work_of(self.case.operation).after
        if operation is not None:
            self._create(contacts, operation)
            self._finish(self.case.contender.functions[operation], len(contacts))
        return self._effects()

    def single_job(self, contact: str) -> float:
        """How many seconds one job takes from its creation, while nothing else goes on."""
        before = observe.work_done(self.host, self.case.function)
        self._create([contact])
        started = time.monotonic()
        self._wait(self.case.function, before + 1, LONGEST_SINGLE_JOB)
        return time.monotonic() - started

    def measured_backlog(self, contacts: Sequence[str], singles: Sequence[float]) -> Figures:
        """What the measured backlog takes."""
        spent, jobs = self.backlog(contacts), len(contacts)
        return Figures(
            jobs=jobs,
            seconds=spent.seconds,
            jobs_per_second=jobs / spent.seconds,
            dataverse_per_job=spent.calls.dataverse / jobs,
            refused_per_job=spent.calls.refused / jobs,
            spotler_per_job=spent.calls.spotler / jobs,
            peak_memory_mb=processes.peak_memory_mb(observe.engine_pids(self.host)),
            cpu_ms_per_job={name: 1000 * seconds / jobs for name, seconds in spent.cpu.items()},
            first_job_seconds=singles[0],
            single_job_seconds=median(singles[1:]),
        )

    def backlog(self, contacts: Sequence[str]) -> _Spent:
        """Let jobs wait for the functions, and see what they take once the functions may begin."""
        function = self.case.function
        before, pids = observe.work_done(self.host, function), self._pids()
        self.host.process.send_signal(signal.SIGSTOP)
        try:
            self._create(contacts)
            observe.wait(
                lambda: observe.waiting_messages(self.around.servicebus) >= len(contacts),
                LONGEST_POST,
                "Dataverse did not post the messages of the jobs",
            )
            calls, cpu = observe.calls(self.around), _cpu_seconds(pids)
        finally:
            self.host.process.send_signal(signal.SIGCONT)
        started = time.monotonic()
        seconds = self._finish(function, before + len(contacts)) - started
        used, cpu_after = observe.calls(self.around).since(calls), _cpu_seconds(pids)
        return _Spent(seconds, used, {name: cpu_after[name] - cpu[name] for name in pids})

    def latency(self, contacts: Sequence[str]) -> Latency | None:
        """How long jobs take that come at a steady pace."""
        if not contacts:
            return None
        return pace.latency(self.around.dataverse, contacts, lambda contact: self._create([contact]))

    def check(self, jobs: int, seen_before: int) -> None:
        """The work was really done.

        Raises:
            BenchFailed: when it was not.
        """
        work = work_of(self.case.operation)
        expected = jobs * (2 if work.after else 1)
        done = observe.job_statuses(self.around.dataverse).count(JobStatus.COMPLETED)
        if done != expected:
            raise BenchFailed(f"{self.case.slug}: of {expected} jobs {done} are Completed")
        seen = self._effects() - seen_before
        if work.effect is not None and seen != jobs:
            raise BenchFailed(f"{self.case.slug}: of {jobs} jobs Spotler saw {seen}")

    def _effects(self) -> int:
        """How often Spotler has seen the effect of the operation."""
        effect = work_of(self.case.operation).effect
        return len(SideDoor(self.around.spotler.get("url")).journal(effect)) if effect else 0

    def _create(self, contacts: Sequence[str], operation: Operation | None = None) -> None:
        create_jobs(self.people, operation or self.case.operation, contacts, self.automations)

    def _finish(self, function: str, messages: int) -> float:
        """The time at which all jobs were over.

        The rows are looked at only when the function has seen as many messages as there are jobs: looking costs the
        stand-in time, which it should have for the connector.
        """
        deadline = time.monotonic() + LONGEST_RUN
        while True:
            self._wait(function, messages, deadline - time.monotonic())
            ended = time.monotonic()
            if all(status.is_final for status in observe.job_statuses(self.around.dataverse)):
                return ended

    def _wait(self, function: str, messages: int, seconds: float) -> None:
        """Wait until the function has processed so many messages since its start."""
        observe.wait(
            lambda: observe.work_done(self.host, function) >= messages,
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
