"""Stop Automation: the run that a job started, or the campaign that a contact is in, ends."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Automation, Job
from tests.acceptance.automations import automation_in_both
from tests.acceptance.world import start_columns

STOP = Operation.STOP_AUTOMATION
NOTHING_TO_STOP = "There was nothing to stop: Spotler says that the contact is not in it."


def running(world, record):
    return [run["runId"] for run in world.spotler.runs(record) if run["ended"] is None]


@pytest.mark.feature("AUT-11")
def test_the_id_of_the_run_is_all_that_is_needed(world, automation):
    record = world.contact()
    first, second = world.start(record, automation), world.start(record, automation)

    world.run(STOP, **{Job.AUTOMATION_CONTACT_ID: first.run_id}).assert_completed()

    assert running(world, record) == [second.run_id]


@pytest.mark.feature("AUT-11")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_without_an_id_the_latest_run_of_record_and_automation_is_stopped(world, automation, table):
    record = world.record(table)
    first, second = world.start(record, automation), world.start(record, automation)
    assert second.run_id != first.run_id

    world.run(STOP, record, **start_columns(automation)).assert_completed()

    assert running(world, record) == [first.run_id]


@pytest.mark.feature("AUT-11")
def test_every_stop_takes_the_latest_run_that_has_not_ended(world, automation):
    record = world.contact()
    for _ in range(2):
        world.start(record, automation).assert_completed()

    stops = [world.run(STOP, record, **start_columns(automation)) for _ in range(3)]

    assert [job.message for job in stops] == ["It was stopped.", "It was stopped.", NOTHING_TO_STOP]
    assert [job.code for job in stops] == ["OK"] * 3
    assert running(world, record) == []


@pytest.mark.feature("AUT-11")
def test_a_run_that_has_ended_is_the_same_end_state(world, automation):
    record = world.contact()
    run = world.start(record, automation).run_id
    world.run(STOP, **{Job.AUTOMATION_CONTACT_ID: run}).assert_completed()

    job = world.run(STOP, **{Job.AUTOMATION_CONTACT_ID: run})

    job.assert_completed()
    assert job.message == NOTHING_TO_STOP


@pytest.mark.feature("AUT-11")
def test_a_run_that_was_never_started_is_not_found(world, automation):
    record = world.contact()

    world.run(STOP, record, **start_columns(automation)).assert_failed("RUN_NOT_FOUND")
    world.run(STOP, **{Job.AUTOMATION_CONTACT_ID: "4711-unknown"}).assert_failed("RUN_NOT_FOUND")


@pytest.mark.feature("AUT-11")
def test_a_run_of_another_automation_is_not_taken_for_it(world, automation):
    record = world.contact()
    run = world.start(record, automation).run_id

    job = world.run(STOP, record, **start_columns(automation_in_both(world)))

    job.assert_failed("RUN_NOT_FOUND")
    assert running(world, record) == [run]


@pytest.mark.feature("AUT-11")
def test_a_run_of_another_record_is_not_stopped(world, automation):
    record, other = world.contact(), world.contact()
    run = world.start(record, automation).run_id

    job = world.run(STOP, other, **{Job.AUTOMATION_CONTACT_ID: run})

    job.assert_failed("JOB_NOT_VALID", "another record")
    assert running(world, record) == [run]


@pytest.mark.feature("AUT-11")
def test_a_run_of_another_automation_is_not_stopped_by_its_id(world, automation):
    record = world.contact()
    run = world.start(record, automation).run_id
    columns = start_columns(automation_in_both(world))

    job = world.run(STOP, record, **columns, **{Job.AUTOMATION_CONTACT_ID: run})

    job.assert_failed("JOB_NOT_VALID", "another automation")
    assert running(world, record) == [run]


@pytest.mark.feature("AUT-11")
@pytest.mark.feature("CMP-02")
def test_a_job_that_names_no_run_is_not_valid(world, automation, campaign):
    record = world.contact()

    for columns in ({}, start_columns(automation), start_columns(campaign)):
        world.run(STOP, **columns).assert_failed("JOB_NOT_VALID", "Automation Contact Id")
    world.assert_not_valid(world.run(STOP, record), record, "Automation Contact Id")


@pytest.mark.feature("CMP-01")
@pytest.mark.feature("CMP-02")
def test_a_campaign_is_stopped_for_a_contact(world, campaign):
    record = world.contact()
    world.start(record, campaign).assert_completed()

    world.run(STOP, record, **start_columns(campaign)).assert_completed()

    (run,) = world.spotler.runs(record, "campaignRuns")
    assert run["ended"] is not None


@pytest.mark.feature("CMP-02")
def test_a_campaign_that_spotler_does_not_have_fails_with_its_code(world, campaign):
    record = world.contact()
    world.start(record, campaign).assert_completed()
    world.people.update(Automation.SET, campaign, {Automation.AUTOMATION_ID: "gone"})

    world.run(STOP, record, **start_columns(campaign)).assert_failed("CAMPAIGN_NOTFOUND")
