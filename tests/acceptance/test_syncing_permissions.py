"""Permissions on their way to Spotler: who agreed to what, and what overrules it."""

import pytest

from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT, OFFERS_BIT

TABLES = ("contact", "lead", "account")


@pytest.mark.feature("SUB-01")
@pytest.mark.feature("SUB-02")
@pytest.mark.parametrize("table", TABLES)
def test_permissions_of_a_record_are_switched_on_and_off_in_spotler(world, table):
    record = world.record(table)
    world.permission(record, "Newsletter", subscribed=True)
    world.permission(record, "Events", subscribed=False)

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == [NEWSLETTER_BIT]


@pytest.mark.feature("SUB-01")
def test_a_permission_that_somebody_withdraws_is_switched_off(world):
    record = world.contact()
    permission = world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()

    world.people.update("dh_spotlerpermissions", permission, {"dh_subscribed": False})
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("SUB-01")
def test_permissions_that_dataverse_says_nothing_about_stay_as_they_are_in_spotler(world):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()
    events = [{"bit": EVENTS_BIT, "enabled": True}]
    world.spotler.door.emit({"type": "profile", "externalId": record.id, "properties": {"permissions": events}})

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == [NEWSLETTER_BIT, EVENTS_BIT]


@pytest.mark.feature("SUB-01")
def test_of_two_rows_for_one_permission_the_refusal_counts(world):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=False)
    world.permission(record, "newsletter", subscribed=True)

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("SUB-01")
def test_a_permission_that_spotler_does_not_know_is_skipped_with_a_warning_and_the_others_are_sent(world):
    record = world.contact()
    world.permission(record, "Fax of the week", subscribed=True)
    world.permission(record, "Offers", subscribed=True)

    job = world.sync(record)

    job.assert_completed()
    assert "ermissions" in job.message
    assert world.spotler.contact(record).permissions == [OFFERS_BIT]


@pytest.mark.feature("SUB-05")
@pytest.mark.parametrize("table", TABLES)
def test_do_not_bulk_email_switches_every_permission_off(world, table):
    record = world.record(table)
    world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()

    world.change(record, donotbulkemail=True)
    world.sync(record).assert_completed()

    contact = world.spotler.contact(record)
    assert contact.permissions == []
    assert "email" in contact.properties


@pytest.mark.feature("SUB-05")
def test_when_do_not_bulk_email_is_taken_back_no_permission_comes_back(world):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.change(record, donotbulkemail=True)
    world.sync(record).assert_completed()

    world.change(record, donotbulkemail=False)
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("SUB-05")
@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"donotemail": True}, "SKIPPED_DO_NOT_EMAIL"),
        ({"emailaddress1": None}, "SKIPPED_NO_EMAIL"),
        ({"donotphone": True}, "SKIPPED_FILTER"),
    ],
    ids=["do not email", "without address", "excluded by the filter"],
)
def test_do_not_bulk_email_of_a_record_that_is_not_sent_brings_nothing_back_either(world, columns, code):
    record = world.contact(donotbulkemail=True, **columns)
    world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed(code)

    world.change(
        record, donotbulkemail=False, donotemail=False, donotphone=False, emailaddress1=f"{record.id[:8]}@example.org"
    )
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).permissions == []
