"""A contact and a lead with one id: the comparison leaves the contact in Spotler to its owner, and names the id."""

import pytest

from tests.unit.reconcile.comparing import Reconciling, classes
from tests.unit.sync.test_sync_one_id import lead_with_id_of
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS, tables=("contact", "lead"))


def test_the_contact_stays_that_of_its_owner_and_the_id_is_quarantined(two):
    ann = two.record("contact", "ann", firstname="Ann")
    two.sync(ann)
    lead_with_id_of(two, ann)
    two.pull()
    before = two.in_spotler(ann)["properties"]

    certificate = Reconciling(two).run()

    assert two.in_spotler(ann)["properties"] == before
    assert classes(certificate) == {("quarantined", "RECORD_ID_TAKEN"): 1}
