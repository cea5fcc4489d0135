"""Jobs and consent: nobody is mailed because of a job who refuses it, and what was withdrawn stays withdrawn."""

from dataclasses import replace
from datetime import datetime

import pytest

from connector.dataverse.choices import ChangedBy, JobStatus, Operation
from connector.dataverse.names import Job, Permission
from connector.mapping import parse_mapping
from sandbox.spotler import seed

DONE = (JobStatus.COMPLETED, "OK")
REFUSED = (JobStatus.FAILED, "SKIPPED_DO_NOT_EMAIL")
SET, CLEAR, SYNC = Operation.SET_CONTACT_FIELD, Operation.CLEAR_CONTACT_FIELD, Operation.SYNC_CONTACT

#: What adds to a contact, with the columns of its jobs.
ADDS = {
    Operation.ADD_TAG: {Job.TAG: "x"},
    Operation.SET_SCORE: {Job.TAG: "x", Job.SCORE: 1},
    Operation.INCREASE_SCORE: {Job.TAG: "x", Job.SCORE: 1},
    Operation.DECREASE_SCORE: {Job.TAG: "x", Job.SCORE: 1},
    Operation.ADD_TO_AUDIENCE: {Job.AUDIENCE: "Members"},
    SET: {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: "warm"},
}
#: What only removes.
REMOVES = {
    Operation.REMOVE_TAG: {Job.TAG: "x"},
    Operation.REMOVE_FROM_AUDIENCE: {Job.AUDIENCE: "Members"},
    CLEAR: {Job.FIELD_NAME: "scoreNote1"},
    SET: {Job.FIELD_NAME: "profileFields:Garden", Job.FIELD_VALUE: "nee"},
}


def switch(world, operation, record, item, value=None):
    return world.job(operation, record, **{Job.FIELD_NAME: f"permissions:{item}", Job.FIELD_VALUE: value})


def subscribed(world):
    return {row[Permission.NAME] for row in world.rows(Permission.TABLE) if row[Permission.SUBSCRIBED]}


# Do Not Email


@pytest.mark.parametrize("operation", ADDS, ids=lambda operation: operation.slug)
def test_nothing_is_added_to_who_may_not_be_mailed_who_leaves_spotler_instead(world, operation):
    record = world.contact(known=True, donotemail=True)
    job = world.job(operation, record, **ADDS[operation])

    world.run(job)

    assert world.status(job) == REFUSED
    assert "Clear Do not allow Emails" in world.row(job)[Job.RESULT_MESSAGE]
    assert world.effects() == ["contact.anonymized"]


@pytest.mark.parametrize("operation", ADDS, ids=lambda operation: operation.slug)
def test_a_job_is_not_over_before_who_may_not_be_mailed_has_left_spotler(world, operation):
    record = world.contact(known=True, donotemail=True)
    job = world.job(operation, record, **ADDS[operation])
    world.spotler.arm("html", route="PUT /contact/anonymize/*", count=None)

    world.run(job)
    waiting, again = world.status(job)[0], world.put_back()
    world.mend_spotler()
    world.run(*again)

    assert waiting is JobStatus.IN_PROGRESS
    assert world.status(job) == REFUSED
    assert world.effects() == ["contact.anonymized"]


def test_nothing_is_started_for_who_may_not_be_mailed(world):
    record, automation = world.contact(known=True, donotemail=True), world.automation(seed.WELCOME_TRIGGER_CODE)
    job = world.job(Operation.START_AUTOMATION, record, _dh_spotlerautomationid_value=automation)

    world.run(job)

    assert world.status(job) == REFUSED
    assert world.effects() == ["contact.anonymized"]


@pytest.mark.parametrize("operation", REMOVES, ids=lambda operation: operation.slug)
def test_who_may_not_be_mailed_can_be_taken_out_of_everything(world, operation):
    record = world.contact(known=True)
    world.run(world.job(Operation.ADD_TO_AUDIENCE, record, dh_audience="Members"))
    world.services.dataverse.update("contacts", record.id, {"donotemail": True})
    job = world.job(operation, record, **REMOVES[operation])

    world.run(job)

    assert world.status(job) == DONE


def test_who_may_not_be_mailed_harms_no_neighbour(world):
    refuses, agrees = world.contact("ann", known=True, donotemail=True), world.contact("bob", known=True)
    bad, good = (world.job(Operation.ADD_TAG, record, dh_tag="x") for record in (refuses, agrees))

    world.run(bad, good)

    assert [world.status(job) for job in (bad, good)] == [REFUSED, DONE]


# Permissions


def test_a_permission_is_not_switched_on_for_who_refuses_bulk_mail(world):
    refuses, agrees = world.contact("ann", known=True, donotbulkemail=True), world.contact("bob", known=True)
    bad, good = (switch(world, SET, record, "Newsletter", "ja") for record in (refuses, agrees))

    world.run(bad, good)

    assert [world.status(job) for job in (bad, good)] == [(JobStatus.FAILED, "DO_NOT_BULK_EMAIL"), DONE]
    assert world.in_spotler(refuses)["permissions"] == []
    assert world.in_spotler(agrees)["permissions"] == [seed.NEWSLETTER_BIT]


@pytest.mark.parametrize(
    ("name", "value"), [("permissions:Newsletter", "nee"), ("profileFields:Garden", "ja"), ("scoreNote1", "warm")]
)
def test_anything_else_is_written_for_who_refuses_bulk_mail(world, name, value):
    job = world.job(
        SET, world.contact(known=True, donotbulkemail=True), **{Job.FIELD_NAME: name, Job.FIELD_VALUE: value}
    )

    world.run(job)

    assert world.status(job) == DONE


@pytest.mark.parametrize(("operation", "value"), [(SET, "nee"), (CLEAR, None)])
def test_a_permission_that_a_job_switches_off_is_switched_off_in_dataverse_too(world, operation, value):
    record, other = world.contact("ann"), world.contact("bob")
    for name in ("Newsletter", "Events", " EVENTS "):
        world.permission(record, name, subscribed=True)
    world.permission(other, "Offers", subscribed=True)
    world.run(world.job(SYNC, record))
    job = switch(world, operation, record, "events", value)

    world.run(job)

    assert world.status(job) == DONE
    assert subscribed(world) == {"Newsletter", "Offers"}
    changed = [row for row in world.rows(Permission.TABLE) if row[Permission.NAME].strip().casefold() == "events"]
    assert {datetime.fromisoformat(row[Permission.CHANGED_ON]) for row in changed} == {world.now}
    assert {row[Permission.CHANGED_BY] for row in changed} == {ChangedBy.DYNAMICS}
    world.run(world.job(SYNC, record))
    assert world.in_spotler(record)["permissions"] == [seed.NEWSLETTER_BIT]


@pytest.fixture
def other_field_for_accounts(world):
    rows = [
        {"contact": "emailaddress1", "account": "emailaddress1", "direction": "->", "spotler": "email"},
        {"account": "@map(permissions)", "direction": "<->", "spotler": "profileFields"},
        {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions"},
    ]
    world.services = replace(world.services, mapping=parse_mapping({"rows": rows}))


@pytest.mark.usefixtures("other_field_for_accounts")
@pytest.mark.parametrize(("make", "name"), [("contact", "permissions:Newsletter"), ("account", "profileFields:Garden")])
def test_what_is_a_permission_is_a_matter_of_the_table(world, make, name):
    record, refuser = getattr(world, make)("one"), getattr(world, make)("other", donotbulkemail=True)
    world.permission(record, name.partition(":")[2], subscribed=True)
    world.run(world.job(SYNC, record))
    off = world.job(SET, record, **{Job.FIELD_NAME: name, Job.FIELD_VALUE: "nee"})
    on = world.job(SET, refuser, **{Job.FIELD_NAME: name, Job.FIELD_VALUE: "ja"})

    world.run(off, on)

    assert [world.status(job) for job in (off, on)] == [DONE, (JobStatus.FAILED, "DO_NOT_BULK_EMAIL")]
    assert subscribed(world) == set()


@pytest.mark.usefixtures("other_field_for_accounts")
def test_the_reserved_field_holds_permissions_also_where_another_one_is_mapped(world):
    job = switch(world, SET, world.account(donotbulkemail=True), "Newsletter", "ja")

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "DO_NOT_BULK_EMAIL")


@pytest.mark.parametrize("lost", [False, True], ids=["never sent", "lost by Spotler"])
def test_a_permission_that_a_job_switches_off_is_never_on_in_spotler_not_even_for_a_moment(world, lost):
    record = world.contact(known=lost)
    world.spotler.reset()
    for name in ("Newsletter", "Events"):
        world.permission(record, name, subscribed=True)
    job = switch(world, SET, record, "Events", "nee")
    if lost:  # as it is once the job has switched the permission off
        (events,) = [row for row in world.rows(Permission.TABLE) if row[Permission.NAME] == "Events"]
        world.services.dataverse.update(Permission.SET, events[Permission.ID], {Permission.SUBSCRIBED: False})
        world.remember_as_sent(record)
        world.services.dataverse.update(Permission.SET, events[Permission.ID], {Permission.SUBSCRIBED: True})
    # What follows the sending of the whole record does not come to pass.
    world.spotler.arm("html", route="POST /contact/list", skip=2 if lost else 1, count=None)

    world.run(job)

    assert world.row(job)[Job.STATUS] == JobStatus.IN_PROGRESS
    assert world.in_spotler(record)["permissions"] == ([] if lost else [seed.NEWSLETTER_BIT])


def test_a_permission_whose_row_cannot_be_switched_off_is_tried_again_as_a_whole(world):
    record, other = world.contact("ann", known=True), world.contact("bob", known=True)
    world.permission(record, "Events", subscribed=True)
    job, neighbour = (switch(world, SET, each, "Events", "nee") for each in (record, other))
    world.break_dataverse("500", r"^dh_spotlerpermissions\(", inner=True)

    world.run(job, neighbour)

    assert world.row(job)[Job.STATUS] == JobStatus.IN_PROGRESS
    assert world.status(neighbour) == DONE
    world.mend_dataverse()
    world.run(*world.put_back())
    assert world.status(job) == DONE
    assert subscribed(world) == set()
