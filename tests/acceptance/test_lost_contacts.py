"""Contacts that were synced, and that Spotler does not know any more when a job comes for them."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Info, Job, Permission, lookup_value
from connector.sync.info import INFO_NAVIGATION

JOBS = {
    Operation.ADD_TAG: {Job.TAG: "Webinar"},
    Operation.SET_SCORE: {Job.TAG: "Interest", Job.SCORE: 10},
    Operation.SET_CONTACT_FIELD: {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: "warm"},
    Operation.CLEAR_CONTACT_FIELD: {Job.FIELD_NAME: "scoreNote1"},
    Operation.ADD_TO_AUDIENCE: {Job.AUDIENCE: "Everybody"},
}
on_every_operation = pytest.mark.parametrize("operation", JOBS, ids=lambda operation: operation.slug)


def lost(world, **columns):
    """A contact of which Spotler Info says that it was sent, and that Spotler does not have."""
    record = world.contact(**columns)
    bind = {f"{INFO_NAVIGATION[record.table]}@odata.bind": f"/{record.path}"}
    world.people.create(Info.SET, {Info.NAME: "Anna", Info.RECORD: record.id, Info.SENT_HASH: "0" * 64, **bind})
    return record


@pytest.mark.feature("JOB-16")
@on_every_operation
def test_a_contact_that_spotler_has_lost_is_sent_again_whole(world, operation):
    record = lost(world, lastname="Verloren", emailaddress1="verloren@example.org")

    world.run(operation, record, **JOBS[operation]).assert_completed()

    properties = world.spotler.contact(record).properties
    assert (properties["lastName"], properties["email"]) == ("Verloren", "verloren@example.org")
    assert world.spotler.effects(record)[0] == "contact.created"


@pytest.mark.feature("JOB-16")
@on_every_operation
def test_a_contact_that_spotler_has_lost_and_that_has_no_address_is_not_made_half(world, operation):
    record = lost(world, emailaddress1=None)

    job = world.run(operation, record, **JOBS[operation])

    if operation is Operation.CLEAR_CONTACT_FIELD:
        job.assert_completed()
    else:
        job.assert_failed("SKIPPED_NO_EMAIL")
    assert world.spotler.find(record) is None


@pytest.mark.feature("JOB-16")
@on_every_operation
def test_who_loses_permissions_with_the_contact_is_not_mailed_by_the_job_until_somebody_orders_it_again(
    world, operation
):
    record = lost(world, lastname="Verloren", emailaddress1="verloren@example.org")
    bind = {f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/{record.path}"}
    world.people.create(Permission.SET, {Permission.NAME: "Newsletter", Permission.SUBSCRIBED: True, **bind})

    job = world.run(operation, record, **JOBS[operation])

    if operation is Operation.CLEAR_CONTACT_FIELD:
        job.assert_completed()
    else:
        job.assert_failed("CONTACT_MISSING")
    rows = [row for row in world.rows(Permission.TABLE) if row[lookup_value(Permission.CONTACT)] == record.id]
    assert [row[Permission.SUBSCRIBED] for row in rows] == [False]
    world.run(operation, record, **JOBS[operation]).assert_completed()
