"""Sync Contact: what becomes of a contact, lead or account in Spotler, and who is kept out or taken out of it."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Info, Permission
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.acceptance.records import DEACTIVATED, new_address

TABLES = ("contact", "lead", "account")


@pytest.mark.feature("CON-01")
@pytest.mark.feature("GEN-03")
@pytest.mark.feature("JOB-15")
@pytest.mark.parametrize("table", TABLES)
def test_a_new_record_becomes_a_spotler_contact_whose_external_id_is_the_row_id(world, table):
    address = new_address()
    record = world.record(table, emailaddress1=address)

    world.sync(record).assert_completed()

    (contact,) = world.spotler.with_address(address)
    assert contact.external_id == record.id


@pytest.mark.feature("CON-01")
def test_a_contact_is_sent_with_its_name_its_address_and_its_company(world):
    account = world.account(name="Bakkerij de Korenbloem")
    record = world.contact(
        firstname="Zoë", middlename="van der", lastname="Meer-Šimić", telephone1="020 123 45 67",
        address1_line1="Korte Poten 7", address1_postalcode="1012 AB", address1_city="'s-Gravenhage",
        address1_country="België", **{"parentcustomerid_account@odata.bind": f"/{account.path}"},
    )  # fmt: skip

    world.sync(record).assert_completed()

    properties = world.spotler.contact(record).properties
    assert {
        "firstName": "Zoë", "infix": "van der", "lastName": "Meer-Šimić", "phoneNumber": "020 123 45 67",
        "address": "Korte Poten 7", "postalCode": "1012 AB", "city": "'s-Gravenhage", "country": "België",
        "organisation": "Bakkerij de Korenbloem",
    }.items() <= properties.items()  # fmt: skip


@pytest.mark.feature("CON-01")
@pytest.mark.feature("GDP-01")
@pytest.mark.parametrize("table", TABLES)
def test_a_record_without_an_address_is_not_sent(world, table):
    record = world.record(table, emailaddress1=None)

    world.sync(record).assert_completed("SKIPPED_NO_EMAIL")

    assert world.spotler.find(record) is None
    assert world.spotler.effects(record) == []
    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.GONE]) == ("SKIPPED_NO_EMAIL", True)


@pytest.mark.feature("GDP-01")
@pytest.mark.parametrize("columns", [{}, {"mobilephone": "+31612345678"}], ids=["no channel", "a mobile number"])
def test_a_record_that_loses_its_address_is_anonymised_also_with_another_channel(world, columns):
    address = new_address()
    record = world.contact(emailaddress1=address, **columns)
    world.sync(record).assert_completed()

    world.change(record, emailaddress1=None)
    job = world.sync(record)

    job.assert_completed("ANONYMIZED")
    assert "no e-mail address" in job.message
    assert world.spotler.with_address(address) == []
    assert world.spotler.effects(record)[-1] == "contact.anonymized"


@pytest.mark.feature("GDP-01")
@pytest.mark.parametrize("table", TABLES)
def test_a_record_without_an_address_is_anonymised_also_where_nothing_was_remembered(world, table):
    address = new_address()
    record = world.record(table, emailaddress1=None)
    world.spotler.door.contacts({"externalId": record.id, "properties": {"email": address}})

    world.sync(record).assert_completed("ANONYMIZED")

    assert world.spotler.with_address(address) == []


@pytest.mark.feature("GDP-01")
def test_a_record_without_an_address_is_asked_for_once(world):
    record = world.contact(emailaddress1=None)
    world.sync(record).assert_completed("SKIPPED_NO_EMAIL")
    asked = world.spotler.calls_naming(record.id)

    world.sync(record).assert_completed("SKIPPED_NO_EMAIL")

    assert world.spotler.calls_naming(record.id) == asked


@pytest.mark.feature("GDP-01")
def test_a_record_that_gets_an_address_again_is_sent_again(world):
    record = world.contact(emailaddress1=None)
    world.sync(record).assert_completed("SKIPPED_NO_EMAIL")

    world.change(record, emailaddress1=new_address())
    world.sync(record).assert_completed()

    assert world.spotler.find(record) is not None
    assert world.info(record)[Info.GONE] is False


@pytest.mark.feature("CON-01")
def test_two_records_with_one_address_are_two_spotler_contacts(world):
    address = new_address()
    first, second = world.contact(emailaddress1=address), world.lead(emailaddress1=address)

    world.sync(first).assert_completed()
    world.sync(second).assert_completed()

    assert {each.external_id for each in world.spotler.with_address(address)} == {first.id, second.id}


@pytest.mark.feature("CON-02")
def test_a_changed_record_changes_its_spotler_contact_and_a_cleared_column_clears_the_field(world):
    record = world.contact(lastname="Bakker", address1_city="Breda")
    world.sync(record).assert_completed()

    world.change(record, lastname="de Wit", address1_city=None)
    world.sync(record).assert_completed()

    properties = world.spotler.contact(record).properties
    assert properties["lastName"] == "de Wit"
    assert "city" not in properties
    assert world.spotler.effects(record) == ["contact.created", "contact.updated"]


@pytest.mark.feature("CON-02")
@pytest.mark.feature("JOB-13")
def test_a_value_that_spotler_refuses_fails_the_job_at_once_with_spotlers_code(world):
    record = world.contact(emailaddress1="anna at example.org")

    job = world.sync(record)

    job.assert_failed("PROPERTY_INVALID", "email")
    assert job.attempts == 1
    assert "anna" not in job.message


@pytest.mark.feature("CON-02")
@pytest.mark.feature("JOB-06")
def test_spotler_info_shows_how_the_last_sync_went(world):
    record = world.contact()
    world.sync(record)
    good = world.info(record)
    world.change(record, emailaddress1="nobody@nowhere@example.org")
    world.sync(record)

    assert (good[Info.LAST_STATUS], good[Info.ACTIVE], good[Info.LAST_ERROR]) == ("OK", True, None)
    bad = world.info(record)
    assert bad[Info.LAST_STATUS] == "PROPERTY_INVALID"
    assert bad[Info.LAST_ERROR]


@pytest.mark.feature("CON-04")
@pytest.mark.parametrize("table", TABLES)
def test_do_not_email_anonymises_the_contact(world, table):
    address = new_address()
    record = world.record(table, emailaddress1=address)
    world.sync(record).assert_completed()

    world.change(record, donotemail=True)
    job = world.sync(record)

    job.assert_completed("ANONYMIZED")
    assert world.spotler.effects(record) == ["contact.created", "contact.anonymized"]
    assert world.spotler.with_address(address) == []
    assert world.info(record)[Info.ACTIVE] is False


@pytest.mark.feature("CON-04")
@pytest.mark.feature("CON-05")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("why", ["do not email", "deactivated"])
def test_who_may_not_be_mailed_and_was_never_sent_is_not_sent(world, table, why):
    record = world.record(table)
    world.change(record, **(DEACTIVATED[table] if why == "deactivated" else {"donotemail": True}))

    job = world.sync(record)

    job.assert_completed("SKIPPED_DO_NOT_EMAIL")
    assert "is not in Spotler" in job.message
    assert world.spotler.find(record) is None
    assert world.spotler.effects(record) == []


@pytest.mark.feature("CON-04")
@pytest.mark.feature("CON-05")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("why", ["do not email", "deactivated"])
def test_who_may_not_be_mailed_is_anonymised_also_where_spotler_had_the_contact_before_the_connector(world, table, why):
    address = new_address()
    record = world.record(table)
    world.spotler.door.contacts({"externalId": record.id, "properties": {"email": address}})
    world.change(record, **(DEACTIVATED[table] if why == "deactivated" else {"donotemail": True}))

    world.sync(record).assert_completed("ANONYMIZED")

    assert world.spotler.with_address(address) == []


@pytest.mark.feature("CON-05")
@pytest.mark.parametrize("table", TABLES)
def test_deactivation_anonymises_the_contact(world, table):
    address = new_address()
    record = world.record(table, emailaddress1=address)
    world.sync(record).assert_completed()

    world.change(record, **DEACTIVATED[table])
    job = world.sync(record)

    job.assert_completed("ANONYMIZED")
    assert world.spotler.with_address(address) == []


@pytest.mark.feature("CON-05")
def test_a_second_anonymisation_finds_nothing_left_to_do(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.change(record, donotemail=True)
    world.sync(record).assert_completed("ANONYMIZED")

    world.sync(record).assert_completed("SKIPPED_DO_NOT_EMAIL")

    assert world.spotler.effects(record) == ["contact.created", "contact.anonymized"]


@pytest.mark.feature("CON-08")
def test_an_activated_record_is_written_again_in_full(world):
    record = world.contact(lastname="Terug")
    world.sync(record).assert_completed()
    world.change(record, **DEACTIVATED["contact"])
    world.sync(record).assert_completed("ANONYMIZED")

    world.change(record, statecode=0, statuscode=1)
    world.sync(record).assert_completed()

    assert world.spotler.contact(record).properties["lastName"] == "Terug"
    assert world.info(record)[Info.ACTIVE] is True


@pytest.mark.feature("CON-09")
def test_contacts_are_never_deleted_in_spotler(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.change(record, donotemail=True)
    world.sync(record).assert_completed("ANONYMIZED")

    calls = world.spotler.calls_naming(record.id)
    assert calls
    assert [call for call in calls if call.startswith("DELETE")] == []


@pytest.mark.feature("CON-10")
def test_contact_data_goes_to_spotler_only_so_dataverse_wins_at_the_next_sync(world):
    record = world.contact(address1_city="Breda")
    world.sync(record).assert_completed()
    written = world.writes_to("contact", record.id)
    world.spotler.door.emit({"type": "profile", "externalId": record.id, "properties": {"city": "Utrecht"}})

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).properties["city"] == "Breda"
    assert world.writes_to("contact", record.id) == written


@pytest.mark.feature("CON-17")
@pytest.mark.feature("MAP-03")
@pytest.mark.parametrize(("table", "name"), [("contact", "Contact"), ("lead", "Lead"), ("account", "Account")])
def test_spotler_learns_from_which_table_a_contact_comes(world, table, name):
    record = world.record(table)

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).properties["externalType"] == name


@pytest.mark.feature("GEN-04")
def test_a_mapped_field_that_spotler_does_not_show_is_left_out_with_a_warning(world):
    record = world.lead(address1_stateorprovince="Limburg")

    job = world.sync(record)

    job.assert_completed()
    assert "province" in job.message
    assert "province" not in world.spotler.contact(record).properties


@pytest.mark.feature("MAP-06")
def test_a_record_that_the_filter_excludes_is_not_sent(world):
    record = world.contact(donotphone=True)

    job = world.sync(record)

    job.assert_completed("SKIPPED_FILTER")
    assert world.spotler.find(record) is None
    assert world.spotler.effects(record) == []


@pytest.mark.feature("MAP-06")
def test_a_record_that_the_filter_excludes_loses_its_permissions_also_where_nothing_was_remembered(world):
    record = world.contact(donotphone=True)
    newsletter = [{"bit": NEWSLETTER_BIT, "enabled": True}]
    world.spotler.door.contacts(
        {"externalId": record.id, "properties": {"email": new_address(), "permissions": newsletter}}
    )

    world.sync(record).assert_completed("SKIPPED_FILTER")

    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("MAP-06")
@pytest.mark.feature("SUB-01")
def test_a_record_that_the_filter_excludes_later_loses_its_permissions_on_both_sides_and_stays_without_them(world):
    record = world.contact()
    permission = world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()

    world.change(record, donotphone=True, lastname="Elders")
    job = world.sync(record)

    job.assert_completed("SKIPPED_FILTER")
    assert "permissions are off" in job.message
    contact = world.spotler.contact(record)
    assert contact.permissions == []
    assert contact.properties["lastName"] != "Elders"
    assert world.info(record)[Info.LAST_STATUS] == "SKIPPED_FILTER"
    assert world.people.read(Permission.SET, permission)[Permission.SUBSCRIBED] is False

    world.change(record, donotphone=False)
    world.sync(record).assert_completed()
    assert world.spotler.contact(record).permissions == []


@pytest.mark.feature("MAP-07")
def test_values_are_converted_to_the_types_of_the_fields(world):
    record = world.contact(gendercode=2, birthdate="1984-02-29", mobilephone="+31 (0)6-12 34 56 78", numberofchildren=3)

    world.sync(record).assert_completed()

    properties = world.spotler.contact(record).properties
    assert {
        "gender": "F", "birthday": "1984-02-29", "mobileNumber": "+31612345678", "freeField1": 3,
    }.items() <= properties.items()  # fmt: skip


@pytest.mark.feature("MAP-07")
def test_a_value_that_cannot_be_converted_is_left_out_with_a_warning_and_the_rest_is_sent(world):
    record = world.contact(mobilephone="ask the reception", lastname="Bereikbaar")

    job = world.sync(record)

    job.assert_completed()
    assert "mobilephone" in job.message
    assert "reception" not in job.message
    properties = world.spotler.contact(record).properties
    assert properties["lastName"] == "Bereikbaar"
    assert "mobileNumber" not in properties


@pytest.mark.feature("JOB-13")
def test_a_contact_that_has_opted_out_in_spotler_is_not_written_and_the_job_says_so(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.spotler.door.emit({"type": "unsubscribe", "externalId": record.id})
    world.change(record, lastname="Anders")

    job = world.run(Operation.SYNC_CONTACT, record)

    job.assert_failed("CONTACT_OPTOUT")
    assert world.info(record)[Info.ACTIVE] is False
