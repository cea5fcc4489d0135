"""Anonymize Contact: the personal data of a record leaves Spotler."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Info, Job
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.acceptance.records import DEACTIVATED, new_address
from tests.acceptance.world import job_row

ANONYMIZE = Operation.ANONYMIZE_CONTACT


@pytest.mark.feature("CON-09")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_the_data_is_taken_out_of_spotler(world, table):
    record = world.record(table)
    world.sync(record).assert_completed()

    world.run(ANONYMIZE, record).assert_completed()

    assert world.spotler.find(record) is None
    assert world.spotler.effects(record)[-1] == "contact.anonymized"


@pytest.mark.feature("JOB-17")
def test_a_deactivated_record_can_be_anonymised(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.change(record, **DEACTIVATED[record.table])

    world.run(ANONYMIZE, record).assert_completed()

    assert world.spotler.find(record) is None


@pytest.mark.feature("JOB-17")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_record_that_is_deleted_while_the_job_waits_is_anonymised(world, table):
    record = world.record(table)
    world.sync(record).assert_completed()
    row = job_row(ANONYMIZE, record)

    job = world.wait(world.people.create_and_delete(Job.SET, row, record.path))

    job.assert_completed()
    assert world.spotler.find(record) is None
    assert world.spotler.effects(record)[-1] == "contact.anonymized"


@pytest.mark.feature("CON-09")
def test_a_record_that_spotler_does_not_know_is_the_same_end_state(world):
    record = world.contact()

    world.run(ANONYMIZE, record).assert_completed()

    assert world.spotler.effects(record) == []


ADDS = {
    Operation.ADD_TAG: {Job.TAG: "Webinar"},
    Operation.SET_SCORE: {Job.TAG: "Interest", Job.SCORE: 10},
    Operation.ADD_TO_AUDIENCE: {Job.AUDIENCE: "Everybody"},
    Operation.SET_CONTACT_FIELD: {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: "warm"},
}


@pytest.fixture
def kept_out(world):
    """A contact that a job has anonymised."""
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()
    world.run(ANONYMIZE, record).assert_completed()
    return record


def lift(world, record):
    """A person clears Keep Out."""
    world.people.update(Info.SET, world.info(record)[Info.ID], {Info.KEEP_OUT: False})


@pytest.mark.feature("GDP-02")
@pytest.mark.parametrize("operation", ADDS, ids=lambda operation: operation.slug)
def test_no_job_brings_back_who_was_anonymised(world, kept_out, operation):
    job = world.run(operation, kept_out, **ADDS[operation])

    job.assert_failed("SKIPPED_KEEP_OUT", "Keep Out")
    assert world.spotler.find(kept_out) is None


@pytest.mark.feature("GDP-02")
def test_no_automation_is_started_for_who_was_anonymised(world, kept_out, automation):
    world.start(kept_out, automation).assert_failed("SKIPPED_KEEP_OUT", "Keep Out")

    assert world.spotler.find(kept_out) is None
    assert world.spotler.runs(kept_out) == []


@pytest.mark.feature("GDP-02")
def test_no_sync_brings_back_who_was_anonymised_even_after_a_change(world, kept_out):
    world.change(kept_out, lastname="Anders", emailaddress1=new_address())

    world.sync(kept_out).assert_completed("SKIPPED_KEEP_OUT")

    assert world.spotler.find(kept_out) is None


@pytest.mark.feature("GDP-02")
def test_a_person_lifts_it_and_the_next_sync_sends_the_record(world, kept_out):
    effects = world.spotler.effects(kept_out)

    lift(world, kept_out)
    world.settle()
    assert world.spotler.effects(kept_out) == effects
    world.sync(kept_out).assert_completed()

    assert world.spotler.contact(kept_out).permissions == [NEWSLETTER_BIT]
    assert world.info(kept_out)[Info.GONE] is False


@pytest.mark.feature("GDP-02")
def test_keep_out_stands_although_spotler_could_not_be_reached_at_first(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.spotler.door.arm("error", route="PUT /contact/anonymize/*", status=503, count=4)

    job = world.job(ANONYMIZE, record)
    world.until(lambda: (world.info(record) or {})[Info.KEEP_OUT] is True, "Keep Out is set")
    world.wait(job).assert_completed()

    assert world.spotler.find(record) is None


@pytest.mark.feature("GDP-02")
def test_a_record_that_spotler_does_not_know_is_kept_out_too_and_not_reported_as_anonymised(world):
    record = world.contact()

    job = world.run(ANONYMIZE, record)

    job.assert_completed()
    assert "does not know the contact" in job.message
    world.sync(record).assert_completed("SKIPPED_KEEP_OUT")


@pytest.mark.feature("JOB-07")
def test_without_a_record_nobody_is_anonymised(world):
    world.run(ANONYMIZE).assert_failed("JOB_NOT_VALID", "neither a customer nor a lead")
