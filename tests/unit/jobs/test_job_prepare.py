"""What is found out about a job before Spotler is asked anything, and for which records an operation is done."""

import logging

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Info, Job
from connector.dataverse.records import RecordRef
from connector.operations.operation import Needs
from connector.operations.registry import operation_of
from connector.routing.subscriptions import CARRIED_OUT

DONE, NOT_VALID = (JobStatus.COMPLETED, "OK"), (JobStatus.FAILED, "JOB_NOT_VALID")
ANONYMIZE = Operation.ANONYMIZE_CONTACT
GONE = RecordRef(Contact.TABLE, "99999999-0000-4000-8000-000000000000")

on_every_operation = pytest.mark.parametrize("operation", CARRIED_OUT, ids=lambda operation: operation.slug)


def refuse_everything(world):
    """Spotler has not been asked for its fields yet, and cannot be asked anything now."""
    world.spotler.arm("html", route="* /*", count=None)
    return world.spotler.calls()["total"]


@on_every_operation
def test_two_records_are_one_too_many_before_anything_is_asked(world, operation):
    job = world.job(operation, world.contact(known=True), **{f"_{Job.LEAD}_value": world.lead().id})
    calls = refuse_everything(world)

    world.run(job)

    assert world.status(job) == NOT_VALID
    assert "both a customer and a lead" in world.row(job)[Job.RESULT_MESSAGE]
    assert world.spotler.calls()["total"] == calls


@pytest.mark.parametrize(
    "operation",
    [each for each in CARRIED_OUT if operation_of(each.slug).needs is Needs.RECORD],
    ids=lambda operation: operation.slug,
)
@pytest.mark.parametrize("about", [None, GONE], ids=["no record", "a record that was deleted"])
def test_a_record_that_is_missing_is_missed_before_anything_is_asked(world, operation, about):
    job = world.job(operation)
    calls = refuse_everything(world)

    world.run(world.item(job, record=about))

    if about is not None and operation is ANONYMIZE:
        assert world.row(job)[Job.STATUS] == JobStatus.IN_PROGRESS, "it has to be anonymised nevertheless"
    else:
        assert world.status(job) == NOT_VALID
        assert world.spotler.calls()["total"] == calls


@pytest.mark.parametrize(
    "columns",
    [{}, {Job.FIELD_NAME: " ", Job.FIELD_VALUE: "x"}, {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: " "}],
    ids=["nothing", "a blank name", "a blank value"],
)
def test_a_field_job_with_a_blank_column_does_not_ask_for_the_fields(world, columns):
    job = world.job(Operation.SET_CONTACT_FIELD, world.contact(known=True), **columns)
    calls = refuse_everything(world)

    world.run(job)

    assert world.status(job) == NOT_VALID
    assert world.spotler.calls()["total"] == calls


def test_a_record_that_was_deleted_is_anonymised(world, caplog):
    record = world.contact(known=True)
    gone = RecordRef(Contact.TABLE, GONE.id)
    world.spotler.contacts({"externalId": gone.id, "properties": {"email": "gone@example.org"}})
    nulled, dangling = world.job(ANONYMIZE), world.job(ANONYMIZE, gone)
    other = world.job(ANONYMIZE, record)

    world.run(world.item(nulled, record=gone), dangling, other)

    assert [world.status(job) for job in (nulled, dangling, other)] == [DONE] * 3
    assert world.in_spotler(gone) is None
    assert [row[Info.RECORD] for row in world.rows(Info.TABLE)] == [record.id]
    assert [each.message for each in caplog.records if each.levelno >= logging.WARNING] == [], "it has no Spotler Info"


def test_a_record_that_is_still_there_is_not_anonymised_when_somebody_has_cleared_the_lookup(world):
    record = world.contact(known=True)
    job = world.job(ANONYMIZE)

    world.run(world.item(job, record=record))

    assert world.status(job) == NOT_VALID
    assert world.in_spotler(record) is not None
