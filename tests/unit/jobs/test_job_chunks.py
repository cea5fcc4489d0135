"""How a batch is divided, and that its chunks do not harm one another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from threading import Barrier
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from connector.dataverse.records import RecordRef
from connector.due import WORKING_SHARE
from connector.errors import Transient
from connector.jobs import chunks
from connector.jobs.chunks import divide
from connector.routing.work_item import WorkItem
from sandbox.spotler import seed

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DONE, QUEUED = (JobStatus.COMPLETED, "OK"), (JobStatus.QUEUED, None)


def items(*records: int | None) -> list[WorkItem]:
    """An item per number, about the record of that number; None is about no record."""
    return [
        WorkItem(
            operation="add-tag",
            job=str(UUID(int=place + 1)),
            record=None if record is None else RecordRef(Contact.TABLE, str(UUID(int=record))),
            first_seen=NOW,
        )
        for place, record in enumerate(records)
    ]


@given(st.lists(st.none() | st.integers(1, 12), max_size=60), st.integers(1, 9))
def test_every_item_is_in_one_chunk_and_those_of_one_record_keep_together_and_their_order(records, size):
    given_items = items(*records)

    divided = divide(given_items, size)

    assert sorted(chain(*divided), key=given_items.index) == given_items
    assert all(1 <= len(chunk) <= size for chunk in divided)
    for record in {item.record for item in given_items} - {None}:
        group = [item for item in given_items if item.record == record]
        assert [item for item in chain(*divided) if item.record == record] == group
        if len(group) <= size:
            assert sum(any(item in chunk for item in group) for chunk in divided) == 1


def test_full_chunks_are_made_where_every_record_has_one_job():
    assert [len(chunk) for chunk in divide(items(*range(250)), 100)] == [100, 100, 50]


@pytest.fixture
def pairs(monkeypatch):
    """Portions of two jobs."""
    monkeypatch.setattr(chunks, "SIZE", 2)


def tag_jobs(world, count):
    return [world.job(Operation.ADD_TAG, world.contact(f"p{n}", known=True), dh_tag="x") for n in range(count)]


def starting_jobs(world, count):
    automation = {"_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    return [
        world.job(Operation.START_AUTOMATION, world.contact(f"p{n}", known=True), **automation) for n in range(count)
    ]


def without_posts(world):
    world.services = replace(
        world.services, settings=world.services.settings.model_copy(update={"timeline_posts": False})
    )


@pytest.mark.usefixtures("pairs")
def test_a_batch_of_several_chunks_is_done_whole(world):
    jobs = tag_jobs(world, 5)

    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [DONE] * 5
    assert world.effects().count("tag.added") == 5
    assert world.put_back() == []


@pytest.mark.usefixtures("pairs")
def test_two_chunks_are_worked_on_at_the_same_time(world, monkeypatch):
    jobs = tag_jobs(world, 4)
    both, claim = Barrier(2), world.services.dataverse.batch

    def meet(requests):
        both.wait(timeout=10)  # passed only if the other chunk claims before this one has
        return claim(requests)

    monkeypatch.setattr(world.services.dataverse, "batch", meet)
    without_posts(world)
    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [DONE] * 4


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        (Operation.ADD_TAG, "add_tags"),
        (Operation.START_AUTOMATION, "trigger_automation"),
        (Operation.ANONYMIZE_CONTACT, "anonymize"),
    ],
)
def test_calls_about_single_contacts_are_under_way_at_the_same_time(world, monkeypatch, operation, call):
    columns = {"dh_tag": "x", "_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    jobs = [world.job(operation, world.contact(f"p{n}", known=True), **columns) for n in range(3)]
    all_of_them, ask = Barrier(len(jobs)), getattr(world.services.spotler, call)

    def meet(*arguments, **named):
        all_of_them.wait(timeout=10)  # passed only if no call waits for the answer to another
        return ask(*arguments, **named)

    monkeypatch.setattr(world.services.spotler, call, meet)
    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [DONE] * 3


@pytest.mark.usefixtures("pairs")
def test_only_one_chunk_is_claimed_where_a_death_leaves_jobs_unknown(world, monkeypatch):
    jobs = starting_jobs(world, 6)
    claim, under_way = world.services.dataverse.batch, []

    def look(requests):
        under_way.append([job for job in jobs if world.status(job)[0] is JobStatus.IN_PROGRESS])
        return claim(requests)

    monkeypatch.setattr(world.services.dataverse, "batch", look)
    without_posts(world)
    world.run(*jobs)

    claimed, written = under_way[::2], under_way[1::2]
    assert claimed == [[], [], []]  # before each claim all is written that was claimed before
    assert [len(each) for each in written] == [2, 2, 2]
    assert [world.status(job) for job in jobs] == [DONE] * 6


@pytest.mark.usefixtures("pairs")
def test_jobs_of_one_record_run_in_their_order_even_if_they_fill_several_chunks(world):
    record = world.contact(known=True)
    jobs = [world.set_field(record, str(n)) for n in range(5)]

    while left := [job for job in reversed(jobs) if world.status(job) != DONE]:
        world.run(*left)

    assert world.note_of(record) == "4"


@pytest.mark.usefixtures("pairs")
def test_a_chunk_whose_leftovers_the_bus_does_not_take_fails_the_batch_after_the_others_are_done(world):
    record = world.contact("busy", known=True)
    world.claimed(Operation.ADD_TAG, record, lease=timedelta(minutes=2), token="theirs", dh_tag="x")
    waiting = world.job(Operation.ADD_TAG, record, dh_tag="x")
    jobs = tag_jobs(world, 4)
    world.bus.refuses = Transient("The bus is away.")

    with pytest.raises(Transient):
        world.run(waiting, *jobs)

    assert [world.status(job) for job in (waiting, *jobs)] == [QUEUED, *[DONE] * 4]


@pytest.mark.usefixtures("pairs")
def test_a_chunk_that_time_does_not_suffice_for_is_put_back_unclaimed(world):
    jobs = starting_jobs(world, 3)
    start, services = world.now, world.services
    used_up = timedelta(seconds=services.settings.job_lease_seconds * WORKING_SHARE)
    moments = iter([start])  # the batch begins
    world.services = replace(services, now=lambda: next(moments, start + used_up))

    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [QUEUED] * 3
    assert [item.claim for item in world.put_back()] == [None] * 3
    world.services = services
    world.run(*world.put_back())
    assert [world.status(job) for job in jobs] == [DONE] * 3


@pytest.mark.usefixtures("pairs")
def test_two_items_for_one_job_in_a_batch_run_it_once(world):
    jobs = tag_jobs(world, 3)

    world.run(*jobs, *jobs, *jobs)

    assert world.effects().count("tag.added") == 3
    assert [world.row(job)[Job.ATTEMPTS] for job in jobs] == [1, 1, 1]
