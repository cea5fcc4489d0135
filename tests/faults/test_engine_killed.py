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
from sandbox.samples import automation, both, create_automations, customer
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Options, System, running

JOBS = 200
KILLS = 3
#: Short locks and leases, so that what the dead left is taken over in seconds.
LOCK_SECONDS = 4.0
SECONDS = 120.0


@pytest.fixture
def system(tmp_path):
    options = Options(
        lock_seconds=LOCK_SECONDS,
        latency_ms=10,
        settings={"SWEEP_SCHEDULE": "*/2 * * * * *", "JOB_SWEEP_AFTER_SECONDS": "3"},
    )
    with running(options, folder=tmp_path) as system:
        yield system


def create_jobs(people: People) -> dict[str, Operation]:
    """As many jobs as there are contacts, of all operations in turn."""
    names = [f"person{number}" for number in range(JOBS)]
    rows = [{"lastname": name, "emailaddress1": f"{name}@example.org"} for name in names]
    ids = dict(zip(names, people.create_many(Contact.TABLE, Contact.SET, rows), strict=True))
    ids |= create_automations(people)
    kinds = cycle(
        (
            (Operation.SYNC_CONTACT, customer),
            (Operation.ADD_TAG, lambda name: both(customer(name), **{Job.TAG: "Survivor"})),
            (
                Operation.SET_CONTACT_FIELD,
                lambda name: both(customer(name), **{Job.FIELD_NAME: "freeField1", Job.FIELD_VALUE: "7"}),
            ),
            (Operation.START_AUTOMATION, lambda name: both(customer(name), automation("welcome"))),
        )
    )
    orders = [(operation, columns(name)(ids)) for (operation, columns), name in zip(kinds, names, strict=False)]
    rows = [{Job.OPERATION: operation.value, Job.NAME: operation.label, **columns} for operation, columns in orders]
    created = people.create_many(Job.TABLE, Job.SET, rows)
    return dict(zip(created, [operation for operation, _ in orders], strict=True))


def rows_of(people: People) -> list[dict[str, object]]:
    columns = f"{Job.ID},{Job.STATUS},{Job.STATE},{Job.RESULT_CODE},{Job.RESULT_MESSAGE}"
    return people.find(Job.SET, "statuscode ne 0", columns)


def unfinished(people: People) -> int:
    return sum(row[Job.STATE] == 0 for row in rows_of(people))


def kill_engine(system: System, victims: set[int]) -> None:
    """Kill an engine that was not killed before: the host has started another one by then."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        engines = requests.get(f"{system.functions.get('control_url')}/_sandbox/engines", timeout=5).json()["pids"]
        living = set(engines) - victims
        if living:
            victim = living.pop()
            victims.add(victim)
            os.kill(victim, signal.SIGKILL)
            return
        time.sleep(0.05)
    raise AssertionError("the host did not start another engine")


def test_all_jobs_end_and_no_automation_is_started_twice_when_the_engine_is_killed(system):
    people = People(system.dataverse)
    jobs = create_jobs(people)

    victims: set[int] = set()
    for round_ in range(KILLS):
        goal = JOBS - (round_ + 1) * JOBS // (KILLS + 3)
        deadline = time.monotonic() + SECONDS
        while unfinished(people) > goal and time.monotonic() < deadline:
            time.sleep(0.05)
        kill_engine(system, victims)
    deadline = time.monotonic() + SECONDS
    while unfinished(people) and time.monotonic() < deadline:
        time.sleep(0.25)

    rows = {row[Job.ID]: row for row in rows_of(people)}
    starts = Counter(entry["externalId"] for entry in SideDoor(system.spotler.get("url")).journal("automation.started"))

    assert len(rows) == JOBS
    assert [row for row in rows.values() if row[Job.STATE] == 0] == []
    for job, operation in jobs.items():
        if operation is not Operation.START_AUTOMATION:
            assert (rows[job][Job.STATUS], rows[job][Job.RESULT_CODE]) == (JobStatus.COMPLETED, "OK")
    automations = Counter(
        rows[job][Job.RESULT_CODE] for job, kind in jobs.items() if kind is Operation.START_AUTOMATION
    )
    assert set(automations) <= {"OK", "OUTCOME_UNKNOWN"}
    assert max(starts.values()) == 1
    assert len(starts) >= automations["OK"]
