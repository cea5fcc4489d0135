"""Rows that people, plug-ins and other workers change while a job runs or waits."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.api import BatchRequest, BatchResponse
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from connector.jobs.sweep import sweep
from connector.routing.work_item import Claim
from sandbox.spotler import seed

TAG, START = Operation.ADD_TAG, Operation.START_AUTOMATION
DONE, UNKNOWN = (JobStatus.COMPLETED, "OK"), (JobStatus.FAILED, "OUTCOME_UNKNOWN")


def while_spotler_works(world, monkeypatch, meanwhile):
    """Do something while the call to Spotler is under way, once."""
    spotler = world.services.spotler
    for name in ("trigger_automation", "add_tags", "set_score"):
        call = getattr(spotler, name)

        def slow(*arguments, _call=call, **more):
            monkeypatch.undo()
            meanwhile()
            return _call(*arguments, **more)

        monkeypatch.setattr(spotler, name, slow)


def change(world, job, **columns):
    world.services.dataverse.update(Job.SET, job, columns)


EDITS = {
    "queued": {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0},
    "completed": {Job.STATUS: JobStatus.COMPLETED.value, Job.STATE: 1},
    "failed": {Job.STATUS: JobStatus.FAILED.value, Job.STATE: 1},
    "another tag": {Job.TAG: "y"},
    "another operation": {Job.OPERATION: Operation.REMOVE_TAG.value},
    "no lease": {Job.LEASE_UNTIL: None},
    "an old lease": {Job.LEASE_UNTIL: "2020-01-01T00:00:00Z"},
    "not started": {Job.STARTED_ON: None},
}


@pytest.mark.parametrize("columns", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("job", ["tag_job", "start_job"])
def test_whatever_a_person_changes_while_a_job_runs_its_outcome_is_written(world, monkeypatch, request, job, columns):
    job = request.getfixturevalue(job)
    while_spotler_works(world, monkeypatch, lambda: change(world, job, **columns))

    world.run(job)

    assert world.status(job) == DONE
    assert world.put_back() == []
    row = world.row(job)
    assert (row[Job.CLAIM], row[Job.LEASE_UNTIL]) == (None, None)


@pytest.mark.parametrize(
    "columns",
    [*EDITS.values(), {Job.CLAIM: None}, {Job.CLAIM: "nobody's"}],
    ids=[*EDITS, "no claim", "another claim"],
)
def test_whatever_a_person_changes_while_a_start_runs_it_is_made_once(world, monkeypatch, start_job, columns):
    woken = []

    def meanwhile():
        change(world, start_job, **columns)
        woken.append(world.item(start_job))
        run_aside(world, *woken)

    while_spotler_works(world, monkeypatch, meanwhile)
    world.run(start_job)

    assert world.effects() == ["automation.started"]
    assert woken
    assert world.status(start_job)[0] is not JobStatus.QUEUED


def run_aside(world, *items):
    """Another worker, with threads of its own."""
    services = world.services
    with ThreadPoolExecutor(2) as pool, ThreadPoolExecutor(2) as side_pool:
        world.services = replace(services, pool=pool, side_pool=side_pool)
        try:
            world.run(*items)
        finally:
            world.services = services


def test_a_lease_that_is_cleared_by_hand_leaves_a_start_unknown_until_its_outcome_comes(world, monkeypatch, start_job):
    seen = []

    def meanwhile():
        change(world, start_job, **{Job.LEASE_UNTIL: None})
        run_aside(world, start_job)
        seen.append(world.status(start_job))

    while_spotler_works(world, monkeypatch, meanwhile)
    world.run(start_job)

    assert seen == [UNKNOWN]
    assert world.status(start_job) == DONE


def delete(world, job):
    assert world.services.dataverse.batch([BatchRequest.delete(Job.SET, job)])[0].error is None


def test_a_row_that_is_deleted_while_its_job_runs_is_forgotten(world, monkeypatch, start_job):
    while_spotler_works(world, monkeypatch, lambda: delete(world, start_job))

    world.run(start_job)

    assert world.put_back() == []
    assert world.effects() == ["automation.started"]


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
def test_a_job_that_waits_for_its_next_attempt_and_is_ended_by_a_person_is_not_run(world, tag_job, status):
    world.spotler.arm("error", route="POST /contact/*/tags", count=3)
    world.run(tag_job)
    change(world, tag_job, **{Job.STATUS: status.value, Job.STATE: 1})

    world.run(*world.put_back())

    assert world.effects() == []
    assert world.row(tag_job)[Job.STATUS] == status
    assert world.put_back() == []


def test_a_job_that_waits_and_is_queued_by_a_person_runs_when_its_item_comes_and_once(world, start_job):
    world.spotler.arm("throttle", route="POST /automation/trigger/*", count=None)
    world.run(start_job)
    (again,) = world.put_back()
    world.mend_spotler()
    change(world, start_job, **EDITS["queued"])

    world.run(start_job)
    assert world.effects() == []
    world.run(again)
    world.run(start_job)

    assert world.status(start_job) == DONE
    assert world.effects().count("automation.started") == 1


@pytest.mark.parametrize("ahead", [timedelta(minutes=-20), timedelta(seconds=20), timedelta(minutes=20)], ids=str)
def test_a_worker_whose_clock_is_wrong_makes_no_second_start_and_hides_no_outcome(world, monkeypatch, start_job, ahead):
    def meanwhile():
        services = world.services
        world.services = replace(services, now=lambda: world.now + ahead)
        run_aside(world, start_job)
        world.services = services

    while_spotler_works(world, monkeypatch, meanwhile)
    world.run(start_job)

    assert world.status(start_job) == DONE
    assert world.effects() == ["automation.started"]


# Row versions


def test_a_claim_that_returns_no_version_is_written_in_the_one_that_the_row_has(world, monkeypatch, start_job):
    """Some answers to a claim hold no row, for example where a proxy drops the preference."""
    batch, sent = world.services.dataverse.batch, []

    def without_bodies(requests):
        sent.extend(request.headers.get("If-Match") for request in requests if "If-Match" in request.headers)
        return [
            BatchResponse(answer.status, answer.headers, None, answer.error)
            if request.headers.get("Prefer")
            else answer
            for request, answer in zip(requests, batch(requests), strict=True)
        ]

    monkeypatch.setattr(world.services.dataverse, "batch", without_bodies)
    world.run(start_job)

    assert world.status(start_job) == DONE
    assert "" not in sent, "such a write would not be bound to anything"


def test_no_write_goes_out_without_a_condition(world, monkeypatch, tag_job):
    sent, send = [], world.services.dataverse._transport.send

    def remember(*arguments, **options):
        sent.append(options.get("data") or b"")
        return send(*arguments, **options)

    monkeypatch.setattr(world.services.dataverse._transport, "send", remember)
    world.run(tag_job)

    writes = [
        part for body in sent for part in body.split(b"--batch_") if b"PATCH" in part and b"dh_spotlerjobs" in part
    ]
    assert len(writes) == 2
    assert all(b'If-Match: W/"' in part for part in writes)


# Other workers


def test_two_items_that_tried_different_claims_go_on_with_either(world):
    """Both claims of one job got no answer, and the one that the first item tried was carried out."""
    job = world.claimed(
        START,
        world.contact(known=True),
        lease=timedelta(minutes=5),
        token="first",
        _dh_spotlerautomationid_value=world.automation(seed.WELCOME_TRIGGER_CODE),
    )
    items = [world.item(job, claim=Claim(attempt=1, tokens=(token,))) for token in ("second", "first")]

    world.run(*items)

    assert world.status(job) == DONE


# The sweep


def test_a_stalled_row_that_somebody_has_changed_since_its_lease_passed_is_woken_up(world):
    job = world.claimed(TAG, world.contact(), lease=-timedelta(hours=3), token="dead")
    change(world, job, **{Job.NAME: "Looked at by somebody"})
    found = set()
    began = world.now
    for minute in range(0, 30, 2):
        world.now = began + timedelta(minutes=minute)
        world.bus.forget()
        sweep(world.services)
        found |= {item.job for item in world.put_back()}

    assert found == {job}


# Consent that cannot be enforced yet


@pytest.mark.parametrize("operation", [TAG, START, Operation.SET_CONTACT_FIELD])
def test_a_job_about_who_may_not_be_mailed_ends_only_when_the_person_has_left_spotler(world, operation):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    columns = {
        TAG: {Job.TAG: "x"},
        START: {"_dh_spotlerautomationid_value": automation},
        Operation.SET_CONTACT_FIELD: {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: "x"},
    }[operation]
    record = world.contact(known=True)
    job = world.job(operation, record, **columns)
    world.services.dataverse.update(Contact.SET, record.id, {"donotemail": True})
    world.spotler.arm("error", route="PUT /contact/anonymize/*", count=3)

    world.run(job)

    assert world.row(job)[Job.STATUS] == JobStatus.IN_PROGRESS
    world.run(*world.put_back())
    assert world.status(job) == (JobStatus.FAILED, "SKIPPED_DO_NOT_EMAIL")
    assert world.in_spotler(record) is None
