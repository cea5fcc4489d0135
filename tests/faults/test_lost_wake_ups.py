"""Messages that never arrive: the row is the truth, and the sweep finds it."""

from datetime import datetime, timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.servicebus.entities import QUEUE_DATAVERSE, TOPIC_JOBS
from sandbox.samples import customer
from tests.faults.support import SWEEP_INTERVAL

DONE = ("Completed", "OK")
#: A row is found by the second sweep at the latest: one interval of patience with it, one until the next sweep. Then it
#: takes the seconds of a batch.
FOUND = 2 * SWEEP_INTERVAL + timedelta(seconds=10)


def tag_row(contact: str, tag: str) -> dict[str, object]:
    return {Job.OPERATION: Operation.ADD_TAG.value, Job.TAG: tag, **customer("contact")({"contact": contact})}


def test_a_job_whose_message_is_lost_at_dataverse_runs_all_the_same(crowd):
    contacts = crowd.contacts([f"lost-at-dataverse-{number}" for number in range(5)])
    came_before = crowd.figures()[QUEUE_DATAVERSE]["incoming"]
    crowd.steps(drop_next=len(contacts))

    outcomes = crowd.wait(crowd.jobs([tag_row(contact, "Found") for contact in contacts]))

    assert crowd.steps()["drop_next"] == 0
    assert crowd.figures()[QUEUE_DATAVERSE]["incoming"] == came_before
    assert_found(crowd, contacts, outcomes)


@pytest.mark.parametrize("entity", [QUEUE_DATAVERSE, TOPIC_JOBS])
def test_a_job_whose_message_is_lost_on_the_bus_runs_all_the_same(crowd, entity):
    contacts = crowd.contacts([f"lost-before-{entity}-{number}" for number in range(5)])
    lost_before = crowd.figures()[entity]["lost"]
    crowd.bus_faults(drop_next=len(contacts), entity=entity)

    outcomes = crowd.wait(crowd.jobs([tag_row(contact, "Found") for contact in contacts]))

    assert crowd.pending_bus_faults()["drop_next"] == {}
    assert crowd.figures()[entity]["lost"] == lost_before + len(contacts)
    assert_found(crowd, contacts, outcomes)


def assert_found(crowd, contacts, outcomes):
    assert list(outcomes.values()) == [DONE] * len(contacts)
    found = {each["externalId"]: each["tags"] for each in crowd.spotler.state()["contacts"]}
    assert [found[contact] for contact in contacts] == [{"Found": None}] * len(contacts)


def test_a_row_that_a_person_sets_back_to_queued_runs_again(crowd):
    (contact,) = crowd.contacts(["again"])
    (job,) = crowd.jobs([tag_row(contact, " ; ")])
    assert crowd.wait([job])[job] == ("Failed", "JOB_NOT_VALID")

    queued = {Job.STATE: 0, Job.STATUS: JobStatus.QUEUED.value, Job.TAG: "Corrected"}
    crowd.people.update(Job.SET, job, queued)

    assert crowd.wait([job])[job] == DONE


def test_the_sweep_finds_every_queued_row_within_two_intervals(day):
    jobs = [day.job(Operation.ADD_TAG, day.contact(f"asleep{number}"), dh_tag="x") for number in range(120)]

    day.pass_time(FOUND)

    assert {day.outcomes()[job] for job in jobs} == {DONE}


@pytest.mark.parametrize("operation", [Operation.ADD_TAG, Operation.INCREASE_SCORE])
def test_a_claim_that_nobody_holds_any_more_is_taken_over(day, operation):
    record = day.contact(known=True)
    died = day.claimed(operation, record, lease=timedelta(minutes=1), token="dead", dh_tag="x", dh_score=1)
    follower = day.job(Operation.ADD_TAG, record, dh_tag="y")

    day.run_until_over(timedelta(minutes=30))

    outcomes = day.outcomes()
    assert outcomes[died] == (DONE if operation is Operation.ADD_TAG else ("Failed", "OUTCOME_UNKNOWN"))
    assert outcomes[follower] == DONE


def test_a_message_lost_between_two_attempts_costs_a_lease_and_two_intervals(day):
    job = day.job(Operation.ADD_TAG, day.contact(known=True), dh_tag="x")
    day.spotler.arm("empty_error", status=503, count=3)  # all attempts of one call
    day.wake(job)
    day._work()
    scheduled = day.bus.namespace.find(TOPIC_JOBS)._scheduled
    assert len(scheduled) == 1
    scheduled.clear()  # the bus loses the next attempt
    lease = datetime.fromisoformat(day.row(job)[Job.LEASE_UNTIL])

    day.run_until_over()

    assert day.outcomes()[job] == DONE
    assert datetime.fromisoformat(day.row(job)[Job.COMPLETED_ON]) <= lease + FOUND


def test_a_handover_that_is_lost_only_delays_the_next_job_of_a_record(day):
    record = day.contact(known=True)
    first, second = (day.job(Operation.ADD_TAG, record, dh_tag=tag) for tag in "ab")
    day.bus.namespace.faults.drop_next(1, TOPIC_JOBS)
    day.wake(second)  # lost
    day.wake(first)
    day.bus.namespace.faults.drop_next(1, TOPIC_JOBS)  # the handover

    day.pass_time(FOUND)

    assert day.bus.namespace.stats()[TOPIC_JOBS]["lost"] == 2
    assert [day.outcomes()[job] for job in (first, second)] == [DONE, DONE]
