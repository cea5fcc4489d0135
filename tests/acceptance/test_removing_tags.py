"""Remove Tag: marks, and the scores that hang on them, are taken from a contact."""

import pytest

from connector.dataverse.choices import Operation
from tests.acceptance.test_adding_tags import new_tag

REMOVE_TAG = Operation.REMOVE_TAG


@pytest.fixture
def tagged(world):
    """A contact with two tags."""
    record, tags = world.contact(), [new_tag(), new_tag()]
    world.run(Operation.ADD_TAG, record, dh_tag=";".join(tags)).assert_completed()
    return record, tags


@pytest.mark.feature("TAG-04")
def test_a_tag_is_removed_whatever_its_case(world, tagged):
    record, (first, second) = tagged

    world.run(REMOVE_TAG, record, dh_tag=first.upper()).assert_completed()

    assert world.spotler.contact(record).tags == [second]


@pytest.mark.feature("TAG-05")
@pytest.mark.feature("TAG-06")
@pytest.mark.parametrize("separator", [",", ";"])
def test_several_tags_are_removed_at_once(world, tagged, separator):
    record, tags = tagged

    job = world.run(REMOVE_TAG, record, dh_tag=separator.join(tags))

    job.assert_completed()
    assert job.message == "2 tags removed."
    assert world.spotler.contact(record).tags == []


@pytest.mark.feature("TAG-04")
def test_a_tag_that_the_contact_does_not_have_is_the_same_end_state(world, tagged):
    record, tags = tagged

    world.run(REMOVE_TAG, record, dh_tag=new_tag()).assert_completed()

    assert world.spotler.contact(record).tags == tags


@pytest.mark.feature("TAG-04")
def test_from_who_was_never_in_spotler_and_may_not_be_nothing_is_to_be_removed(world):
    record = world.contact(donotemail=True)

    world.run(REMOVE_TAG, record, dh_tag=new_tag()).assert_completed()

    assert world.spotler.find(record) is None


@pytest.mark.feature("TAG-07")
def test_the_score_goes_with_the_tag(world):
    record, tag = world.contact(), new_tag()
    world.run(Operation.SET_SCORE, record, dh_tag=tag, dh_score=10).assert_completed()
    assert world.spotler.scores(record) == {tag: 10}

    world.run(REMOVE_TAG, record, dh_tag=tag).assert_completed()
    world.run(Operation.ADD_TAG, record, dh_tag=tag).assert_completed()

    assert world.spotler.scores(record) == {tag: None}


@pytest.mark.feature("TAG-04")
def test_without_a_record_nothing_is_removed_from_anybody(world, tagged):
    record, tags = tagged

    job = world.run(REMOVE_TAG, dh_tag=tags[0])

    job.assert_failed("JOB_NOT_VALID", "neither a customer nor a lead")
    assert world.spotler.contact(record).tags == tags


@pytest.mark.feature("TAG-05")
@pytest.mark.parametrize("tag", [None, " ; "])
def test_a_job_without_any_tag_is_not_valid(world, tag):
    record = world.contact()

    job = world.run(REMOVE_TAG, record, dh_tag=tag)

    world.assert_not_valid(job, record, "no tag")
