"""Old jobs are deleted at night."""

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from tests.acceptance.world import job_row


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

    left = {row[Job.ID] for row in world.rows(Job.TABLE)}
    assert {job: job in left for job in jobs} == jobs


@pytest.mark.feature("JOB-18")
def test_a_job_that_has_just_ended_stays(world):
    (row,) = world.jobs(job_row(Operation.ADD_TAG, dh_tag="Fresh"))
    job = world.wait(row)

    world.run_timer("clean_up_jobs")

    assert world.look(job.id).status is JobStatus.COMPLETED
