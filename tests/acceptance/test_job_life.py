"""The life of a job: what saving it sets going, the statuses it passes, and what happens when others fail."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.dataverse.records import RecordRef
from connector.routing.work_item import Claim, WorkItem
from tests.acceptance.world import job_row

ADD_TAG, SYNC, SET_FIELD = Operation.ADD_TAG, Operation.SYNC_CONTACT, Operation.SET_CONTACT_FIELD
TAGS = "POST /contact/{externalId}/tags"


def note(text):
    return {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: text}


@pytest.mark.feature("JOB-01")
@pytest.mark.feature("JOB-03")
@pytest.mark.feature("JOB-04")
def test_a_saved_job_is_queued_then_in_progress_then_completed(world):
    record = world.contact()

    job = world.run(SYNC, record)

    job.assert_completed()
    assert world.statuses(job.id) == ["Queued", "In Progress", "Completed"]


@pytest.mark.feature("JOB-03")
@pytest.mark.feature("JOB-04")
@pytest.mark.parametrize("tag", ["", "x" * 300], ids=["without a tag", "with a long one"])
def test_a_job_that_cannot_be_done_is_queued_then_in_progress_then_failed(world, tag):
    job = world.run(ADD_TAG, world.contact(), dh_tag=tag)

    job.assert_failed("JOB_NOT_VALID")
    assert world.statuses(job.id) == ["Queued", "In Progress", "Failed"]


@pytest.mark.feature("JOB-03")
@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED])
def test_a_job_that_is_created_as_over_is_left_alone(world, status):
    record, other = world.contact(), world.contact()

    job = world.job(SYNC, record, **{Job.STATUS: status.value, Job.STATE: status.state})
    world.sync(other).assert_completed()
    world.sweep()
    world.settle()

    assert (world.look(job).status, world.look(job).attempts) == (status, 0)
    world.spotler.assert_never_asked(record)


@pytest.mark.feature("JOB-03")
def test_a_job_that_is_created_in_progress_is_not_run_and_says_so_after_a_sweep(world):
    record, other = world.contact(), world.contact()

    job = world.job(SYNC, record, **{Job.STATUS: JobStatus.IN_PROGRESS.value})
    world.sync(other).assert_completed()
    world.settle()

    assert (world.look(job).status, world.look(job).attempts) == (JobStatus.IN_PROGRESS, 0)
    world.assert_not_valid(world.sweep_until_over(job), record, "set to In Progress by hand")


@pytest.mark.feature("JOB-06")
def test_the_row_shows_the_result_and_when_it_was_done(world):
    job = world.run(ADD_TAG, world.contact(), dh_tag="Webinar")

    row = world.people.read(Job.SET, job.id)
    assert (row[Job.RESULT_CODE], row[Job.RESULT_MESSAGE]) == ("OK", "1 tag added.")
    assert row[Job.STARTED_ON] <= row[Job.COMPLETED_ON]


@pytest.mark.feature("JOB-04")
@pytest.mark.feature("JOB-07")
def test_a_failed_job_that_is_corrected_and_queued_again_is_done(world):
    record = world.contact()
    job = world.run(ADD_TAG, record)
    job.assert_failed("JOB_NOT_VALID")

    world.queue_again(job.id, dh_tag="Corrected")
    again = world.sweep_until_over(job.id)

    again.assert_completed()
    assert world.spotler.contact(record).tags == ["Corrected"]
    assert world.statuses(job.id)[3:] == ["Queued", "In Progress", "Completed"]


@pytest.mark.feature("JOB-01")
def test_jobs_of_one_record_run_in_the_order_of_their_creation_whatever_their_operation(world):
    record = world.contact()

    jobs = world.jobs(
        job_row(SET_FIELD, record, **note("first")),
        job_row(ADD_TAG, record, dh_tag="second"),
        job_row(SET_FIELD, record, **note("third")),
        job_row(ADD_TAG, record, dh_tag="fourth"),
    )

    for job in jobs:
        world.wait(job).assert_completed()
    written = [effect for effect in world.spotler.effects(record) if effect in ("contact.updated", "tag.added")]
    assert written == ["contact.updated", "tag.added"] * 2
    assert world.spotler.contact(record).properties["scoreNote1"] == "third"


@pytest.mark.feature("JOB-01")
@pytest.mark.feature("JOB-12")
def test_a_younger_job_waits_while_an_older_one_of_its_record_is_tried_again(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.spotler.door.arm("contact_error", route="POST /contact/list", count=1, external_ids=[record.id])

    older, younger = world.jobs(job_row(SET_FIELD, record, **note("first")), job_row(ADD_TAG, record, dh_tag="second"))

    assert world.wait(older).attempts == 2
    world.wait(younger).assert_completed()
    assert world.spotler.effects(record)[1:] == ["contact.updated", "tag.added"]


@pytest.mark.feature("JOB-07")
@pytest.mark.feature("JOB-13")
def test_a_bad_job_does_not_harm_the_jobs_that_are_saved_with_it(world):
    good = [world.contact() for _ in range(5)]
    bad = world.contact(emailaddress1="not an address")

    *jobs, refused, invalid = world.jobs(
        *(job_row(SYNC, record) for record in good), job_row(SYNC, bad), job_row(SYNC)
    )  # fmt: skip

    for job in jobs:
        world.wait(job).assert_completed()
    world.wait(refused).assert_failed("PROPERTY_INVALID")
    world.wait(invalid).assert_failed("JOB_NOT_VALID")


@pytest.mark.feature("JOB-12")
def test_a_fault_that_passes_at_once_is_not_even_seen_on_the_job(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.spotler.door.arm("html", route=TAGS, count=1)

    job = world.run(ADD_TAG, record, dh_tag="Webinar")

    job.assert_completed()
    assert job.attempts == 1


@pytest.mark.feature("JOB-12")
@pytest.mark.feature("CON-03")
def test_a_job_that_meets_a_passing_fault_stays_in_progress_and_is_done_later(world):
    record = world.contact()
    world.spotler.door.arm("contact_error", route="POST /contact/list", count=1, external_ids=[record.id])

    job = world.run(SYNC, record)

    job.assert_completed()
    assert job.attempts == 2
    assert set(world.statuses(job.id)[1:-1]) == {"In Progress"}
    assert world.spotler.effects(record) == ["contact.created"]


@pytest.mark.feature("JOB-12")
def test_a_job_that_has_met_nothing_but_faults_for_three_hours_is_given_up(world):
    record = world.contact()
    world.sync(record).assert_completed()
    world.spotler.door.arm("error", route=TAGS, count=None)
    lease = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    claimed = {Job.STATUS: JobStatus.IN_PROGRESS.value, Job.CLAIM: "ours", Job.LEASE_UNTIL: lease}
    job = world.lost_job(ADD_TAG, record, dh_tag="Webinar", **claimed)

    begun = datetime.now(UTC) - timedelta(hours=3, minutes=1)
    item = WorkItem(
        operation=ADD_TAG.slug,
        job=job,
        record=RecordRef(record.table, record.id),
        reason="retry",
        first_seen=begun,
        first_attempt=begun,
        claim=Claim(attempt=1, tokens=("ours",)),
    )
    world.bus.wake_up(item)

    world.wait(job).assert_failed("TRANSIENT_GIVEN_UP", "Retry")
    assert world.spotler.contact(record).tags == []


@pytest.mark.feature("JOB-14")
def test_waiting_syncs_of_one_record_collapse_into_the_newest(world):
    record = world.contact()

    *older, newest = world.jobs(*(job_row(SYNC, record) for _ in range(4)))

    world.wait(newest).assert_completed()
    for job in older:
        world.wait(job).assert_completed("SUPERSEDED")
    assert world.spotler.effects(record) == ["contact.created"]


@pytest.mark.feature("JOB-14")
def test_a_sync_does_not_give_way_to_a_newer_one_that_is_not_valid(world):
    record, lead = world.contact(), world.lead()

    valid, not_valid = world.jobs(job_row(SYNC, record), job_row(SYNC, record, lead))

    world.wait(valid).assert_completed()
    world.wait(not_valid).assert_failed("JOB_NOT_VALID", "both")
    assert world.spotler.effects(record) == ["contact.created"]


@pytest.mark.feature("JOB-14")
def test_syncs_of_different_records_do_not_collapse(world):
    records = [world.contact() for _ in range(3)]

    jobs = world.jobs(*(job_row(SYNC, record) for record in records))

    for job in jobs:
        world.wait(job).assert_completed()


@pytest.mark.feature("JOB-16")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
@pytest.mark.parametrize("operation", [ADD_TAG, SET_FIELD], ids=["add tag", "set field"])
def test_a_record_that_spotler_does_not_know_is_synced_in_full_first(world, operation, table):
    record = world.record(table, address1_city="Tilburg")

    world.run(operation, record, dh_tag="Webinar", **note("warm")).assert_completed()

    assert world.spotler.effects(record)[0] == "contact.created"
    assert world.spotler.contact(record).properties["city"] == "Tilburg"


@pytest.mark.feature("JOB-16")
def test_a_record_that_changed_since_spotler_knows_it_is_sent_before_the_work(world):
    record = world.contact(lastname="Gelijk")
    world.sync(record).assert_completed()
    world.change(record, lastname="Anders")

    world.run(ADD_TAG, record, dh_tag="Webinar").assert_completed()

    assert world.spotler.contact(record).properties["lastName"] == "Anders"


@pytest.mark.feature("JOB-16")
@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"emailaddress1": "not an address"}, "PROPERTY_INVALID"),
        ({"emailaddress1": None}, "SKIPPED_NO_EMAIL"),
        ({"donotemail": True}, "SKIPPED_DO_NOT_EMAIL"),
        ({"donotphone": True}, "SKIPPED_FILTER"),
    ],
    ids=["refused", "without address", "do not email", "excluded by the filter"],
)
def test_when_the_first_sync_does_not_succeed_the_job_fails_with_its_code(world, columns, code):
    record, tag = world.contact(**columns), f"tag {uuid4().hex[:8]}"

    job = world.run(ADD_TAG, record, dh_tag=tag)

    job.assert_failed(code)
    assert world.spotler.find(record) is None
    assert tag not in world.spotler.tags()
