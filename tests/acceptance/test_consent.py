"""Consent against jobs: what somebody has refused no job undoes, whatever Spotler knows of them already."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, Permission
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.acceptance.world import start_columns

SET, CLEAR = Operation.SET_CONTACT_FIELD, Operation.CLEAR_CONTACT_FIELD
TABLES = ("contact", "lead", "account")

#: Jobs after which somebody is mailed, or may be.
ADDS = {
    Operation.ADD_TAG: {Job.TAG: "Webinar"},
    Operation.SET_SCORE: {Job.TAG: "Interest", Job.SCORE: 10},
    Operation.ADD_TO_AUDIENCE: {Job.AUDIENCE: "Everybody"},
    SET: {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: "warm"},
}
#: Jobs that take something away.
REMOVES = {
    Operation.REMOVE_TAG: {Job.TAG: "Webinar"},
    Operation.REMOVE_FROM_AUDIENCE: {Job.AUDIENCE: "Everybody"},
    CLEAR: {Job.FIELD_NAME: "scoreNote1"},
    SET: {Job.FIELD_NAME: "permissions:Events", Job.FIELD_VALUE: "nee"},
}


@pytest.fixture(params=TABLES)
def refuser(world, request):
    """A record that Spotler knows, and that may not be mailed any more."""
    record = world.record(request.param)
    world.sync(record).assert_completed()
    world.change(record, donotemail=True)
    return record


def switch(item, value=None):
    return {Job.FIELD_NAME: f"permissions:{item}", Job.FIELD_VALUE: value}


@pytest.mark.feature("CON-04")
def test_no_automation_is_started_for_who_may_not_be_mailed(world, refuser, automation):
    world.start(refuser, automation).assert_failed("SKIPPED_DO_NOT_EMAIL", "Do Not Email")

    assert world.spotler.runs(refuser) == []


@pytest.mark.feature("CON-04")
def test_no_campaign_is_started_for_who_may_not_be_mailed(world, refuser, campaign):
    world.start(refuser, campaign).assert_failed("SKIPPED_DO_NOT_EMAIL", "Do Not Email")

    assert world.spotler.runs(refuser, "campaignRuns") == []


@pytest.mark.feature("CON-04")
@pytest.mark.parametrize("operation", ADDS, ids=lambda operation: operation.slug)
def test_nothing_is_added_to_who_may_not_be_mailed(world, operation):
    record = world.contact()
    world.sync(record).assert_completed()
    world.change(record, donotemail=True)
    effects = world.spotler.effects(record)

    world.run(operation, record, **ADDS[operation]).assert_failed("SKIPPED_DO_NOT_EMAIL", "Do Not Email")

    assert world.spotler.effects(record) == effects


@pytest.mark.feature("CON-04")
@pytest.mark.parametrize("operation", REMOVES, ids=lambda operation: operation.slug)
def test_who_may_not_be_mailed_is_taken_out_of_everything(world, operation):
    record = world.contact()
    for each in (Operation.ADD_TAG, Operation.ADD_TO_AUDIENCE):
        world.run(each, record, **ADDS[each]).assert_completed()
    world.change(record, donotemail=True)

    world.run(operation, record, **REMOVES[operation]).assert_completed()


@pytest.mark.feature("CON-04")
@pytest.mark.feature("AUT-11")
def test_what_runs_for_who_may_not_be_mailed_can_be_stopped(world, automation):
    record = world.contact()
    world.start(record, automation).assert_completed()
    world.change(record, donotemail=True)

    world.run(Operation.STOP_AUTOMATION, record, **start_columns(automation)).assert_completed()

    (run,) = world.spotler.runs(record)
    assert run["ended"] is not None


@pytest.mark.feature("SUB-05")
@pytest.mark.parametrize("table", TABLES)
def test_no_job_switches_a_permission_on_for_who_refuses_bulk_mail(world, table):
    record = world.record(table, donotbulkemail=True)
    world.sync(record).assert_completed()

    world.run(SET, record, **switch("Newsletter", "ja")).assert_failed("DO_NOT_BULK_EMAIL", "Do Not Bulk Email")

    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("SUB-01")
@pytest.mark.feature("SUB-02")
@pytest.mark.feature("FLD-06")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("operation", "value"), [(SET, "nee"), (CLEAR, None)], ids=["set to nee", "cleared"])
def test_a_permission_that_a_job_switched_off_does_not_come_back_with_the_next_sync(world, table, operation, value):
    record = world.record(table)
    world.permission(record, "Newsletter", subscribed=True)
    events = world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()

    world.run(operation, record, **switch("Events", value)).assert_completed()
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == [NEWSLETTER_BIT]
    row = world.people.read(Permission.SET, events)
    assert row[Permission.SUBSCRIBED] is False
    assert row[Permission.CHANGED_ON] is not None
