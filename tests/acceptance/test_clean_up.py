"""Old jobs are deleted at night."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from sandbox.system import Options, Surroundings, System, functions
from tests.acceptance.world import World, job_row


def left(world, jobs):
    """The jobs that are still there. Those that are not over are deleted now: they would be overdue for other tests."""
    rows = {row[Job.ID]: row for row in world.rows(Job.TABLE) if row[Job.ID] in jobs}
    for job, row in rows.items():
        if row[Job.STATE] == 0:
            world.people.delete(Job.SET, job)
    return set(rows)


@pytest.mark.feature("JOB-18")
def test_completed_and_failed_jobs_are_deleted_when_they_are_old_enough(world):
    old = {
        (JobStatus.COMPLETED, 29): True,
        (JobStatus.COMPLETED, 31): False,
        (JobStatus.FAILED, 89): True,
        (JobStatus.FAILED, 91): False,
        (JobStatus.QUEUED, 400): True,
    }
    jobs = {world.past_job(status, days): kept for (status, days), kept in old.items()}

    world.run_timer("clean_up_jobs")

    assert left(world, jobs) == {job for job, kept in jobs.items() if kept}


@pytest.fixture
def keeping(system: System, tmp_path) -> Iterator[World]:
    """A second app beside the first, that keeps jobs for ever."""
    settings = {**system.settings, "KEEP_COMPLETED_DAYS": "0", "KEEP_FAILED_DAYS": "0"}
    around = Surroundings(system.servicebus, system.dataverse, system.spotler, settings, tmp_path)
    with functions(around, Options()) as app:
        world = World(replace(system, functions=app, settings=settings))
        yield world
        world.bus.close()


@pytest.mark.feature("JOB-18")
def test_zero_days_keep_every_job(world, keeping):
    jobs = {world.past_job(status, 4000) for status in (JobStatus.COMPLETED, JobStatus.FAILED)}

    keeping.run_timer("clean_up_jobs")
    assert left(world, jobs) == jobs

    world.run_timer("clean_up_jobs")
    assert left(world, jobs) == set()


@pytest.mark.feature("JOB-18")
def test_a_job_that_has_just_ended_stays(world):
    (row,) = world.jobs(job_row(Operation.ADD_TAG, dh_tag="Fresh"))
    job = world.wait(row)

    world.run_timer("clean_up_jobs")

    assert world.look(job.id).status is JobStatus.COMPLETED
