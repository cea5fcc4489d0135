"""Old jobs are deleted, and nothing else."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.jobs import clean_up as cleaning


@pytest.fixture
def old(world):
    """A job that ended long ago."""

    def _old(status=JobStatus.COMPLETED):
        over = {Job.STATUS: status.value, Job.STATE: 1, Job.COMPLETED_ON: "2020-01-01T00:00:00Z"}
        return world.job(Operation.ADD_TAG, **over)

    return _old


def clean_up(services):
    return cleaning.clean_up(services, services.now() + timedelta(minutes=8))


def left(world):
    return {row[Job.ID] for row in world.rows(Job.TABLE)}


def test_a_job_that_is_queued_again_at_that_moment_is_not_deleted(world, old, monkeypatch):
    retried = old(JobStatus.FAILED)
    old(JobStatus.FAILED)
    dataverse, delete = world.services.dataverse, world.services.dataverse.batch

    def after_a_retry(requests):
        monkeypatch.undo()
        dataverse.update(Job.SET, retried, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})
        return delete(requests)

    # Completed jobs come first, and there are none.
    monkeypatch.setattr(dataverse, "batch", lambda requests: after_a_retry(requests) if requests else [])

    assert clean_up(world.services) == 1
    assert left(world) == {retried}


def test_a_row_that_cannot_be_deleted_keeps_no_other(world, old, caplog):
    stuck = old()
    old()
    old(JobStatus.FAILED)
    world.break_dataverse("400", rf"^dh_spotlerjobs\({stuck}\)", method="DELETE", inner=True)

    assert clean_up(world.services) == 2
    assert left(world) == {stuck}
    assert "DATAVERSE_PLUGIN_REFUSED" in {getattr(record, "code", None) for record in caplog.records}
