"""The timeline of a record shows what jobs changed in Spotler."""

import pytest

from connector.dataverse.choices import Operation
from tests.acceptance.test_adding_tags import new_tag
from tests.acceptance.test_audiences import new_audience
from tests.acceptance.world import start_columns


@pytest.mark.feature("TIM-01")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_an_automation_that_is_started_or_stopped_is_posted(world, automation, table):
    record = world.record(table)

    world.start(record, automation).assert_completed()
    for _ in range(2):  # the second finds nothing to stop
        world.run(Operation.STOP_AUTOMATION, record, **start_columns(automation)).assert_completed()

    expected = ["Spotler automation started: 🚀 Welcome", "Spotler automation stopped: 🚀 Welcome"]
    world.until(lambda: world.posts(record) == expected, "the posts appear")


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


@pytest.mark.feature("TIM-02")
def test_audiences_fields_and_anonymising_are_posted_without_values_and_a_sync_is_not(world):
    record, name = world.contact(), new_audience()

    world.sync(record).assert_completed()
    for operation, columns in (
        (Operation.ADD_TO_AUDIENCE, {"dh_audience": name}),
        (Operation.REMOVE_FROM_AUDIENCE, {"dh_audience": name}),
        (Operation.SET_CONTACT_FIELD, {"dh_fieldname": "scoreNote1", "dh_fieldvalue": "warm"}),
        (Operation.CLEAR_CONTACT_FIELD, {"dh_fieldname": "scoreNote1"}),
        (Operation.ANONYMIZE_CONTACT, {}),
    ):
        world.run(operation, record, **columns).assert_completed()

    expected = [
        f"Spotler audience joined: {name}",
        f"Spotler audience left: {name}",
        "Spotler field set: scoreNote1",
        "Spotler field cleared: scoreNote1",
        "Anonymised in Spotler",
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
