"""Records are synced by themselves when people create, change, merge or delete them: nobody orders a job."""

from collections.abc import Callable

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Info, Job as JobNames, Permission, lookup_value
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.acceptance.records import ACTIVATED, DEACTIVATED, Record, new_address

TABLES = ("contact", "lead", "account")
#: What people are called: Dutch, Cyrillic, from right to left, and with an emoji.
NAMES = ("Sjoerd van 't Hóf", "Ольга Ёлкина", "محمد الهاشمي", "Zoë 🌷 de Wit")


def wait_for_property(world, record: Record, name: str, value: object) -> None:
    def has_it() -> bool:
        contact = world.spotler.find(record)
        return contact is not None and contact.properties.get(name) == value

    world.until(has_it, f"Spotler has the new {name}")


def wait_until_there(world, record: Record) -> None:
    world.until(lambda: world.spotler.find(record) is not None, "the record is in Spotler")


def wait_until_anonymised(world, record: Record) -> None:
    world.until(lambda: "contact.anonymized" in world.spotler.effects(record), "the contact is anonymised")


def synced(world, make: Callable[..., Record], **columns: object) -> Record:
    """A record that has become a contact, and nothing more on its way."""
    record = make(**columns)
    wait_until_there(world, record)
    world.settle()
    return record


def failed_jobs(world, record: Record) -> list[dict[str, object]]:
    lookups = (lookup_value(JobNames.CUSTOMER), lookup_value(JobNames.LEAD))
    return [row for row in world.rows(JobNames.TABLE) if record.id in (row[lookup] for lookup in lookups)]


# Created, changed, activated and deactivated


@pytest.mark.feature("CON-01")
@pytest.mark.parametrize("table", TABLES)
def test_a_created_record_becomes_a_spotler_contact(automatic, table):
    address = new_address()
    record = automatic.record(table, emailaddress1=address)

    wait_until_there(automatic, record)

    (contact,) = automatic.spotler.with_address(address)
    assert contact.external_id == record.id
    automatic.settle()
    assert automatic.info(record)[Info.LAST_STATUS] == "OK"


@pytest.mark.feature("CON-02")
@pytest.mark.parametrize("table", TABLES)
def test_a_changed_record_changes_its_contact(automatic, table):
    record, address = synced(automatic, lambda: automatic.record(table)), new_address()

    automatic.change(record, emailaddress1=address)

    wait_for_property(automatic, record, "email", address)


@pytest.mark.feature("CON-02")
def test_a_later_change_is_never_taken_for_the_one_before(automatic):
    record = synced(automatic, automatic.contact)

    for name in ("Bea", "Cas", "Dirk"):
        automatic.change(record, firstname=name)
        wait_for_property(automatic, record, "firstName", name)


@pytest.mark.feature("CON-01")
@pytest.mark.parametrize("name", NAMES)
def test_names_arrive_whole_through_garbled_messages(automatic, name):
    automatic.steps(garbled=True)

    record = synced(automatic, automatic.contact, lastname=name)

    assert automatic.spotler.contact(record).properties["lastName"] == name


@pytest.mark.feature("CON-05")
@pytest.mark.feature("CON-06")
@pytest.mark.feature("CON-08")
@pytest.mark.parametrize("table", TABLES)
def test_a_deactivated_record_is_anonymised_and_comes_back_when_it_is_activated(automatic, table):
    record = synced(automatic, lambda: automatic.record(table))

    automatic.change(record, **DEACTIVATED[table])
    wait_until_anonymised(automatic, record)
    automatic.settle()
    assert automatic.spotler.find(record) is None

    automatic.change(record, **ACTIVATED)
    wait_until_there(automatic, record)


# Deleted and merged


@pytest.mark.feature("CON-07")
@pytest.mark.parametrize("table", TABLES)
def test_a_deleted_record_is_anonymised_by_its_id_alone(automatic, table):
    address = new_address()
    record = synced(automatic, lambda: automatic.record(table, emailaddress1=address))

    automatic.delete(record)

    wait_until_anonymised(automatic, record)
    automatic.settle()
    assert automatic.spotler.with_address(address) == []
    info = automatic.info(record)
    assert (info[Info.NAME], info[Info.GONE], info[Info.SENT_HASH]) == ("Deleted record", True, None)


@pytest.mark.feature("CON-07")
def test_a_record_that_is_deleted_and_made_again_with_its_id_is_in_spotler(automatic):
    address = new_address()
    record = synced(automatic, automatic.contact, emailaddress1=address)
    automatic.delete(record)
    wait_until_anonymised(automatic, record)
    automatic.settle()

    automatic.people.upsert(Contact.SET, record.id, {"lastname": "Voorbeeld", "emailaddress1": address})

    automatic.until(lambda: len(automatic.spotler.with_address(address)) == 1, "the record is in Spotler again")


@pytest.mark.feature("CON-05")
@pytest.mark.parametrize("table", TABLES)
def test_of_two_merged_records_one_is_anonymised_and_the_other_sent(automatic, table):
    winner, loser = (synced(automatic, lambda: automatic.record(table)) for _ in range(2))
    address = new_address()

    automatic.merge(winner, loser, emailaddress1=address)

    wait_until_anonymised(automatic, loser)
    wait_for_property(automatic, winner, "email", address)
    assert automatic.spotler.find(loser) is None


@pytest.mark.feature("CON-01")
@pytest.mark.feature("CON-05")
def test_a_lead_that_is_qualified_into_a_contact_is_one_contact_in_spotler(automatic):
    address = new_address()
    lead = synced(automatic, automatic.lead, emailaddress1=address)

    automatic.change(lead, statecode=1, statuscode=3)
    contact = automatic.contact(emailaddress1=address)

    wait_until_anonymised(automatic, lead)
    wait_until_there(automatic, contact)
    automatic.settle()
    assert [each.external_id for each in automatic.spotler.with_address(address)] == [contact.id]


@pytest.mark.feature("CON-01")
def test_two_records_with_one_address_are_two_contacts_and_can_swap_addresses(automatic):
    address, other = new_address(), new_address()
    first, second = (synced(automatic, automatic.contact, emailaddress1=address) for _ in range(2))
    assert {each.external_id for each in automatic.spotler.with_address(address)} == {first.id, second.id}

    automatic.change(first, emailaddress1=other)
    wait_for_property(automatic, first, "email", other)
    automatic.change(first, emailaddress1=address)
    automatic.change(second, emailaddress1=other)

    wait_for_property(automatic, first, "email", address)
    wait_for_property(automatic, second, "email", other)


# Consent


@pytest.mark.feature("CON-04")
def test_do_not_email_anonymises(automatic):
    record = synced(automatic, automatic.contact)

    automatic.change(record, donotemail=True)

    wait_until_anonymised(automatic, record)


@pytest.mark.feature("SUB-05")
@pytest.mark.feature("CON-14")
def test_do_not_bulk_email_switches_every_permission_off_and_what_the_connector_writes_starts_nothing(automatic):
    record = synced(automatic, automatic.contact)
    row = automatic.permission(record, "Newsletter", subscribed=True)
    automatic.until(lambda: NEWSLETTER_BIT in permissions(automatic, record), "the permission is on")
    automatic.settle()
    synced_before, routed_before = automatic.taken("sync_records"), automatic.routed()

    automatic.change(record, donotbulkemail=True)

    automatic.until(lambda: permissions(automatic, record) == [], "no permission is on")
    automatic.settle()
    assert automatic.people.read(Permission.SET, row)[Permission.SUBSCRIBED] is False
    assert automatic.taken("sync_records") == synced_before + 1
    assert automatic.routed() > routed_before + 1, "Dataverse posts what the connector wrote, too"


@pytest.mark.feature("SUB-01")
@pytest.mark.feature("SUB-02")
@pytest.mark.parametrize("table", TABLES)
def test_a_permission_row_that_is_made_changed_or_deleted_syncs_its_record(automatic, table):
    record = synced(automatic, lambda: automatic.record(table))
    row = automatic.permission(record, "Newsletter", subscribed=True)
    automatic.until(lambda: NEWSLETTER_BIT in permissions(automatic, record), "the permission is on")

    automatic.people.update(Permission.SET, row, {Permission.SUBSCRIBED: False})
    automatic.until(lambda: permissions(automatic, record) == [], "the permission is off")

    automatic.settle()
    syncs = automatic.taken("sync_records")
    automatic.people.delete(Permission.SET, row)
    automatic.settle()
    assert automatic.taken("sync_records") == syncs + 1


def permissions(world, record):
    return world.spotler.contact(record).permissions


# What starts a sync, and what it costs


@pytest.mark.feature("CON-13")
def test_only_columns_that_are_mapped_start_work(automatic):
    record = synced(automatic, automatic.contact)
    syncs = automatic.taken("sync_records")

    automatic.change(record, salutation="Dr.", emailaddress2=new_address())
    automatic.settle()
    assert automatic.taken("sync_records") == syncs

    automatic.change(record, firstname="Bea")
    wait_for_property(automatic, record, "firstName", "Bea")


@pytest.mark.feature("CON-13")
def test_the_columns_that_start_a_sync_are_chosen_per_table_and_consent_always_does(automatic):
    record = synced(automatic, automatic.account)
    syncs = automatic.taken("sync_records")

    automatic.change(record, telephone1="020 123 45 67")
    automatic.settle()
    assert automatic.taken("sync_records") == syncs

    automatic.change(record, accountnumber="A-17")
    wait_for_property(automatic, record, "phoneNumber", "020 123 45 67")

    automatic.change(record, donotemail=True)
    wait_until_anonymised(automatic, record)


@pytest.mark.feature("CON-16")
def test_unchanged_content_costs_no_call_to_spotler(automatic):
    record = synced(automatic, automatic.contact, firstname="Anna")
    effects, calls = automatic.spotler.effects(record), automatic.spotler.door.calls()["total"]
    syncs = automatic.taken("sync_records")

    automatic.change(record, firstname="Anna")
    automatic.settle()

    assert automatic.taken("sync_records") == syncs + 1
    assert automatic.spotler.effects(record) == effects
    assert automatic.spotler.door.calls()["total"] == calls


@pytest.mark.feature("CON-01")
@pytest.mark.feature("CON-02")
def test_five_hundred_records_made_in_one_call_are_all_sent_in_few_calls(automatic):
    synced(automatic, automatic.contact)
    calls, mark = automatic.spotler.door.calls()["total"], new_address()
    rows = [{"lastname": f"No. {number}", "emailaddress1": f"{number}.{mark}"} for number in range(500)]

    ids = automatic.people.create_many(Contact.TABLE, Contact.SET, rows)

    def found():
        contacts = automatic.spotler.door.state()["contacts"]
        return {each["externalId"] for each in contacts if str(each["properties"].get("email")).endswith(mark)}

    automatic.until(lambda: found() == set(ids), "all are in Spotler")
    automatic.settle()
    assert automatic.spotler.door.calls()["total"] - calls <= 50


# What goes wrong


@pytest.mark.feature("CON-02")
def test_a_sync_that_spotler_refuses_leaves_one_failed_job_that_explains_itself(automatic):
    record = synced(automatic, automatic.contact)

    for name in ("Bea", "Cas"):
        automatic.change(record, firstname=name, emailaddress1="nobody")
        automatic.settle()

    (row,) = failed_jobs(automatic, record)
    job = automatic.look(str(row[JobNames.ID]))
    job.assert_failed("PROPERTY_INVALID", "email")
    assert (row[JobNames.NAME], row[JobNames.OPERATION]) == ("Automatic sync", Operation.SYNC_CONTACT)

    automatic.change(record, emailaddress1=new_address())
    automatic.settle()
    automatic.queue_again(job.id)
    automatic.sweep_until_over(job.id).assert_completed()


@pytest.mark.feature("CON-03")
def test_an_outage_delays_a_sync(automatic):
    record = synced(automatic, automatic.contact)
    automatic.spotler.door.arm("error", route="POST /contact/list", status=503, count=3)

    automatic.change(record, firstname="Bea")

    wait_for_property(automatic, record, "firstName", "Bea")
    automatic.settle()
    assert failed_jobs(automatic, record) == []
