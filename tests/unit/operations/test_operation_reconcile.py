"""Reconcile: the job whose steps compare both sides, and whose row is the certificate."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.jobs.sweep import sweep
from connector.operations import reconcile as operation
from connector.outcomes import OK
from connector.reconcile.progress import ReconcileRun
from connector.reconcile.starting import NAME, start_reconcile, write_certificate_row

DONE = (JobStatus.COMPLETED, OK)


@pytest.fixture
def step_by_step(monkeypatch):
    """The time is over after each block."""
    monkeypatch.setattr(operation, "_is_over", lambda _: True)


def say(world, job):
    return world.row(job)[Job.RESULT_MESSAGE]


def test_the_row_says_how_many_are_in_each_class(world):
    world.contact("ann", known=True)
    world.contact("bob")
    world.contact("cas", donotemail=True)
    job = world.job(Operation.RECONCILE)

    world.run(job)

    assert world.status(job) == DONE
    assert say(world, job).startswith("3 records: 0 equal, 1 repaired, 2 excluded")


@pytest.mark.usefixtures("step_by_step")
def test_a_step_shows_how_far_it_is_and_the_last_one_the_certificate(world):
    people = [world.contact(name, known=True) for name in ("ann", "bob")]
    job = world.job(Operation.RECONCILE)

    said = []
    world.run(job)
    while items := world.put_back():
        said.append(say(world, job))
        world.run(*items)

    assert said
    assert all("of 2 records" in each for each in said)
    assert world.status(job) == DONE
    assert say(world, job).startswith("2 records: ")
    assert all(world.in_spotler(each)["properties"]["lastName"] for each in people)


def test_one_comparison_serves_all_jobs_that_wait(world):
    jobs = [world.job(Operation.RECONCILE) for _ in range(2)]

    world.run(*jobs)

    assert {world.status(each) for each in jobs} == {DONE}
    assert say(world, jobs[0]) == say(world, jobs[1])


@pytest.mark.usefixtures("step_by_step")
def test_a_job_whose_end_could_not_be_written_shows_the_certificate_and_compares_nothing_again(world):
    world.contact("ann", known=True)
    job = world.job(Operation.RECONCILE)
    world.run(job)
    (item,) = world.put_back()
    operation.Reconciler(world.services, is_over=lambda: False).step()
    asked = len(world.spotler.journal())

    world.run(item)

    assert world.status(job) == DONE
    assert say(world, job).startswith("1 record: ")
    assert len(world.spotler.journal()) == asked


def test_a_job_waits_while_another_comparison_is_at_work(world):
    run = ReconcileRun.take(world.services)
    job = world.job(Operation.RECONCILE)

    world.run(job)
    (item,) = world.put_back()
    run.give_back()
    world.now += timedelta(minutes=1)
    world.run(item)

    assert world.status(job) == DONE


def test_the_timer_orders_one_comparison_at_a_time(world):
    assert start_reconcile(world.services)
    assert not start_reconcile(world.services)

    (row,) = world.rows(Job.TABLE)
    assert (row[Job.NAME], row[Job.OPERATION]) == (NAME, Operation.RECONCILE)
    (item,) = world.put_back()
    assert (item.job, item.operation) == (row[Job.ID], "reconcile")
    world.run(item)

    assert world.status(item.job) == DONE
    assert start_reconcile(world.services)


def test_what_the_timer_has_ordered_is_done_although_its_message_is_lost(world):
    start_reconcile(world.services)
    world.bus.forget()
    world.now += timedelta(minutes=3)
    world.door("POST", "clock", json={"move_seconds": 180})

    sweep(world.services)

    assert [item.operation for item in world.put_back()] == ["reconcile"]


def test_the_timer_does_nothing_where_it_is_switched_off(world):
    settings = world.services.settings.model_copy(update={"reconcile_enabled": False})
    object.__setattr__(world.services, "settings", settings)

    assert not start_reconcile(world.services)
    assert world.rows(Job.TABLE) == []


def test_a_command_leaves_a_completed_row(world):
    certificate = operation.Reconciler(world.services, is_over=lambda: False).step()
    row_id = "00000000-0000-4000-8000-000000000001"

    job = write_certificate_row(world.services, {**certificate, "id": row_id})

    assert world.status(job) == DONE
    assert say(world, job).startswith("0 records: ")
    assert world.row(job)[Job.COMPLETED_ON]
