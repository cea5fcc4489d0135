"""A contact and a lead with one id: Spotler knows a contact by the id alone, so it belongs to one of the two."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from connector.dataverse.names import Consent, Info
from connector.dataverse.records import RecordRef
from connector.sync.both_ways.inward import NO_RECORD
from connector.sync.owners import RecordIdTaken
from connector.sync.permissions.imports import bring_in
from connector.sync.results import Sent
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
ON = [{"bit": NEWSLETTER_BIT, "enabled": True}]


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS, tables=("contact", "lead"))


@pytest.fixture
def ann(two):
    """A contact that Spotler has."""
    record = two.contact(firstname="Ann")
    two.permission(record, "Newsletter", subscribed=False)
    two.sync(record)
    two.pull()
    return record


@pytest.fixture
def leo(two, ann):
    """A lead with the id of that contact, who has agreed."""
    lead = lead_with_id_of(two, ann)
    two.permission(lead, "Newsletter", subscribed=True)
    return lead


def lead_with_id_of(two, record):
    columns = {"subject": "?", "firstname": "Leo", "lastname": "Leo", "emailaddress1": "leo@example.org"}
    two.systems.by_person("POST", "leads", {"leadid": record.id, **columns})
    return RecordRef("lead", record.id)


def states(two, ann):
    """All that must stay as it is for the contact."""
    contact = two.in_spotler(ann)
    return contact["properties"], contact["permissions"], contact["anonymized"], two.info(ann), two.subscribed(ann)


@pytest.mark.parametrize("columns", [{}, {"donotemail": True}, {"donotbulkemail": True}, {"emailaddress1": None}])
def test_the_lead_does_not_take_the_contact_whatever_is_to_become_of_it(two, ann, leo, columns):
    before = states(two, ann)
    if columns:
        two.edit(leo, **columns)

    (result,) = two.sync(leo, always=True)

    assert isinstance(result.error, RecordIdTaken)
    assert states(two, ann) == before
    assert two.subscribed(leo) == {"Newsletter": True}


def test_of_both_in_one_call_the_owner_is_sent(two, ann, leo):
    two.edit(ann, firstname="Anna")

    refused, sent = two.sync(leo, ann)

    assert (type(sent), type(refused.error)) == (Sent, RecordIdTaken)
    assert two.property(ann, "firstName") == "Anna"


def test_what_the_person_does_in_spotler_reaches_the_owner_alone(two, ann, leo):
    two.profile(ann, firstName="Anna", permissions=ON)
    two.pull()

    assert (two.row(ann)["firstname"], two.row(leo)["firstname"]) == ("Anna", "Leo")
    assert two.subscribed(ann) == {"Newsletter": True}

    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.pull()

    assert (two.subscribed(ann), two.subscribed(leo)) == ({"Newsletter": False}, {"Newsletter": True})


def test_the_feed_leaves_both_alone_where_nothing_says_whose_contact_it_is(two, ann, leo):
    two.systems.by_person("DELETE", f"{Info.SET}({two.info(ann)[Info.ID]})", {})
    two.profile(ann, firstName="Anna")

    assert two.pull()[NO_RECORD] == 1
    assert (two.row(ann)["firstname"], two.row(leo)["firstname"]) == ("Ann", "Leo")


def test_once_the_owner_has_left_the_lead_may_have_a_contact(two, ann, leo):
    two.systems.by_person("DELETE", f"contacts({ann.id})", {})
    (gone,) = two.remove_deleted(ann)
    assert gone.changed

    (result,) = two.sync(leo)

    assert isinstance(result, Sent)
    assert two.property(leo, "firstName") == "Leo"


def test_the_deletion_of_the_lead_anonymises_nobody(two, ann, leo):
    before = states(two, ann)
    two.systems.by_person("DELETE", f"leads({leo.id})", {})

    (result,) = two.remove_deleted(leo)

    assert not result.changed
    assert states(two, ann) == before


def test_a_sheet_of_consent_brings_nothing_in_for_the_lead(two, ann, leo):
    before = states(two, ann)
    items = two.services.spotler.fields().permissions.options
    agreed_on = datetime(2026, 1, 1, tzinfo=UTC)

    counts = bring_in(two.services, {leo: {NEWSLETTER_BIT: False}}, items, agreed_on=agreed_on, evidence="Import: x")

    assert counts == Counter(failed=1)
    assert two.subscribed(leo) == {"Newsletter": True}
    assert states(two, ann) == before
    assert all(row[Consent.AFTER] is False for row in two.systems.rows(Consent.TABLE))
