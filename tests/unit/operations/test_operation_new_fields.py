"""A field or an item that was added to Spotler, or renamed there, after the connector had asked which there are."""

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


def test_a_display_name_means_the_field_that_bears_it_now(world):
    world.services.spotler.fields()
    add(
        world,
        {"name": "lastorderdate", "description": "First Order Date", "type": "date"},
        {"name": "orderdate2", "description": "Last Order Date", "type": "date"},
    )
    world.time.now += FIELDS_MISSED_TTL
    record = world.contact(known=True)
    one = world.job(
        Operation.SET_CONTACT_FIELD, record, **{Job.FIELD_NAME: "Last Order Date", Job.FIELD_VALUE: "2025-12-24"}
    )

    world.run(one)

    assert world.status(one) == VALID
    assert world.in_spotler(record)["properties"].keys() & {"lastorderdate", "orderdate2"} == {"orderdate2"}


def test_an_item_means_the_one_that_bears_its_name_now(world):
    world.services.spotler.fields()
    entries = [{"bit": 1, "description": "Yard"}, {"bit": 8, "description": "Garden"}]
    add(world, INTERESTS | {"entries": entries})
    world.time.now += FIELDS_MISSED_TTL
    one = job(world, "profileFields:Garden")

    world.run(one)

    assert world.status(one) == VALID
    (contact,) = world.spotler.state()["contacts"]
    assert [each["bit"] for each in contact["properties"]["profileFields"] if each["enabled"]] == [8]


def test_a_display_name_that_became_ambiguous_is_not_valid(world):
    world.services.spotler.fields()
    add(world, {"name": "orderdate2", "description": "Last Order Date", "type": "date"})
    world.time.now += FIELDS_MISSED_TTL
    one = job(world, "Last Order Date", "2025-12-24")

    world.run(one)

    assert world.status(one) == NOT_VALID


def test_display_names_of_a_batch_ask_once(world):
    world.services.spotler.fields()
    world.time.now += FIELDS_MISSED_TTL
    jobs = [job(world, name, value) for name, value in (("Last Order Date", "2025-12-24"), ("scoreNote1", "x"))]

    world.run(*jobs)

    assert [world.status(each) for each in jobs] == [VALID, VALID]
    assert asked(world) == 2


def test_an_internal_name_does_not_ask_again(world):
    world.services.spotler.fields()
    world.time.now += FIELDS_MISSED_TTL
    one = job(world, "scoreNote1")

    world.run(one)

    assert world.status(one) == VALID
    assert asked(world) == 1
