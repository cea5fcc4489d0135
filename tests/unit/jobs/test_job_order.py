"""Jobs of one record: they run in the order of their numbers, and none is harmed by waiting for another."""

from datetime import timedelta

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job

ADD_TAG, RAISE, SYNC = Operation.ADD_TAG, Operation.INCREASE_SCORE, Operation.SYNC_CONTACT
DONE, QUEUED = (JobStatus.COMPLETED, "OK"), (JobStatus.QUEUED, None)


def test_jobs_of_one_record_run_in_the_order_of_their_numbers_whatever_the_order_of_their_messages(world):
    record = world.contact(known=True)
    jobs = [world.set_field(record, value) for value in ("first", "second", "third")]

    world.run(*reversed(jobs))

    assert [world.status(job) for job in jobs] == [DONE] * 3
    assert world.note_of(record) == "third"


def test_a_job_waits_for_an_older_one_that_is_not_in_the_batch(world):
    record = world.contact(known=True)
    older, younger = world.set_field(record, "first"), world.set_field(record, "second")
    other = world.job(ADD_TAG, record, dh_tag="x")

    world.run(younger)

    assert world.status(younger) == QUEUED
    (waiting,) = world.put_back()
    assert (waiting.job, waiting.reason, waiting.claim) == (younger, "waiting", None)
    assert world.delays() == [2]
    world.run(other)
    assert world.status(other) == QUEUED
    world.run(older)
    world.run(waiting)
    assert world.note_of(record) == "second"


def test_a_job_whose_turn_has_come_is_woken_up_at_once(world):
    record = world.contact(known=True)
    older, younger, youngest = (
        world.set_field(record, "1"), world.job(ADD_TAG, record, dh_tag="x"), world.set_field(record, "3")
    )  # fmt: skip

    world.run(older)

    (woken,) = world.put_back()
    assert (woken.job, woken.operation, woken.reason) == (younger, "add-tag", "handover")
    assert world.delays() == [0]
    world.run(woken)
    assert [item.job for item in world.put_back()] == [youngest]


def test_a_younger_job_waits_while_an_older_one_of_the_same_batch_meets_a_problem(world):
    record, other = world.contact(known=True), world.contact("bob", known=True)
    older, younger, elsewhere = (world.set_field(each, "x") for each in (record, record, other))
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[record.id], count=1)

    world.run(older, younger, elsewhere)

    assert world.status(elsewhere) == DONE
    assert {item.job for item in world.put_back()} == {older, younger}
    assert world.note_of(record) is None


def test_a_younger_job_that_was_claimed_and_not_begun_is_queued_again(world):
    record = world.contact(known=True)
    older, younger = (world.job(RAISE, record, dh_tag=tag, dh_score=1) for tag in "ab")
    world.spotler.arm("throttle", route="POST /contact/*/tags", count=None, retry_after_s=120)

    world.run(older, younger)

    assert (world.row(older)[Job.STATUS], world.status(younger)) == (JobStatus.IN_PROGRESS, QUEUED)
    assert [world.row(younger)[column] for column in (Job.CLAIM, Job.LEASE_UNTIL, Job.STARTED_ON)] == [None] * 3
    assert world.delays() == [120, 2]
    again = {item.job: item for item in world.put_back()}
    world.now += timedelta(minutes=6)
    world.time.now += 360
    world.run(again[younger])
    assert world.status(younger) == QUEUED, "it waits like any other"
    (younger_again,) = world.put_back()
    world.mend_spotler()
    world.run(again[older])
    world.run(younger_again)
    assert [world.status(job) for job in (older, younger)] == [DONE, DONE]


def test_a_younger_job_is_not_given_up_for_the_problems_of_an_older_one(world):
    record = world.contact(known=True)
    older, younger = (world.job(ADD_TAG, record, dh_tag="x") for _ in range(2))
    world.spotler.arm("error", route="POST /contact/*/tags", count=None)
    world.run(older, younger)
    world.now += timedelta(hours=3)

    world.run(*world.put_back())

    assert world.status(older) == (JobStatus.FAILED, "TRANSIENT_GIVEN_UP")
    assert [item.job for item in world.put_back()] == [younger]
    world.mend_spotler()
    world.run(*world.put_back())
    assert world.status(younger) == DONE


def test_a_job_that_comes_back_gives_its_claim_back_while_an_older_one_is_queued_again(world):
    record = world.contact(known=True)
    older, younger = (world.job(RAISE, record, dh_tag=tag, dh_score=1) for tag in "ab")
    world.run(older)
    world.spotler.arm("throttle", route="POST /contact/*/tags", count=None)
    world.run(younger)
    (again,) = world.put_back()
    world.mend_spotler()
    world.services.dataverse.update(Job.SET, older, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})

    world.run(again)

    assert world.status(younger) == QUEUED
    (waiting,) = world.put_back()
    world.run(older)
    world.run(waiting)
    assert [world.status(job) for job in (older, younger)] == [DONE, DONE]


def test_waiting_syncs_of_one_record_collapse_into_the_newest(world):
    record = world.contact()
    first, second, third = (world.job(SYNC, record) for _ in range(3))

    world.run(first, second, third)

    assert [world.status(job)[1] for job in (first, second, third)] == ["SUPERSEDED", "SUPERSEDED", "OK"]
    assert world.effects() == ["contact.created"]


def test_a_job_of_another_operation_finds_the_values_of_the_sync_before_it(world):
    record = world.contact(known=True)
    first, second = world.job(SYNC, record), world.set_field(record, "x")
    world.job(SYNC, record)

    world.run(first)
    world.run(second)

    assert (world.status(first), world.status(second)) == (DONE, DONE)
    assert world.in_spotler(record)["properties"]["email"] == "ann@example.org"
