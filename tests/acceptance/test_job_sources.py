"""Where jobs come from, where they are seen, and who hears of those that take too long."""

from uuid import uuid4

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Account, Contact, Job, MarketingList, lookup_value
from tests.acceptance.test_adding_tags import new_tag
from tests.acceptance.world import job_row

ADD_TAG = Operation.ADD_TAG


@pytest.mark.feature("JOB-02")
def test_a_form_that_saves_a_row_starts_the_job(world):
    record = world.contact()

    world.run(ADD_TAG, record, dh_tag=new_tag()).assert_completed()


@pytest.mark.feature("JOB-02")
def test_a_process_that_creates_many_rows_at_once_starts_them_all(world):
    tag, records = new_tag(), [world.contact() for _ in range(5)]

    jobs = world.jobs(*(job_row(ADD_TAG, record, dh_tag=tag) for record in records))

    for job, record in zip(jobs, records, strict=True):
        world.wait(job).assert_completed()
        assert world.spotler.contact(record).tags == [tag]


@pytest.mark.feature("JOB-02")
def test_a_flow_that_upserts_a_row_under_its_own_id_starts_the_job(world):
    record, job = world.contact(), str(uuid4())

    world.people.upsert(Job.SET, job, job_row(ADD_TAG, record, dh_tag=new_tag()))

    world.wait(job).assert_completed()


@pytest.mark.feature("JOB-02")
def test_a_transaction_that_creates_a_job_starts_it_once_it_is_committed(world):
    record, other = world.contact(), world.contact()

    job = world.people.create_and_delete(Job.SET, job_row(ADD_TAG, record, dh_tag=new_tag()), other.path)

    world.wait(job).assert_completed()


@pytest.mark.feature("JOB-08")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_the_jobs_of_a_record_are_found_through_it(world, table):
    record = world.record(table)
    jobs = {world.run(ADD_TAG, record, dh_tag=new_tag()).id for _ in range(2)}
    column = Job.CUSTOMER if table in (Contact.TABLE, Account.TABLE) else Job.LEAD

    found = world.people.find(Job.SET, f"{lookup_value(column)} eq {record.id}", f"{Job.ID},{Job.STATUS}")

    assert {row[Job.ID]: row[Job.STATUS] for row in found} == dict.fromkeys(jobs, JobStatus.COMPLETED)


@pytest.mark.feature("LST-10")
def test_the_jobs_of_a_marketing_list_are_found_through_it(world):
    row = world.people.create(MarketingList.SET, {MarketingList.NAME: "Members", "createdfromcode": 2})
    bind = {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({row})"}
    job = world.run(Operation.SYNC_MARKETING_LIST, **bind).id

    found = world.people.find(Job.SET, f"{lookup_value(Job.LIST)} eq {row}", Job.ID)

    assert [each[Job.ID] for each in found] == [job]


@pytest.mark.feature("JOB-10")
def test_operators_hear_of_a_job_that_is_not_over_after_three_hours(world):
    world.overdue_job(hours=4)

    world.sweep()

    world.until(lambda: "JOBS_OVERDUE" in world.log() or "not over after 3 hours" in world.log(), "the alert is raised")
