"""Set, Increase and Decrease Score: the number that a contact has for a tag."""

import pytest

from connector.dataverse.choices import Operation
from tests.acceptance.test_adding_tags import new_tag

SET, INCREASE, DECREASE = Operation.SET_SCORE, Operation.INCREASE_SCORE, Operation.DECREASE_SCORE


@pytest.mark.feature("SCO-01")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_score_is_set_raised_and_lowered(world, table):
    record, tag = world.record(table), new_tag()

    world.run(SET, record, dh_tag=tag, dh_score=10).assert_completed()
    world.run(INCREASE, record, dh_tag=tag, dh_score=5).assert_completed()
    world.run(DECREASE, record, dh_tag=tag, dh_score=3).assert_completed()

    assert world.spotler.scores(record) == {tag: 12}


@pytest.mark.feature("SCO-01")
@pytest.mark.parametrize(("operation", "score", "expected"), [(SET, -4, -4), (INCREASE, 4, 4), (DECREASE, 4, -4)])
def test_a_tag_that_the_contact_does_not_have_begins_at_nothing(world, operation, score, expected):
    record, tag = world.contact(), new_tag()

    world.run(operation, record, dh_tag=tag, dh_score=score).assert_completed()

    assert world.spotler.scores(record) == {tag: expected}


@pytest.mark.feature("SCO-01")
@pytest.mark.parametrize("operation", [SET, INCREASE, DECREASE])
def test_a_job_without_score_is_not_valid(world, operation):
    record = world.contact()

    job = world.run(operation, record, dh_tag=new_tag())

    world.assert_not_valid(job, record, "no score")


@pytest.mark.feature("SCO-01")
@pytest.mark.parametrize("operation", [INCREASE, DECREASE])
@pytest.mark.parametrize("score", [0, -1])
def test_a_score_is_raised_and_lowered_by_at_least_one(world, operation, score):
    record = world.contact()

    job = world.run(operation, record, dh_tag=new_tag(), dh_score=score)

    world.assert_not_valid(job, record, "at least 1")


@pytest.mark.feature("SCO-01")
def test_a_score_belongs_to_exactly_one_tag(world):
    record = world.contact()

    job = world.run(SET, record, dh_tag=f"{new_tag()};{new_tag()}", dh_score=1)

    world.assert_not_valid(job, record, "one tag")


@pytest.mark.feature("SCO-01")
@pytest.mark.parametrize("operation", [SET, INCREASE, DECREASE])
def test_a_score_needs_a_record(world, operation):
    job = world.run(operation, dh_tag=new_tag(), dh_score=1)

    job.assert_failed("JOB_NOT_VALID", "neither a customer nor a lead")


@pytest.mark.feature("SCO-01")
@pytest.mark.parametrize("operation", [INCREASE, DECREASE])
def test_a_change_whose_answer_was_lost_is_never_made_twice(world, operation):
    record, tag = world.contact(), new_tag()
    world.sync(record).assert_completed()
    world.spotler.door.arm(
        "drop_after_write", route="POST /contact/{externalId}/tags", external_ids=[record.id], count=1
    )

    job = world.run(operation, record, dh_tag=tag, dh_score=5)

    job.assert_failed("OUTCOME_UNKNOWN")
    assert world.spotler.effects(record).count("score.changed") == 1
