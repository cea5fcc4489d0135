from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connector.errors import Misconfigured, Transient
from connector.mapping.values import typed
from connector.spotler import ContactData, ContactUnknown, PropertyType, from_spotler, to_spotler

VALUES = {
    "email": "ann+spring@example.org",
    "firstName": "Zoë",
    "gender": "F",
    "birthday": date(1984, 2, 29),
    "lastorderdate": date(2024, 6, 1),
    "lastVisit": datetime(2024, 6, 1, 8, 15, 30, tzinfo=UTC),
    "freeField1": -12,
    "turnover": Decimal("49.95"),
    "mobileNumber": "+31612345678",
    "profileFields": {1: True, 2: False},
}


def data(external_id: str, **values: object) -> ContactData:
    return ContactData(external_id, values)


def test_the_fields_of_the_account_are_read_with_their_items(spotler):
    fields = spotler.fields()

    assert fields.get("turnover").type is PropertyType.MONEY
    assert [option.name for option in fields.permissions.options] == ["Newsletter", "Events", "Offers"]
    assert fields.find("Last Order Date").name == "lastorderdate"


def test_every_type_survives_the_way_there_and_back(spotler):
    fields = spotler.fields()
    wire = {name: to_spotler(fields.get(name).type, value) for name, value in VALUES.items()}

    (result,) = spotler.upsert_contacts([ContactData("c/1 @é", wire)])
    contact = spotler.get_contact("c/1 @é")

    assert result.ok
    read = {name: from_spotler(fields.get(name).type, contact.properties[name]) for name in VALUES}
    assert read == VALUES
    assert contact.email == "ann+spring@example.org"
    assert contact.channels["EMAIL"] is True
    assert abs((datetime.now(UTC) - contact.last_changed).total_seconds()) < 60


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("turnover", "49,95", Decimal("49.95")),
        ("lastorderdate", "31-05-2024", date(2024, 5, 31)),
        ("lastVisit", "2024-05-31T14:30:00+02:00", datetime(2024, 5, 31, 12, 30, tzinfo=UTC)),
        ("gender", "vrouw", "F"),
        ("freeField1", "+7", 7),
    ],
)
def test_what_people_type_is_taken(spotler, standin, name, text, value):
    standin.contacts("c-1")
    kind = spotler.fields().get(name).type

    spotler.update_contact("c-1", {name: typed(kind, text, UTC)})

    assert from_spotler(kind, spotler.get_contact("c-1").properties[name]) == value


def test_a_field_is_cleared_and_the_others_stay(spotler, standin):
    standin.contacts("c-1")
    spotler.update_contact("c-1", {"firstName": "Ann", "turnover": 5})

    spotler.update_contact("c-1", {"turnover": to_spotler("money", None)})

    assert "turnover" not in spotler.get_contact("c-1").properties
    assert spotler.get_contact("c-1").properties["firstName"] == "Ann"


def test_only_the_items_that_are_named_switch(spotler, standin):
    standin.contacts("c-1")
    spotler.update_contact("c-1", {"permissions": to_spotler("set", {1: True, 2: True})})
    spotler.update_contact("c-1", {"permissions": to_spotler("set", {1: False, 4: True})})

    assert from_spotler("set", spotler.get_contact("c-1").properties["permissions"]) == {1: False, 2: True, 4: True}


def test_one_bad_contact_of_many_is_named_and_the_rest_is_written(spotler, standin):
    contacts = [data(f"c-{number}", email=f"{number}@example.org") for number in range(150)]
    contacts[120] = data("c-120", email="not-an-address")
    contacts[130] = data("c-130", email="x@example.org", shoeSize="12")

    results = spotler.upsert_contacts(contacts)

    assert [result.external_id for result in results] == [f"c-{number}" for number in range(150)]
    assert {result.external_id: (result.code, result.field) for result in results if not result.ok} == {
        "c-120": ("PROPERTY_INVALID", "email"),
        "c-130": ("PROPERTY_INVALID", "shoeSize"),
    }
    assert standin.calls("POST /contact/list") == 2
    assert len(standin.get("state")["contacts"]) == 148


@pytest.mark.parametrize("creates", [True, False])
def test_an_insert_leaves_contacts_that_are_there_as_they_are(spotler, standin, creates):
    standin.post("settings", {"post_update_true_creates": creates})
    standin.contacts("old")

    contacts = [data("old", firstName="Ann"), data("new", email="new@example.org")]
    results = spotler.upsert_contacts(contacts, update=False)

    assert [result.code for result in results] == ["CONTACT_ALREADY_EXISTS", "OK"]
    assert "firstName" not in spotler.get_contact("old").properties
    assert spotler.get_contact("new").email == "new@example.org"
    assert standin.calls("POST /contact/list") == 1


def test_new_contacts_are_created_where_updating_does_not_create(spotler, standin):
    standin.post("settings", {"post_update_true_creates": False})
    standin.contacts("old")

    results = spotler.upsert_contacts([data("old", firstName="Ann"), data("new", email="new@example.org")])

    assert [result.code for result in results] == ["OK", "OK"]
    assert spotler.get_contact("new").email == "new@example.org"


def test_somebody_who_opted_out_is_a_result(spotler, standin):
    standin.contacts("c-1")
    standin.post("events", {"events": [{"type": "unsubscribe", "externalId": "c-1"}]})

    (result,) = spotler.upsert_contacts([data("c-1", firstName="Ann")])

    assert result.error.result_code == "CONTACT_OPTOUT"


def test_a_contact_that_fails_for_the_moment_is_transient(spotler, standin):
    standin.arm("contact_error", "POST /contact/list", external_ids=["c-1"])

    first, second = spotler.upsert_contacts([data("c-1", email="a@example.org"), data("c-2", email="b@example.org")])

    assert isinstance(first.error, Transient)
    assert second.ok


@pytest.mark.parametrize("fault", ["drop_after_write", "drop_before_write", "error_after_write", "html"])
def test_a_lost_answer_writes_the_contact_once(spotler, standin, fault):
    standin.arm(fault, "POST /contact/list")

    (result,) = spotler.upsert_contacts([data("c-1", email="a@example.org")])

    assert result.ok
    assert standin.calls("POST /contact/list") == 2
    assert len(standin.get("state")["contacts"]) == 1


def test_members_that_nobody_knows_are_passed_over(spotler, standin):
    standin.contacts("c-1")
    standin.arm("extra_members", count=None)

    assert "email" in spotler.fields()
    assert spotler.get_contact("c-1").email == "c-1@example.org"
    assert spotler.upsert_contacts([data("c-1", firstName="Ann")])[0].ok


def test_a_contact_that_is_unknown_is_none_or_refused(spotler):
    assert spotler.get_contact("nobody") is None
    assert spotler.anonymize("nobody") is False
    with pytest.raises(ContactUnknown):
        spotler.update_contact("nobody", {"firstName": "Ann"})


def test_anonymising_is_final_and_may_be_repeated(spotler, standin):
    standin.contacts("c-1")

    assert spotler.anonymize("c-1") is True
    assert spotler.anonymize("c-1") is False
    assert spotler.get_contact("c-1") is None


def test_an_address_is_found_whatever_its_signs(spotler, standin):
    standin.post("contacts", {"contacts": [
        {"externalId": "c-1", "properties": {"email": "Ann+x%41@example.org"}},
        {"properties": {"email": "b@example.org"}},
    ]})  # fmt: skip

    assert [each.external_id for each in spotler.search_by_email("ann+x%41@example.org")] == ["c-1"]
    (stranger,) = spotler.search_by_email("b@example.org")
    assert stranger.external_id is None
    assert stranger.encrypted_id
    assert spotler.search_by_email("c@example.org") == []


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("wrong", [{"spotler_secret": "wrong"}, {"spotler_key": "wrong"}])
def test_a_wrong_key_or_secret_is_a_matter_of_settings(spotler_as, standin, status, wrong):
    standin.post("settings", {"auth_status": status})

    with pytest.raises(Misconfigured):
        spotler_as(**wrong).fields()
    with pytest.raises(Misconfigured):
        spotler_as(**wrong).audiences.get("a-1")


def test_a_wrong_clock_is_a_matter_of_settings(spotler, standin):
    standin.arm("wrong_clock")

    with pytest.raises(Misconfigured, match="consumer key"):
        spotler.fields()


def test_every_signature_was_accepted(spotler, standin):
    standin.post("contacts", {"contacts": [{"externalId": "a/b@c.d +%", "properties": {"email": "a@example.org"}}]})
    spotler.get_contact("a/b@c.d +%")
    spotler.search_by_email("a+b%2F c@example.org")
    spotler.update_contact("a/b@c.d +%", {"firstName": "A"})

    assert all(each["verified"] for each in standin.get("requests"))


def test_throttling_is_waited_out(spotler, standin):
    standin.arm("throttle", retry_after_s=1)

    assert len(spotler.fields()) > 5
