"""Records on their way to Spotler: sent, unchanged, left out; and what Spotler Info remembers of it."""

from dataclasses import replace

import pytest

from connector.dataverse.names import Info, Permission
from connector.errors import Refused, Transient
from connector.sync.outward import INFO_NAVIGATION, Outward
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
    assert (info[Info.LAST_STATUS], info[Info.SENT_HASH]) == ("SKIPPED_NO_EMAIL", None)


def test_a_known_record_that_lost_its_address_loses_it_in_spotler_too(world, send):
    record = world.contact(firstname="Ann", mobilephone="+31612345678")
    send(record)
    world.services.dataverse.update("contacts", record.id, {"emailaddress1": None})

    assert codes(send(record)) == ["OK"]

    properties = world.in_spotler(record)["properties"]
    assert not properties.get("email")
    assert properties["firstName"] == "Ann"


def test_a_known_record_that_lost_its_last_channel_is_anonymised(world, send):
    record = world.contact()
    send(record)
    world.services.dataverse.update("contacts", record.id, {"emailaddress1": None})

    assert codes(send(record)) == ["ANONYMIZED"]

    assert world.info(record)[Info.LAST_STATUS] == "ANONYMIZED"


@pytest.mark.parametrize("changes", [{"donotphone": True}, {"firstname": "Anna"}], ids=["excluded", "changed"])
def test_who_opted_out_in_spotler_is_inactive_there(world, send, changes):
    use_filter(world)
    record = world.contact()
    send(record)
    before = world.info(record)
    world.spotler.emit({"type": "unsubscribe", "externalId": record.id})
    world.services.dataverse.update("contacts", record.id, changes)

    (error,) = send(record)

    assert isinstance(error, Refused)
    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.ACTIVE]) == ("CONTACT_OPTOUT", False)
    assert info[Info.SENT_HASH] == before[Info.SENT_HASH]


def test_one_refused_contact_harms_no_other_and_is_sent_again_next_time(world, send):
    good, bad = world.contact("ann"), world.contact("bob")
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[bad.id], count=1)

    sent, failed = send(good, bad)

    assert sent.code == "OK"
    assert isinstance(failed, Transient)
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
    (free,), (locked,) = one.subscriptions, other.subscriptions
    # A row that was deleted since, so that Dataverse takes none of them in one write.
    one = replace(one, subscriptions={**one.subscriptions, "99999999-0000-4000-8000-000000000000": "Events"})
    world.break_dataverse("500", rf"\({locked}\)", inner=True)

    results = Outward(world.services, {}).send([one, other], always=True)

    assert results[good].code == "OK"
    assert isinstance(results[bad], Transient)
    assert world.in_spotler(bad) is None
    subscribed = {row[Permission.ID]: row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)}
    assert subscribed == {free: False, locked: True}


def test_a_record_that_cannot_be_packed_harms_no_other(world):
    good, bad = read(world, world.contact("ann"), world.contact("bob"))
    bad = replace(bad, permissions=(None,))

    results = Outward(world.services, {}).send([bad, good], always=True)

    assert isinstance(results[bad.ref], AttributeError)
    assert results[good.ref].code == "OK"


def test_a_refusal_does_not_forget_what_was_sent_before(world, send):
    record = world.contact()
    send(record)
    before = world.info(record)[Info.SENT_HASH]
    world.spotler.emit({"type": "complaint", "externalId": record.id})
    world.services.dataverse.update("contacts", record.id, {"firstname": "Anna"})

    (error,) = send(record)

    assert isinstance(error, Refused)
    assert world.info(record)[Info.SENT_HASH] == before
    assert world.info(record)[Info.LAST_STATUS] == error.result_code


def test_spotler_being_away_is_the_result_of_each_record_that_was_to_be_sent(world, send):
    record = world.contact()
    world.spotler.arm("html", route="POST /contact/list", count=None)

    (error,) = send(record)

    assert isinstance(error, Transient)


def test_nothing_to_send_calls_nobody(world, send):
    calls = world.spotler.calls()["total"]

    assert send() == []
    assert world.spotler.calls()["total"] == calls
