"""A contact and a lead with one id: the comparison leaves the contact in Spotler to its owner, and names the other."""

import pytest

from connector.dataverse.names import Info
from connector.sync.owners import RecordIdTaken
from tests.unit.reconcile.comparing import Reconciling, classes
from tests.unit.sync.test_sync_one_id import lead_with_id_of
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

TAKEN = RecordIdTaken.code
NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS, tables=("contact", "lead"))


def owned(two, table="contact"):
    """A record that Spotler has, and one of the other table with its id."""
    ann = two.record(table, "ann", firstname="Ann", **({"subject": "?"} if table == "lead" else {}))
    two.sync(ann)
    if table == "contact":
        lead_with_id_of(two, ann)
    else:
        columns = {"firstname": "Leo", "lastname": "Leo", "emailaddress1": "leo@example.org"}
        two.systems.by_person("POST", "contacts", {"contactid": ann.id, **columns})
    two.pull()
    return ann


def total(certificate, side):
    return certificate[side]["total"]


@pytest.mark.parametrize("table", ["contact", "lead"])
def test_both_records_are_counted_and_the_one_that_owns_no_contact_is_quarantined(two, table):
    ann = owned(two, table)
    before = two.in_spotler(ann)["properties"]

    certificate = Reconciling(two).run()

    assert two.in_spotler(ann)["properties"] == before
    assert classes(certificate) == {"equal": 1, ("quarantined", TAKEN): 1}
    assert classes(certificate, "contacts") == {"equal": 1}
    assert (total(certificate, "records"), certificate["records"]["remainder"]) == (2, 0)
    assert certificate["samples"]["quarantined"] == {TAKEN: [ann.id]}


@pytest.mark.parametrize("table", ["contact", "lead"])
def test_what_differs_is_repaired_for_the_owner_alone(two, table):
    ann = owned(two, table)
    two.edit(ann, firstname="Anna")
    (other,) = [each for each in ("contact", "lead") if each != table]

    certificate = Reconciling(two).run()

    assert classes(certificate) == {("repaired", "content"): 1, ("quarantined", TAKEN): 1}
    assert two.property(ann, "firstName") == "Anna"
    assert [row["firstname"] for row in two.systems.rows(other)] == ["Leo"]


def test_where_nothing_says_whose_contact_it_is_neither_is_compared(two):
    ann = owned(two)
    two.systems.by_person("DELETE", f"{Info.SET}({two.info(ann)[Info.ID]})", {})
    two.profile(ann, firstName="Anna")
    before = two.in_spotler(ann)

    certificate = Reconciling(two).run()

    assert two.in_spotler(ann) == before
    assert two.row(ann)["firstname"] == "Ann"
    assert classes(certificate) == {("quarantined", TAKEN): 2}
    assert classes(certificate, "contacts") == {("quarantined", TAKEN): 1}
    assert (total(certificate, "records"), certificate["records"]["remainder"]) == (2, 0)


def test_two_records_with_one_id_that_spotler_never_had_are_both_named(two):
    ann = two.record("contact", "ann")
    lead_with_id_of(two, ann)

    certificate = Reconciling(two).run()

    assert classes(certificate) == {("quarantined", TAKEN): 2}
    assert classes(certificate, "contacts") == {}
