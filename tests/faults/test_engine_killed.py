"""An engine process that dies in the middle of its work: nothing is lost, and nobody is mailed twice."""

import os
import signal
import time
from collections import Counter
from itertools import cycle

import pytest
import requests

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from sandbox.people import People
from sandbox.sample_setup import create_automations
from sandbox.samples import automation, both, customer
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Options, System, running
from tests.faults.patience import Patience

KILLS = 3
#: Created for each death, and again if the engine was too quick: enough for it to be seen in the middle of them.
JOBS_PER_DEATH = 80
#: How often they are created at most for one death.
ORDERS = 20
#: Short locks and leases, so that what the dead left is taken over in seconds.
LOCK_SECONDS = 4.0
#: Calls take long enough, and looks come often enough, that no batch passes unseen.
LATENCY_MS = 30
LOOK = 0.02
#: Looks at what was started, which is little, before the rows of all jobs are read again.
LOOKS = 10
#: Seconds between two looks when there is nothing left to catch: leases are short, and looking costs Dataverse time.
REST = 0.25

KINDS = (
    (Operation.SYNC_CONTACT, customer),
    (Operation.ADD_TAG, lambda name: both(customer(name), **{Job.TAG: "Survivor"})),
    (
        Operation.SET_CONTACT_FIELD,
        lambda name: both(customer(name), **{Job.FIELD_NAME: "freeField1", Job.FIELD_VALUE: "7"}),
    ),
    (Operation.START_AUTOMATION, lambda name: both(customer(name), automation("welcome"))),
)


@pytest.fixture
def system(tmp_path):
    options = Options(
        lock_seconds=LOCK_SECONDS,
        latency_ms=LATENCY_MS,
        settings={"SWEEP_SCHEDULE": "*/2 * * * * *", "JOB_SWEEP_AFTER_SECONDS": "3"},
    )
    with running(options, folder=tmp_path) as system:
        yield system


class Crew:
    """People who order work of all kinds, and see what became of it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.people = People(system.dataverse)
        self.door = SideDoor(system.spotler.get("url"))
        self.automations = create_automations(self.people)
        self.operations: dict[str, Operation] = {}
        self.contacts: dict[str, str] = {}
        self.killed: set[int] = set()

    def order(self, name: str) -> tuple[set[str], set[str]]:
        """Create jobs of all operations in turn, each for a contact of its own; the ids of both."""
        names = [f"{name}{number}" for number in range(JOBS_PER_DEATH)]
        rows = [{"lastname": each, "emailaddress1": f"{each}@example.org"} for each in names]
        contacts = self.people.create_many(Contact.TABLE, Contact.SET, rows)
        ids = dict(zip(names, contacts, strict=True)) | self.automations
        orders = [(operation, columns(each)(ids)) for (operation, columns), each in zip(cycle(KINDS), names)]
        rows = [{Job.OPERATION: operation.value, Job.NAME: operation.label, **columns} for operation, columns in orders]
        jobs = self.people.create_many(Job.TABLE, Job.SET, rows)
        self.operations |= dict(zip(jobs, [operation for operation, _ in orders], strict=True))
        self.contacts |= dict(zip(jobs, contacts, strict=True))
        return set(jobs), set(contacts)

    def rows(self) -> dict[str, dict[str, object]]:
        columns = f"{Job.ID},{Job.STATUS},{Job.STATE},{Job.RESULT_CODE},{Job.ATTEMPTS}"
        return {str(row[Job.ID]): row for row in self.people.find(Job.SET, "statuscode ne 0", columns)}

    def claimed(self, jobs: set[str]) -> set[str]:
        """Those of the jobs that somebody has claimed and not finished."""
        return {job for job, row in self.rows().items() if job in jobs and row[Job.STATUS] == JobStatus.IN_PROGRESS}

    def kill_engine_at_work(self, name: str) -> set[str]:
        """Order work and kill the engine in the middle of it; the jobs that it had claimed."""
        for attempt in range(ORDERS):
            jobs, contacts = self.order(f"{name}-{attempt}-")
            patience, rows = Patience(), self.rows()
            while any(rows[job][Job.STATE] == 0 for job in jobs):
                for _ in range(LOOKS):
                    if held := self.catch_engine(jobs, contacts):
                        return held
                    time.sleep(LOOK)
                rows = self.rows()
                assert patience.lasts(rows), "the engine does nothing"
        raise AssertionError("the engine was never seen in the middle of its work")

    def catch_engine(self, jobs: set[str], contacts: set[str]) -> set[str]:
        """Kill the engine if it has begun to start automations and holds jobs, which nobody else can have claimed.

        It is stopped before it is looked at, and looked at until nothing changes any more: what it had sent before may
        arrive after that, and what is seen then is what it leaves.
        """
        if any(entry["externalId"] in contacts for entry in self.door.journal("automation.started")):
            engines = self.engines()
            if len(engines) != 1:  # the host is just starting another one
                return set()
            (engine,) = engines
            os.kill(engine, signal.SIGSTOP)
            before, held = set(), self.claimed(jobs)
            while held != before:
                time.sleep(REST)
                before, held = held, self.claimed(jobs)
            os.kill(engine, signal.SIGKILL if held else signal.SIGCONT)
            self.killed |= {engine} if held else set()
            return held
        return set()

    def engines(self) -> set[int]:
        """The engine that runs."""
        answer = requests.get(f"{self.system.functions.get('control_url')}/_sandbox/engines", timeout=60)
        return set(answer.json()["pids"]) - self.killed

    def wait(self) -> dict[str, dict[str, object]]:
        """The rows of all jobs, once they are over or nothing happens any more."""
        patience = Patience()
        while True:
            rows = self.rows()
            if all(row[Job.STATE] for row in rows.values()) or not patience.lasts(rows):
                return rows
            time.sleep(REST)


@pytest.mark.usefixtures("cold_engines")
def test_all_jobs_end_and_no_automation_is_started_twice_when_the_engine_is_killed(system):
    crew = Crew(system)

    held = [crew.kill_engine_at_work(f"person-{death}") for death in range(KILLS)]
    rows = crew.wait()

    assert len(crew.killed) == KILLS
    assert rows.keys() == crew.operations.keys()
    assert [row for row in rows.values() if row[Job.STATE] == 0] == []
    for jobs in held:  # each death has interrupted some of them: they were taken over, or given up as unknown
        assert any(rows[job][Job.ATTEMPTS] > 1 or rows[job][Job.RESULT_CODE] == "OUTCOME_UNKNOWN" for job in jobs)
    for job, operation in crew.operations.items():
        if operation is not Operation.START_AUTOMATION:
            assert (rows[job][Job.STATUS], rows[job][Job.RESULT_CODE]) == (JobStatus.COMPLETED, "OK")
    codes = {
        crew.contacts[job]: rows[job][Job.RESULT_CODE]
        for job, kind in crew.operations.items()
        if kind is Operation.START_AUTOMATION
    }
    starts = Counter(entry["externalId"] for entry in crew.door.journal("automation.started"))
    assert set(codes.values()) <= {"OK", "OUTCOME_UNKNOWN"}
    assert max(starts.values()) == 1
    assert starts.keys() <= codes.keys()
    assert {contact for contact, code in codes.items() if code == "OK"} <= starts.keys()
