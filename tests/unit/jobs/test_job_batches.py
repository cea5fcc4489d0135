"""Whole batches against both systems: what is done, what waits, and what one job can do to another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.bus import QUEUE_QUARANTINE
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from connector.dataverse.records import RecordRef
from connector.errors import Transient
from connector.jobs.intake import CONTENDED
from connector.jobs.runner import LOCK_SHARE
from connector.jobs.subscriptions import RESOLVE
from connector.jobs.work_item import WorkItem
from sandbox.spotler import seed

ADD_TAG, SET_FIELD, SYNC, START = (
    Operation.ADD_TAG,
    Operation.SET_CONTACT_FIELD,
    Operation.SYNC_CONTACT,
    Operation.START_AUTOMATION,
)
DONE, QUEUED = (JobStatus.COMPLETED, "OK"), (JobStatus.QUEUED, None)
NOT_VALID = (JobStatus.FAILED, "JOB_NOT_VALID")
GONE = "99999999-0000-4000-8000-000000000000"


def set_field(world, record, value, **columns):
    return world.job(SET_FIELD, record, **{Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: value, **columns})


def note_of(world, record):
    return world.in_spotler(record)["properties"].get("scoreNote1")


def test_one_bad_job_never_harms_its_neighbours(world):
    first, second = world.contact("ann", known=True), world.contact("bob", known=True)
    good, untagged, better = (
        world.job(ADD_TAG, record, dh_tag=tag) for record, tag in ((first, "a"), (first, " ; "), (second, "b"))
    )
    orphan = world.job(ADD_TAG, RecordRef(Contact.TABLE, GONE), dh_tag="c")
    vanished = world.item(good).model_copy(update={"job": GONE})

    world.run(good, b"garbage", untagged, vanished, orphan, better)

    assert [world.status(job) for job in (good, untagged, orphan, better)] == [DONE, NOT_VALID, NOT_VALID, DONE]
    assert (world.in_spotler(first)["tags"], world.in_spotler(second)["tags"]) == ({"a": None}, {"b": None})
    (kept,) = world.bus.to(QUEUE_QUARANTINE)
    assert (kept.body, kept.properties["reason"], kept.properties["source"]) == (
        b"garbage", "WORK_ITEM_UNREADABLE", "add-tag"
    )  # fmt: skip
    assert world.put_back() == []


def test_a_contact_that_spotler_refuses_fails_alone(world):
    first, second = world.contact("ann", known=True), world.contact("bob", known=True)
    bad, good = set_field(world, first, "x"), set_field(world, second, "y")
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[first.id], count=None)

    world.run(bad, good)

    assert world.status(good) == DONE
    assert world.row(bad)[Job.STATUS] == JobStatus.IN_PROGRESS
    assert [item.job for item in world.put_back()] == [bad]


def test_a_job_that_is_over_in_other_hands_or_gone_is_left_alone(world):
    record = world.contact(known=True)
    over = world.job(ADD_TAG, None, dh_tag="x", statecode=1, statuscode=JobStatus.COMPLETED.value)
    held = world.claimed(ADD_TAG, record, lease=timedelta(minutes=2), token="theirs", dh_tag="y")
    before = [world.row(over), world.row(held)]

    world.run(over, held)

    assert [world.row(over), world.row(held)] == before
    assert world.put_back() == []
    assert world.effects() == []


def test_two_items_for_one_job_run_it_once(world):
    job = world.job(
        START, world.contact(known=True), _dh_spotlerautomationid_value=world.automation(seed.WELCOME_TRIGGER_CODE)
    )

    world.run(job, job)
    world.run(job)

    assert world.effects() == ["automation.started"]
    assert world.row(job)[Job.ATTEMPTS] == 1
    assert world.row(job)[Job.AUTOMATION_CONTACT_ID]


@pytest.mark.parametrize("wrong", ["the record", "the operation", "neither record nor operation"])
def test_an_item_that_says_otherwise_than_its_row_goes_to_where_the_row_belongs(world, wrong):
    record = world.contact(known=True)
    job = world.job(ADD_TAG, record, dh_tag="x")
    right = world.item(job)
    update, slug = {
        "the record": ({"record": world.contact("bob")}, "add-tag"),
        "the operation": ({"operation": "sync-contact"}, "sync-contact"),
        "neither record nor operation": ({"operation": RESOLVE, "record": None}, RESOLVE),
    }[wrong]

    world.run(right.model_copy(update=update), operation=slug)

    assert world.put_back() == [right]
    assert world.delays() == [0]
    assert world.status(job) == QUEUED
    assert world.effects() == []
    world.run(*world.put_back())
    assert world.status(job) == DONE


def test_a_job_without_an_operation_fails_with_a_sentence(world):
    job = world.job(None, world.contact())

    world.run(world.item(job, RESOLVE))

    assert world.status(job) == NOT_VALID
    assert world.effects() == []


def test_a_record_that_spotler_does_not_know_is_synced_first(world):
    record = world.contact()
    job = world.job(ADD_TAG, record, dh_tag="x")

    world.run(job)

    assert world.effects() == ["contact.created", "tag.created", "tag.added"]
    assert world.status(job) == DONE
    assert world.info(record)["dh_senthash"]


@pytest.mark.parametrize(
    ("columns", "code"), [({"emailaddress1": None}, "SKIPPED_NO_EMAIL"), ({"donotemail": True}, "SKIPPED_DO_NOT_EMAIL")]
)
def test_a_record_that_may_not_be_sent_is_never_half_created_by_another_job(world, columns, code):
    job = world.job(ADD_TAG, world.contact(**columns), dh_tag="x")

    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, code)
    assert world.effects() == []


def test_a_deactivated_record_gets_no_tag(world):
    job = world.job(ADD_TAG, world.contact(known=True, statecode=1, statuscode=2), dh_tag="x")

    world.run(job)

    assert world.status(job) == NOT_VALID
    assert world.effects() == []


# Order


def test_jobs_of_one_record_run_in_the_order_of_their_numbers_whatever_the_order_of_their_messages(world):
    record = world.contact(known=True)
    jobs = [set_field(world, record, value) for value in ("first", "second", "third")]

    world.run(*reversed(jobs))

    assert [world.status(job) for job in jobs] == [DONE] * 3
    assert note_of(world, record) == "third"


def test_a_job_waits_for_an_older_one_that_is_not_in_the_batch(world):
    record = world.contact(known=True)
    older, younger = set_field(world, record, "first"), set_field(world, record, "second")
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
    assert note_of(world, record) == "second"


def test_a_job_whose_turn_has_come_is_woken_up_at_once(world):
    record = world.contact(known=True)
    older, younger, youngest = (
        set_field(world, record, "1"), world.job(ADD_TAG, record, dh_tag="x"), set_field(world, record, "3")
    )  # fmt: skip

    world.run(older)

    (woken,) = world.put_back()
    assert (woken.job, woken.operation, woken.reason) == (younger, "add-tag", "handover")
    assert world.delays() == [0]
    world.run(woken)
    assert [item.job for item in world.put_back()] == [youngest]


def test_a_younger_job_waits_while_an_older_one_of_the_same_batch_meets_an_obstacle(world):
    record, other = world.contact(known=True), world.contact("bob", known=True)
    older, younger, elsewhere = (set_field(world, each, "x") for each in (record, record, other))
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[record.id], count=1)

    world.run(older, younger, elsewhere)

    assert world.status(elsewhere) == DONE
    assert {item.job for item in world.put_back()} == {older, younger}
    assert note_of(world, record) is None


def test_waiting_syncs_of_one_record_collapse_into_the_newest(world):
    record = world.contact()
    first, second, third = (world.job(SYNC, record) for _ in range(3))

    world.run(first, second, third)

    assert [world.status(job)[1] for job in (first, second, third)] == ["SUPERSEDED", "SUPERSEDED", "OK"]
    assert world.effects() == ["contact.created"]


# Claims


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
    assert not world.row(bad)[Job.ATTEMPTS], "it was never in hand"
    assert (world.put_back(), world.bus.to(QUEUE_QUARANTINE)) == ([], [])


def test_the_next_job_of_a_record_does_not_wait_for_one_that_may_not_be_claimed(world):
    record = world.contact(known=True)
    bad, younger = (set_field(world, record, value) for value in ("1", "2"))
    refuse_the_row(world, bad, inner={"count": 1})

    world.run(bad, younger)

    assert [world.status(job) for job in (bad, younger)] == [REFUSED, DONE]


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
def test_a_claim_that_met_an_obstacle_comes_back_and_its_neighbours_are_done(world, kind):
    record = world.contact("ann", known=True)
    bad, younger = (set_field(world, record, value) for value in ("1", "2"))
    good = set_field(world, world.contact("bob", known=True), "x")
    world.break_dataverse(kind, rf"^dh_spotlerjobs\({bad}\)", method="PATCH", inner=True, count=1, retry_after=40)

    world.run(bad, younger, good)

    assert world.status(good) == DONE
    assert {item.job: item.reason for item in world.put_back()} == {bad: "waiting", younger: "retry"}
    assert max(world.delays()) == (5 if kind == "500" else 40)
    world.run(*world.put_back())
    assert [world.status(job) for job in (bad, younger)] == [DONE, DONE]
    assert note_of(world, record) == "2"


def test_a_row_that_changed_under_the_claim_is_looked_at_again(world, monkeypatch):
    record, other = world.contact(known=True), world.contact("bob", known=True)
    changed, younger, elsewhere = (set_field(world, each, "x") for each in (record, record, other))
    dataverse, claim = world.services.dataverse, world.services.dataverse.batch

    def after_a_change(requests):
        dataverse.update(Job.SET, changed, {Job.NAME: "Changed by somebody"})
        return claim(requests)

    monkeypatch.setattr(dataverse, "batch", after_a_change)
    world.run(changed, younger, elsewhere)
    monkeypatch.undo()

    assert world.status(elsewhere) == DONE
    assert world.status(changed) == QUEUED
    assert note_of(world, record) is None
    again = {item.job: item for item in world.put_back()}
    assert set(again) == {changed, younger}
    assert min(world.delays()) == CONTENDED.total_seconds()
    world.run(again[changed])
    world.run(again[younger])
    assert [world.status(changed), world.status(younger)] == [DONE, DONE]


# Time


def test_a_batch_that_ran_out_of_time_puts_back_what_it_did_not_begin(world):
    jobs = [world.job(ADD_TAG, world.contact(name, known=True), dh_tag="x") for name in ("ann", "bob")]
    start, services = world.now, world.services
    used_up = timedelta(seconds=services.settings.job_lease_seconds * LOCK_SHARE)
    moments = iter([start, start])  # the batch begins, and claims
    world.services = replace(services, now=lambda: next(moments, start + used_up))

    world.run(*jobs)

    assert world.effects() == []
    assert {item.reason for item in world.put_back()} == {"retry"}
    world.services = services
    world.run(*world.put_back())
    assert [world.status(job) for job in jobs] == [DONE, DONE]


def test_a_start_that_was_put_back_before_it_began_is_run_later(world):
    job = world.job(
        START, world.contact(known=True), _dh_spotlerautomationid_value=world.automation(seed.WELCOME_TRIGGER_CODE)
    )
    start, services = world.now, world.services
    moments = iter([start, start])
    world.services = replace(services, now=lambda: next(moments, start + timedelta(minutes=4)))
    world.run(job)
    world.services = services

    world.run(*world.put_back())

    assert world.status(job) == DONE
    assert world.effects() == ["automation.started"]


# The bus


def test_a_bus_that_takes_nothing_back_makes_the_batch_fail_and_the_rows_say_what_was_done(world):
    first, second = world.contact(known=True), world.contact("bob", known=True)
    good, bad = set_field(world, first, "x"), set_field(world, second, "y")
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[second.id], count=1)
    world.bus.refuses = Transient("The bus is away.")

    with pytest.raises(Transient):
        world.run(good, bad)

    assert world.status(good) == DONE
    assert world.row(bad)[Job.STATUS] == JobStatus.IN_PROGRESS


def test_nothing_to_put_back_sends_nothing(world):
    world.run(world.job(ADD_TAG, world.contact(known=True), dh_tag="x"))

    assert world.bus.messages == []


# Calls


def test_a_batch_costs_as_many_calls_to_dataverse_as_one_job(world):
    def calls(count):
        jobs = [set_field(world, world.contact(f"p{n}", known=True), "x") for n in range(count)]
        world.door("POST", "calls/reset")
        world.run(*jobs)
        assert {world.status(job) for job in jobs} == {DONE}
        return world.door("GET", "calls")["total"]

    one, many = calls(1), calls(40)

    assert many == one
