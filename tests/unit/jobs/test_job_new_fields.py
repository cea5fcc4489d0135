"""A field or an item that was added to Spotler after the connector had asked which there are."""

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.spotler import FIELDS_MISSED_TTL

NICKNAME = {"name": "nickname", "description": "Nickname", "type": "string"}
INTERESTS = {
    "name": "profileFields",
    "description": "Interests",
    "type": "set",
    "entries": [{"bit": 1, "description": "Garden"}, {"bit": 8, "description": "Sauna"}],
}
VALID, NOT_VALID = (JobStatus.COMPLETED, "OK"), (JobStatus.FAILED, "JOB_NOT_VALID")


def asked(world):
    calls = world.spotler.calls()["calls"]
    return sum(each["count"] for each in calls if each["route"] == "/contact/properties/list")


def add(world, *properties):
    world.spotler.post("properties", properties=list(properties))


def job(world, field, value="ja"):
    record = world.contact(field.partition(":")[2] or field, known=True)
    return world.job(Operation.SET_CONTACT_FIELD, record, **{Job.FIELD_NAME: field, Job.FIELD_VALUE: value})


@pytest.mark.parametrize(
    ("operation", "columns"),
    [
        (Operation.SET_CONTACT_FIELD, {Job.FIELD_NAME: " ", Job.FIELD_VALUE: "x"}),
        (Operation.SET_CONTACT_FIELD, {Job.FIELD_NAME: "nickname", Job.FIELD_VALUE: " "}),
        (Operation.SET_CONTACT_FIELD, {}),
        (Operation.CLEAR_CONTACT_FIELD, {Job.FIELD_NAME: " "}),
    ],
    ids=["no name", "no value", "neither", "nothing to clear"],
)
def test_a_job_with_a_blank_column_asks_spotler_nothing(world, operation, columns):
    one = world.job(operation, world.contact(known=True), **columns)

    world.run(one)

    assert world.status(one) == NOT_VALID
    assert world.spotler.calls()["total"] == 0


@pytest.mark.parametrize("name", ["nickname", "Nickname", "profileFields:Sauna"])
def test_it_is_found_a_minute_after_the_connector_last_asked(world, name):
    world.services.spotler.fields()
    add(world, NICKNAME, INTERESTS)
    world.time.now += FIELDS_MISSED_TTL
    one = job(world, name)

    world.run(one)

    assert world.status(one) == VALID
    assert asked(world) == 2


def test_jobs_with_names_that_do_not_exist_ask_once_a_minute(world):
    world.services.spotler.fields()
    world.time.now += FIELDS_MISSED_TTL
    first = [job(world, f"nofield{number}") for number in range(3)]
    second = job(world, "profileFields:Cellar")

    world.run(*first)
    world.run(second)

    assert {world.status(each) for each in (*first, second)} == {NOT_VALID}
    assert asked(world) == 2


def test_a_name_that_is_known_does_not_ask_again(world):
    world.services.spotler.fields()
    world.time.now += FIELDS_MISSED_TTL
    one = job(world, "scoreNote1")

    world.run(one)

    assert world.status(one) == VALID
    assert asked(world) == 1
