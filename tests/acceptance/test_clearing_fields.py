"""Clear Contact Field: a field of Spotler is emptied, an item of a list field switched off."""

import pytest

from connector.dataverse.choices import Operation

SET, CLEAR = Operation.SET_CONTACT_FIELD, Operation.CLEAR_CONTACT_FIELD


@pytest.mark.feature("FLD-08")
@pytest.mark.parametrize("name", ["lastorderdate", "Last Order Date", "LASTORDERDATE"])
def test_a_field_is_emptied(world, name):
    record = world.contact()
    world.run(SET, record, dh_fieldname="lastorderdate", dh_fieldvalue="2025-12-24").assert_completed()
    assert "lastorderdate" in world.spotler.contact(record).properties

    world.run(CLEAR, record, dh_fieldname=name, dh_fieldvalue="is ignored").assert_completed()

    assert "lastorderdate" not in world.spotler.contact(record).properties


@pytest.mark.feature("FLD-08")
def test_an_empty_field_stays_empty(world):
    record = world.contact()

    world.run(CLEAR, record, dh_fieldname="lastorderdate").assert_completed()

    assert "lastorderdate" not in world.spotler.contact(record).properties


@pytest.mark.feature("FLD-08")
def test_an_item_of_a_list_field_is_switched_off_and_no_other(world):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.permission(record, "Events", subscribed=True)
    world.sync(record).assert_completed()

    world.run(CLEAR, record, dh_fieldname="permissions:newsletter").assert_completed()

    assert world.spotler.contact(record).options_on("permissions") == {"Events"}


@pytest.mark.feature("FLD-08")
def test_a_list_field_without_item_is_not_emptied_as_a_whole(world):
    record = world.contact()

    job = world.run(CLEAR, record, dh_fieldname="permissions")

    world.assert_not_valid(job, record, "list field", "item")


@pytest.mark.feature("FLD-04")
@pytest.mark.feature("FLD-08")
def test_a_field_that_the_mapping_sends_is_not_cleared(world):
    record = world.contact()

    job = world.run(CLEAR, record, dh_fieldname="city")

    world.assert_not_valid(job, record, "mapping")


@pytest.mark.feature("FLD-08")
@pytest.mark.parametrize("name", [None, "  ", "shoeSize", "Score note"])
def test_a_field_that_is_missing_unknown_or_ambiguous_is_not_valid(world, name):
    record = world.contact()

    job = world.run(CLEAR, record, dh_fieldname=name)

    world.assert_not_valid(job, record)
