"""Records on their way to Spotler: sent, unchanged, left out, withdrawn; and what Spotler Info remembers of it."""

from dataclasses import replace
from threading import Barrier

import pytest

from connector.dataverse.client import Keyed, filters
from connector.dataverse.names import Info, Permission
from connector.errors import Refused, Transient
from connector.mapping import parse_mapping
from connector.spotler import Field, Fields, PropertyType
from connector.sync.outward import INFO_NAVIGATION, Outward, Sent
from connector.sync.records import RecordReader


@pytest.fixture
def send(world):
    """Reads records as they are now and sends them; remembers in Spotler Info what a batch would write there."""

    def _send(*refs, always=False):
        infos = {}
        records = RecordReader(world.services).read(refs)
        results = Outward(world.services, infos).send(list(records.values()), always=always)
        rows = [Keyed(filters.key({Info.RECORD: record_id}), row) for record_id, row in infos.items()]
        assert all(written.ok for written in world.services.dataverse.upsert_multiple(Info, rows))
        return [results[ref] for ref in refs]

    return _send


def read(world, *refs):
    records = RecordReader(world.services).read(refs)
    return [records[ref] for ref in refs]


def use(world, *rows):
    """A mapping of contacts with these rows beside their address and first name."""
    first = [
        {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
        {"contact": "firstname", "direction": "->", "spotler": "firstName"},
    ]
    world.services = replace(world.services, mapping=parse_mapping({"rows": [*first, *rows]}))


def use_filter(world):
    """Those who refuse calls take no part."""
    use(
        world,
        {"contact": "donotphone", "direction": "->", "filter": "false"},
        {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions"},
    )


def codes(results):
    return [result.code if isinstance(result, Sent) else result for result in results]


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


@pytest.mark.parametrize("columns", [{"donotemail": True}, {"statecode": 1, "statuscode": 2}])
def test_who_may_not_be_mailed_is_not_sent_for_the_first_time(world, send, columns):
    record = world.contact(**columns)

    (result,) = send(record, always=True)

    assert (result.code, result.message) == ("SKIPPED_DO_NOT_EMAIL", "It may not be mailed and is not in Spotler.")
    assert world.effects() == []
    assert world.info(record) is None


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

    (error,) = send(record)

    assert isinstance(error, Transient)
    assert world.info(record)[Info.SENT_HASH] == "0" * 64


def test_several_records_leave_at_the_same_time(world):
    records = read(world, *(world.contact(name, known=True, donotemail=True) for name in ("ann", "bob")))
    both = Barrier(2)

    results = Outward(world.services, {}, check_time=lambda: both.wait(timeout=10)).send(records, always=True)

    assert codes(results.values()) == ["ANONYMIZED"] * 2
    assert world.effects() == ["contact.anonymized"] * 2


def test_nothing_leaves_and_nothing_is_sent_when_the_time_is_up(world):
    out, again, there = (world.contact(name, known=True, donotemail=True) for name in ("ann", "bob", "cas"))
    world.services.dataverse.update("contacts", there.id, {"donotemail": False})

    def is_up():
        raise Transient

    results = Outward(world.services, {}, check_time=is_up).send(read(world, out, again, there), always=True)

    assert [type(result) for result in results.values()] == [Transient] * 3
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

    results = Outward(world.services, {}).send(read(world, record), always=True)

    assert isinstance(results[record], Transient)
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
    assert [row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)] == [True]


def test_a_record_of_a_table_that_is_mapped_no_more_loses_all_permissions(world, send):
    record = world.lead()
    world.permission(record, "Newsletter", subscribed=True)
    send(record)
    use(world)

    assert codes(send(record)) == ["SKIPPED_FILTER"]

    assert world.in_spotler(record)["permissions"] == []


def test_an_excluded_record_costs_one_call_and_comes_back_whole(world, send):
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
    assert world.in_spotler(record)["permissions"] == [1]


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


def test_where_spotler_shows_no_permissions_nothing_is_asked_about_an_excluded_record(world, send):
    use_filter(world)
    record = world.contact(known=True, donotphone=True)
    world.services.spotler.fields = lambda: Fields([Field("email", "E-mail", PropertyType.EMAIL)])

    assert codes(send(record, always=True)) == ["SKIPPED_FILTER"]
    assert world.effects() == []


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
