"""The sweep wakes up what sleeps, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from connector import due
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.errors import Transient
from connector.jobs import sweep as sweeping
from connector.jobs.sweep import sweep
from connector.operations.registry import operation_of

SYNC, TAG, START = Operation.SYNC_CONTACT, Operation.ADD_TAG, Operation.START_AUTOMATION


def moment(world, age: timedelta) -> str:
    return (world.now - age).strftime("%Y-%m-%dT%H:%M:%SZ")


def queued(world, operation=TAG, record=None, *, age=timedelta(minutes=3), **columns):
    return world.job(operation, record, modifiedon=moment(world, age), **columns)


def test_a_job_that_has_been_queued_for_long_is_woken_up(world):
    record = world.contact()
    job = queued(world, SYNC, record)

    assert sweep(world.services) == 1

    (item,) = world.put_back()
    assert (item.job, item.operation, item.record, item.reason) == (job, "sync-contact", record, "sweep")
    assert (item.first_seen, item.claim, item.receipt) == (world.now, None, None)


def test_a_job_without_an_operation_is_woken_up_to_fail(world):
    queued(world, None)

    sweep(world.services)

    assert [item.operation for item in world.put_back()] == ["resolve-job"]


@pytest.mark.parametrize("lease", [timedelta(seconds=-1), timedelta(hours=-5)])
def test_a_claim_whose_lease_has_passed_is_taken_over(world, lease):
    job = world.claimed(START, world.contact(), lease=lease, token="dead")

    sweep(world.services)

    assert [item.job for item in world.put_back()] == [job]


@pytest.mark.parametrize("operation", list(Operation))
def test_only_the_claim_of_a_job_that_must_not_run_twice_is_waited_for(world, operation):
    job = world.claimed(operation, world.contact(), lease=timedelta(seconds=-1), token="dead")
    lost = queued(world, operation)

    sweep(world.services)

    delays = dict(zip([item.job for item in world.put_back()], world.delays(), strict=True))
    grace = (
        0 if operation_of(operation.slug).repeatable else due.HOLDER_GRACE * world.services.settings.job_lease_seconds
    )
    assert delays == {job: grace, lost: 0}
    assert due.HOLDER_GRACE > 1, "the longest pause of an item is as long as a lease"


@pytest.mark.parametrize("operation", [TAG, START])
@pytest.mark.parametrize(
    "columns",
    [
        {},
        {Job.LEASE_UNTIL: "2099-01-01T00:00:00Z"},
        {Job.CLAIM: "old", Job.RESULT_CODE: "OUTCOME_UNKNOWN"},
    ],
    ids=["never claimed", "with a lease of their own making", "of which nobody knows how it ended"],
)
def test_a_job_that_a_person_set_in_progress_is_not_run_and_its_message_says_so(world, operation, columns):
    record = world.contact(known=True)
    job = world.job(operation, record, **{Job.STATUS: JobStatus.IN_PROGRESS.value, Job.TAG: "x", **columns})
    younger = queued(world, TAG, record, dh_tag="y")

    sweep(world.services)

    woken = {item.job: item for item in world.put_back()}
    assert set(woken) == {job, younger}
    assert {message.due for message in world.bus.messages} == {None}, "nobody comes with a claim"
    world.run(woken[job])
    assert world.status(job) == (JobStatus.FAILED, "JOB_NOT_VALID")
    assert "set to In Progress by hand" in world.row(job)[Job.RESULT_MESSAGE]
    assert world.effects() == []
    assert [item.job for item in world.put_back()] == [younger], "which need not wait any longer"


def test_what_does_not_sleep_is_left_alone(world):
    queued(world, age=timedelta(seconds=119))
    world.claimed(
        TAG, world.contact(), lease=timedelta(seconds=1), token="alive", modifiedon=moment(world, timedelta(1))
    )
    for status in (JobStatus.COMPLETED, JobStatus.FAILED):
        queued(world, age=timedelta(days=1), statecode=1, statuscode=status.value)

    assert sweep(world.services) == 0
    assert world.bus.messages == []


def test_the_same_row_in_the_same_state_has_the_same_message_id_and_a_changed_one_another(world):
    job, other = queued(world), queued(world)

    def ids():
        world.bus.forget()
        sweep(world.services)
        return {
            item.job: message.message_id for item, message in zip(world.put_back(), world.bus.messages, strict=True)
        }

    first = ids()
    assert ids() == first
    world.services.dataverse.update(Job.SET, job, {Job.NAME: "Set back by somebody"})
    world.now += timedelta(seconds=30)
    assert ids()[other] == first[other]
    world.now += timedelta(minutes=4)
    assert ids()[job] != first[job]
    assert len(set(first.values())) == 2


def test_all_that_wait_are_woken_up_however_many_pages_they_are(world, monkeypatch):
    jobs = [queued(world) for _ in range(5)]
    monkeypatch.setattr(world.services.dataverse, "pages", in_pages_of(2, world.services.dataverse.pages))

    assert sweep(world.services) == 5

    assert [item.job for item in world.put_back()] == jobs


def in_pages_of(size, pages):
    return lambda query: pages(replace(query, page_size=size))


def test_a_sweep_ends_when_its_time_is_up_and_the_next_one_goes_on(world, monkeypatch):
    for _ in range(5):
        queued(world)
    moments = count()
    monkeypatch.setattr(world.services.dataverse, "pages", in_pages_of(2, world.services.dataverse.pages))
    late = replace(world.services, now=lambda: world.now + next(moments) * sweeping.TIME)

    assert sweep(late) == 2
    assert sweep(world.services) == 5


def test_rows_without_a_number_are_woken_up_too(world):
    for name in ("ann", "bob"):
        job = world.claimed(TAG, world.contact(name), lease=timedelta(seconds=-1), token="dead")
        world.services.dataverse.update(Job.SET, job, {Job.NUMBER: None})

    assert sweep(world.services) == 2


def test_a_row_that_waits_unchanged_is_woken_up_less_and_less_often(world):
    """Its message is on the bus all the time, behind a backlog: a wake-up more often would only multiply it."""
    queued(world, age=timedelta(0))
    began, sent = world.now, {}
    for minute in range(0, 4 * 60, 2):
        world.now = began + timedelta(minutes=minute)
        world.bus.forget()
        sweep(world.services)
        for message in world.bus.messages:
            sent.setdefault(message.message_id, minute)

    assert sorted(set(sent.values())) == [4, 8, 16, 32, 60, 120, 180]


def test_a_row_whose_lease_runs_is_left_alone_whatever_its_status_says(world):
    job = world.claimed(START, world.contact(), lease=timedelta(minutes=1), token="alive")
    row = {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0}
    world.services.dataverse.update(Job.SET, job, row)
    world.door("POST", "clock", json={"move_seconds": 600})

    assert sweep(world.services) == 0
    world.now += timedelta(minutes=1, seconds=1)
    assert sweep(world.services) == 1


def test_a_job_that_a_person_queued_again_is_not_overdue_at_once(world, caplog):
    old = moment(world, timedelta(hours=4))
    queued(world, createdon=old)
    sweep(world.services)
    assert "JOBS_OVERDUE" not in {getattr(record, "code", None) for record in caplog.records}
    job = queued(world, createdon=old, age=timedelta(hours=4))

    sweep(world.services)

    (alert,) = [record for record in caplog.records if getattr(record, "code", None) == "JOBS_OVERDUE"]
    assert alert.getMessage() == f"Jobs not over after 3 hours: 1; see the oldest with: job explain {job}"


def test_an_alert_of_overdue_jobs_is_armed_again_when_none_is_left(world, caplog):
    old = moment(world, timedelta(hours=4))
    for _ in range(2):
        job = queued(world, createdon=old, age=timedelta(hours=4))
        sweep(world.services)
        sweep(world.services)
        ended = {Job.STATE: JobStatus.COMPLETED.state, Job.STATUS: JobStatus.COMPLETED.value}
        world.services.dataverse.update(Job.SET, job, ended)
        sweep(world.services)

    assert [getattr(record, "code", None) for record in caplog.records].count("JOBS_OVERDUE") == 2


def test_a_job_that_is_woken_up_runs(world):
    job = queued(world, TAG, world.contact(known=True), dh_tag="x")
    sweep(world.services)

    world.run(*world.put_back())

    assert world.status(job) == (JobStatus.COMPLETED, "OK")


def test_a_bus_or_a_dataverse_that_is_away_makes_the_sweep_fail(world):
    queued(world)
    world.bus.refuses = Transient("The bus is away.")
    with pytest.raises(Transient):
        sweep(world.services)
    world.bus.refuses = None
    assert sweep(world.services) == 1
    world.break_dataverse("503")
    with pytest.raises(Transient):
        sweep(world.services)
