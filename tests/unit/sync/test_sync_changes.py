"""Automatic sync: records are sent as they are when their item is worked on, and what may pass comes back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    Contact,
    EnvironmentVariable,
    Info,
    Permission,
)
from connector.due import BACKOFF_FIRST
from connector.routing.work_item import LateInfo
from connector.sync.automatic import changes as changing
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.changing import MISSING


def test_a_changed_record_is_sent_and_remembered(world, changes):
    record = world.contact()

    changes.run(record)

    assert world.in_spotler(record)["properties"]["email"] == "ann@example.org"
    assert world.info(record)[Info.LAST_STATUS] == "OK"
    assert (changes.put_back(), changes.failures()) == ([], [])


@pytest.mark.parametrize("make", ["contact", "lead", "account"])
def test_records_of_every_table_are_sent(world, changes, make):
    record = getattr(world, make)()

    changes.run(record)

    assert world.in_spotler(record) is not None


def test_unchanged_content_costs_no_call_to_spotler(world, changes):
    record = world.contact()
    changes.run(record)
    calls = world.spotler.calls()["total"]

    changes.run(record)

    assert world.spotler.calls()["total"] == calls


@pytest.mark.parametrize("how", ["delivered before", "tried before"])
def test_what_may_have_been_sent_without_being_remembered_is_sent_again(world, changes, how):
    record = world.contact()
    changes.run(record)
    sent = world.spotler.calls()["total"]

    if how == "delivered before":
        changes.run(record, again=True)
    else:
        changes.run(changes.item(record, always=True))

    assert world.spotler.calls()["total"] == sent + 1


class Died(BaseException):
    """The process ends; nothing of the connector catches this."""


def test_a_change_back_after_a_death_between_the_call_to_spotler_and_its_note_is_sent(world, changes, monkeypatch):
    def die(*_):
        raise Died

    record = world.contact(firstname="Ann")
    changes.run(record)
    world.services.dataverse.update(Contact.SET, record.id, {"firstname": "Bea"})
    with monkeypatch.context() as death:
        death.setattr("connector.sync.outward.outward.write_unchanged", die)
        with pytest.raises(Died):
            changes.run(record)
    assert world.in_spotler(record)["properties"]["firstName"] == "Bea"
    world.services.dataverse.update(Contact.SET, record.id, {"firstname": "Ann"})

    changes.run(record)  # the message of the change back: by Spotler Info, Spotler has the content already
    world.now += timedelta(seconds=world.services.settings.job_lease_seconds + 1)
    changes.run(record, again=True)  # the message that the dead process had, once its lock has passed

    assert world.in_spotler(record)["properties"]["firstName"] == "Ann"


def test_several_items_of_one_record_are_one_call(world, changes):
    record = world.contact()

    changes.run(record, changes.item(record, created=True), record)

    assert world.effects() == ["contact.created"]


def test_a_batch_costs_one_call_to_spotler_for_a_hundred_records(world, changes):
    records = [world.contact(f"p{number}") for number in range(100)]
    changes.run(world.contact("first"))  # the fields of the account are known afterwards
    calls = world.spotler.calls()["total"]

    changes.run(*records)

    assert world.spotler.calls()["total"] == calls + 1
    assert len(world.spotler.state()["contacts"]) == 101


def test_more_records_than_a_chunk_holds_are_all_sent(world, changes, monkeypatch):
    monkeypatch.setattr(changing, "SIZE", 3)
    records = [world.contact(f"p{number}") for number in range(8)]

    changes.run(*records)

    assert all(world.in_spotler(record) for record in records)


def test_the_order_of_items_does_not_matter_because_the_record_is_read(world, changes):
    record = world.contact(firstname="Old")
    first, second = changes.item(record, created=True), changes.item(record)
    world.services.dataverse.update(Contact.SET, record.id, {"firstname": "New"})

    for item in (second, first):
        changes.run(item)

    assert world.in_spotler(record)["properties"]["firstName"] == "New"


# Deletion


def test_a_deleted_record_is_anonymised_by_its_id_alone(world, changes):
    world.spotler.contacts({"externalId": MISSING.id, "properties": {"email": "ann@example.org"}})

    changes.run(changes.item(MISSING, deleted=True))

    assert world.effects() == ["contact.anonymized"]
    assert changes.failures() == []


def test_a_deleted_record_that_spotler_never_had_is_the_same_end_state(world, changes):
    changes.run(changes.item(MISSING, deleted=True))

    assert (world.effects(), changes.put_back(), changes.failures()) == ([], [], [])


def test_absence_alone_takes_nobody_out_of_spotler(world, changes):
    """The connector may not be allowed to read a record, or its deletion is on the way as a message of its own."""
    world.spotler.contacts({"externalId": MISSING.id, "properties": {"email": "ann@example.org"}})

    changes.run(changes.item(MISSING), changes.item(MISSING, created=True))

    assert (world.effects(), changes.put_back(), changes.failures()) == ([], [], [])


def test_spotler_info_of_a_deleted_record_keeps_no_name_and_nothing_that_was_sent(world, changes):
    record = world.contact(known=True)
    world.services.dataverse.update(Info.SET, world.info(record)[Info.ID], {Info.NAME: "Ann", Info.KEEP_OUT: True})
    changes.delete(record)

    changes.run(changes.item(record, deleted=True))

    info = world.info(record)
    assert (info[Info.NAME], info[Info.SENT_HASH], info[Info.GONE]) == ("Deleted record", None, True)
    assert info[Info.KEEP_OUT] is True, "who is kept out stays out, should the record be restored"


def test_a_record_that_is_made_again_with_its_id_is_sent_again(world, changes):
    record = world.contact()
    changes.run(record)
    row = {"lastname": "Ann", "emailaddress1": "ann@example.org"}
    changes.delete(record)
    changes.run(changes.item(record, deleted=True))
    assert world.in_spotler(record) is None

    world.load(Contact.TABLE, **{Contact.ID: record.id, **row})
    changes.run(changes.item(record, created=True))

    assert world.in_spotler(record)["properties"]["email"] == "ann@example.org"


def test_a_late_message_of_a_deletion_does_not_harm_the_record_that_was_made_since(world, changes):
    record = world.contact()

    changes.run(changes.item(record, deleted=True))

    assert world.in_spotler(record) is not None


# Permissions


def test_a_new_record_gets_the_rows_of_the_variables_and_is_sent_with_them(world, changes):
    for name, value in ((PERMISSIONS_VARIABLE, "Newsletter;"), (ENABLED_VARIABLE, "[All]")):
        columns = {EnvironmentVariable.SCHEMA_NAME: name, EnvironmentVariable.DEFAULT: value}
        world.load(EnvironmentVariable.TABLE, displayname=name, type=100000000, **columns)
    new = world.contact()

    changes.run(changes.item(new, created=True))

    (row,) = world.rows(Permission.TABLE)
    assert (row[Permission.NAME], row[Permission.SUBSCRIBED]) == ("Newsletter", True)
    assert row["_dh_contactid_value"] == new.id
    assert world.in_spotler(new)["permissions"] == [NEWSLETTER_BIT]


def test_the_record_of_a_permission_row_is_found_through_the_row(world, changes):
    record, lead = world.contact(), world.lead()
    for each in (record, lead):
        world.permission(each, "Newsletter", subscribed=True)
    rows = [row[Permission.ID] for row in world.rows(Permission.TABLE)]

    changes.run(*(changes.item(permission=row) for row in rows))

    assert world.in_spotler(record)["permissions"] == world.in_spotler(lead)["permissions"] != []


def test_the_item_of_a_permission_and_that_of_its_record_are_one(world, changes):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    (row,) = world.rows(Permission.TABLE)

    changes.run(changes.item(permission=row[Permission.ID]), record)

    assert world.effects() == ["contact.created"]


def test_a_permission_that_is_gone_or_nobodys_starts_nothing(world, changes):
    nobodys = world.load(Permission.TABLE, **{Permission.NAME: "Newsletter"})

    changes.run(changes.item(permission=nobodys), changes.item(permission=MISSING.id))

    assert (world.effects(), changes.put_back()) == ([], [])


def test_while_dataverse_is_away_the_item_of_a_permission_waits(world, changes):
    world.break_dataverse("503", count=None)

    changes.run(changes.item(permission=MISSING.id))

    (item,) = changes.put_back()
    assert (item.permission, item.tries) == (MISSING.id, 1)


# What may pass, and the settings


def test_what_spotler_cannot_do_now_comes_back_with_growing_pauses_and_is_sent_then(world, changes):
    record = world.contact()
    world.spotler.arm("error", route="POST /contact/list", status=503, count=None)
    changes.run(changes.item(record, created=True))
    first = world.delays()
    changes.go_on(seconds=5)
    second = world.delays()
    (item,) = changes.put_back()
    world.mend_spotler()

    changes.go_on(minutes=5)

    assert first == [BACKOFF_FIRST.total_seconds()] < second
    assert (item.created, item.always, item.tries) == (True, True, 2)
    assert world.in_spotler(record) is not None
    assert (changes.put_back(), changes.failures()) == ([], [])


def test_while_dataverse_is_away_nothing_was_sent_and_so_nothing_is_sent_twice(world, changes):
    record = world.contact()
    changes.run(record)
    calls = world.spotler.calls()["total"]
    world.break_dataverse("503", count=None)
    changes.run(record)
    (item,) = changes.put_back()
    world.mend_dataverse()

    changes.go_on(minutes=5)

    assert item.always is False
    assert world.spotler.calls()["total"] == calls


def test_a_note_that_cannot_be_written_is_written_at_the_next_attempt(world, changes):
    record = world.contact()
    world.break_dataverse("503", r"^(dh_spotlerinfos/|dh_spotlerinfos\(|\$batch)", count=None)
    changes.run(record)
    (item,) = changes.put_back()
    world.mend_dataverse()

    changes.go_on(minutes=5)

    assert item.always
    assert world.info(record)[Info.LAST_STATUS] == "OK"


def test_who_was_anonymised_without_a_note_is_not_taken_for_lost_at_the_next_attempt(world, changes):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    changes.run(record)
    world.now += timedelta(minutes=1)
    world.permission(record, "Events", subscribed=False)  # it is not in the history yet
    world.services.dataverse.update(Contact.SET, record.id, {"donotemail": True})
    world.break_dataverse("503", r"^(dh_spotlerinfos/|dh_spotlerinfos\()", inner=True, count=None)
    world.break_dataverse("503", "^dh_spotlerconsents|^dh_spotlerinfos/", count=None)
    changes.run(record)
    assert world.in_spotler(record) is None
    changes.go_on(minutes=5)  # the note still cannot be written, so nothing else is done
    (item,) = changes.put_back()
    assert b"Ann" not in item.body()
    world.mend_dataverse()

    changes.go_on(minutes=5)

    assert (changes.put_back(), changes.failures(), world.info(record)[Info.GONE]) == ([], [], True)
    rows = {row[Permission.NAME]: row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)}
    assert rows == {"Newsletter": True, "Events": False}


def test_a_row_that_was_written_does_not_come_back_where_its_record_cannot_be_read(world, changes):
    """It would be written over what somebody else has written since."""
    record = world.contact()
    info = {"made_on": world.now, "values": {Info.GONE: True, "dh_ContactId@odata.bind": f"/contacts({record.id})"}}
    world.break_dataverse("503", "^contacts")

    changes.run(changes.item(record, info=LateInfo(**info)))

    (item,) = changes.put_back()
    assert (item.info, world.info(record)[Info.GONE]) == (None, True)


def test_an_internal_error_at_a_late_row_harms_no_other_record(world, changes, monkeypatch):
    record, other = world.contact(), world.contact("bob")
    monkeypatch.setattr(changing, "write_late", lambda _, rows: {1: 1 / 0} if rows else {})

    changes.run(changes.item(record, info=LateInfo(made_on=world.now, values={})), other)

    assert world.in_spotler(other) is not None
    assert [item.record for item in changes.put_back()] == [record]


def test_what_is_no_item_goes_to_quarantine_and_the_others_are_sent(world, changes):
    record = world.contact()

    changes.run(b"?", record)

    (kept,) = world.bus.to("quarantine")
    assert (kept.properties["source"], kept.properties["reason"]) == ("sync-records", "WORK_ITEM_UNREADABLE")
    assert world.in_spotler(record) is not None


def test_a_batch_that_has_no_time_left_puts_its_records_back_at_once(world, changes):
    record = world.contact()
    hours = iter(range(100))
    world.services = replace(world.services, now=lambda: world.now + timedelta(hours=next(hours)))

    changes.run(record)

    (item,) = changes.put_back()
    assert (item.record, item.tries) == (record, 0)
    assert world.effects() == []


def test_with_the_switch_off_a_deactivated_record_stays_without_permissions_on_either_side(world, changes):
    world.services = replace(
        world.services, settings=world.services.settings.model_copy(update={"anonymise_on_deactivation": False})
    )
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    changes.run(record)
    assert world.in_spotler(record)["permissions"] != []
    world.services.dataverse.update(Contact.SET, record.id, {"statecode": 1, "statuscode": 2})

    changes.run(record)

    assert world.in_spotler(record)["permissions"] == []
    assert [row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)] == [False]
