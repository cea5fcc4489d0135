"""A contact that Spotler had and has lost: an opt-out may be lost with it, so it comes back without permissions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Consent, Info
from connector.plans.kept import approve, kept_plans
from connector.plans.making import PlanMaker
from connector.sync.lists.contacts import sync_members
from connector.sync.outward.outward import Outward, no_deadline
from connector.sync.permissions.missing import MissingHeld
from connector.sync.records import Record, RecordReader
from connector.sync.results import NotSent
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.jobs.recording_bus import RecordingBus
from tests.unit.reconcile.comparing import Reconciling, classes
from tests.unit.sync.test_sync_merged import merge
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
LAST = {"contact": "lastname", "direction": "->", "spotler": "lastName"}
REASON = "Rule: the contact was missing in Spotler"
OFF = "lost in Spotler, so permissions were switched off"
LEAST = 3


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, LAST, PERMISSIONS)


@pytest.fixture
def ann(two):
    """Somebody who gets the newsletter, in step for two days."""
    return subscribed(two, "ann")


def subscribed(two, name):
    record = two.contact(name, firstname=name.title())
    two.permission(record, "Newsletter", subscribed=True)
    two.sync(record)
    two.pull()
    two.tick(timedelta(days=2))
    return record


def read(two, record):
    return RecordReader(two.services).read([record])[record]


def refuse_and_lose(two, record):
    """The person opts out, and somebody anonymises the contact before the feed shows it."""
    two.unsubscribe(record, NEWSLETTER_BIT)
    two.lose(record)


def reasons(two, record):
    """Why permissions of a record were switched off, as the history says."""
    entries = [each for each in two.systems.rows(Consent.TABLE) if each[Consent.RECORD] == record.id]
    off = [each for each in entries if each[Consent.BEFORE] and not each[Consent.AFTER]]
    assert {each[Consent.SOURCE] for each in off} <= {ConsentCause.RULE}
    return [each[Consent.EVIDENCE] for each in off]


def send_again(two, record):
    """As a job does that finds the contact missing."""
    Outward(two.services).send([read(two, record).unknown()], always=True)


def sync_list(two, record):
    assert sync_members(two.services, [record], no_deadline, lost=True).there == [record.id]


def reconcile(two, record):
    found = classes(Reconciling(two).run())
    assert found == {("repaired", OFF): 1}, record


def edit_two_way(two, record):
    two.edit(record, firstname="Anna")
    two.sync(record)


def edit_one_way(two, record):
    """What Dataverse alone decides is sent without a question; the feed then shows another contact."""
    two.edit(record, lastname="Smith")
    two.sync(record)
    two.pull()


def add_permission(two, record):
    two.permission(record, "Events", subscribed=True)
    two.sync(record)


def after_an_unclear_error(two, record):
    """What was sent is not known any more, so the hash is empty."""
    two.systems.by_person("PATCH", f"{Info.SET}({two.info(record)[Info.ID]})", {Info.SENT_HASH: ""})
    two.sync(record)


PATHS = (send_again, sync_list, reconcile, edit_two_way, edit_one_way, add_permission, after_an_unclear_error)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_an_opt_out_that_was_lost_with_the_contact_stands(two, ann, path):
    refuse_and_lose(two, ann)

    path(two, ann)
    two.sync(ann)
    two.pull()
    two.sync(ann, always=True)

    assert two.in_spotler(ann)["permissions"] == []
    assert set(two.subscribed(ann).values()) == {False}
    assert two.property(ann, "email") == "ann@example.org"
    assert set(reasons(two, ann)) == {REASON}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_who_switches_a_permission_on_afterwards_gets_it(two, ann, path):
    refuse_and_lose(two, ann)
    path(two, ann)

    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.pull()
    two.sync(ann, always=True)

    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]
    assert two.subscribed(ann)["Newsletter"] is True


def test_the_result_says_so(two, ann):
    two.lose(ann)
    (result,) = Outward(two.services).send([read(two, ann).unknown()], always=True).values()

    assert result.lost == 1
    assert "1 of its permissions was switched off" in result.message


def test_a_plan_shows_it_and_does_nothing(two, ann):
    two.lose(ann)
    two.edit(ann, firstname="Anna")
    before = two.written()

    (planned,) = PlanMaker(two.services).records("contact", seen=print)

    changes = {(each.side, each.field): each.change for each in planned.changes}
    assert changes["Dataverse", "permission Newsletter"] == "is switched off"
    assert changes["Spotler", ""] == "created in Spotler"
    assert two.written() == before


def test_without_a_permission_it_is_made_again_as_it_was(two):
    bob = two.contact("bob", firstname="Bob")
    two.permission(bob, "Newsletter", subscribed=False)
    two.sync(bob)
    two.lose(bob)

    (result,) = Outward(two.services).send([read(two, bob).unknown()], always=True).values()

    assert (result.code, result.lost) == ("OK", 0)
    assert two.property(bob, "firstName") == "Bob"


def test_a_permission_that_another_contact_in_its_place_has_stays_on(two, ann):
    """The contacts were brought into Spotler again, with what they had."""
    two.permission(ann, "Events", subscribed=True)
    two.sync(ann)
    two.lose(ann)
    edit_one_way_without_feed(two, ann)
    two.profile(ann, permissions=[{"bit": EVENTS_BIT, "enabled": True}])

    two.pull()
    two.sync(ann)

    assert two.subscribed(ann) == {"Newsletter": False, "Events": True}
    assert two.in_spotler(ann)["permissions"] == [EVENTS_BIT]


def edit_one_way_without_feed(two, record):
    two.edit(record, lastname="Smith")
    two.sync(record)


def test_a_permission_that_was_switched_on_after_the_contact_was_made_again_stays_on(two, ann):
    refuse_and_lose(two, ann)
    edit_one_way_without_feed(two, ann)
    two.permission(ann, "Newsletter", subscribed=False)
    two.permission(ann, "Newsletter", subscribed=True)

    two.pull()
    two.sync(ann)

    assert two.subscribed(ann) == {"Newsletter": True}
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]


def test_who_comes_back_after_the_connector_anonymised_the_contact_has_the_permissions_of_the_rows(two, ann):
    two.edit(ann, donotemail=True)
    two.sync(ann)
    two.edit(ann, donotemail=False)
    two.sync(ann)

    assert (two.in_spotler(ann)["permissions"], two.subscribed(ann)) == ([NEWSLETTER_BIT], {"Newsletter": True})


@pytest.mark.parametrize("happens", ["died", "the answer was lost"])
@pytest.mark.parametrize("returns_at_once", [True, False])
def test_what_the_connector_itself_has_anonymised_is_not_missing(two, ann, monkeypatch, happens, returns_at_once):
    anonymize = two.services.spotler.anonymize

    class Died(BaseException):
        pass

    def without_answer(external_id):
        anonymize(external_id)
        raise Died if happens == "died" else TimeoutError

    two.edit(ann, donotemail=True)
    with monkeypatch.context() as patched:
        patched.setattr(two.services.spotler, "anonymize", without_answer)
        if happens == "died":
            with pytest.raises(Died):
                two.sync(ann)
        else:
            two.sync(ann)
    if not returns_at_once:
        two.sync(ann)
    two.edit(ann, donotemail=False)
    two.sync(ann)
    two.pull()
    two.sync(ann)

    assert (two.in_spotler(ann)["permissions"], two.subscribed(ann)) == ([NEWSLETTER_BIT], {"Newsletter": True})


@pytest.mark.parametrize("leave", [{"donotemail": True}, {"statecode": 1, "statuscode": 2}, {"emailaddress1": None}])
def test_who_leaves_and_comes_back_has_no_permission_if_the_contact_was_lost_before(two, ann, leave):
    before = {name: two.row(ann).get(name) for name in leave}
    refuse_and_lose(two, ann)
    two.edit(ann, **leave)
    two.sync(ann)
    two.edit(ann, **before)
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == []
    assert (two.subscribed(ann), reasons(two, ann)) == ({"Newsletter": False}, [REASON])


def test_anonymize_contact_says_so_too(two, ann):
    refuse_and_lose(two, ann)
    Outward(two.services).anonymize([read(two, ann)])

    assert reasons(two, ann) == [REASON]


def test_after_a_merge_the_record_that_stays_loses_what_the_lost_contact_had(two):
    two.services = replace(two.services, bus=RecordingBus())
    stays, goes = subscribed(two, "cas"), subscribed(two, "dan")
    two.permission(stays, "Events", subscribed=True)
    two.sync(stays)
    refuse_and_lose(two, goes)
    merge(two, stays, goes, moves=False)

    two.sync(goes)
    two.sync(stays)

    assert two.subscribed(stays) == {"Newsletter": False, "Events": True}
    assert two.in_spotler(stays)["permissions"] == [EVENTS_BIT]


def test_what_could_not_be_made_again_keeps_what_people_switch_on_then(two, ann, monkeypatch):
    refuse_and_lose(two, ann)
    with monkeypatch.context() as patched:
        patched.setattr("connector.sync.outward.meeting.send", refused)
        two.edit(ann, firstname="Anna")
        (result,) = two.sync(ann)
        assert isinstance(result, NotSent)
        assert two.subscribed(ann) == {"Newsletter": False}
        two.permission(ann, "Newsletter", subscribed=True)
        two.sync(ann)
    two.sync(ann)

    assert (two.in_spotler(ann)["permissions"], two.subscribed(ann)) == ([NEWSLETTER_BIT], {"Newsletter": True})


def refused(_services, _check_time, contents, **_):
    from connector.errors import Refused

    return dict.fromkeys(contents, Refused("No.", code="PROPERTY_INVALID"))


# The brake


@pytest.fixture
def many(two):
    """Eight contacts, with a brake that lets three of them lose permissions."""
    settings = two.services.settings.model_copy(update={"brake_least": LEAST, "brake_share": 0.05})
    two.services = replace(two.services, settings=settings)
    records = [two.contact(f"ann{number}", firstname="Ann") for number in range(8)]
    for record in records:
        two.permission(record, "Newsletter", subscribed=True)
    two.sync(*records)
    two.pull()
    two.tick(timedelta(days=2))
    return records


def still_on(two, records):
    return [record for record in records if two.subscribed(record) == {"Newsletter": True}]


def test_many_missing_contacts_switch_off_no_more_than_the_brake_lets_pass(two, many):
    for record in many:
        two.lose(record)
        two.edit(record, firstname="Anna")

    results = two.sync(*many)

    assert len(still_on(two, many)) == len(many) - LEAST
    assert [isinstance(each, NotSent) and type(each.error) for each in results].count(MissingHeld) == len(many) - LEAST
    (kept,) = kept_plans(two.services.state)
    assert (kept.records, kept.causes) == (len(many) - LEAST, {"missing in Spotler": len(many) - LEAST})


@pytest.mark.parametrize("way", ["outward", "reconcile", "removal"])
def test_contacts_that_were_missing_for_a_while_only_keep_their_permissions(two, many, monkeypatch, way):
    """As with the key of another account: Spotler itself says that it does not know anybody."""
    with monkeypatch.context() as patched:
        patched.setattr(two.services.spotler, "get_contact", lambda _: None)
        if way == "removal":
            patched.setattr(two.services.spotler, "anonymize", lambda _: False)
        for record in many:
            two.edit(record, firstname="Anna", **({"donotemail": True} if way == "removal" else {}))
        if way == "reconcile":
            patched.setattr(two.services.spotler.feeds, "updates", lambda *_, **__: iter(()))
            found = classes(Reconciling(two).run())
            assert found["quarantined", "BRAKE_HOLDS"] == len(many) - LEAST
        else:
            two.sync(*many)

    kept = still_on(two, many)
    assert len(kept) == len(many) - LEAST
    for record in kept:
        two.edit(record, donotemail=False)
    two.sync(*kept)
    assert [two.in_spotler(record)["permissions"] for record in kept] == [[NEWSLETTER_BIT]] * len(kept)


def test_many_contacts_in_the_place_of_others_switch_off_no_more_than_the_brake_lets_pass(two, many):
    """The feed goes on, and shows them again when a person has approved it."""
    for record in many:
        two.lose(record)
        edit_one_way_without_feed(two, record)

    two.pull()

    assert len(still_on(two, many)) == len(many) - LEAST
    (kept,) = kept_plans(two.services.state)
    approve(two.services, kept.id, seen=lambda _: None)
    assert still_on(two, many) == []
    assert {each for record in many for each in reasons(two, record)} == {REASON}


def test_an_approved_plan_makes_the_contacts_again_without_permissions(two, many):
    for record in many:
        two.lose(record)
    Outward(two.services).send([read(two, record).unknown() for record in many], always=True)
    (kept,) = kept_plans(two.services.state)

    counts = approve(two.services, kept.id, seen=lambda _: None)

    assert counts == {"OK": len(many) - LEAST}
    assert still_on(two, many) == []
    assert [two.in_spotler(record)["permissions"] for record in many] == [[]] * len(many)


def test_an_error_is_not_missing(two, ann, monkeypatch):
    from connector.errors import Transient

    def down(_):
        raise Transient

    monkeypatch.setattr(two.services.spotler, "get_contact", down)
    (result,) = Outward(two.services).send([read(two, ann).unknown()], always=True).values()

    assert isinstance(result, NotSent)
    assert two.subscribed(ann) == {"Newsletter": True}
    assert isinstance(read(two, ann), Record)
