"""Whole batches against both systems: what is done, what waits, and what one job can do to another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from connector.dataverse.records import RecordRef
from connector.due import WORKING_SHARE
from connector.errors import Transient
from connector.routing.subscriptions import RESOLVE
from connector.servicebus.entities import QUEUE_QUARANTINE
from sandbox.spotler import seed

ADD_TAG, START = Operation.ADD_TAG, Operation.START_AUTOMATION
DONE, QUEUED = (JobStatus.COMPLETED, "OK"), (JobStatus.QUEUED, None)
NOT_VALID = (JobStatus.FAILED, "JOB_NOT_VALID")
GONE = "99999999-0000-4000-8000-000000000000"


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
    bad, good = world.set_field(first, "x"), world.set_field(second, "y")
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
    assert world.effects() == ["contact.anonymized"]


# Time


def test_a_batch_that_ran_out_of_time_puts_back_what_it_did_not_begin(world):
    jobs = [world.job(ADD_TAG, world.contact(name, known=True), dh_tag="x") for name in ("ann", "bob")]
    start, services = world.now, world.services
    used_up = timedelta(seconds=services.settings.job_lease_seconds * WORKING_SHARE)
    moments = iter([start, start])  # the batch begins, and claims
    world.services = replace(services, now=lambda: next(moments, start + used_up))

    world.run(*jobs)

    assert world.effects() == []
    assert {item.reason for item in world.put_back()} == {"retry"}
    world.services = services
    world.run(*world.put_back())
    assert [world.status(job) for job in jobs] == [DONE, DONE]


def test_tags_that_are_given_to_nobody_are_created_while_there_is_time(world, monkeypatch):
    job, created = world.job(ADD_TAG, None, dh_tag="a,b,c"), []

    def slowly(tag):
        world.now += timedelta(seconds=world.services.settings.job_lease_seconds) * WORKING_SHARE / 2
        created.append(tag)

    monkeypatch.setattr(world.services.spotler, "create_tag", slowly)
    world.run(job)

    assert created == ["a", "b"]
    assert [item.reason for item in world.put_back()] == ["retry"]


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
    assert world.effects() == ["contact.updated", "automation.started"]


# The bus


def test_a_bus_that_takes_nothing_back_makes_the_batch_fail_and_the_rows_say_what_was_done(world):
    first, second = world.contact(known=True), world.contact("bob", known=True)
    good, bad = world.set_field(first, "x"), world.set_field(second, "y")
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
        jobs = [world.set_field(world.contact(f"p{n}", known=True), "x") for n in range(count)]
        world.door("POST", "calls/reset")
        world.run(*jobs)
        assert {world.status(job) for job in jobs} == {DONE}
        return world.door("GET", "calls")["total"]

    one, many = calls(1), calls(40)

    assert many == one
