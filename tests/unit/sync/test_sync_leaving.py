"""Records that may not be mailed, or take no part any more: what Spotler loses of them, what Dataverse remembers."""

from threading import Barrier

import pytest

from connector.dataverse.names import Info, Permission
from connector.errors import Transient
from connector.spotler import Field, Fields, PropertyType
from connector.sync.outward.outward import Outward
from tests.unit.sync.sending import codes, read, use, use_filter


@pytest.mark.parametrize("columns", [{"donotemail": True}, {"statecode": 1, "statuscode": 2}])
def test_who_may_not_be_mailed_is_not_sent_for_the_first_time(world, send, columns):
    record = world.contact(**columns)

    (result,) = send(record, always=True)

    assert (result.code, result.message) == ("SKIPPED_DO_NOT_EMAIL", "It may not be mailed and is not in Spotler.")
    assert (result.is_there, result.changed) == (False, False)
    assert world.effects() == []
    assert (world.info(record)[Info.GONE], world.info(record)[Info.SENT_HASH]) == (True, None)


@pytest.mark.parametrize("columns", [{"donotemail": True}, {"statecode": 1, "statuscode": 2}])
def test_who_may_not_be_mailed_is_anonymised_although_spotler_info_says_nothing(world, send, columns):
    record = world.contact(**columns)
    world.spotler.contacts({"externalId": record.id, "properties": {"email": "ann@example.org"}})

    assert codes(send(record)) == ["ANONYMIZED"]

    assert world.effects() == ["contact.anonymized"]
    assert (world.info(record)[Info.LAST_STATUS], world.info(record)[Info.ACTIVE]) == ("ANONYMIZED", False)


def test_whom_spotler_has_lost_counts_as_anonymised(world, send):
    record = world.contact(known=True, donotemail=True)
    world.spotler.reset()

    assert codes(send(record)) == ["ANONYMIZED"]
    assert not world.info(record)[Info.SENT_HASH]


@pytest.mark.parametrize("changes", [{"donotemail": True}, {"statecode": 1, "statuscode": 2}])
def test_who_may_not_be_mailed_any_more_is_anonymised_once(world, send, changes):
    record = world.contact()
    send(record)
    world.services.dataverse.update("contacts", record.id, changes)

    assert codes(send(record)) == ["ANONYMIZED"]

    assert world.in_spotler(record) is None or world.in_spotler(record)["anonymized"]
    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.ACTIVE], info[Info.SENT_HASH] or "") == ("ANONYMIZED", False, "")
    assert codes(send(record)) == ["SKIPPED_DO_NOT_EMAIL"]
    assert world.effects().count("contact.anonymized") == 1


def test_who_may_be_mailed_again_is_sent_again(world, send):
    record = world.contact()
    send(record)
    for flag in (True, False):
        world.services.dataverse.update("contacts", record.id, {"donotemail": flag})
        send(record)

    assert world.info(record)[Info.LAST_STATUS] == "OK"
    assert world.in_spotler(record)["properties"]["email"] == "ann@example.org"


def test_a_withdrawal_that_fails_is_not_remembered_as_done(world, send):
    record = world.contact(known=True, donotemail=True)
    world.spotler.arm("error", route="PUT /contact/anonymize/*", count=None)
    before = world.info(record)[Info.SENT_HASH]

    (failed,) = send(record)

    assert isinstance(failed.error, Transient)
    assert world.info(record)[Info.SENT_HASH] == before


def test_several_records_leave_at_the_same_time(world):
    records = read(world, *(world.contact(name, known=True, donotemail=True) for name in ("ann", "bob")))
    both = Barrier(2)

    results = Outward(world.services, check_time=lambda: both.wait(timeout=10)).send(records, always=True)

    assert codes(results.values()) == ["ANONYMIZED"] * 2
    assert world.effects() == ["contact.anonymized"] * 2


def test_nothing_leaves_and_nothing_is_sent_when_the_time_is_up(world):
    out, again, there = (world.contact(name, known=True, donotemail=True) for name in ("ann", "bob", "cas"))
    world.services.dataverse.update("contacts", there.id, {"donotemail": False})

    def is_up():
        raise Transient

    results = Outward(world.services, check_time=is_up).send(read(world, out, again, there), always=True)

    assert [type(result.error) for result in results.values()] == [Transient] * 3
    assert [result.info for result in results.values()] == [None] * 3
    assert world.effects() == []


def test_a_qualified_lead_is_withdrawn_because_it_goes_on_as_a_contact(world, send):
    record = world.lead(known=True, statecode=1, statuscode=3)

    assert codes(send(record)) == ["ANONYMIZED"]


def test_do_not_bulk_email_switches_every_permission_off(world, send):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    assert world.in_spotler(record)["permissions"] == [1]
    world.services.dataverse.update("contacts", record.id, {"donotbulkemail": True})

    send(record)

    assert world.in_spotler(record)["permissions"] == []


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({}, "OK"),
        ({"emailaddress1": None}, "SKIPPED_NO_EMAIL"),
        ({"donotemail": True}, "SKIPPED_DO_NOT_EMAIL"),
        ({"statecode": 1, "statuscode": 2}, "SKIPPED_DO_NOT_EMAIL"),
        ({"donotphone": True}, "SKIPPED_FILTER"),
    ],
)
def test_do_not_bulk_email_switches_the_rows_off_whatever_else_becomes_of_the_record(world, send, columns, code):
    use_filter(world)
    record = world.contact(donotbulkemail=True, **columns)
    world.permission(record, "Newsletter", subscribed=True)

    assert codes(send(record)) == [code]

    assert [row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)] == [False]


@pytest.mark.parametrize("direction", ["<-", None])
def test_do_not_bulk_email_switches_the_rows_off_also_where_they_are_not_sent(world, send, direction):
    row = {"contact": "@map(permissions)", "direction": direction, "spotler": "permissions"}
    use(world, *[row] if direction else [])
    record = world.contact(donotbulkemail=True)
    world.permission(record, "Newsletter", subscribed=True)

    assert codes(send(record)) == ["OK"]

    assert [row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)] == [False]


def test_who_may_not_be_mailed_is_anonymised_also_where_the_rows_cannot_be_switched_off(world):
    record = world.contact(known=True, donotemail=True, donotbulkemail=True)
    world.permission(record, "Newsletter", subscribed=True)
    world.break_dataverse("500", r"^dh_spotlerpermissions\(", inner=True)

    results = Outward(world.services).send(read(world, record), always=True)

    assert isinstance(results[record].error, Transient)
    assert world.effects() == ["contact.anonymized"]


# Those who take no part any more


def test_a_known_record_that_the_filter_excludes_loses_all_permissions_and_nothing_else(world, send):
    use_filter(world)
    record = world.contact(firstname="Ann")
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    world.services.dataverse.update("contacts", record.id, {"donotphone": True, "firstname": "Anna"})

    (result,) = send(record)

    assert result.code == "SKIPPED_FILTER"
    assert "All its permissions are off in Spotler." in result.message
    contact = world.in_spotler(record)
    assert (contact["permissions"], contact["properties"]["firstName"]) == ([], "Ann")
    assert world.info(record)[Info.LAST_STATUS] == "SKIPPED_FILTER"
    assert [row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)] == [False]


def test_a_record_of_a_table_that_is_mapped_no_more_loses_all_permissions(world, send):
    record = world.lead()
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    use(world)

    assert codes(send(record)) == ["SKIPPED_FILTER"]

    assert world.in_spotler(record)["permissions"] == []


def test_an_excluded_record_costs_one_call_and_comes_back_without_its_permissions(world, send):
    use_filter(world)
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    world.services.dataverse.update("contacts", record.id, {"donotphone": True})
    send(record)
    calls = world.spotler.calls()["total"]

    assert codes(send(record)) == ["SKIPPED_FILTER"]
    assert world.spotler.calls()["total"] == calls
    assert codes(send(record, always=True)) == ["SKIPPED_FILTER"]
    assert world.spotler.calls()["total"] == calls + 1

    world.services.dataverse.update("contacts", record.id, {"donotphone": False})
    assert codes(send(record)) == ["OK"]
    assert world.in_spotler(record)["permissions"] == []


def test_an_excluded_record_of_which_nothing_was_remembered_loses_its_permissions_too(world, send):
    use_filter(world)
    record = world.contact(donotphone=True)
    newsletter = [{"bit": 1, "enabled": True}]
    world.spotler.contacts(
        {"externalId": record.id, "properties": {"email": "ann@example.org", "permissions": newsletter}}
    )

    (result,) = send(record)

    assert (result.code, result.is_there) == ("SKIPPED_FILTER", True)
    assert world.in_spotler(record)["permissions"] == []


@pytest.mark.parametrize("known", [False, True], ids=["never sent", "lost by Spotler"])
def test_an_excluded_record_is_never_created(world, send, known):
    use_filter(world)
    record = world.contact(known=known, donotphone=True, mobilephone="+31612345678")
    world.spotler.reset()

    assert codes(send(record, always=True)) == ["SKIPPED_FILTER"]
    assert world.in_spotler(record) is None
    calls = world.spotler.calls()["total"]
    assert codes(send(record, always=True)) == ["SKIPPED_FILTER"]
    assert world.spotler.calls()["total"] == calls


@pytest.fixture
def hidden_permissions(world):
    """Spotler shows the address and no permissions."""
    fields = Fields([Field("email", "E-mail", PropertyType.EMAIL)])
    world.services.spotler.fields = lambda **_: fields
    yield
    del world.services.spotler.fields


@pytest.mark.usefixtures("hidden_permissions")
@pytest.mark.parametrize(
    ("columns", "subscribed"),
    [({"donotphone": True}, True), ({"donotbulkemail": True}, True), ({}, False)],
    ids=["excluded", "do not bulk email", "a withdrawn permission"],
)
def test_a_withdrawal_that_spotler_shows_no_place_for_is_tried_again(world, send, columns, subscribed):
    use_filter(world)
    record = world.contact(known=True, **columns)
    world.permission(record, "Newsletter", subscribed=subscribed)

    before = world.info(record)[Info.SENT_HASH]

    (failed,) = send(record, always=True)

    assert isinstance(failed.error, Transient)
    assert failed.error.result_code == "PERMISSIONS_HIDDEN"
    assert world.effects() == []
    assert world.info(record)[Info.SENT_HASH] == before


@pytest.mark.usefixtures("hidden_permissions")
def test_where_spotler_shows_no_permissions_and_none_is_withdrawn_the_rest_is_sent_with_a_warning(world, send):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)

    (result,) = send(record)

    assert result.code == "OK"
    assert any("permissions does not exist in Spotler" in each for each in result.warnings)


# Those without an address


@pytest.mark.parametrize("known", [False, True], ids=["nothing remembered", "sent before"])
def test_a_record_without_an_address_is_anonymised_also_with_another_channel(world, send, known):
    record = world.contact(known=known, emailaddress1=None, mobilephone="+31612345678")
    if not known:
        world.spotler.contacts({"externalId": record.id, "properties": {"email": "ann@example.org"}})

    (result,) = send(record)

    assert (result.code, result.changed, result.is_there) == ("ANONYMIZED", True, False)
    assert world.effects() == ["contact.anonymized"]
    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.GONE], info[Info.ACTIVE]) == ("ANONYMIZED", True, False)


def test_who_is_gone_costs_no_call_until_there_is_an_address_again(world, send):
    record = world.contact(emailaddress1=None)
    assert codes(send(record)) == ["SKIPPED_NO_EMAIL"]
    calls = world.spotler.calls()["total"]

    assert codes(send(record, always=True)) == ["SKIPPED_NO_EMAIL"]
    assert world.spotler.calls()["total"] == calls
    world.services.dataverse.update("contacts", record.id, {"emailaddress1": "ann@example.org"})
    assert codes(send(record)) == ["OK"]
    assert world.info(record)[Info.GONE] is False
