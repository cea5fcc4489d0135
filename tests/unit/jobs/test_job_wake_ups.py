"""When rows that stay as they are are woken up, and that a sweep over any number of them ends."""

from bisect import bisect_right
from datetime import timedelta
from itertools import count, pairwise, repeat

import pytest
from hypothesis import given, strategies as st

from connector import due
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job as Names
from connector.due import SWEEP_INTERVAL, wake_up_ages, wake_up_number
from connector.jobs import sweep as sweeping
from connector.jobs.store import JobStore
from connector.jobs.sweep import sweep
from connector.operations.job import JobRow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = list(wake_up_ages(30 * DAY))
ages = st.timedeltas(min_value=timedelta(0), max_value=30 * DAY - SWEEP_INTERVAL)
#: When the sweeps look at a row that was written at some moment between two of them.
offsets = st.timedeltas(min_value=timedelta(0), max_value=SWEEP_INTERVAL - timedelta.resolution)


def is_due(age):
    return any(youngest <= age < oldest for youngest, oldest in MONTH)


def test_the_first_wake_ups_come_at_once_and_then_less_and_less_often():
    minutes = [youngest // timedelta(minutes=1) for youngest, _ in wake_up_ages(3 * HOUR)]

    assert minutes == [0, 2, 4, 8, 16, 32, 60, 120, 180]


def test_the_pause_doubles_up_to_an_hour_and_is_a_day_after_a_day():
    pauses = [later - earlier for (earlier, _), (later, _) in pairwise(MONTH)]

    assert pauses == sorted(pauses)
    assert [pause // timedelta(minutes=1) for pause in pauses[:7]] == [2, 2, 4, 8, 16, 28, 60]
    assert {pause for pause, (youngest, _) in zip(pauses, MONTH, strict=False) if HOUR <= youngest < DAY} == {HOUR}
    assert {pause for pause, (youngest, _) in zip(pauses, MONTH, strict=False) if youngest >= DAY} == {DAY}


@given(ages)
def test_the_ages_that_are_asked_for_reach_the_oldest_row_the_youngest_first(oldest):
    asked = list(wake_up_ages(oldest))

    assert asked == MONTH[: len(asked)], "the youngest first"
    assert all(youngest <= oldest for youngest, _ in asked)
    assert not any(youngest <= oldest for youngest, _ in MONTH[len(asked) :])


@given(offsets)
def test_two_sweeps_fall_into_every_wake_up_and_send_one_message(offset):
    """Two, in case one of them fails. The spans of the first minutes touch, so that a row is found at once."""
    for youngest, oldest in MONTH:
        first = -((offset - youngest) // SWEEP_INTERVAL) if youngest else 0
        seen = [offset + (first + place) * SWEEP_INTERVAL for place in range(-1, 4)]
        within = [age for age in seen if youngest <= age < oldest]

        assert len(within) == 2
        if youngest >= 2 * SWEEP_INTERVAL:
            assert len({wake_up_number(age) for age in within}) == 1


@given(ages)
def test_a_wake_up_has_one_number_until_the_next_one(age):
    beginnings = [youngest for youngest, _ in MONTH]

    assert wake_up_number(age) == wake_up_number(beginnings[bisect_right(beginnings, age) - 1])


def test_no_two_wake_ups_have_the_same_number():
    numbers = [wake_up_number(youngest) for youngest, _ in MONTH]

    assert numbers == sorted(set(numbers))


@given(offsets)
def test_a_row_that_waits_for_a_day_gets_as_many_messages_as_wake_ups(offset):
    sweeps = [offset + number * SWEEP_INTERVAL for number in range(DAY // SWEEP_INTERVAL)]
    sent = [wake_up_number(age) for age in sweeps if is_due(age)]

    assert len(set(sent)) == len([youngest for youngest, _ in MONTH if youngest < DAY])
    assert sent == sorted(sent)


@given(offsets, st.integers(0, DAY // SWEEP_INTERVAL - 1))
def test_one_sweep_that_fails_costs_no_wake_up(offset, failed):
    sweeps = [offset + number * SWEEP_INTERVAL for number in range(DAY // SWEEP_INTERVAL + 2) if number != failed]

    sent = {wake_up_number(age) for age in sweeps if is_due(age)}

    expected = {wake_up_number(youngest) for youngest, _ in MONTH if youngest <= DAY}
    assert expected - sent <= {0, 1}, "in the first minutes the next one follows at once"


@pytest.mark.parametrize(("oldest", "most"), [(HOUR, 7), (DAY, 30), (365 * DAY, 395)])
def test_a_sweep_asks_for_few_ages(oldest, most):
    assert len(list(wake_up_ages(oldest))) <= most


# Any number of rows


class Clock:
    """Each look at a page takes so long."""

    def __init__(self, world):
        self.world = world
        self.began = world.now

    def passes(self, seconds):
        self.world.now += timedelta(seconds=seconds)

    @property
    def passed(self):
        return self.world.now - self.began


def pages_of(number):
    """Endless pages of queued jobs, each with other jobs."""
    for page in count():
        yield [
            JobRow(
                id=f"{page:08}-0000-4000-8000-{place:012}",
                operation=Operation.ADD_TAG,
                status=JobStatus.QUEUED,
                row_version=f'W/"{page}"',
            )
            for place in range(number)
        ]


def test_a_sweep_over_endless_rows_ends_in_time_and_the_next_one_goes_on(world, monkeypatch):
    clock, pages, asked = Clock(world), pages_of(50), []

    def stalled(_store, spans, **_):
        asked.append(spans)
        for page in pages:
            clock.passes(7)
            yield page

    monkeypatch.setattr(JobStore, "oldest_unfinished", lambda _: world.now - HOUR)
    monkeypatch.setattr(JobStore, "stalled", stalled)

    first = sweep(world.services)
    assert sweeping.TIME <= clock.passed <= sweeping.TIME + timedelta(seconds=7)
    assert clock.passed < SWEEP_INTERVAL, "two sweeps do not work at the same time"
    jobs = {item.job for item in world.put_back()}
    assert first == len(jobs) == 13 * 50
    world.bus.forget()
    clock.began = world.now

    assert sweep(world.services) == first
    assert not jobs & {item.job for item in world.put_back()}
    assert {spans[0][0] for spans in asked} == {timedelta(0)}, "the youngest first"


def test_a_sweep_over_endless_ages_without_a_row_ends_in_time(world, monkeypatch):
    clock = Clock(world)

    def stalled(_store, _ages, **_):
        clock.passes(1)
        yield []

    monkeypatch.setattr(due, "wake_up_ages", lambda _: repeat((timedelta(0), SWEEP_INTERVAL)))
    monkeypatch.setattr(JobStore, "stalled", stalled)
    world.job(Operation.ADD_TAG, None, modifiedon="2020-01-01T00:00:00Z")

    assert sweep(world.services) == 0
    assert clock.passed <= sweeping.TIME + timedelta(seconds=1)


@pytest.mark.parametrize(
    "age",
    [timedelta(minutes=3), timedelta(minutes=17), timedelta(hours=5, minutes=1), timedelta(days=400, minutes=1)],
    ids=str,
)
@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_row_of_every_age_is_found_at_its_wake_ups(world, age, is_claimed):
    written = (world.now - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    claimed = {Names.STATUS: JobStatus.IN_PROGRESS.value, Names.CLAIM: "dead", Names.LEASE_UNTIL: written}
    job = world.job(Operation.ADD_TAG, None, modifiedon=written, **(claimed if is_claimed else {}))

    sweep(world.services)

    assert [item.job for item in world.put_back()] == [job]


@pytest.mark.parametrize("age", [timedelta(minutes=13), timedelta(minutes=50), timedelta(hours=5, minutes=30)], ids=str)
def test_a_row_between_two_wake_ups_is_left_alone(world, age):
    written = (world.now - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.job(Operation.ADD_TAG, None, modifiedon=written)

    assert sweep(world.services) == 0
