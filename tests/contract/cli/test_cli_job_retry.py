"""Setting jobs back to Queued: only those that are over, and none that may have mailed somebody by a slip."""

from uuid import uuid4

import pytest

from connector.cli import job_replay
from connector.cli.rows import dataverse
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.errors import Transient
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import Bus


@pytest.fixture
def load(door):
    """A job as it stands in Dataverse."""

    def make(status, *, operation=Operation.ADD_TAG, code="REFUSED", **columns):
        row = {
            Job.NAME: "A job", Job.OPERATION: operation.value, Job.STATUS: status.value, Job.STATE: status.state,
            Job.RESULT_CODE: code, **columns,
        }  # fmt: skip
        return door.load(Job.TABLE, row)[0]

    return make


def status(door, job):
    row = next(row for row in door.rows(Job.TABLE) if row[Job.ID] == job)
    return JobStatus(row[Job.STATUS]), row[Job.STATE]


def test_a_failed_job_is_queued_again_and_woken_up(cli, door, load, waiting):
    job = load(JobStatus.FAILED)

    done = cli("job", "retry", job, code=1)

    assert done.stdout == f"{job}  Queued\n1 replayed: 1 still waiting.\n"
    assert status(door, job) == (JobStatus.QUEUED, 0)
    (message,) = waiting("add-tag")
    assert WorkItem.from_body(b"".join(message.body)).job == job


def test_a_job_whose_wake_up_cannot_be_sent_is_left_to_the_sweep(cli, door, load, monkeypatch):
    def refuse(*_):
        raise Transient("The bus is away.")

    job = load(JobStatus.FAILED)
    monkeypatch.setattr(Bus, "to_topic", refuse)

    assert "The sweep finds them" in cli("job", "retry", job, code=1).stderr
    assert status(door, job) == (JobStatus.QUEUED, 0)


def test_a_job_is_named_by_its_number_too(cli, door, load):
    load(JobStatus.FAILED)
    (row,) = door.rows(Job.TABLE)
    number = row[Job.NUMBER].lstrip("0")

    assert cli("job", "retry", number, code=1).stdout.startswith(f"{number}  Queued\n")
    assert status(door, row[Job.ID]) == (JobStatus.QUEUED, 0)


def test_a_number_that_no_job_has_is_reported(cli):
    assert "DATAVERSE_NOT_FOUND" in cli("job", "retry", "99", code=1).stderr


def test_a_completed_job_is_queued_again_only_by_force(cli, door, load):
    job = load(JobStatus.COMPLETED, code="OK")

    assert "--force does it again" in cli("job", "retry", job, code=1).stderr
    assert status(door, job) == (JobStatus.COMPLETED, 1)

    cli("job", "retry", job, "--force", code=1)

    assert status(door, job) == (JobStatus.QUEUED, 0)


@pytest.mark.parametrize("code", ["OUTCOME_UNKNOWN", "INTERNAL_ERROR"])
def test_what_may_have_mailed_somebody_is_queued_again_only_by_force(cli, door, load, code):
    job = load(JobStatus.FAILED, operation=Operation.START_AUTOMATION, code=code)

    assert "look in Spotler" in cli("job", "retry", job, code=1).stderr
    assert status(door, job) == (JobStatus.FAILED, 1)

    cli("job", "retry", job, "--force", code=1)

    assert status(door, job) == (JobStatus.QUEUED, 0)


def test_work_that_may_be_repeated_needs_no_force_after_a_mistake(cli, door, load):
    job = load(JobStatus.FAILED, code="INTERNAL_ERROR")

    cli("job", "retry", job, code=1)

    assert status(door, job) == (JobStatus.QUEUED, 0)


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize(
    ("before", "sentence"), [(JobStatus.QUEUED, "Queued already"), (JobStatus.IN_PROGRESS, "In Progress")]
)
def test_an_unfinished_job_is_left_alone(cli, door, load, before, sentence, force):
    job = load(before, **{Job.LEASE_UNTIL: "2030-01-01T00:00:00Z"})

    assert sentence in cli("job", "retry", job, *force, code=1).stderr
    assert status(door, job) == (before, 0)


def test_one_refusal_does_not_hinder_the_others(cli, door, load):
    done, failed, gone = load(JobStatus.COMPLETED), load(JobStatus.FAILED), str(uuid4())

    result = cli("job", "retry", done, gone, failed, code=1)

    assert result.stdout.startswith(f"{failed}  Queued\n1 replayed: ")
    assert "DATAVERSE_NOT_FOUND" in result.stderr
    assert status(door, failed) == (JobStatus.QUEUED, 0)


def test_a_job_that_somebody_changes_at_this_moment_is_left_as_they_want_it(cli, door, load, monkeypatch):
    job = load(JobStatus.FAILED)
    check = job_replay.refusal_to_retry

    def changed_meanwhile(read, **options):
        with dataverse() as somebody:
            somebody.update(Job.SET, job, {Job.TAG: "Changed"})
        return check(read, **options)

    monkeypatch.setattr(job_replay, "refusal_to_retry", changed_meanwhile)

    assert "changed at the same moment" in cli("job", "retry", job, code=1).stderr
    assert status(door, job) == (JobStatus.FAILED, 1)


def test_what_is_no_id_is_refused(cli):
    assert "nonsense is not an id" in cli("job", "retry", "nonsense", code=1).stderr
