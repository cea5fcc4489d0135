"""The timeline of a record tells what jobs changed in Spotler."""

import pytest

from connector.dataverse.choices import Operation
from tests.acceptance.test_adding_tags import new_tag


@pytest.mark.feature("TIM-01")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_started_automation_is_posted(world, automation, table):
    record = world.record(table)

    world.start(record, automation).assert_completed()

    world.until(lambda: world.posts(record) == ["Spotler automation started: 🚀 Welcome"], "the post appears")


@pytest.mark.feature("TIM-01")
def test_an_automation_that_was_not_started_is_not_posted(world):
    record = world.contact()

    world.start(record, world.automation()).assert_failed("TRIGGER_NOTFOUND")

    world.settle()
    assert world.posts(record) == []


@pytest.mark.feature("TIM-02")
def test_tags_and_scores_are_posted(world):
    record, tag = world.contact(), new_tag()

    world.run(Operation.ADD_TAG, record, dh_tag=tag).assert_completed()
    world.run(Operation.SET_SCORE, record, dh_tag=tag, dh_score=7).assert_completed()
    world.run(Operation.REMOVE_TAG, record, dh_tag=tag).assert_completed()

    expected = [
        f"Spotler tag added: {tag}",
        f"Spotler score of {tag} set to 7",
        f"Spotler tag removed: {tag}",
    ]
    world.until(lambda: world.posts(record) == expected, "the posts appear")


@pytest.mark.feature("TIM-01")
@pytest.mark.feature("TIM-02")
def test_a_post_that_fails_fails_no_job(world):
    record = world.contact()
    world.fault("500", path="posts", inner=True, count=1)

    world.run(Operation.ADD_TAG, record, dh_tag=new_tag()).assert_completed()

    world.settle()
    assert world.posts(record) == []
