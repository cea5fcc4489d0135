"""Automatic syncs that cannot be done: one Failed job row that explains itself, and no second one for the same."""

import logging

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Info, Job
from connector.errors import Refused
from connector.sync.automatic import settling
from connector.sync.outward.outward import Outward
from tests.unit.sync.changing import MISSING

REFUSED = "PROPERTY_INVALID"
NO_ADDRESS = "nobody"


@pytest.fixture
def refused(world):
    """A record that Spotler does not take."""
    return world.contact(emailaddress1=NO_ADDRESS)


def said(row):
    return Operation(row[Job.OPERATION]), JobStatus(row[Job.STATUS]), row[Job.RESULT_CODE]


def test_a_refused_record_leaves_a_failed_job_with_the_code_and_what_to_do(changes, refused):
    changes.run(refused)

    (row,) = changes.failures()
    assert said(row) == (Operation.SYNC_CONTACT, JobStatus.FAILED, REFUSED)
    assert (row[Job.NAME], row[f"_{Job.CUSTOMER}_value"]) == ("Automatic sync", refused.id)
    assert row[Job.RESULT_MESSAGE].startswith(f"[{REFUSED}] ")
    assert "choose Retry" in row[Job.RESULT_MESSAGE]
    assert row[Job.COMPLETED_ON]
    assert changes.put_back() == []


@pytest.mark.parametrize("make", ["lead", "account"])
def test_the_row_is_about_the_record_whatever_its_table(world, changes, make):
    record = getattr(world, make)(emailaddress1=NO_ADDRESS)

    changes.run(record)

    (row,) = changes.failures()
    assert record.id in (row[f"_{Job.CUSTOMER}_value"], row[f"_{Job.LEAD}_value"])


def test_the_same_failure_again_adds_no_row(changes, refused):
    for _ in range(3):
        changes.run(refused)

    assert len(changes.failures()) == 1


def test_another_failure_or_the_same_after_a_job_since_adds_a_row(world, changes, refused):
    changes.run(refused)
    world.job(Operation.ADD_TAG, refused, **{Job.STATUS: JobStatus.COMPLETED.value, Job.STATE: 1})
    changes.run(refused)
    world.spotler.arm("error", status=400, error_type="INVALID_STATE", count=None)
    changes.run(refused)

    codes = [row[Job.RESULT_CODE] for row in changes.failures()]
    assert codes == [REFUSED, None, REFUSED, "INVALID_STATE"]


def test_failures_of_several_records_each_leave_their_own_row(world, changes):
    good = world.contact()
    bad = [world.contact(f"p{number}", emailaddress1=NO_ADDRESS) for number in range(3)]
    changes.run(good, bad[1])

    changes.run(good, *bad)

    assert sorted(row[f"_{Job.CUSTOMER}_value"] for row in changes.failures()) == sorted(each.id for each in bad)
    assert world.in_spotler(good) is not None


def test_an_opt_out_in_spotler_is_no_failure(world, changes):
    record = world.contact()
    changes.run(record)
    world.spotler.emit({"type": "unsubscribe", "externalId": record.id})
    world.services.dataverse.update(Contact.SET, record.id, {"firstname": "Anna"})

    changes.run(record)

    assert (changes.failures(), changes.put_back()) == ([], [])
    assert world.info(record)[Info.LAST_STATUS] == "CONTACT_OPTOUT"


def test_a_problem_that_lasts_is_given_up_after_hours_and_leaves_a_failed_job(world, changes):
    record = world.contact()
    world.spotler.arm("error", status=503, count=None)
    changes.run(record)
    changes.go_on(hours=1)
    assert changes.failures() == []

    changes.go_on(hours=2)

    (row,) = changes.failures()
    assert said(row)[1:] == (JobStatus.FAILED, "TRANSIENT_GIVEN_UP")
    assert changes.put_back() == []


def test_the_failed_job_can_be_queued_again_and_runs_as_what_it_is(world, changes, refused):
    changes.run(refused)
    world.services.dataverse.update(Contact.SET, refused.id, {"emailaddress1": "ann@example.org"})
    (row,) = changes.failures()
    queued = {Job.STATE: 0, Job.STATUS: JobStatus.QUEUED.value}
    world.services.dataverse.update(Job.SET, row[Job.ID], queued)

    world.run(row[Job.ID])

    assert world.status(row[Job.ID]) == (JobStatus.COMPLETED, "OK")


def test_of_a_deleted_record_the_row_says_which_contact_is_to_be_anonymised(world, changes):
    world.spotler.contacts({"externalId": MISSING.id, "properties": {"email": "ann@example.org"}})
    world.spotler.arm("error", status=400, error_type="INVALID_STATE", count=None)

    for _ in range(2):
        changes.run(changes.item(MISSING, deleted=True))

    (row,) = changes.failures()
    assert row[Job.NAME] == f"Automatic sync: deleted contact {MISSING.id}"
    assert (row[f"_{Job.CUSTOMER}_value"], said(row)[2]) == (None, "INVALID_STATE")
    assert "by hand" in row[Job.RESULT_MESSAGE]


def test_while_the_failed_job_cannot_be_written_the_record_comes_back(world, changes, refused):
    world.break_dataverse("503", r"^\$batch", count=None)
    changes.run(refused)
    assert len(changes.put_back()) == 1
    world.mend_dataverse()

    changes.go_on(minutes=1)

    assert len(changes.failures()) == 1


def test_a_failed_job_that_dataverse_refuses_is_kept_in_quarantine(world, changes, refused, monkeypatch):
    def refuse(*_):
        raise Refused("No.", code="NO_RIGHT")

    monkeypatch.setattr(settling, "write_failed_jobs", refuse)

    changes.run(refused)

    (kept,) = world.bus.to("quarantine")
    assert (kept.properties["source"], kept.properties["reason"]) == ("sync-records", REFUSED)


def test_a_record_that_was_deleted_meanwhile_needs_no_failed_job(world, changes, refused, monkeypatch):
    send = Outward.send

    def send_and_delete(self, records, **options):
        results = send(self, records, **options)
        changes.delete(refused)
        return results

    monkeypatch.setattr(Outward, "send", send_and_delete)

    changes.run(refused)

    assert (changes.failures(), world.bus.messages) == ([], [])


def test_our_own_error_is_tried_three_times_and_then_leaves_a_fingerprint_and_the_item(
    world, changes, monkeypatch, caplog
):
    record = world.contact()

    def fail(*_, **__):
        raise ZeroDivisionError("jane@example.org")

    monkeypatch.setattr(Outward, "send", fail)
    caplog.set_level(logging.INFO)
    changes.run(record)
    changes.go_on(minutes=1)
    assert changes.failures() == []

    changes.go_on(minutes=1)

    (row,) = changes.failures()
    assert row[Job.RESULT_CODE] == "INTERNAL_ERROR"
    assert "fingerprint: ZeroDivisionError@sync/automatic/changes.py:" in row[Job.RESULT_MESSAGE]
    assert len(world.bus.to("quarantine")) == 1
    assert "jane" not in caplog.text + str(row)


def test_nobody_is_named_in_the_log(world, changes, refused, caplog):
    caplog.set_level(logging.INFO)
    world.services.dataverse.update(Contact.SET, refused.id, {"lastname": "Zonneveld"})

    changes.run(refused)

    assert "Zonneveld" not in caplog.text
    assert "example.org" not in caplog.text
    assert f"Records synced: {REFUSED} 1" in caplog.text
