"""New subscribers when something goes wrong, when people share an address, and what the feed shows afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Contact, Info, Lead
from connector.errors import Misconfigured, Transient
from connector.pulls.updates import Updates
from connector.sync.newcomers import choice as counted
from connector.sync.newcomers.external_ids import Tie
from tests.unit.sync.new_subscribers import in_spotler, person

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
