"""Writes and claims that take effect after the connector has given them up, and sends that the bus refuses."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.errors import Transient
from connector.jobs.sweep import sweep
from sandbox.spotler import seed

TAG, START = Operation.ADD_TAG, Operation.START_AUTOMATION
TRIGGER = "POST /automation/trigger/*"
DONE, QUEUED = (JobStatus.COMPLETED, "OK"), (JobStatus.QUEUED, None)


class Late:
    """Dataverse holds the first such batch back; the client hears nothing of it."""

    def __init__(self, world, monkeypatch, holds):
        self._batch = world.services.dataverse.batch
        self._holds = holds
        self.held = None
        monkeypatch.setattr(world.services.dataverse, "batch", self)

    def __call__(self, requests):
        requests = list(requests)
        if self.held is None and any(self._holds(request.values or {}) for request in requests):
            self.held = requests
            raise Transient("Dataverse did not answer POST $batch within 60 s.")
        return self._batch(requests)

    def is_carried_out(self):
        return self._batch(self.held)


def is_claim(values):
    return values.get(Job.STATUS) == JobStatus.IN_PROGRESS


def is_retry(values):
    return Job.LEASE_UNTIL in values and values.get(Job.RESULT_CODE) is not None and Job.STATUS not in values


def is_given_back(values):
    return values.get(Job.STATUS) == JobStatus.QUEUED


def is_outcome(values):
    return values.get(Job.STATUS) in (JobStatus.COMPLETED, JobStatus.FAILED)


def starts(world):
    return world.effects().count("automation.started")


def start_jobs(world, *records):
    automation = {"_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    return [world.job(START, record, **automation) for record in records]


def pass_time(world, duration):
    world.now += duration
    world.time.sleep(duration.total_seconds())
    world.door("POST", "clock", json={"move_seconds": duration.total_seconds()})


def wake_up_and_run(world):
    """The sweep finds what it finds, and that is run."""
    world.bus.forget()
    sweep(world.services)
    if items := world.put_back():
        world.run(*items)


# Writes


@pytest.mark.parametrize("meanwhile", ["it ended", "it is queued again"])
@pytest.mark.parametrize("holds", [is_retry, is_outcome])
def test_a_write_that_takes_effect_late_changes_nothing(world, monkeypatch, start_job, holds, meanwhile):
    if holds is is_retry:
        world.spotler.arm("throttle", route=TRIGGER, count=3)
    late = Late(world, monkeypatch, holds)
    world.run(start_job)
    assert late.held
    pass_time(world, timedelta(seconds=30))
    world.run(*world.put_back())
    assert world.status(start_job) == DONE
    if meanwhile == "it is queued again":
        world.services.dataverse.update(Job.SET, start_job, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})
    before = world.row(start_job)

    late.is_carried_out()

    assert world.row(start_job) == before
    assert starts(world) == 1


def test_a_job_that_was_given_back_late_is_not_done_again(world, monkeypatch):
    record = world.contact(known=True)
    older, younger = start_jobs(world, record, record)
    world.spotler.arm("throttle", route=TRIGGER, count=3, retry_after_s=1)
    late = Late(world, monkeypatch, is_given_back)
    world.run(older, younger)
    items = world.put_back()
    pass_time(world, timedelta(seconds=30))
    world.mend_spotler()
    world.run(*items)
    if world.status(younger) != DONE:
        world.run(*world.put_back())
    assert [world.status(job) for job in (older, younger)] == [DONE, DONE]

    late.is_carried_out()
    pass_time(world, timedelta(minutes=10))
    wake_up_and_run(world)

    assert [world.status(job) for job in (older, younger)] == [DONE, DONE]
    assert starts(world) == 2


# A status that is set back


@pytest.mark.parametrize("operation", [START, TAG])
def test_a_job_that_is_queued_by_a_person_while_it_runs_is_left_to_its_worker(world, monkeypatch, operation):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    job = world.job(operation, world.contact(known=True), dh_tag="x", _dh_spotlerautomationid_value=automation)
    name = {START: "trigger_automation", TAG: "add_tags"}[operation]
    call, seen = getattr(world.services.spotler, name), []

    def slow(*arguments, **more):
        monkeypatch.undo()
        world.services.dataverse.update(Job.SET, job, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})
        pass_time(world, timedelta(seconds=130))
        services = world.services
        with ThreadPoolExecutor(2) as pool, ThreadPoolExecutor(2) as side_pool:
            world.services = replace(services, pool=pool, side_pool=side_pool)
            wake_up_and_run(world)
            world.run(job)
        world.services = services
        seen.append(world.status(job))
        return call(*arguments, **more)

    monkeypatch.setattr(world.services.spotler, name, slow)
    world.run(job)

    assert seen == [QUEUED]
    assert world.status(job) == DONE
    assert world.row(job)[Job.LEASE_UNTIL] is None, "it ended, so nothing protects it any longer"
    assert len([each for each in world.effects() if each in ("automation.started", "tag.added")]) == 1


# Sends that are refused


def test_what_was_not_begun_is_run_by_whoever_comes_when_its_item_was_lost(world):
    jobs = start_jobs(world, *(world.contact(f"p{number}", known=True) for number in range(20)))
    world.spotler.arm("throttle", route=TRIGGER, count=None, retry_after_s=1)
    world.bus.refuses = Transient("Service Bus did not take a message for the topic spotler-jobs.")
    with pytest.raises(Transient):
        world.run(*jobs)
    world.bus.refuses = None
    world.mend_spotler()
    world.run(*jobs)  # delivered again
    assert starts(world) == 0, "the claims of the batch that failed still stand"

    pass_time(world, timedelta(seconds=world.services.settings.job_lease_seconds + 30))
    wake_up_and_run(world)

    assert {world.status(job) for job in jobs} == {DONE}
    assert starts(world) == 20


# Claims


@pytest.mark.parametrize("operation", [START, TAG])
def test_a_claim_that_takes_effect_late_is_gone_on_with(world, monkeypatch, operation):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    jobs = [
        world.job(operation, world.contact(f"p{n}", known=True), dh_tag="x", _dh_spotlerautomationid_value=automation)
        for n in range(5)
    ]
    late = Late(world, monkeypatch, is_claim)
    world.run(*jobs)
    items = world.put_back()
    batch, carried_out = world.services.dataverse.batch, []

    def after_it(requests):
        requests = list(requests)
        if not carried_out and any(is_claim(request.values or {}) for request in requests):
            carried_out.append(late.is_carried_out())
        return batch(requests)

    monkeypatch.setattr(world.services.dataverse, "batch", after_it)
    world.run(*items)
    items = world.put_back()
    assert {len(item.claim.tokens) for item in items} == {2}

    world.run(*items)

    assert {world.status(job) for job in jobs} == {DONE}
    assert len([each for each in world.effects() if each in ("automation.started", "tag.added")]) == 5


def test_a_claim_that_takes_effect_after_the_job_has_ended_changes_nothing(world, monkeypatch, start_job):
    late = Late(world, monkeypatch, is_claim)
    world.run(start_job)
    world.run(*world.put_back())
    before = world.row(start_job)

    late.is_carried_out()

    assert world.row(start_job) == before
    assert (world.status(start_job), starts(world)) == (DONE, 1)
