"""Claims against both systems: jobs whose holder died, whose answer was lost, or whose row cannot be claimed."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.due import CONTENDED
from connector.jobs.store import JobStore
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import QUEUE_QUARANTINE
from sandbox.spotler import seed

ADD_TAG, START = Operation.ADD_TAG, Operation.START_AUTOMATION
DONE, QUEUED = (JobStatus.COMPLETED, "OK"), (JobStatus.QUEUED, None)


def test_a_lease_is_no_shorter_than_the_lock_of_the_message(world):
    world.now += timedelta(seconds=0.9)
    job = world.job(ADD_TAG, world.contact(known=True), dh_tag="x")

    world.spotler.arm("error", route="POST /contact/*/tags", count=None)

    world.run(job)

    assert world.lease(job) >= timedelta(seconds=world.services.settings.job_lease_seconds)


def test_a_job_that_died_is_run_again_where_that_does_no_harm(world):
    job = world.claimed(ADD_TAG, world.contact(known=True), lease=timedelta(seconds=-1), token="dead", dh_tag="x")

    world.run(job)

    assert world.status(job) == DONE
    assert world.row(job)[Job.ATTEMPTS] == 2


def test_a_start_that_died_is_never_run_again_by_itself(world):
    job = world.claimed(
        START,
        world.contact(known=True),
        lease=timedelta(seconds=-1),
        token="dead",
        _dh_spotlerautomationid_value=world.automation(seed.WELCOME_TRIGGER_CODE),
    )

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "OUTCOME_UNKNOWN")
    assert world.effects() == []


def test_a_job_is_not_given_up_whose_holder_writes_its_outcome_at_that_moment(world, monkeypatch):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    job = world.job(START, world.contact(known=True), _dh_spotlerautomationid_value=automation)
    world.break_dataverse("503", r"^\$batch", skip=1)
    world.run(job)
    (receipt,) = world.put_back()
    world.mend_dataverse()
    world.now += timedelta(seconds=world.services.settings.job_lease_seconds)
    write = JobStore.write

    def after_the_holder(store, writes):
        monkeypatch.undo()
        world.run(receipt)
        return write(store, writes)

    monkeypatch.setattr(JobStore, "write", after_the_holder)
    world.run(job)

    assert world.status(job) == DONE


@pytest.mark.parametrize("operation", [ADD_TAG, START])
def test_a_claim_whose_answer_was_lost_is_gone_on_with_by_its_token(world, operation):
    record = world.contact(known=True)
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    job = world.job(operation, record, dh_tag="x", _dh_spotlerautomationid_value=automation)
    world.break_dataverse("drop-after-write", r"^\$batch", count=1)

    world.run(job)

    assert world.row(job)[Job.STATUS] == JobStatus.IN_PROGRESS
    assert world.effects() == []
    (again,) = world.put_back()
    assert again.claim.token == world.row(job)[Job.CLAIM]
    world.run(again)
    assert world.status(job) == DONE
    assert len([effect for effect in world.effects() if effect in ("tag.added", "automation.started")]) == 1


def test_a_claim_that_was_refused_in_part_loses_none_of_the_jobs(world):
    jobs = [world.job(ADD_TAG, world.contact(name, known=True), dh_tag="x") for name in ("ann", "bob")]
    world.break_dataverse("503", "^dh_spotlerjobs", method="PATCH", inner=True, count=1)

    world.run(*jobs)
    world.run(*world.put_back())

    assert [world.status(job) for job in jobs] == [DONE, DONE]


def outcome(world, job, token, status, code):
    """An outcome that travelled, of the attempt that was made under this claim."""
    receipt = {"status": status, "code": code, "message": "What it came to."}
    return world.item(job, reason="receipt", claim={"attempt": 1, "tokens": [token]}, receipt=receipt)


@pytest.mark.parametrize("operation", [ADD_TAG, START])
def test_an_outcome_of_an_older_claim_is_not_written_over_what_a_newer_one_came_to(world, operation):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    job = world.job(operation, world.contact(known=True), dh_tag="x", _dh_spotlerautomationid_value=automation)
    world.run(job)
    before = world.row(job)

    world.run(outcome(world, job, "an older claim", JobStatus.FAILED, "CONTACT_OPTOUT"))

    assert world.status(job) == DONE
    assert world.row(job) == before
    assert world.put_back() == []


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.QUEUED], ids=["as it ended", "set back to Queued"])
@pytest.mark.parametrize("token", ["its own", "that of an earlier run"])
def test_an_outcome_that_comes_late_replaces_that_nobody_knew_it(world, token, status):
    job = world.claimed(
        START,
        world.contact(known=True),
        lease=timedelta(seconds=-1),
        token="its own",
        _dh_spotlerautomationid_value=world.automation(seed.WELCOME_TRIGGER_CODE),
    )
    world.run(job)
    assert world.status(job) == (JobStatus.FAILED, "OUTCOME_UNKNOWN")
    world.services.dataverse.update(Job.SET, job, {Job.STATUS: status.value, Job.STATE: status.state})

    world.run(outcome(world, job, token, JobStatus.COMPLETED, "OK"))

    assert world.status(job) == DONE


def refuse_the_row(world, job, *, inner=None, **rule):
    """A rule of the customer that stops changes of one row, whether it is written alone or among others."""
    world.break_dataverse("400", "UpdateMultiple", **rule)
    world.break_dataverse("400", rf"^dh_spotlerjobs\({job}\)", method="PATCH", inner=True, **(inner or rule))


REFUSED = (JobStatus.FAILED, "DATAVERSE_PLUGIN_REFUSED")


@pytest.mark.parametrize("operation", [ADD_TAG, START])
def test_a_row_that_may_not_be_claimed_fails_alone(world, operation):
    columns = {"dh_tag": "x", "_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    first, bad, last = (
        world.job(operation, world.contact(name, known=True), **columns) for name in ("ann", "bob", "cas")
    )
    refuse_the_row(world, bad, inner={"count": 1})

    world.run(first, bad, last)

    assert [world.status(job) for job in (first, bad, last)] == [DONE, REFUSED, DONE]
    assert "[DATAVERSE_PLUGIN_REFUSED]" in world.row(bad)[Job.RESULT_MESSAGE]
    assert not world.row(bad)[Job.ATTEMPTS], "it was never claimed"
    assert (world.put_back(), world.bus.to(QUEUE_QUARANTINE)) == ([], [])


def test_the_next_job_of_a_record_is_done_when_one_that_may_not_be_claimed_has_ended(world):
    record = world.contact(known=True)
    bad, younger = (world.set_field(record, value) for value in ("1", "2"))
    refuse_the_row(world, bad, inner={"count": 1})

    world.run(bad, younger)
    world.run(*world.put_back())

    assert [world.status(job) for job in (bad, younger)] == [REFUSED, DONE]


@pytest.mark.parametrize(("reason", "copies"), [("created", 1), ("sweep", 0)])
def test_a_row_that_takes_nothing_is_not_handed_over_to_by_an_older_job_of_the_same_batch(world, reason, copies):
    record = world.contact(known=True)
    older, bad, younger = (world.set_field(record, value) for value in ("1", "2", "3"))
    refuse_the_row(world, bad)

    world.run(older, world.item(bad, reason=reason), younger)

    assert [world.status(job) for job in (older, bad, younger)] == [DONE, QUEUED, QUEUED]
    assert len(world.bus.to(QUEUE_QUARANTINE)) == copies
    assert [item.job for item in world.put_back()] == [younger]


def test_the_next_job_of_a_record_waits_while_the_row_of_an_older_one_takes_nothing(world):
    record = world.contact(known=True)
    bad, younger = (world.set_field(record, value) for value in ("1", "2"))
    refuse_the_row(world, bad)

    world.run(bad, younger)

    (kept,) = world.bus.to(QUEUE_QUARANTINE)
    assert [item.job for item in world.put_back()] == [younger]
    world.run(*world.put_back())
    assert [world.status(job) for job in (bad, younger)] == [QUEUED, QUEUED]
    assert (world.bus.to(QUEUE_QUARANTINE), world.note_of(record)) == ([], None)
    (waiting,) = world.put_back()
    world.mend_dataverse()
    world.run(kept.body, operation="set-contact-field")
    world.run(waiting)
    assert [world.status(job) for job in (bad, younger)] == [DONE, DONE]
    assert world.note_of(record) == "2"


def test_a_row_that_takes_nothing_is_kept_in_quarantine_once_and_its_neighbours_are_done(world):
    good, bad = (world.job(ADD_TAG, world.contact(name, known=True), dh_tag="x") for name in ("ann", "bob"))
    refuse_the_row(world, bad)

    world.run(good, bad)

    assert [world.status(job) for job in (good, bad)] == [DONE, QUEUED]
    assert world.put_back() == []
    (kept,) = world.bus.to(QUEUE_QUARANTINE)
    assert (WorkItem.from_body(kept.body), kept.properties["reason"]) == (world.item(bad), "DATAVERSE_PLUGIN_REFUSED")
    world.run(world.item(bad, reason="sweep"))
    assert world.bus.messages == [], "the sweep does not fill the quarantine"
    world.mend_dataverse()
    world.run(kept.body, operation="add-tag")
    assert world.status(bad) == DONE


def test_an_outcome_that_its_row_does_not_take_is_kept_and_written_when_it_is_replayed(world):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    good, bad = (
        world.job(START, world.contact(name, known=True), _dh_spotlerautomationid_value=automation)
        for name in ("ann", "bob")
    )
    refuse_the_row(world, bad, inner={"skip": 1})

    world.run(good, bad)

    assert world.status(good) == DONE
    assert world.row(bad)[Job.STATUS] == JobStatus.IN_PROGRESS
    assert world.put_back() == []
    (kept,) = world.bus.to(QUEUE_QUARANTINE)
    world.mend_dataverse()
    world.run(kept.body, operation="start-automation")
    assert world.status(bad) == DONE
    assert world.effects().count("automation.started") == 2


@pytest.mark.parametrize(("operation", "kept"), [(START, ["receipt"]), (ADD_TAG, [])])
def test_the_outcome_of_a_job_that_the_sweep_woke_up_is_kept_where_it_cannot_be_found_again(world, operation, kept):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    job = world.job(operation, world.contact(known=True), dh_tag="x", _dh_spotlerautomationid_value=automation)
    refuse_the_row(world, job, inner={"skip": 1})

    world.run(world.item(job, reason="sweep"))

    assert [WorkItem.from_body(message.body).reason for message in world.bus.to(QUEUE_QUARANTINE)] == kept


def test_a_refused_claim_whose_row_cannot_be_written_for_now_is_tried_again(world):
    good, bad = (world.job(ADD_TAG, world.contact(name, known=True), dh_tag="x") for name in ("ann", "bob"))
    refuse_the_row(world, bad, inner={"count": 1})
    world.break_dataverse("503", r"^\$batch", skip=1)

    world.run(good, bad)

    assert {item.job: item.reason for item in world.put_back()} == {good: "receipt", bad: "waiting"}
    world.mend_dataverse()
    world.run(*world.put_back())
    assert [world.status(job) for job in (good, bad)] == [DONE, DONE]


def test_the_end_of_a_row_that_could_not_be_claimed_is_not_written_over_what_somebody_else_did(world, monkeypatch):
    good, bad = (world.job(ADD_TAG, world.contact(name, known=True), dh_tag="x") for name in ("ann", "bob"))
    refuse_the_row(world, bad, inner={"count": 1})
    spotler, dataverse = world.services.spotler, world.services.dataverse
    add_tags = spotler.add_tags

    def meanwhile(*arguments):
        dataverse.update(Job.SET, bad, {Job.TAG: "y"})
        return add_tags(*arguments)

    monkeypatch.setattr(spotler, "add_tags", meanwhile)
    world.run(good, bad)
    monkeypatch.undo()

    assert [world.status(job) for job in (good, bad)] == [DONE, QUEUED]
    world.run(*world.put_back())
    assert world.status(bad) == DONE


@pytest.mark.parametrize("kind", ["503", "500", "429"])
def test_a_claim_that_met_a_problem_comes_back_and_its_neighbours_are_done(world, kind):
    record = world.contact("ann", known=True)
    bad, younger = (world.set_field(record, value) for value in ("1", "2"))
    good = world.set_field(world.contact("bob", known=True), "x")
    world.break_dataverse(kind, rf"^dh_spotlerjobs\({bad}\)", method="PATCH", inner=True, count=1, retry_after=40)

    world.run(bad, younger, good)

    assert world.status(good) == DONE
    assert {item.job: item.reason for item in world.put_back()} == {bad: "waiting", younger: "retry"}
    assert max(world.delays()) == (5 if kind == "500" else 40)
    world.run(*world.put_back())
    assert [world.status(job) for job in (bad, younger)] == [DONE, DONE]
    assert world.note_of(record) == "2"


def test_a_row_that_changed_under_the_claim_is_looked_at_again(world, monkeypatch):
    record, other = world.contact(known=True), world.contact("bob", known=True)
    changed, younger, elsewhere = (world.set_field(each, "x") for each in (record, record, other))
    dataverse, claim = world.services.dataverse, world.services.dataverse.batch

    def after_a_change(requests):
        dataverse.update(Job.SET, changed, {Job.NAME: "Changed by somebody"})
        return claim(requests)

    monkeypatch.setattr(dataverse, "batch", after_a_change)
    world.run(changed, younger, elsewhere)
    monkeypatch.undo()

    assert world.status(elsewhere) == DONE
    assert world.status(changed) == QUEUED
    assert world.note_of(record) is None
    again = {item.job: item for item in world.put_back()}
    assert set(again) == {changed, younger}
    assert min(world.delays()) == CONTENDED.total_seconds()
    world.run(again[changed])
    world.run(again[younger])
    assert [world.status(changed), world.status(younger)] == [DONE, DONE]
