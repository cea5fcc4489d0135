"""What changed since a record was last sent reaches Spotler before any other work about it, consent first."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, Permission
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.acceptance.records import new_address

TAG = {Job.TAG: "Webinar"}


@pytest.fixture
def subscriber(world):
    """A contact that was sent with Newsletter on; and its permission row."""
    record = world.contact()
    row = world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()
    assert world.spotler.contact(record).permissions == [NEWSLETTER_BIT]
    return record, row


@pytest.mark.feature("CON-18")
def test_a_changed_address_is_sent_before_an_automation_starts(world, automation):
    record, address = world.contact(), new_address()
    world.sync(record).assert_completed()
    world.change(record, emailaddress1=address)

    world.start(record, automation).assert_completed()

    assert world.spotler.contact(record).properties["email"] == address
    effects = world.spotler.effects(record)
    assert effects.index("contact.updated") < next(i for i, each in enumerate(effects) if each.startswith("automation"))


@pytest.mark.feature("CON-18")
def test_a_withdrawn_permission_is_off_before_any_other_work(world, subscriber):
    record, row = subscriber
    world.people.update(Permission.SET, row, {Permission.SUBSCRIBED: False})

    world.run(Operation.ADD_TAG, record, **TAG).assert_completed()

    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("CON-18")
def test_do_not_bulk_email_switches_permissions_off_before_any_other_work(world, subscriber, automation):
    record, row = subscriber
    world.change(record, donotbulkemail=True)

    world.start(record, automation).assert_completed()

    assert world.spotler.contact(record).permissions == []
    assert world.people.read(Permission.SET, row)[Permission.SUBSCRIBED] is False


@pytest.mark.feature("CON-18")
def test_an_unchanged_record_costs_no_call_beside_the_work(world):
    record = world.contact()
    world.sync(record).assert_completed()
    before = world.spotler.effects(record)

    world.run(Operation.ADD_TAG, record, **TAG).assert_completed()

    assert [each for each in world.spotler.effects(record)[len(before) :] if each.startswith("contact.upd")] == []


@pytest.mark.feature("CON-18")
@pytest.mark.parametrize("changes", [{"donotemail": True}, {"emailaddress1": None}])
def test_who_may_not_be_in_spotler_any_more_leaves_with_the_next_job_whatever_it_is(world, subscriber, changes):
    record, _ = subscriber
    world.change(record, **changes)

    job = world.run(Operation.ADD_TAG, record, **TAG)

    assert job.status.label == "Failed"
    assert world.spotler.find(record) is None


@pytest.mark.feature("CON-18")
def test_what_cannot_be_sent_fails_the_job_with_spotlers_code(world, subscriber):
    record, _ = subscriber
    world.change(record, emailaddress1="anna at example.org")

    world.run(Operation.ADD_TAG, record, **TAG).assert_failed("PROPERTY_INVALID", "email")
