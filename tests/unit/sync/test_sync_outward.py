"""Records on their way to Spotler: sent, unchanged, left out; and what Spotler Info remembers of it."""

from dataclasses import replace

import pytest

from connector.consent import PermissionRow
from connector.dataverse.names import Info, Permission
from connector.dataverse.records import RecordRef
from connector.errors import Refused, Transient
from connector.spotler import FIELDS_MISSED_TTL, Field, Fields, Option, PropertyType
from connector.sync.info import INFO_NAVIGATION, info_of, write_infos
from connector.sync.outward.outward import Outward
from connector.sync.outward.preparing import Prepared
from tests.unit.sync.sending import codes, read, use_filter


def test_a_record_is_sent_and_remembered(world, send):
    record = world.contact(firstname="Ann")

    assert codes(send(record)) == ["OK"]

    assert world.in_spotler(record)["properties"]["firstName"] == "Ann"
    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.ACTIVE], info[Info.LAST_ERROR]) == ("OK", True, None)
    assert len(info[Info.SENT_HASH]) == 64
    assert info["_dh_contactid_value"] == record.id


@pytest.mark.parametrize("make", ["contact", "lead", "account"])
def test_every_table_has_its_own_lookup(world, send, make):
    record = getattr(world, make)()

    assert codes(send(record)) == ["OK"]

    lookups = {name: world.info(record)[f"_dh_{name}id_value"] for name in INFO_NAVIGATION}
    assert lookups == {name: record.id if name == record.table else None for name in INFO_NAVIGATION}


def test_an_unchanged_record_costs_no_call_unless_it_is_sent_always(world, send):
    record = world.contact()
    send(record)
    calls = world.spotler.calls()["total"]

    assert codes(send(record)) == ["UNCHANGED"]
    assert world.spotler.calls()["total"] == calls
    assert codes(send(record, always=True)) == ["OK"]
    assert world.spotler.calls()["total"] == calls + 1


@pytest.mark.parametrize("changes", [{"firstname": "Anna"}, {"donotbulkemail": True}])
def test_a_change_of_what_spotler_has_is_sent(world, send, changes):
    record = world.contact()
    send(record)
    world.services.dataverse.update("contacts", record.id, changes)

    assert codes(send(record)) == ["OK"]


def test_a_change_of_what_spotler_does_not_have_is_not(world, send):
    record = world.contact()
    send(record)
    world.services.dataverse.update("contacts", record.id, {"numberofchildren": 2})

    assert codes(send(record)) == ["UNCHANGED"]


def test_a_record_without_an_address_is_not_sent_for_the_first_time(world, send):
    record = world.contact(emailaddress1=None)

    assert codes(send(record)) == ["SKIPPED_NO_EMAIL"]

    assert world.effects() == []
    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.SENT_HASH], info[Info.GONE]) == ("SKIPPED_NO_EMAIL", None, True)


@pytest.mark.parametrize("changes", [{"donotphone": True}, {"firstname": "Anna"}], ids=["excluded", "changed"])
def test_who_opted_out_in_spotler_is_inactive_there(world, send, changes):
    use_filter(world)
    record = world.contact()
    send(record)
    before = world.info(record)
    world.spotler.emit({"type": "unsubscribe", "externalId": record.id})
    world.services.dataverse.update("contacts", record.id, changes)

    (failed,) = send(record)

    assert isinstance(failed.error, Refused)
    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.ACTIVE]) == ("CONTACT_OPTOUT", False)
    assert info[Info.SENT_HASH] == before[Info.SENT_HASH]


def test_one_refused_contact_harms_no_other_and_is_sent_again_next_time(world, send):
    good, bad = world.contact("ann"), world.contact("bob")
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[bad.id], count=1)

    sent, failed = send(good, bad)

    assert sent.code == "OK"
    assert isinstance(failed.error, Transient)
    info = world.info(bad)
    assert (info[Info.LAST_STATUS], info[Info.SENT_HASH]) == ("ERROR", None)
    assert info[Info.LAST_ERROR]
    assert codes(send(good, bad)) == ["UNCHANGED", "OK"]
    assert world.info(bad)[Info.LAST_ERROR] is None


def test_consent_that_cannot_be_withdrawn_in_dataverse_keeps_its_record_and_no_other(world):
    good, bad = world.contact("ann", donotbulkemail=True), world.contact("bob", donotbulkemail=True)
    for record in (good, bad):
        world.permission(record, "Newsletter", subscribed=True)
    one, other = read(world, good, bad)
    (free,), (locked,) = one.decision.withdrawals, other.decision.withdrawals
    # A row that was deleted since, so that Dataverse takes none of them in one write.
    deleted = PermissionRow("99999999-0000-4000-8000-000000000000", "Events", subscribed=True)
    one = replace(one, facts=replace(one.facts, rows=(*one.facts.rows, deleted)))
    world.break_dataverse("500", rf"\({locked}\)", inner=True)

    results = Outward(world.services).send([one, other], always=True)

    assert results[good].code == "OK"
    assert isinstance(results[bad].error, Transient)
    assert world.in_spotler(bad) is None
    subscribed = {row[Permission.ID]: row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)}
    assert subscribed == {free: False, locked: True}


def test_a_record_that_cannot_be_prepared_harms_no_other(world):
    good, bad = read(world, world.contact("ann"), world.contact("bob"))
    bad = replace(bad, row=None)

    results = Outward(world.services).send([bad, good], always=True)

    assert isinstance(results[bad.ref].error, TypeError)
    assert results[good.ref].code == "OK"


def test_a_refusal_does_not_forget_what_was_sent_before(world, send):
    record = world.contact()
    send(record)
    before = world.info(record)[Info.SENT_HASH]
    world.spotler.emit({"type": "complaint", "externalId": record.id})
    world.services.dataverse.update("contacts", record.id, {"firstname": "Anna"})

    (failed,) = send(record)

    assert isinstance(failed.error, Refused)
    assert world.info(record)[Info.SENT_HASH] == before
    assert world.info(record)[Info.LAST_STATUS] == failed.error.result_code


def test_spotler_being_away_is_the_result_of_each_record_that_was_to_be_sent(world, send):
    record = world.contact()
    world.spotler.arm("html", route="POST /contact/list", count=None)

    (failed,) = send(record)

    assert isinstance(failed.error, Transient)


def test_nothing_to_send_calls_nobody(world, send):
    calls = world.spotler.calls()["total"]

    assert send() == []
    assert world.spotler.calls()["total"] == calls


# What is sent although nobody asked for it: what differs from what was sent last


def subscribe(world, *, subscribed):
    (row,) = world.rows(Permission.TABLE)
    world.services.dataverse.update(Permission.SET, row[Permission.ID], {Permission.SUBSCRIBED: subscribed})


def test_a_withdrawn_permission_differs_from_what_was_sent(world, send):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    subscribe(world, subscribed=False)

    assert codes(send(record)) == ["OK"]

    assert world.in_spotler(record)["permissions"] == []
    assert codes(send(record)) == ["UNCHANGED"]


def test_a_changed_address_differs_from_what_was_sent(world, send):
    record = world.contact()
    send(record)
    world.services.dataverse.update("contacts", record.id, {"emailaddress1": "anna@example.org"})

    (result,) = send(record)

    assert (result.code, result.changed, result.is_there) == ("OK", True, True)
    assert world.in_spotler(record)["properties"]["email"] == "anna@example.org"


def test_a_permission_row_that_is_deactivated_is_withdrawn(world, send):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    (row,) = world.rows(Permission.TABLE)
    world.services.dataverse.update(Permission.SET, row[Permission.ID], {"statecode": 1, "statuscode": 2})

    assert codes(send(record)) == ["OK"]

    assert world.in_spotler(record)["permissions"] == []


def test_bulk_mail_is_refused_in_dataverse_before_spotler_is_called(world, send):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    world.services.dataverse.update("contacts", record.id, {"donotbulkemail": True})
    world.spotler.arm("html", route="POST /contact/list", count=None)

    (failed,) = send(record)

    assert isinstance(failed.error, Transient)
    assert [row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)] == [False]
    world.mend_spotler()
    assert codes(send(record)) == ["OK"]
    assert world.in_spotler(record)["permissions"] == []


def test_after_a_call_whose_effect_is_not_known_the_record_is_sent_again_whatever_it_holds(world, send):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=False)
    send(record)
    subscribe(world, subscribed=True)
    world.spotler.arm("drop_after_write", route="POST /contact/list", count=None)
    (failed,) = send(record)
    assert isinstance(failed.error, Transient)
    world.mend_spotler()
    subscribe(world, subscribed=False)

    assert codes(send(record)) == ["OK"]

    assert world.in_spotler(record)["permissions"] == []


def test_a_withdrawal_that_the_known_fields_have_no_place_for_asks_for_the_fields_again(world):
    record = world.contact()
    world.permission(record, "Fresh", subscribed=False)
    old = world.services.spotler.fields()
    fresh = Field("permissions", "Permissions", PropertyType.SET, (*old.permissions.options, Option(64, "Fresh")))
    new = Fields(fresh if field.name == "permissions" else field for field in old)
    asked = []

    def fields(*, max_age=None):
        asked.append(max_age)
        return old if max_age is None else new

    world.services.spotler.fields = fields
    (record,) = read(world, record)
    try:
        prepared = Prepared.of(world.services, record, fields())
    finally:
        del world.services.spotler.fields

    assert prepared.properties["permissions"] == [{"bit": 64, "enabled": False}]
    assert asked == [None, FIELDS_MISSED_TTL]


def test_several_rows_of_spotler_info_become_one_in_which_the_later_values_win(world):
    record = world.contact()
    first = info_of(record, "Ann", **{Info.LAST_STATUS: "OK", Info.SENT_HASH: "1" * 64})
    later = info_of(record, "Ann", **{Info.LAST_STATUS: "ANONYMIZED"})

    assert write_infos(world.services.dataverse, [(record, first), (record, None), (record, later)]) == {}

    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.SENT_HASH]) == ("ANONYMIZED", "1" * 64)


def test_a_row_of_spotler_info_that_cannot_be_written_is_reported_by_record(world):
    good, bad = world.contact("ann"), RecordRef("contact", "99999999-0000-4000-8000-000000000000")
    rows = [(ref, info_of(ref, "?", **{Info.LAST_STATUS: "OK"})) for ref in (good, bad)]

    refused = write_infos(world.services.dataverse, rows)

    assert set(refused) == {bad}
    assert world.info(good)[Info.LAST_STATUS] == "OK"
