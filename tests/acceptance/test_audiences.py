"""Add To Audience and Remove From Audience: single contacts go into, and out of, a dynamic list of Spotler."""

from uuid import uuid4

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import MarketingList
from connector.operations.audiences import audience_id
from tests.acceptance.world import job_row

ADD, REMOVE = Operation.ADD_TO_AUDIENCE, Operation.REMOVE_FROM_AUDIENCE


def new_audience() -> str:
    return f"Audience {uuid4().hex[:8]}"


@pytest.mark.feature("AUD-01")
@pytest.mark.feature("AUD-03")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_the_first_member_makes_the_audience(world, table):
    record, name = world.record(table), new_audience()

    world.run(ADD, record, dh_audience=name).assert_completed()

    assert world.spotler.members(name) == {record.id}


@pytest.mark.feature("AUD-01")
def test_names_that_differ_in_case_and_blanks_are_one_audience(world):
    first, second, name = world.contact(), world.contact(), new_audience()

    world.run(ADD, first, dh_audience=name).assert_completed()
    world.run(ADD, second, dh_audience=f"  {name.upper()} ").assert_completed()

    assert world.spotler.members(name) == {first.id, second.id}


@pytest.mark.feature("AUD-02")
def test_a_member_is_removed_and_the_others_stay(world):
    first, second, name = world.contact(), world.contact(), new_audience()
    for record in (first, second):
        world.run(ADD, record, dh_audience=name).assert_completed()

    world.run(REMOVE, first, dh_audience=name).assert_completed()

    assert world.spotler.members(name) == {second.id}


@pytest.mark.feature("AUD-02")
def test_removing_from_an_audience_that_does_not_exist_fails_with_the_code_of_spotler(world):
    job = world.run(REMOVE, world.contact(), dh_audience=new_audience())

    job.assert_failed("RESOURCE_NOT_FOUND")


@pytest.mark.feature("AUD-04")
def test_a_member_that_is_added_again_and_one_that_is_none_are_the_same_end_state(world):
    member, other, name = world.contact(), world.contact(), new_audience()
    world.run(ADD, member, dh_audience=name).assert_completed()

    world.run(ADD, member, dh_audience=name).assert_completed()
    world.run(REMOVE, other, dh_audience=name).assert_completed()

    assert world.spotler.members(name) == {member.id}


@pytest.mark.feature("AUD-05")
@pytest.mark.parametrize("operation", [ADD, REMOVE])
def test_an_audience_that_a_marketing_list_keeps_is_protected(world, operation):
    record, name = world.contact(), new_audience()
    row = {MarketingList.NAME: name, "createdfromcode": 2, MarketingList.SYNCED: True}
    world.people.create(MarketingList.SET, row)

    job = world.run(operation, record, dh_audience=name.lower())

    world.assert_not_valid(job, record, "Marketing List")


@pytest.mark.feature("AUD-06")
def test_an_edition_without_audiences_is_refused_with_the_code_of_spotler(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.spotler.door.arm(
        "error", route="* /audience/*", status=403, error_type="NOT_AUTHORIZED", external_ids=[record.id]
    )

    job = world.run(ADD, record, dh_audience=new_audience())

    job.assert_failed("NOT_AUTHORIZED")


@pytest.mark.feature("AUD-01")
@pytest.mark.feature("AUD-02")
@pytest.mark.parametrize("operation", [ADD, REMOVE])
@pytest.mark.parametrize("name", [None, "   "])
def test_a_job_without_audience_is_not_valid(world, operation, name):
    record = world.contact()

    job = world.run(operation, record, dh_audience=name)

    world.assert_not_valid(job, record, "no audience")


@pytest.mark.feature("AUD-01")
@pytest.mark.feature("AUD-02")
@pytest.mark.parametrize("operation", [ADD, REMOVE])
def test_a_job_without_record_is_not_valid(world, operation):
    world.run(operation, dh_audience=new_audience()).assert_failed("JOB_NOT_VALID", "neither a customer nor a lead")


@pytest.mark.feature("AUD-01")
def test_jobs_of_one_audience_share_a_call(world):
    records, name = [world.contact() for _ in range(20)], new_audience()
    jobs = world.jobs(*[job_row(ADD, record, dh_audience=name) for record in records])
    for job in jobs:
        world.wait(job).assert_completed()

    assert world.spotler.members(name) == {record.id for record in records}
    # One call would do, but nobody knows how many of the jobs a batch of the bus holds.
    calls = world.spotler.calls_naming(f"/audience/{audience_id(name)}/contact")
    assert 0 < len(calls) <= len(records) / 2
