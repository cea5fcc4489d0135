"""What is checked before Spotler is asked anything: the operation, the record, and that both are still there."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.operations.operation import Needs
from connector.operations.registry import operation_of
from connector.routing.subscriptions import CARRIED_OUT
from tests.acceptance.records import DEACTIVATED
from tests.acceptance.world import job_row

TABLES = ("contact", "lead", "account")
SCORE = {Job.TAG: "Webinar", Job.SCORE: 1}
#: The columns that make a job of an operation right, but for its record and its automation.
COLUMNS = {
    Operation.ADD_TAG: {Job.TAG: "Webinar"},
    Operation.REMOVE_TAG: {Job.TAG: "Webinar"},
    Operation.SET_SCORE: SCORE,
    Operation.INCREASE_SCORE: SCORE,
    Operation.DECREASE_SCORE: SCORE,
    Operation.ADD_TO_AUDIENCE: {Job.AUDIENCE: "Guests"},
    Operation.REMOVE_FROM_AUDIENCE: {Job.AUDIENCE: "Guests"},
    Operation.SET_CONTACT_FIELD: {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: "warm"},
    Operation.CLEAR_CONTACT_FIELD: {Job.FIELD_NAME: "scoreNote1"},
}
#: What only removes is done for every record.
REMOVALS = (Operation.REMOVE_TAG, Operation.REMOVE_FROM_AUDIENCE, Operation.CLEAR_CONTACT_FIELD)
NEED_A_RECORD = [each for each in CARRIED_OUT if operation_of(each.slug).needs is Needs.RECORD]


def on_each(operations):
    return pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.slug)


@pytest.mark.feature("JOB-01")
@pytest.mark.feature("JOB-07")
def test_a_job_without_an_operation_is_not_valid(world):
    record = world.contact()

    job = world.run(None, record)

    world.assert_not_valid(job, record, "no operation", "Choose an Operation in a new job.")


@pytest.mark.feature("JOB-05")
@pytest.mark.feature("JOB-07")
@on_each(CARRIED_OUT)
def test_a_job_with_a_customer_and_a_lead_is_not_valid(world, operation):
    contact, lead = world.contact(), world.lead()

    job = world.run(operation, contact, lead, **COLUMNS.get(operation, {}))

    world.assert_not_valid(job, contact, "both a customer and a lead")
    world.assert_not_valid(job, lead)


@pytest.mark.feature("JOB-07")
@pytest.mark.feature("JOB-15")
@on_each(NEED_A_RECORD)
def test_a_job_that_needs_a_record_and_has_none_is_not_valid(world, operation):
    job = world.run(operation, **COLUMNS.get(operation, {}))

    job.assert_failed("JOB_NOT_VALID", "neither a customer nor a lead")


@pytest.mark.feature("JOB-17")
@pytest.mark.parametrize("table", TABLES)
@on_each([each for each in COLUMNS if each not in REMOVALS])
def test_a_job_that_adds_to_a_deactivated_record_is_not_valid(world, operation, table):
    record = world.record(table)
    world.change(record, **DEACTIVATED[table])

    job = world.run(operation, record, **COLUMNS[operation])

    job.assert_failed("JOB_NOT_VALID", "deactivated")
    assert world.spotler.find(record) is None
    assert world.spotler.effects(record) == []


@pytest.mark.feature("JOB-17")
@pytest.mark.parametrize("table", TABLES)
@on_each(REMOVALS)
def test_a_job_that_only_removes_from_a_deactivated_record_is_done(world, operation, table):
    record = world.record(table)
    if operation is Operation.REMOVE_FROM_AUDIENCE:
        world.run(Operation.ADD_TO_AUDIENCE, record, **COLUMNS[operation]).assert_completed()
    world.change(record, **DEACTIVATED[table])

    world.run(operation, record, **COLUMNS[operation]).assert_completed()


@pytest.mark.feature("JOB-17")
@pytest.mark.parametrize("table", TABLES)
@on_each([Operation.SYNC_CONTACT, Operation.SET_CONTACT_FIELD])
def test_a_job_whose_record_is_deleted_while_it_waits_is_not_valid(world, operation, table):
    record = world.record(table)
    row = job_row(operation, record, **COLUMNS.get(operation, {}))

    job = world.wait(world.people.create_and_delete(Job.SET, row, record.path))

    world.assert_not_valid(job, record, "deleted")


@pytest.mark.feature("JOB-17")
def test_a_tag_whose_record_is_deleted_while_the_job_waits_is_not_given_to_nobody(world):
    record = world.contact()
    row = job_row(Operation.ADD_TAG, record, dh_tag="never seen before")

    job = world.wait(world.people.create_and_delete(Job.SET, row, record.path))

    world.assert_not_valid(job, record)
    assert "never seen before" not in world.spotler.tags()
