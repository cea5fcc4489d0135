"""What is written on the row of a job: how its run began and ended, and nothing of the run before."""

import logging
from datetime import datetime, timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.job_outcome import RESULT_CODE_LENGTH, RESULT_MESSAGE_LENGTH
from connector.dataverse.names import Job
from connector.errors import Refused

TAGS = "POST /contact/*/tags"


@pytest.fixture
def job(world):
    return world.job(Operation.ADD_TAG, world.contact(known=True), dh_tag="x")


def moment(world, job, column):
    return datetime.fromisoformat(world.row(job)[column])


def test_a_result_is_no_longer_than_what_its_row_takes(world, job, monkeypatch):
    answer = Refused("No. " * RESULT_MESSAGE_LENGTH, code="N" * 200)

    def refuse(*_):
        raise answer

    monkeypatch.setattr(world.services.spotler, "add_tags", refuse)

    world.run(job)

    row = world.row(job)
    assert (row[Job.STATUS], row[Job.RESULT_CODE], row[Job.RESULT_MESSAGE]) == (
        JobStatus.FAILED,
        answer.result_code[:RESULT_CODE_LENGTH],
        answer.for_people[:RESULT_MESSAGE_LENGTH],
    )


def test_a_run_that_begins_anew_clears_how_the_last_one_ended_and_shows_its_own_problem(world, job):
    world.spotler.arm("error", route=TAGS, status=400, error_type="TAG_INVALID", count=1)
    world.run(job)
    assert world.status(job) == (JobStatus.FAILED, "TAG_INVALID")
    world.services.dataverse.update(
        Job.SET, job, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: JobStatus.QUEUED.state}
    )
    world.spotler.arm("error", route=TAGS, count=3)

    world.run(job)

    row = world.row(job)
    assert (row[Job.STATUS], row[Job.RESULT_CODE], row[Job.COMPLETED_ON]) == (JobStatus.IN_PROGRESS, "TRANSIENT", None)
    assert row[Job.RESULT_MESSAGE].startswith("[TRANSIENT] Spotler answered 5")


def test_started_on_is_when_the_last_attempt_began_and_completed_on_when_it_ended(world, job):
    first = world.now
    world.spotler.arm("error", route=TAGS, count=3)
    world.run(job)
    assert world.row(job)[Job.STARTED_ON] is None, "it waits for its next attempt, so nothing is begun"
    world.now += timedelta(minutes=1)
    world.mend_spotler()

    world.run(*world.put_back())

    assert world.status(job) == (JobStatus.COMPLETED, "OK")
    assert [moment(world, job, column) for column in (Job.STARTED_ON, Job.COMPLETED_ON)] == [
        first + timedelta(minutes=1)
    ] * 2


def test_a_job_that_ends_leaves_one_line_in_the_log_and_one_that_goes_on_leaves_none(world, job, caplog):
    """`job explain` says from it what became of a job whose row is gone."""
    caplog.set_level(logging.INFO, logger="connector")
    untagged = world.job(Operation.ADD_TAG, world.contact("bob", known=True), **{Job.ATTEMPTS: 4})
    world.spotler.arm("error", route=TAGS, count=3)

    def lines():
        found = [record for record in caplog.records if hasattr(record, "status") and hasattr(record, "job")]
        caplog.clear()
        return {
            record.job: (record.getMessage(), record.operation, record.code, record.attempts, record.seconds)
            for record in found
        }, len(found)

    world.run(job, untagged)
    assert lines() == ({untagged: (f"Job {untagged} Failed: JOB_NOT_VALID", "add-tag", "JOB_NOT_VALID", 5, 0.0)}, 1)
    world.now += timedelta(seconds=30)
    world.mend_spotler()
    world.run(*world.put_back())

    assert lines() == ({job: (f"Job {job} Completed: OK", "add-tag", "OK", 2, 30.0)}, 1)
