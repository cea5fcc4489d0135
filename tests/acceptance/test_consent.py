"""Consent against jobs: what somebody has refused no job undoes, whatever Spotler knows of them already."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Info, Job, Permission
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.acceptance.records import DEACTIVATED
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
    world.start(refuser, automation).assert_failed("SKIPPED_DO_NOT_EMAIL", "Do not allow Emails")

    assert world.spotler.runs(refuser) == []


@pytest.mark.feature("CON-04")
def test_no_campaign_is_started_for_who_may_not_be_mailed(world, refuser, campaign):
    world.start(refuser, campaign).assert_failed("SKIPPED_DO_NOT_EMAIL", "Do not allow Emails")

    assert world.spotler.runs(refuser, "campaignRuns") == []


@pytest.mark.feature("CON-04")
@pytest.mark.parametrize("operation", ADDS, ids=lambda operation: operation.slug)
def test_nothing_is_added_to_who_may_not_be_mailed(world, operation):
    record = world.contact()
    world.sync(record).assert_completed()
    world.change(record, donotemail=True)
    effects = world.spotler.effects(record)

    world.run(operation, record, **ADDS[operation]).assert_failed("SKIPPED_DO_NOT_EMAIL", "Do not allow Emails")

    assert world.spotler.effects(record) == [*effects, "contact.anonymized"]


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

    world.run(SET, record, **switch("Newsletter", "ja")).assert_failed("DO_NOT_BULK_EMAIL", "Do not allow Bulk Emails")

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


# A removal always runs


@pytest.mark.feature("SUB-01")
@pytest.mark.feature("JOB-17")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("operation", "value"), [(SET, "nee"), (CLEAR, None)], ids=["set to nee", "cleared"])
def test_a_permission_of_a_deactivated_record_can_be_withdrawn(world, table, operation, value):
    record = world.record(table)
    events = world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()
    world.change(record, **DEACTIVATED[table])

    world.run(operation, record, **switch("Events", value)).assert_completed()

    assert world.people.read(Permission.SET, events)[Permission.SUBSCRIBED] is False
    assert not (contact := world.spotler.find(record)) or contact.permissions == []


@pytest.mark.feature("TAG-04")
@pytest.mark.feature("JOB-17")
def test_a_tag_of_a_deactivated_record_can_be_removed(world):
    record = world.contact()
    world.run(Operation.ADD_TAG, record, **ADDS[Operation.ADD_TAG]).assert_completed()
    world.change(record, **DEACTIVATED["contact"])

    world.run(Operation.REMOVE_TAG, record, **REMOVES[Operation.REMOVE_TAG]).assert_completed()

    assert not (contact := world.spotler.find(record)) or contact.tags == []


@pytest.mark.feature("SUB-01")
@pytest.mark.feature("SUB-02")
def test_a_permission_row_that_is_deactivated_is_withdrawn_in_spotler(world):
    record = world.contact()
    events = world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()

    world.people.update(Permission.SET, events, {"statecode": 1, "statuscode": 2})
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == []


def forget(world, record):
    """The row of Spotler Info is lost."""
    world.people.delete(Info.SET, world.info(record)[Info.ID])


@pytest.mark.feature("SUB-01")
@pytest.mark.parametrize("why", ["kept", "do not email", "deactivated", "without address", "excluded by the filter"])
def test_a_withdrawal_reaches_spotler_although_spotler_info_is_lost(world, why):
    record = world.contact()
    world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()
    forget(world, record)
    changes = {
        "do not email": {"donotemail": True},
        "deactivated": DEACTIVATED["contact"],
        "without address": {"emailaddress1": None},
        "excluded by the filter": {"donotphone": True},
    }
    if why in changes:
        world.change(record, **changes[why])

    world.run(SET, record, **switch("Events", "nee")).assert_completed()

    assert not (contact := world.spotler.find(record)) or contact.permissions == []


@pytest.mark.feature("AUD-02")
@pytest.mark.parametrize("changes", [{}, {"donotphone": True}], ids=["kept", "excluded by the filter"])
def test_a_contact_leaves_an_audience_although_spotler_info_is_lost(world, changes):
    record = world.contact()
    world.run(Operation.ADD_TO_AUDIENCE, record, **ADDS[Operation.ADD_TO_AUDIENCE]).assert_completed()
    assert record.id in world.spotler.members("Everybody")
    forget(world, record)
    if changes:
        world.change(record, **changes)

    world.run(Operation.REMOVE_FROM_AUDIENCE, record, **REMOVES[Operation.REMOVE_FROM_AUDIENCE]).assert_completed()

    assert record.id not in world.spotler.members("Everybody")


@pytest.mark.feature("SUB-01")
def test_a_withdrawal_reaches_spotler_although_spotler_does_not_take_the_record_as_it_is(world):
    record = world.contact()
    world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()
    forget(world, record)
    world.change(record, emailaddress1="anna at example.org")

    world.run(SET, record, **switch("Events", "nee")).assert_completed()

    assert world.spotler.contact(record).permissions == []


# Permissions that Spotler has renamed

PERMISSIONS = {1: "Newsletter", 2: "Events", 4: "Offers"}


def call_permissions(world, names):
    """Spotler calls its permissions by these names, by bit."""
    entries = [{"bit": bit, "description": name} for bit, name in names.items()]
    permissions = {"name": "permissions", "description": "Permissions", "type": "set", "entries": entries}
    world.spotler.door.post("properties", properties=[permissions])


@pytest.fixture
def renamed(world, variable):  # noqa: ARG001 - a refresh needs the variable
    """A contact with Newsletter and Events, the first of which Spotler calls News now; and the row of the first."""
    record = world.contact()
    row = world.permission(record, "Newsletter", subscribed=True)
    world.permission(record, "Events", subscribed=True)
    world.run(Operation.REFRESH_PERMISSIONS).assert_completed()
    world.sync(record).assert_completed()
    assert world.people.read(Permission.SET, row)[Permission.BIT] == NEWSLETTER_BIT
    call_permissions(world, PERMISSIONS | {NEWSLETTER_BIT: "News"})
    yield record, row
    call_permissions(world, PERMISSIONS)
    world.run(Operation.REFRESH_PERMISSIONS).assert_completed()


@pytest.mark.feature("SUB-09")
def test_the_withdrawal_of_a_renamed_permission_arrives_at_once(world, renamed):
    record, row = renamed

    world.people.update(Permission.SET, row, {Permission.SUBSCRIBED: False})
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == [EVENTS_BIT]


@pytest.mark.feature("SUB-09")
def test_the_row_of_a_renamed_permission_is_renamed_and_goes_on(world, renamed):
    record, row = renamed
    before = world.people.read(Permission.SET, row)

    world.run(Operation.REFRESH_PERMISSIONS).assert_completed()

    after = world.people.read(Permission.SET, row)
    assert (after[Permission.NAME], after[Permission.SUBSCRIBED]) == ("News", True)
    assert after[Permission.CHANGED_ON] == before[Permission.CHANGED_ON]
    world.sync(record).assert_completed()
    assert world.spotler.contact(record).permissions == [NEWSLETTER_BIT, EVENTS_BIT]


@pytest.mark.feature("SUB-09")
@pytest.mark.parametrize("name", ["Old name", "Events"], ids=["of no permission", "of another permission"])
def test_nothing_is_switched_on_by_the_bit_alone(world, name):
    record = world.contact()
    row = world.permission(record, name, subscribed=True)
    world.people.update(Permission.SET, row, {Permission.BIT: NEWSLETTER_BIT})

    job = world.sync(record)

    job.assert_completed()
    assert "not sent: 1" in job.message
    assert world.spotler.contact(record).permissions == []
