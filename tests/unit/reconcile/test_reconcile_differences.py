"""Each class of difference is found and put right, and a second comparison finds nothing."""

import json

import pytest

from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import ENABLED_VARIABLE, PERMISSIONS_VARIABLE, EnvironmentVariable, Info
from connector.reconcile import comparing
from connector.reconcile.findings import NEVER_SENT, NO_EXTERNAL_ID, NO_RECORD, OTHER_SYSTEM, TEMPORARY
from sandbox.spotler.rules.lifecycle import anonymise
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from sandbox.spotler.side_door.fixtures import FIXTURES
from tests.unit.reconcile.comparing import classes


@pytest.fixture
def ann(two):
    """Somebody who is in step."""
    record = two.contact("ann", firstname="Ann")
    two.permission(record, "Newsletter", subscribed=True)
    two.sync(record)
    two.pull()
    return record


def put_contact(two, **contact):
    FIXTURES["contacts"](two.systems.sandbox, json.dumps({"contacts": [contact]}).encode())


def change_info(two, record, **values):
    two.systems.by_person("PATCH", f"{Info.SET}({two.info(record)[Info.ID]})", values)


def once_repaired(reconciling, why):
    """The comparison repairs one record; the next one finds nothing."""
    first, second = reconciling.run(), reconciling.run()

    assert classes(first) == {("repaired", why): 1}
    assert classes(second).keys() <= {"equal"} | {key for key in classes(second) if key[0] == "excluded"}
    assert (first["records"]["remainder"], second["records"]["remainder"]) == (0, 0)
    return second


@pytest.mark.usefixtures("ann")
def test_records_in_step_are_equal_and_nothing_is_written(two, reconciling):
    before = two.written()

    certificate = reconciling.run()

    assert classes(certificate) == classes(certificate, "contacts") == {"equal": 1}
    assert two.written() == before


def test_contacts_that_the_feed_has_not_shown_yet_are_equal(two, reconciling):
    """Before the first reading of updates, Spotler Info does not say yet that they get mail: that is no difference."""
    people = [two.contact(name) for name in ("ann", "bob")]
    two.sync(*people)

    first, second = reconciling.run(), reconciling.run()

    assert classes(first) == classes(first, "contacts") == classes(second) == {"equal": 2}
    assert [two.info(each)[Info.CONTACT_STATUS] for each in people] == [ContactStatus.ACTIVE_DYNAMIC] * 2


def test_a_contact_that_bounced_before_the_feed_showed_it_is_repaired(two, reconciling):
    ann = two.contact("ann")
    two.sync(ann)
    two._emit(type="bounce", externalId=ann.id)

    once_repaired(reconciling, comparing.STATUS)


def test_a_value_that_dataverse_decides_and_somebody_changed_in_spotler_is_sent_again(two, reconciling, ann):
    two.profile(ann, lastName="Somebody")
    two.pull()
    assert two.property(ann, "lastName") == "Somebody"

    once_repaired(reconciling, comparing.CONTENT)

    assert two.property(ann, "lastName") == "Ann"


def test_an_edit_whose_message_was_lost_is_sent(two, reconciling, ann):
    two.edit(ann, lastname="Smith")

    once_repaired(reconciling, comparing.CONTENT)

    assert two.property(ann, "lastName") == "Smith"


def test_a_value_that_spotler_has_newer_is_written_in_dataverse(two, reconciling, ann):
    two.profile(ann, firstName="Anna", city="Gouda")

    once_repaired(reconciling, "columns in Dataverse")

    assert (two.row(ann)["firstname"], two.row(ann)["address1_city"]) == ("Anna", "Gouda")


def test_an_opt_out_in_spotler_that_no_feed_has_brought_switches_the_row_off(two, reconciling, ann):
    two.unsubscribe(ann, NEWSLETTER_BIT)

    once_repaired(reconciling, comparing.CONSENT)

    assert two.subscribed(ann)["Newsletter"] is False
    assert two.in_spotler(ann)["permissions"] == []


def test_an_opt_out_in_dataverse_that_was_not_sent_arrives(two, reconciling, ann):
    two.permission(ann, "Newsletter", subscribed=False)

    once_repaired(reconciling, comparing.CONSENT)

    assert two.in_spotler(ann)["permissions"] == []


def test_nobody_is_subscribed_because_one_side_says_so_and_the_other_does_not(two, reconciling, ann):
    """What both sides knew is lost; the one that refuses counts."""
    two.unsubscribe(ann, NEWSLETTER_BIT)
    change_info(two, ann, **{Info.LAST_COMMON: None})

    reconciling.run()
    reconciling.run()

    assert two.in_spotler(ann)["permissions"] == []
    assert two.subscribed(ann)["Newsletter"] is False


def test_do_not_bulk_email_that_was_not_sent_takes_all_permissions(two, reconciling, ann):
    two.edit(ann, donotbulkemail=True)

    first, second = reconciling.run(), reconciling.run()

    assert classes(first) == {("repaired", comparing.CONSENT): 1}
    assert two.in_spotler(ann)["permissions"] == []
    assert classes(second) in ({"equal": 1}, {("excluded", "do not bulk email"): 1})


def test_permission_rows_that_are_missing_are_made_and_switch_nothing_on(two, reconciling, ann):
    two.systems.load({
        EnvironmentVariable.TABLE: [
            {"displayname": name, "type": 100000000, "schemaname": name, "defaultvalue": value}
            for name, value in ((PERMISSIONS_VARIABLE, "Newsletter;Events"), (ENABLED_VARIABLE, ""))
        ]
    })  # fmt: skip
    two.services.settings.__dict__["permission_variables_seconds"] = 0

    once_repaired(reconciling, comparing.CONSENT)

    assert two.subscribed(ann)["Events"] is False
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"donotemail": True}, "do not email"),
        ({"statecode": 1, "statuscode": 2}, "deactivated"),
        ({"emailaddress1": None}, "no address"),
    ],
)
def test_who_may_not_be_in_spotler_any_more_is_anonymised_and_then_excluded(two, reconciling, ann, columns, why):
    two.edit(ann, **columns)

    second = once_repaired(reconciling, "may not be in Spotler")

    assert classes(second) == {("excluded", why): 1}
    assert classes(second, "contacts") == {}


def test_keep_out_that_did_not_reach_spotler_is_carried_out(two, reconciling, ann):
    change_info(two, ann, **{Info.KEEP_OUT: True})

    second = once_repaired(reconciling, "may not be in Spotler")

    assert classes(second) == {("excluded", "keep out"): 1}


def test_a_contact_that_spotler_has_lost_is_made_again_without_permissions_and_counted(two, reconciling, ann):
    """An opt-out may have been lost with it."""
    two.lose(ann)

    once_repaired(reconciling, comparing.LOST_CONSENT)

    assert two.property(ann, "email") == "ann@example.org"
    assert (two.in_spotler(ann)["permissions"], two.subscribed(ann)) == ([], {"Newsletter": False})


def test_a_contact_without_permissions_that_spotler_has_lost_is_made_again_as_it_was(two, reconciling, ann):
    two.permission(ann, "Newsletter", subscribed=False)
    two.sync(ann)
    two.pull()
    two.lose(ann)

    once_repaired(reconciling, comparing.LOST)

    assert two.property(ann, "email") == "ann@example.org"


def test_a_contact_that_should_be_gone_and_may_be_there_is_known_again(two, reconciling, ann):
    change_info(two, ann, **{Info.GONE: True, Info.SENT_HASH: None})

    once_repaired(reconciling, comparing.RETURNED)

    assert two.info(ann)[Info.GONE] is False


def test_a_contact_that_should_be_gone_and_must_not_be_there_is_removed(two, reconciling, ann):
    two.edit(ann, donotemail=True)
    change_info(two, ann, **{Info.GONE: True, Info.SENT_HASH: None})

    second = once_repaired(reconciling, comparing.RETURNED)

    assert classes(second) == {("excluded", "do not email"): 1}
    assert classes(second, "contacts") == {}


def test_a_record_of_which_it_is_forgotten_that_it_was_sent_is_equal_and_remembered_again(two, reconciling, ann):
    change_info(two, ann, **{Info.SENT_HASH: None})

    assert classes(reconciling.run()) == {"equal": 1}
    assert two.info(ann)[Info.SENT_HASH]


def test_spotler_info_that_is_lost_is_made_again(two, reconciling, ann):
    two.systems.by_person("DELETE", f"{Info.SET}({two.info(ann)[Info.ID]})", {})

    first, second = reconciling.run(), reconciling.run()

    assert classes(first) == {("repaired", comparing.STATUS): 1}
    assert classes(second) == {"equal": 1}
    assert two.info(ann)[Info.SENT_HASH]


def test_a_bounce_that_no_feed_has_brought_is_shown(two, reconciling, ann):
    two._emit(type="bounce", externalId=ann.id)

    once_repaired(reconciling, comparing.STATUS)

    assert two.info(ann)[Info.ACTIVE] is False
    assert two.info(ann)[Info.CONTACT_STATUS] != ContactStatus.ACTIVE_DYNAMIC


def test_records_that_spotler_never_had_are_counted_and_not_sent(two, reconciling):
    two.contact("bob")

    certificate = reconciling.run()

    assert classes(certificate) == {("excluded", NEVER_SENT): 1}
    assert two.systems.spotler()["contacts"] == []


def test_a_record_that_was_made_since_the_last_comparison_and_not_sent_was_missed(two, reconciling):
    reconciling.run()
    bob = two.contact("bob")

    once_repaired(reconciling, comparing.NEW)

    assert two.property(bob, "email") == "bob@example.org"


def test_records_that_spotler_never_had_are_sent_where_the_setting_says_so(two, reconciling):
    bob = two.contact("bob")
    settings = two.services.settings.model_copy(update={"reconcile_adds": True})
    object.__setattr__(two.services, "settings", settings)

    once_repaired(reconciling, comparing.NEW)

    assert two.property(bob, "email") == "bob@example.org"


@pytest.mark.usefixtures("ann")
def test_contacts_without_a_record_are_counted_by_reason_and_left_as_they_are(two, reconciling):
    put_contact(two, properties={"email": "new@example.org"})
    put_contact(two, externalId="shop-17", properties={"email": "shop@example.org"})
    put_contact(two, externalId="00000000-0000-4000-8000-000000000017", properties={"email": "old@example.org"})
    put_contact(two, externalId="00000000-0000-4000-8000-000000000018", temporary=True, properties={"email": "t@e.org"})
    before = two.systems.spotler()["contacts"]

    certificate = reconciling.run()

    assert classes(certificate, "contacts") == {
        "equal": 1,
        ("excluded", NO_EXTERNAL_ID): 1,
        ("excluded", OTHER_SYSTEM): 1,
        ("excluded", NO_RECORD): 1,
        ("excluded", TEMPORARY): 1,
    }
    assert classes(certificate) == {"equal": 1}
    assert two.systems.spotler()["contacts"] == before


@pytest.mark.usefixtures("ann")
def test_what_spotler_refuses_is_quarantined_with_its_code(two, reconciling):
    bob = two.contact("bob")
    two.sync(bob)
    two.edit(bob, lastname="x" * 50)
    two.systems.by_person("PATCH", f"contacts({bob.id})", {"emailaddress1": "not an address"})

    certificate = reconciling.run()

    found = classes(certificate)
    assert found.pop("equal") == 1
    ((kind, code),) = found
    assert kind == "quarantined"
    assert code
    assert certificate["samples"]["quarantined"][code] == [bob.id]


def test_somebody_who_opted_out_of_everything_is_not_sent_again(two, reconciling, ann):
    two.unsubscribe(ann)
    two.pull()
    two.edit(ann, lastname="Smith")

    reconciling.run()
    certificate = reconciling.run()

    assert certificate["records"]["repaired"]["total"] == certificate["records"]["quarantined"]["total"] == 0
    assert EVENTS_BIT not in two.in_spotler(ann)["permissions"]


@pytest.mark.usefixtures("ann")
def test_a_contact_that_the_feed_does_not_show_is_asked_for(two, reconciling, monkeypatch):
    monkeypatch.setattr(two.services.spotler.feeds, "updates", lambda *_, **__: iter(()))

    certificate = reconciling.run()

    assert classes(certificate) == classes(certificate, "contacts") == {"equal": 1}
    assert certificate["not_shown_by_the_feed"] == 1


@pytest.mark.usefixtures("ann")
def test_a_person_who_was_anonymised_by_hand_is_not_two_contacts(two, reconciling):
    world = two.systems.sandbox.world
    anonymise(world, next(iter(world.contacts)))

    reconciling.run()

    assert len([each for each in two.systems.spotler()["contacts"] if not each["anonymized"]]) == 1
