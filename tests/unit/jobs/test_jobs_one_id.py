"""Jobs about a lead that has the id of a contact in Spotler: none of them is done, because the contact is another's."""

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.dataverse.records import RecordRef
from tests.unit.sync.changing import Changes


@pytest.fixture
def ann(world):
    record = world.contact("ann")
    world.run(world.job(Operation.SYNC_CONTACT, record))
    return record


@pytest.fixture
def leo(world, ann):
    world.load("lead", leadid=ann.id, subject="?", lastname="Leo", emailaddress1="leo@example.org")
    return RecordRef("lead", ann.id)


@pytest.mark.parametrize(
    ("operation", "columns"),
    [
        (Operation.SYNC_CONTACT, {}),
        (Operation.ANONYMIZE_CONTACT, {}),
        (Operation.ADD_TAG, {Job.TAG: "Lead"}),
        (Operation.SET_CONTACT_FIELD, {Job.FIELD_NAME: "permissions:Newsletter", Job.FIELD_VALUE: "no"}),
    ],
)
def test_no_job_of_the_lead_touches_the_contact(world, ann, leo, operation, columns):
    before = world.in_spotler(ann)
    job = world.job(operation, leo, **columns)

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "RECORD_ID_TAKEN")
    assert world.in_spotler(ann) == before


def test_a_job_of_the_owner_is_done(world, ann, leo):  # noqa: ARG001 - the lead is there
    job = world.job(Operation.ADD_TAG, ann, **{Job.TAG: "Customer"})

    world.run(job)

    assert world.status(job) == (JobStatus.COMPLETED, "OK")


def test_the_automatic_sync_of_the_lead_leaves_a_failed_job_and_its_deletion_none(world, ann, leo):
    changes, before = Changes(world), world.in_spotler(ann)
    changes.run(leo)
    (failed,) = [row for row in changes.failures() if row[Job.RESULT_CODE] == "RECORD_ID_TAKEN"]
    assert failed[f"_{Job.LEAD}_value"] == leo.id

    changes.delete(leo)
    changes.run(changes.item(leo, deleted=True))

    assert world.in_spotler(ann) == before
    assert len(changes.failures()) == 2, "the job of the contact, and the failed one"
