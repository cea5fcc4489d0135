"""The nightly refresh of Marketing Lists: which lists get a job, and which get none."""

import itertools
import logging
from dataclasses import replace

import pytest

from connector.dataverse.api import BatchResponse, Forbidden, UnknownName
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job, MarketingList
from connector.errors import ConnectorError
from connector.pulls import lists, switches
from connector.pulls.lists import refresh_lists
from connector.routing.work_item import WorkItem
from connector.sync.lists import orders
from connector.sync.lists.removal import remove_audience
from connector.sync.lists.run import ListRun
from connector.sync.lists.stored import ListState

SYNC, REMOVE = Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST


class Dies(BaseException):
    """The process is killed."""


@pytest.fixture
def add(world):
    """Adds a Marketing List."""

    def _add(*, synced=True, active=True):
        state = {} if active else {"statecode": 1, "statuscode": 1}
        columns = {MarketingList.NAME: "Friends", "createdfromcode": 2, MarketingList.SYNCED: synced, **state}
        return world.load(MarketingList.TABLE, **columns)

    return _add


def job(world, about, operation=SYNC, status=JobStatus.QUEUED):
    columns = {
        Job.OPERATION: operation.value,
        f"_{Job.LIST}_value": about,
        "statecode": status.state,
        "statuscode": status.value,
    }
    return world.load(Job.TABLE, **columns)


def jobs(world):
    return [(row[Job.OPERATION], row[f"_{Job.LIST}_value"], row[Job.STATUS]) for row in world.rows(Job.TABLE)]


def sent(world):
    return [WorkItem.from_body(message.body) for message in world.bus.messages]


def test_a_list_that_was_synced_gets_a_job_that_is_woken_up_at_once(world, add):
    about = add()

    assert refresh_lists(world.services) == 1
    (item,) = sent(world)
    (row,) = world.rows(Job.TABLE)
    assert jobs(world) == [(SYNC, about, JobStatus.QUEUED)]
    assert (item.job, item.operation) == (row[Job.ID], SYNC.slug)


def test_a_list_that_was_never_synced_or_is_deactivated_gets_none(world, add):
    add(synced=False)
    add(active=False)

    assert refresh_lists(world.services) == 0
    assert jobs(world) == []


def test_a_deactivated_list_whose_audience_was_not_removed_gets_another_removal_each_night(world, add):
    active, left, gone = add(), add(active=False), add(active=False)
    for each in (active, left):
        ListState(world.services.state, each).save(1, ListRun("a job", "2026-03-01T12:00:00Z"), None)
    removal = job(world, left, REMOVE, JobStatus.FAILED)

    assert refresh_lists(world.services) == 2

    new = {(row[Job.OPERATION], row[f"_{Job.LIST}_value"]) for row in world.rows(Job.TABLE) if row[Job.ID] != removal}
    assert new == {(SYNC, active), (REMOVE, left)}
    assert {item.operation for item in sent(world)} == {SYNC.slug, REMOVE.slug}
    remove_audience(world.services, left)
    assert refresh_lists(world.services) == 0, "both have a job"
    assert gone not in {each[1] for each in jobs(world)}


def test_a_removal_that_dataverse_refuses_keeps_no_list_from_its_refresh(world, add, monkeypatch):
    active, left = add(), add(active=False)
    ListState(world.services.state, left).save(1, ListRun("a job", "2026-03-01T12:00:00Z"), None)
    monkeypatch.setattr(ListState, "remembered", lambda _: {left, "not an id"})

    with pytest.raises(ConnectorError):
        refresh_lists(world.services)

    assert [each[1] for each in jobs(world)] == [active]


@pytest.mark.parametrize("operation", [SYNC, REMOVE])
@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.IN_PROGRESS])
def test_a_list_with_an_unfinished_job_gets_no_second_one(world, add, operation, status):
    job(world, add(), operation, status)

    assert refresh_lists(world.services) == 0
    assert len(jobs(world)) == 1


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
def test_a_job_that_has_ended_holds_back_none(world, add, status):
    job(world, add(), SYNC, status)

    assert refresh_lists(world.services) == 1


def test_each_list_gets_its_own_job(world, add):
    about = [add() for _ in range(3)]
    job(world, about[1])

    assert refresh_lists(world.services) == 2
    assert sorted(each[1] for each in jobs(world)) == sorted(about)


def test_a_second_run_of_the_same_night_orders_nothing(world, add):
    add()
    refresh_lists(world.services)

    assert refresh_lists(world.services) == 0
    assert len(jobs(world)) == 1


def test_a_lost_answer_makes_no_second_job(world, add):
    add()
    world.break_dataverse("drop-after-write", r"\$batch", count=1)

    assert refresh_lists(world.services) == 1
    assert len(jobs(world)) == 1


def test_after_a_failure_the_next_run_makes_the_jobs_that_are_missing(world, add):
    add()
    world.break_dataverse("400", r"\$batch", count=1)
    with pytest.raises(ConnectorError):
        refresh_lists(world.services)

    assert refresh_lists(world.services) == 1


@pytest.fixture
def in_twos(monkeypatch):
    """Jobs of two lists are made at a time."""
    monkeypatch.setattr(orders, "PART", 2)


@pytest.mark.usefixtures("in_twos")
def test_no_list_is_missed_at_the_end_of_a_part(world, add):
    about = [add() for _ in range(5)]

    assert refresh_lists(world.services) == len(about)
    assert sorted(each[1] for each in jobs(world)) == sorted(about)
    assert {each.job for each in sent(world)} == {row[Job.ID] for row in world.rows(Job.TABLE)}


@pytest.mark.usefixtures("in_twos")
def test_a_crash_in_the_middle_doubles_no_job_and_loses_none(world, add, monkeypatch):
    about, batch = [add() for _ in range(5)], world.services.dataverse.batch
    calls = itertools.count(1)

    def dies(requests):
        if next(calls) == 2:
            raise Dies
        return batch(requests)

    monkeypatch.setattr(world.services.dataverse, "batch", dies)
    with pytest.raises(Dies):
        refresh_lists(world.services)

    assert refresh_lists(world.services) == 3
    assert sorted(each[1] for each in jobs(world)) == sorted(about)


@pytest.mark.usefixtures("in_twos")
def test_a_list_whose_job_dataverse_refuses_keeps_no_other_from_its_refresh(world, add, monkeypatch):
    about, batch = [add() for _ in range(5)], world.services.dataverse.batch
    calls = itertools.count(1)

    def refusing(requests):
        answers = batch(requests[:1] if (is_first := next(calls) == 1) else requests)
        return [*answers, *([BatchResponse(403, error=Forbidden("A plug-in says no."))] if is_first else [])]

    monkeypatch.setattr(world.services.dataverse, "batch", refusing)

    with pytest.raises(Forbidden):
        refresh_lists(world.services)
    assert len({each[1] for each in jobs(world)}) == len(about) - 1


def test_thirty_nights_that_were_missed_are_one_refresh(world, add):
    about = add()
    refresh_lists(world.services)
    world.door("POST", "clock", json={"move_seconds": 30 * 86_400})
    (row,) = world.rows(Job.TABLE)
    done = {Job.STATE: JobStatus.COMPLETED.state, Job.STATUS: JobStatus.COMPLETED.value}
    world.services.dataverse.update(Job.SET, row[Job.ID], done)

    assert refresh_lists(world.services) == 1
    assert [each[1] for each in jobs(world)] == [about] * 2


def test_the_refresh_can_be_switched_off(world, add, caplog):
    add()
    off = world.services.settings.model_copy(update={"lists_enabled": False})
    services = replace(world.services, settings=off)
    switches._reported_off.clear()
    caplog.set_level(logging.INFO, logger="connector.pulls.switches")

    assert [refresh_lists(services), refresh_lists(services)] == [0, 0]
    assert jobs(world) == []
    assert caplog.text.count("switched off") == 1


def test_an_environment_without_marketing_lists_has_nothing_to_refresh(world, caplog):
    world.door("POST", "edition", json={"light": True})
    lists._report_light_edition.cache_clear()
    caplog.set_level(logging.INFO, logger="connector.pulls.lists")

    assert [refresh_lists(world.services), refresh_lists(world.services)] == [0, 0]
    assert caplog.text.count("no Marketing Lists") == 1


def test_lists_without_the_columns_of_the_solution_are_an_error(world, monkeypatch):
    monkeypatch.setattr(MarketingList, "SYNCED", "dh_missing")

    with pytest.raises(UnknownName):
        refresh_lists(world.services)
