"""New subscribers of Spotler become contacts or leads, through both clients."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.choices import ConsentCause, ContactStatus
from connector.dataverse.definitions import ColumnDefinitions
from connector.dataverse.names import Contact, Info, Lead
from connector.errors import Misconfigured, Transient
from connector.mapping import parse_mapping
from connector.pulls.updates import Updates
from connector.sync.newcomers import choice as counted
from connector.sync.newcomers.external_ids import Tie
from connector.sync.newcomers.newcomers import take
from connector.sync.status.rows import apply_contacts

ROWS = [
    {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"},
    {"contact": "firstname", "lead": "firstname", "direction": "<->", "spotler": "firstName"},
    {"contact": "lastname", "lead": "lastname", "direction": "->", "spotler": "lastName"},
    {"contact": "telephone1", "lead": "telephone1", "direction": "<->", "spotler": "phoneNumber"},
    {"contact": "birthdate", "direction": "->", "spotler": "birthday"},
    {"contact": "new_source", "direction": "<-", "spotler": "$value:Web form"},
    {"lead": "leadsourcecode", "direction": "<-", "spotler": "$value:Web"},
    {"contact": "@map(permissions)", "lead": "@map(permissions)", "direction": "<->", "spotler": "permissions"},
]


@pytest.fixture
def subscribe(world):
    """Makes contacts in Spotler without an External Id; they come as the feed shows them."""
    world.spotler.settings(dedupe="both")

    def _subscribe(*people: dict) -> list:
        made = [{"properties": person.pop("properties"), **person} for person in people]
        ids = world.spotler.contacts(*made)
        now = datetime.now(UTC)
        shown = world.services.spotler.feeds.updates(now - timedelta(days=1), now + timedelta(days=1))
        by_id = {each.encrypted_id: each for each in shown}
        return [by_id[each] for each in ids]

    return _subscribe


@pytest.fixture
def became(world):
    """Takes contacts as new subscribers."""

    def _became(contacts, target="contact", document=None, **settings):
        definitions = ColumnDefinitions(world.services.dataverse).of
        world.services = replace(
            world.services,
            settings=world.services.settings.model_copy(update={"new_subscribers": target, **settings}),
            mapping=replace(parse_mapping(document or {"rows": ROWS}), definitions=definitions),
        )
        return take(world.services, contacts)

    return _became


def person(email: str = "ann@example.org", *, on: tuple[int, ...] = (1,), **properties: object) -> dict:
    items = [{"bit": bit, "enabled": bit in on} for bit in (1, 2, 4)]
    return {"properties": {"email": email, "permissions": items, **properties}}


def in_spotler(world) -> dict[str, str | None]:
    """The External Id by address."""
    contacts = world.spotler.state()["contacts"]
    return {each["properties"]["email"]: each["externalId"] for each in contacts if "email" in each["properties"]}


def permissions_of(world, row_id: str) -> dict[str, bool]:
    rows = world.rows("dh_spotlerpermission")
    return {row["dh_name"]: row["dh_subscribed"] for row in rows if row_id in row.values()}


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


# What goes wrong


def test_a_value_that_does_not_fit_is_left_out_and_counted(world, subscribe, became):
    counts = became(subscribe(person(firstName="A" * 51, lastName="Jansen")))

    assert counts[counted.NOT_WRITTEN] == 1
    assert [(row.get("firstname"), row["lastname"]) for row in world.rows(Contact.TABLE)] == [(None, "Jansen")]


def test_a_crash_between_the_row_and_the_id_makes_no_second_row(world, subscribe, became):
    ann, target = subscribe(person(lastName="Jansen")), "lead"
    world.spotler.arm("html", route="POST /contact/list", count=None)
    with pytest.raises(Transient):
        became(ann, target)
    (row,) = world.rows(Lead.TABLE)
    assert in_spotler(world) == {"ann@example.org": None}

    world.mend_spotler()
    assert became(ann, target) == {str(Tie.TIED): 1}
    assert [each["leadid"] for each in world.rows(Lead.TABLE)] == [row["leadid"]]
    assert in_spotler(world) == {"ann@example.org": row["leadid"]}


def test_an_answer_that_was_lost_after_the_row_was_made_makes_no_second_row(world, subscribe, became):
    ann = subscribe(person(lastName="Jansen"))
    world.break_dataverse("drop-after-write", r"\$batch", count=1)

    with pytest.raises(Transient):
        became(ann)
    world.mend_dataverse()

    became(ann)
    assert len(world.rows(Contact.TABLE)) == 1


def test_a_row_that_was_deactivated_before_it_had_its_id_is_left_alone(world, subscribe, became):
    ann = subscribe(person())
    world.spotler.arm("html", route="POST /contact/list", count=None)
    with pytest.raises(Transient):
        became(ann, "lead")
    world.mend_spotler()
    (row,) = world.rows(Lead.TABLE)
    world.services.dataverse.update("leads", row["leadid"], {"statecode": 2, "statuscode": 4})

    assert became(ann, "lead") == {counted.DEACTIVATED: 1}
    assert in_spotler(world) == {"ann@example.org": None}


def test_where_spotler_does_not_look_for_addresses_nothing_is_left_behind(world, subscribe, became):
    people = subscribe(person(), person("bob@example.org"))
    world.spotler.settings(dedupe="externalId")

    counts = became(people)

    assert (counts[counted.CREATED], counts[str(Tie.RULE)]) == (2, 2)
    # The double that shows it was removed again.
    assert in_spotler(world) == {"ann@example.org": None, "bob@example.org": None}
    assert len(world.spotler.journal("contact.anonymized")) == 1


def test_an_id_that_spotler_refuses_is_counted_and_the_row_is_found_again(world, subscribe, became):
    ann = subscribe(person())
    world.spotler.arm("error", route="POST /contact/list", error_type="INVALID_PROPERTY", status=400, count=None)
    counts = became(ann)
    world.mend_spotler()

    assert counts[counted.CREATED] == 1
    assert became(ann)[str(Tie.TIED)] == 1
    assert len(world.rows(Contact.TABLE)) == 1


# People who share or change an address


@pytest.mark.parametrize(("target", "rows"), [("contact", 1), ("lead", 2)])
def test_two_people_with_one_address_never_take_the_id_of_each_other(world, subscribe, became, target, rows):
    people = subscribe(person(firstName="Ann"), person(firstName="Bob"))

    counts = became(people, target)

    assert counts[str(Tie.SEVERAL)] == 2
    assert len(world.rows(target)) == rows
    assert [each["externalId"] for each in world.spotler.state()["contacts"]] == [None, None]
    became(people, target)
    assert len(world.rows(target)) == rows


def test_addresses_that_were_swapped_since_the_feed_was_read_are_not_taken(world, subscribe, became):
    ann, bob = subscribe(person(lastName="Jansen"), person("bob@example.org", lastName="Bakker"))
    stale = [replace(ann, properties={**ann.properties, "email": "bob@example.org"}),
             replace(bob, properties={**bob.properties, "email": "ann@example.org"})]  # fmt: skip

    assert became(stale) == {counted.MOVED: 2}
    assert world.rows(Contact.TABLE) == []

    became([ann, bob])
    names = {row["contactid"]: row["lastname"] for row in world.rows(Contact.TABLE)}
    assert {mail: names[key] for mail, key in in_spotler(world).items()} == {
        "ann@example.org": "Jansen", "bob@example.org": "Bakker",
    }  # fmt: skip


def test_a_record_that_has_a_contact_already_gets_no_second_one(world, subscribe, became):
    there = world.contact("ann")
    world.spotler.settings(dedupe="externalId")
    world.spotler.contacts({"externalId": there.id, "properties": {"email": "ann@work.example"}})
    ann = subscribe(person())

    counts = became(ann)

    assert counts[str(Tie.DOUBLE)] == 1
    assert in_spotler(world) == {"ann@work.example": there.id, "ann@example.org": None}


# Membership Entry

ENTRY = "new_membershipentry"
ENTRY_ROWS = [
    {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
    {"entity": "new_email", "direction": "<-", "spotler": "email"},
    {"entity": "new_origin", "direction": "<-", "spotler": "$value:Spotler"},
]


def test_a_subscriber_becomes_a_row_of_another_table(world, subscribe, became):
    mapping = {"tables": {"entity": ENTRY}, "rows": ENTRY_ROWS}
    ann = subscribe(person())

    assert became(ann, ENTRY, document=mapping) == {counted.CREATED: 1, str(Tie.TIED): 1}
    (row,) = world.rows(ENTRY)
    assert (row["new_email"], row["new_name"], row["new_origin"]) == ("ann@example.org", "ann", "Spotler")
    assert in_spotler(world) == {"ann@example.org": row["new_membershipentryid"]}
    assert (world.rows(Info.TABLE), world.rows("dh_spotlerpermission")) == ([], [])


def test_a_table_that_does_not_exist_is_a_mistake_of_the_settings(subscribe, became):
    mapping = {"tables": {"entity": "new_nosuchtable"}, "rows": ENTRY_ROWS}
    ann = subscribe(person())

    with pytest.raises(Misconfigured, match="new_nosuchtable of NEW_SUBSCRIBERS does not exist"):
        became(ann, "new_nosuchtable", document=mapping)


# What the feed shows afterwards


def read_feed(world) -> None:
    """The feed of updates shows everything that was changed, the connector's own writes too."""
    now = datetime.now(UTC)
    feed = Updates(world.services)
    feed.work(world.services, list(feed.read(now - timedelta(days=1), now + timedelta(days=1))))


@pytest.mark.parametrize("target", ["contact", "lead"])
def test_the_connectors_own_writes_in_the_feed_change_nothing(world, subscribe, became, target):
    there = world.contact("bob", firstname="Bob", telephone1="0201234567")
    people = subscribe(person(firstName="Ann", lastName="Jansen", on=(1, 4)), person("bob@example.org", on=(2,)))
    became(people, target)
    world.now = datetime.now(UTC)
    read_feed(world)
    rows = world.rows(target), world.rows("dh_spotlerpermission"), world.rows("dh_spotlerconsent")
    contacts = world.spotler.state()["contacts"]

    for _ in range(3):
        read_feed(world)

    assert rows == (world.rows(target), world.rows("dh_spotlerpermission"), world.rows("dh_spotlerconsent"))
    assert contacts == world.spotler.state()["contacts"]
    if target == "contact":
        (bob,) = [row for row in world.rows("contact") if row["contactid"] == there.id]
        assert (bob["firstname"], bob["telephone1"]) == ("Bob", "0201234567")


def test_the_history_of_consent_says_where_a_permission_comes_from(world, subscribe, became):
    became(subscribe(person(on=(1,))))

    entries = {row["dh_permission"]: (row["dh_after"], row["dh_source"]) for row in world.rows("dh_spotlerconsent")}
    assert entries["Newsletter"] == (True, ConsentCause.FEED)
    assert not any(after for name, (after, _) in entries.items() if name != "Newsletter")


def test_hundreds_of_subscribers_of_all_scripts_arrive_once(world, subscribe, became):
    names = ["Zoë", "Юлия", "שרה", "مريم", "Ann 🎉", "漢字", "İpek"]
    people = subscribe(*(person(f"p{n}@example.org", firstName=names[n % 7], lastName=f"Å {n}") for n in range(250)))

    counts = became(people)

    assert counts == {counted.CREATED: 250, str(Tie.TIED): 250}
    rows = {row["emailaddress1"]: row for row in world.rows(Contact.TABLE)}
    assert {mail: row["contactid"] for mail, row in rows.items()} == in_spotler(world)
    assert all(rows[f"p{n}@example.org"]["firstname"] == names[n % 7] for n in range(250))
