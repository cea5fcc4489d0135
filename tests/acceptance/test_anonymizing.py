"""Anonymize Contact: the personal data of a record leaves Spotler."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from tests.acceptance.records import DEACTIVATED
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


@pytest.mark.feature("CON-08")
def test_the_next_sync_sends_the_record_again(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.run(ANONYMIZE, record).assert_completed()

    world.sync(record).assert_completed()

    assert world.spotler.find(record) is not None


@pytest.mark.feature("JOB-07")
def test_without_a_record_nobody_is_anonymised(world):
    world.run(ANONYMIZE).assert_failed("JOB_NOT_VALID", "neither a customer nor a lead")
