"""Contacts that were sent to Spotler and are not there any more: they are sent again whole, never made half."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.due import WORKING_SHARE
from connector.mapping import parse_mapping

DONE, BACK = (JobStatus.COMPLETED, "OK"), "ann@example.org"
SET = Operation.SET_CONTACT_FIELD
FIELD = {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: "warm"}
#: Spotler would create a contact for it.
MOBILE = {Job.FIELD_NAME: "mobileNumber", Job.FIELD_VALUE: "+31612345678"}
#: A mapping that leaves the mobile number alone.
MAPPED = {"emailaddress1": "email", "firstname": "firstName"}

JOBS = {
    Operation.ADD_TAG: {Job.TAG: "x"},
    Operation.REMOVE_TAG: {Job.TAG: "x"},
    Operation.SET_SCORE: {Job.TAG: "x", Job.SCORE: 1},
    Operation.ADD_TO_AUDIENCE: {Job.AUDIENCE: "Members"},
    SET: FIELD,
    Operation.CLEAR_CONTACT_FIELD: {Job.FIELD_NAME: "scoreNote1"},
}
REMOVES = (Operation.REMOVE_TAG, Operation.CLEAR_CONTACT_FIELD)
on_every_operation = pytest.mark.parametrize("operation", JOBS, ids=lambda operation: operation.slug)


@pytest.fixture
def lost(world):
    """A contact that Spotler has lost."""

    def _lost(name="ann", **columns):
        record = world.contact(name, known=True, **columns)
        world.spotler.reset()
        return record

    return _lost


@on_every_operation
def test_a_lost_contact_is_sent_again_whole(world, lost, operation):
    record = lost(firstname="Ann")
    job = world.job(operation, record, **JOBS[operation])

    world.run(job)

    assert world.status(job) == DONE
    properties = world.in_spotler(record)["properties"]
    assert (properties["email"], properties["firstName"]) == (BACK, "Ann")


@pytest.mark.parametrize("creates", [True, False])
@pytest.mark.parametrize("columns", [FIELD, MOBILE], ids=["text", "mobile number"])
def test_a_field_of_a_lost_contact_is_written_into_a_whole_contact_however_the_account_takes_update(
    world, lost, creates, columns
):
    rows = [{"contact": column, "direction": "->", "spotler": name} for column, name in MAPPED.items()]
    world.services = replace(world.services, mapping=parse_mapping({"rows": rows}))
    record, neighbour = lost(firstname="Ann"), world.contact("bob", known=True)
    world.spotler.settings(post_update_true_creates=creates)
    jobs = [world.job(SET, each, **columns) for each in (record, neighbour)]

    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [DONE, DONE]
    held = [world.in_spotler(each)["properties"] for each in (record, neighbour)]
    assert (held[0]["email"], held[0]["firstName"]) == (BACK, "Ann")
    assert [each[columns[Job.FIELD_NAME]] for each in held] == [columns[Job.FIELD_VALUE]] * 2


@on_every_operation
def test_a_lost_contact_that_cannot_be_sent_again_now_is_tried_again_later(world, lost, operation):
    record = lost()
    job = world.job(operation, record, **JOBS[operation])
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[record.id], count=None)

    world.run(job)

    assert world.row(job)[Job.STATUS] == JobStatus.IN_PROGRESS
    assert world.in_spotler(record) is None
    world.mend_spotler()
    world.run(*world.put_back())
    assert world.status(job) == DONE


@on_every_operation
def test_a_lost_contact_that_may_not_be_sent_again_fails_with_the_reason_where_there_is_more_than_removing_to_do(
    world, lost, operation
):
    record = lost(emailaddress1=None)
    job = world.job(operation, record, **JOBS[operation])

    world.run(job)

    assert world.status(job) == (DONE if operation in REMOVES else (JobStatus.FAILED, "SKIPPED_NO_EMAIL"))
    assert world.in_spotler(record) is None


@pytest.mark.parametrize(
    ("operation", "columns"),
    [
        (Operation.REMOVE_TAG, {Job.TAG: "x"}),
        (Operation.REMOVE_FROM_AUDIENCE, {Job.AUDIENCE: "Members"}),
        (Operation.CLEAR_CONTACT_FIELD, {Job.FIELD_NAME: "scoreNote1"}),
        (SET, {Job.FIELD_NAME: "permissions:Events", Job.FIELD_VALUE: "nee"}),
    ],
    ids=lambda given: given.slug if isinstance(given, Operation) else "",
)
@pytest.mark.parametrize("why", ["never sent", "anonymised"])
def test_from_who_is_not_in_spotler_and_may_not_be_there_is_nothing_to_remove(world, operation, columns, why):
    record = world.contact(known=why == "anonymised", donotemail=True)
    if why == "anonymised":
        world.run(world.job(Operation.SYNC_CONTACT, record))
    job = world.job(operation, record, **columns)

    world.run(job)

    assert world.status(job) == DONE
    assert world.row(job)[Job.RESULT_MESSAGE] == "Spotler does not have the contact, so there is nothing to remove."
    assert world.in_spotler(record) is None


def test_a_contact_that_can_be_reached_in_no_way_is_not_taken_for_a_lost_one(world):
    record = world.contact()
    world.run(world.job(Operation.SYNC_CONTACT, record))
    world.spotler.emit({"type": "bounce", "externalId": record.id})
    job = world.job(SET, record, **FIELD)

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "NO_ACTIVE_CHANNEL")


def test_a_job_is_not_begun_when_sending_its_lost_contact_again_took_the_time(world, lost, monkeypatch):
    record = lost()
    job = world.job(Operation.INCREASE_SCORE, record, **{Job.TAG: "x", Job.SCORE: 1})
    spotler, send = world.services.spotler, world.services.spotler.upsert_contacts

    def slowly(contacts, **options):
        world.now += timedelta(seconds=world.services.settings.job_lease_seconds) * WORKING_SHARE
        return send(contacts, **options)

    monkeypatch.setattr(spotler, "upsert_contacts", slowly)
    world.run(job)

    assert world.effects() == ["contact.created"]
    monkeypatch.undo()
    world.run(*world.put_back())
    assert world.status(job) == DONE


@pytest.mark.parametrize(
    ("operation", "call"),
    [(Operation.ADD_TAG, "add_tags"), (SET, "update_contacts"), (Operation.ADD_TO_AUDIENCE, "add_members")],
    ids=lambda each: getattr(each, "slug", each),
)
def test_a_lost_contact_that_withdrew_its_consent_meanwhile_is_not_made_again(
    world, lost, monkeypatch, operation, call
):
    record = lost()
    job = world.job(operation, record, **JOBS[operation])
    owner = world.services.spotler.audiences if call == "add_members" else world.services.spotler
    ask = getattr(owner, call)

    def withdraw_first(*arguments):
        world.services.dataverse.update("contacts", record.id, {"donotemail": True})
        return ask(*arguments)

    monkeypatch.setattr(owner, call, withdraw_first)
    world.run(job)

    assert world.status(job)[0] is JobStatus.FAILED
    assert world.in_spotler(record) is None
