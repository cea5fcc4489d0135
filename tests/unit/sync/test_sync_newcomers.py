"""New subscribers of Spotler become contacts or leads, through both clients."""

from dataclasses import replace

import pytest

from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Contact, Info, Lead
from connector.errors import Misconfigured
from connector.sync.newcomers import choice as counted
from connector.sync.newcomers.external_ids import Tie
from connector.sync.status.rows import apply_contacts
from tests.unit.sync.new_subscribers import in_spotler, permissions_of, person


def test_a_subscriber_becomes_a_contact_with_its_permissions_and_its_id(world, subscribe, became):
    ann = subscribe(person(firstName="Ann", lastName="Jansen", birthday="1980-02-29", on=(1, 4)))

    assert became(ann) == {counted.CREATED: 1, str(Tie.TIED): 1}
    (row,) = world.rows(Contact.TABLE)
    assert (row["firstname"], row["lastname"], row["birthdate"]) == ("Ann", "Jansen", "1980-02-29")
    assert (row["emailaddress1"], row["new_source"]) == ("ann@example.org", "Web form")
    assert in_spotler(world) == {"ann@example.org": row["contactid"]}
    assert permissions_of(world, row["contactid"]) == {"Newsletter": True, "Events": False, "Offers": True}
    (info,) = world.rows(Info.TABLE)
    assert (info[Info.RECORD], info[Info.ACTIVE]) == (row["contactid"], True)


def test_their_status_is_the_one_that_the_feed_would_show_next(world, subscribe, became):
    became(subscribe(person()))
    (info,) = world.rows(Info.TABLE)

    apply_contacts(world.services, [world.services.spotler.get_contact(info[Info.RECORD])], world.now)

    assert world.rows(Info.TABLE) == [info]
    assert info[Info.CONTACT_STATUS] == ContactStatus.ACTIVE_DYNAMIC


def test_taking_them_again_changes_nothing(world, subscribe, became):
    ann = subscribe(person(lastName="Jansen"))
    became(ann)
    before = world.rows(Contact.TABLE), world.rows("dh_spotlerpermission"), in_spotler(world)

    assert became(ann) == {counted.OTHER_SYSTEM: 1}
    assert before == (world.rows(Contact.TABLE), world.rows("dh_spotlerpermission"), in_spotler(world))


def test_a_subscriber_who_is_not_found_at_once_is_looked_for_again(world, subscribe, became, monkeypatch):
    (ann,) = subscribe(person())
    search, asked = world.services.spotler.search_by_email, []

    def finds_nobody_at_first(address):
        asked.append(address)
        return search(address) if len(asked) > 1 else []

    monkeypatch.setattr(world.services.spotler, "search_by_email", finds_nobody_at_first)

    assert became([ann])[str(Tie.TIED)] == 1


# Who is a new subscriber


def test_it_is_off_until_a_target_is_named(world, subscribe, became):
    ann = subscribe(person())

    assert became(ann, target="") == {counted.OFF: 1}
    assert (world.rows(Contact.TABLE), in_spotler(world)) == ([], {"ann@example.org": None})


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({"temporary": True}, counted.TEMPORARY),
        ({"testGroup": True}, counted.TEST_GROUP),
        ({"externalId": "shop-17"}, counted.OTHER_SYSTEM),
        ({"inactive": "optOut"}, counted.UNREACHABLE),
    ],
)
def test_who_is_no_new_subscriber_is_left_alone(world, subscribe, became, who, why):
    contacts = subscribe({**person(), **who})

    assert became(contacts) == {why: 1}
    assert world.rows(Contact.TABLE) == []


def test_a_contact_without_an_address_is_left_alone(subscribe, became):
    contacts = [replace(each, properties={"firstName": "Ann"}) for each in subscribe(person())]

    assert became(contacts) == {counted.NO_ADDRESS: 1}


def test_the_test_group_is_taken_by_a_setting(subscribe, became):
    contacts = subscribe({**person(), "testGroup": True})

    assert became(contacts, new_subscriber_test_contacts=True)[counted.CREATED] == 1


# Leads


def test_a_lead_is_always_new_and_has_a_topic_and_a_source(world, subscribe, became):
    there = world.lead("ann")
    ann = subscribe(person(firstName="Ann"))

    assert became(ann, "lead", new_subscriber_lead_topic="From the website") == {counted.CREATED: 1, str(Tie.TIED): 1}
    (new,) = [row for row in world.rows(Lead.TABLE) if row["leadid"] != there.id]
    assert (new["subject"], new["leadsourcecode"], new["lastname"]) == ("From the website", 8, "ann")
    assert in_spotler(world) == {"ann@example.org": new["leadid"]}


def test_without_a_last_name_the_address_gives_one(world, subscribe, became):
    became(subscribe(person(email="ann.van.der.berg+news@example.org")))

    assert [row["lastname"] for row in world.rows(Contact.TABLE)] == ["ann.van.der.berg+news"]


# Contacts that exist


def test_a_contact_with_the_address_is_updated_and_no_second_one_is_made(world, subscribe, became):
    there = world.contact("ann", emailaddress1="Ann@Example.org", firstname="Anne", telephone1="0201234567")
    ann = subscribe(person(firstName="Ann", lastName="Jansen"))

    assert became(ann) == {counted.FOUND: 1, str(Tie.TIED): 1}
    (row,) = world.rows(Contact.TABLE)
    # firstname goes both ways; lastname goes to Spotler only; a phone number that Spotler lacks is told to it.
    assert (row["firstname"], row["lastname"], row["telephone1"]) == ("Ann", "Ann", "0201234567")
    assert "new_source" not in row or row["new_source"] is None
    (contact,) = world.spotler.state()["contacts"]
    assert (contact["externalId"], contact["properties"]["phoneNumber"]) == (there.id, "0201234567")
    assert permissions_of(world, there.id)["Newsletter"] is True


def test_of_several_the_newest_active_one_is_taken_and_the_others_are_counted(world, subscribe, became):
    older = world.contact("ann", modifiedon="2020-01-01T00:00:00Z")
    newer = world.contact("ann", modifiedon="2024-01-01T00:00:00Z")
    inactive = world.contact("ann", modifiedon="2025-01-01T00:00:00Z", statecode=1, statuscode=2)

    assert became(subscribe(person()))[counted.OTHERS] == 1
    assert in_spotler(world) == {"ann@example.org": newer.id}
    assert {older.id, inactive.id}.isdisjoint(in_spotler(world).values())


def test_an_inactive_contact_is_never_taken(world, subscribe, became):
    inactive = world.contact("ann", statecode=1, statuscode=2)

    assert became(subscribe(person()))[counted.CREATED] == 1
    assert in_spotler(world)["ann@example.org"] != inactive.id


def test_who_may_not_be_in_spotler_is_left_alone(world, subscribe, became):
    there = world.contact("ann", firstname="Anne", donotemail=True)

    counts = became(subscribe(person(firstName="Ann")))

    assert counts[counted.KEPT_OUT] == 1
    assert [row["firstname"] for row in world.rows(Contact.TABLE)] == ["Anne"]
    assert in_spotler(world) == {"ann@example.org": None}
    assert permissions_of(world, there.id) == {}


def test_a_permission_that_the_form_does_not_mention_is_not_withdrawn_and_a_newer_opt_in_counts(
    world, subscribe, became
):
    there = world.contact("ann")
    world.permission(there, "Events", subscribed=True, dh_bit=2)
    world.permission(there, "Offers", subscribed=False, dh_bit=4, dh_changedon="2020-01-01T00:00:00Z",
                     modifiedon="2020-01-01T00:00:00Z")  # fmt: skip

    became(subscribe(person(on=(1, 4))))

    assert permissions_of(world, there.id) == {"Newsletter": True, "Events": True, "Offers": True}


def test_columns_of_the_customer_decide_who_is_the_same(world, subscribe, became):
    there = world.contact("ann", emailaddress1="old@example.org", lastname="Jansen", birthdate="1980-02-29")
    world.contact("bob", lastname="Jansen", birthdate="1981-02-28")
    rule = {"new_subscriber_match": "emailaddress1; lastname + birthdate"}

    counts = became(subscribe(person(lastName="JANSEN", birthday="1980-02-29")), **rule)

    assert counts[counted.FOUND] == 1
    assert in_spotler(world) == {"ann@example.org": there.id}


def test_without_a_value_for_the_columns_nobody_is_the_same(world, subscribe, became):
    world.contact("ann", emailaddress1="old@example.org", lastname="Jansen")

    counts = became(subscribe(person(lastName="Jansen")), new_subscriber_match="lastname+birthdate")

    assert counts[counted.CREATED] == 1


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"target": "account"}, "NEW_SUBSCRIBERS is not a table"),
        ({"new_subscriber_match": "nosuchcolumn"}, "has no column nosuchcolumn"),
        ({"new_subscriber_match": "emailaddress1+jobtitle"}, "No Spotler field is mapped to the column jobtitle"),
    ],
)
def test_what_cannot_work_is_a_mistake_of_the_settings(subscribe, became, settings, why):
    ann = subscribe(person())

    with pytest.raises(Misconfigured, match=why):
        became(ann, **settings)


def test_two_subscribers_who_are_the_same_contact_by_different_columns_take_it_once(world, subscribe, became):
    there = world.contact("ann", lastname="Jansen", birthdate="1980-02-29")
    people = subscribe(person(), person("other@example.org", lastName="Jansen", birthday="1980-02-29"))

    counts = became(people, new_subscriber_match="emailaddress1;lastname+birthdate")

    assert (counts[str(Tie.TIED)], counts[str(Tie.DOUBLE)]) == (1, 1)
    assert list(in_spotler(world).values()).count(there.id) == 1
