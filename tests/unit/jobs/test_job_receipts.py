"""Outcomes that Dataverse cannot take at once: they travel, and the work is not done again."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.job_outcome import RESULT_CODE_LENGTH, RESULT_MESSAGE_LENGTH
from connector.dataverse.names import Job
from connector.errors import Refused
from connector.jobs.store import JobStore
from connector.routing.work_item import WorkItem
from connector.spotler.models import AutomationRun, TriggerResult
from sandbox.spotler import seed

DONE = (JobStatus.COMPLETED, "OK")
#: The first such call of a batch claims its jobs.
WRITING = r"^\$batch"


@pytest.mark.parametrize("kind", ["503", "500", "drop", "429"])
def test_an_outcome_that_cannot_be_written_travels_and_the_work_is_not_done_again(world, start_job, kind):
    world.break_dataverse(kind, WRITING, skip=1)

    world.run(start_job)

    assert world.row(start_job)[Job.STATUS] == JobStatus.IN_PROGRESS
    (receipt,) = world.put_back()
    assert (receipt.reason, receipt.receipt.status, receipt.receipt.code) == ("receipt", JobStatus.COMPLETED, "OK")
    world.run(receipt)
    (receipt,) = world.put_back()
    world.mend_dataverse()

    calls = world.spotler.calls()["total"]
    world.run(receipt)

    assert world.spotler.calls()["total"] == calls
    assert world.effects() == ["automation.started"]
    assert world.status(start_job) == DONE
    assert world.row(start_job)[Job.AUTOMATION_CONTACT_ID] == receipt.receipt.automation_contact_id
    assert world.put_back() == []


@pytest.mark.parametrize("has_travelled", [False, True])
def test_an_outcome_travels_too_when_an_internal_error_keeps_the_rows_from_being_written(
    world, monkeypatch, has_travelled
):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    jobs = [
        world.job(Operation.START_AUTOMATION, world.contact(name, known=True), _dh_spotlerautomationid_value=automation)
        for name in ("ann", "bob")
    ]
    if has_travelled:
        world.break_dataverse("503", WRITING, skip=1)
        world.run(*jobs)
        jobs = world.put_back()
        world.mend_dataverse()
    with monkeypatch.context() as broken:
        broken.setattr(JobStore, "write", lambda *_: 1 / 0)
        world.run(*jobs)
    receipts = world.put_back()
    assert {item.reason for item in receipts} == {"receipt"}

    world.run(*receipts)

    assert [world.status(item.job) for item in receipts] == [DONE, DONE]
    assert world.effects().count("automation.started") == 2


def test_a_receipt_is_no_longer_than_what_its_row_takes(world, start_job, monkeypatch):
    answer = Refused("No. " * RESULT_MESSAGE_LENGTH, code="N" * 200)

    def no(*_, **__):
        raise answer

    monkeypatch.setattr(type(world.services.spotler), "trigger_automation", no)
    world.break_dataverse("503", WRITING, skip=1)

    world.run(start_job)

    (again,) = world.put_back()
    reported = (again.receipt.code, again.receipt.message)
    assert reported == (answer.result_code[:RESULT_CODE_LENGTH], answer.for_people[:RESULT_MESSAGE_LENGTH])
    world.mend_dataverse()
    world.run(again)
    row = world.row(start_job)
    assert (row[Job.RESULT_CODE], row[Job.RESULT_MESSAGE]) == reported


@pytest.mark.parametrize("reported", ["9" * 101, "\ud800"], ids=["too long", "lone surrogate"])
def test_an_id_of_a_run_that_its_row_does_not_take_harms_no_job(world, start_job, monkeypatch, reported):
    started = TriggerResult("OK", (AutomationRun("1", "OK", reported),))
    monkeypatch.setattr(type(world.services.spotler), "trigger_automation", lambda *_, **__: started)

    world.run(start_job)

    assert world.status(start_job) == DONE
    assert world.row(start_job)[Job.AUTOMATION_CONTACT_ID] in ("9" * 100, "?")


def test_a_receipt_wins_over_another_item_for_the_same_job(world, start_job):
    fresh = world.item(start_job)
    world.break_dataverse("503", WRITING, skip=1)
    world.run(fresh)
    (receipt,) = world.put_back()
    world.mend_dataverse()

    world.run(fresh, receipt, fresh)

    assert world.status(start_job) == DONE
    assert world.effects() == ["automation.started"]


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({Job.CLAIM: None, Job.RESULT_CODE: "OK"}, (JobStatus.QUEUED, "OK")),
        ({Job.RESULT_CODE: "OUTCOME_UNKNOWN"}, DONE),
        ({}, DONE),
    ],
    ids=["it had ended", "nobody knew how it ended", "it had not ended"],
)
def test_a_receipt_ends_a_job_that_was_set_back_to_queued_unless_it_had_ended(world, start_job, columns, status):
    world.break_dataverse("503", WRITING, skip=1)
    world.run(start_job)
    (receipt,) = world.put_back()
    world.mend_dataverse()
    queued = {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0, **columns}
    world.services.dataverse.update(Job.SET, start_job, queued)

    world.run(receipt)

    assert world.status(start_job) == status


def test_a_start_that_is_set_back_to_queued_before_its_outcome_was_written_is_not_made_again(world, start_job):
    world.break_dataverse("503", WRITING, skip=1)
    world.run(start_job)
    (receipt,) = world.put_back()
    world.mend_dataverse()
    world.services.dataverse.update(Job.SET, start_job, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})
    world.run(start_job)
    world.run(receipt)
    world.now += timedelta(seconds=world.services.settings.job_lease_seconds + 1)

    world.run(start_job)

    assert world.status(start_job) == DONE
    assert world.effects() == ["automation.started"]


def test_that_nobody_knows_an_outcome_is_not_written_over_the_order_to_run_again(world, start_job):
    unknown = {"status": JobStatus.FAILED, "code": "OUTCOME_UNKNOWN", "message": "Look."}
    receipt = world.item(start_job, reason="receipt", claim={"attempt": 1, "tokens": ["t"]}, receipt=unknown)
    queued = {Job.CLAIM: "t", Job.RESULT_CODE: "OUTCOME_UNKNOWN", Job.RESULT_MESSAGE: "Look."}
    world.services.dataverse.update(Job.SET, start_job, queued)

    world.run(receipt)

    assert world.status(start_job) == (JobStatus.QUEUED, "OUTCOME_UNKNOWN")


def test_a_row_that_is_deleted_meanwhile_is_forgotten(world, tag_job):
    receipt = WorkItem(
        operation="add-tag",
        job="99999999-0000-4000-8000-000000000000",
        first_seen=world.now,
        reason="receipt",
        claim={"attempt": 1, "tokens": ["t"]},
        receipt={
            "status": JobStatus.COMPLETED,
            "code": "OK",
            "message": "1 tag added.",
        },
    )

    world.run(receipt, tag_job)

    assert world.status(tag_job) == DONE
    assert world.put_back() == []
