"""Jobs in an environment without Marketing Lists and leads, where Spotler Job cannot have a lookup to one."""

from datetime import timedelta

import pytest

from connector.dataverse import edition
from connector.dataverse.api import Forbidden, UnknownName
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job, Lead, MarketingList
from connector.jobs.store import JobStore
from connector.operations import job_reading

COMPLETED = (JobStatus.COMPLETED, "OK")


@pytest.fixture
def light(world):
    world.door("POST", "edition", json={"light": True})


@pytest.fixture
def asked(world, monkeypatch):
    """The queries that Dataverse gets, and which of them it takes."""
    seen = []
    pages = world.services.dataverse.pages

    def watch(query):
        try:
            yield from pages(query)
        except UnknownName:
            seen.append((query.set_name, False))
            raise
        seen.append((query.set_name, True))

    monkeypatch.setattr(world.services.dataverse, "pages", watch)
    return seen


def tag(world, name):
    return world.job(Operation.ADD_TAG, world.contact(name, known=True), dh_tag="x")


@pytest.mark.usefixtures("light")
def test_jobs_run_there(world):
    synced, tagged = world.job(Operation.SYNC_CONTACT, world.contact("bob")), tag(world, "ann")

    world.run(synced)
    world.run(tagged)

    assert [world.status(job) for job in (synced, tagged)] == [COMPLETED, COMPLETED]


@pytest.mark.usefixtures("light")
def test_the_sweep_finds_them(world):
    job = tag(world, "ann")
    world.now += timedelta(hours=1)

    stalled = JobStore(world.services.dataverse).stalled(
        [(timedelta(0), timedelta(days=1))], now=world.now, queued_for=timedelta(0)
    )

    assert [each.id for page in stalled for each in page] == [job]


@pytest.mark.usefixtures("light")
def test_only_the_first_chunk_asks_whether_there_are_lists(world, asked):
    first, second = tag(world, "ann"), tag(world, "bob")

    world.run(first)
    before = [each for each in asked if each[0] in (Job.SET, MarketingList.SET)]
    asked.clear()
    world.run(second)

    assert before[:3] == [(Job.SET, False), (MarketingList.SET, False), (Job.SET, True)]
    assert [each for each in asked if each[0] in (Job.SET, MarketingList.SET)] == [(Job.SET, True)]


@pytest.mark.usefixtures("light")
def test_it_is_asked_again_after_some_minutes(world, asked, monkeypatch):
    job, moment = tag(world, "ann"), 1000.0
    monkeypatch.setattr(edition, "monotonic", lambda: moment)
    JobStore(world.services.dataverse).read([job], ())
    moment += edition.MAX_AGE
    asked.clear()

    JobStore(world.services.dataverse).read([job], ())

    assert asked == [(Job.SET, False), (Lead.SET, True), (MarketingList.SET, False), (Job.SET, True)]


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("operation", [Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST])
def test_a_job_about_a_list_is_refused(world, operation):
    job = world.job(operation)

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "JOB_NOT_VALID")
    assert "no marketing lists; they need a licence of Dynamics 365 Sales" in world.row(job)[Job.RESULT_MESSAGE]


def test_lists_that_were_installed_a_moment_ago_are_synced(world):
    about = world.load(MarketingList.TABLE, **{MarketingList.NAME: "Friends", MarketingList.MEMBER_TYPE: 2})
    job = world.job(Operation.SYNC_MARKETING_LIST, **{f"_{Job.LIST}_value": about})
    world.door("POST", "edition", json={"light": True})
    world.run(tag(world, "ann"))
    world.door("POST", "edition", json={"light": False})

    world.run(job)

    assert world.status(job)[1] != "JOB_NOT_VALID"
    assert world.status(job)[0] in (JobStatus.COMPLETED, JobStatus.IN_PROGRESS)


def test_another_column_that_is_missing_is_an_error(world, monkeypatch):
    monkeypatch.setattr(job_reading, "COLUMNS", (*job_reading.COLUMNS, "dh_missing"))

    with pytest.raises(UnknownName):
        JobStore(world.services.dataverse).read([tag(world, "ann")], ())
    world.door("POST", "edition", json={"light": True})
    with pytest.raises(UnknownName):
        JobStore(world.services.dataverse).read([tag(world, "bob")], ())


def test_lists_that_may_not_be_read_are_there(world, monkeypatch):
    def refuse(*_, **__):
        raise Forbidden

    monkeypatch.setattr(world.services.dataverse, "query", refuse)

    assert edition.has_lists(world.services.dataverse)
    assert not edition.had_no_lists(world.services.dataverse)
