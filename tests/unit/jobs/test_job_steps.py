"""Long work that is done step by step, shown with an operation that exists here only."""

from datetime import timedelta

import pytest

from connector import due
from connector.dataverse.choices import JobStatus, Operation as Choice
from connector.dataverse.names import Job
from connector.errors import Transient
from connector.jobs.sweep import sweep
from connector.operations import registry
from connector.operations.operation import Needs, ParameterlessOperation
from connector.operations.results import Continue, Done, Failed

DONE = (JobStatus.COMPLETED, "OK")
CHOICE = Choice.SYNC_MARKETING_LIST


class LongWork(ParameterlessOperation):
    """So many steps, each remembered; the next one may be made to fail."""

    choice = CHOICE
    needs = Needs.RECORD_OR_NOTHING

    def __init__(self, steps: int = 3, *, repeatable: bool = True) -> None:
        self.steps = steps
        self.repeatable = repeatable
        self.done: list[int] = []
        self.problem: Exception | None = None

    def perform(self, tasks, _context):
        return {task.job.id: self._step(task.step) for task in tasks}

    def _step(self, step):
        if self.problem is not None:
            return Failed(self.problem, begun=True)
        self.done.append(step)
        made = step + 1
        return Done("All is done.") if made == self.steps else Continue(f"{made:,} of {self.steps:,}")


@pytest.fixture
def work(monkeypatch):
    def _work(*arguments, **options):
        made = LongWork(*arguments, **options)
        monkeypatch.setitem(registry.OPERATIONS, CHOICE.slug, made)
        return made

    return _work


def to_the_end(world, *, most=100):
    for _ in range(most):
        items = world.put_back()
        if not items:
            return
        world.run(*items)
    raise AssertionError("it does not end")


def lose_and_sweep(world, after):
    """The item is lost; the sweep finds the row so much later."""
    world.bus.forget()
    world.now += after
    world.door("POST", "clock", json={"move_seconds": after.total_seconds()})
    sweep(world.services)


def test_a_step_shows_its_progress_and_the_next_one_comes_at_once(world, work):
    work()
    job = world.job(CHOICE)

    world.run(job)

    row = world.row(job)
    assert (row[Job.STATUS], row[Job.RESULT_CODE], row[Job.RESULT_MESSAGE]) == (
        JobStatus.IN_PROGRESS, None, "1 of 3"
    )  # fmt: skip
    (item,) = world.put_back()
    assert (item.reason, item.step, item.claim.token) == ("continue", 1, row[Job.CLAIM])
    assert world.delays() == [0]
    assert world.lease(job) == timedelta(seconds=world.services.settings.job_lease_seconds)


def test_all_steps_are_made_in_their_order_and_once(world, work):
    long_work = work(5)
    job = world.job(CHOICE)

    world.run(job)
    to_the_end(world)

    assert long_work.done == [0, 1, 2, 3, 4]
    row = world.row(job)
    assert (world.status(job), row[Job.RESULT_MESSAGE], row[Job.CLAIM]) == (DONE, "All is done.", None)


def test_the_progress_stays_on_the_row_while_the_next_step_is_made(world, work, monkeypatch):
    long_work, seen = work(), []
    job = world.job(CHOICE)
    world.run(job)
    step = long_work._step
    monkeypatch.setattr(
        long_work, "_step", lambda number: seen.append(world.row(job)[Job.RESULT_MESSAGE]) or step(number)
    )

    world.run(*world.put_back())

    assert seen == ["1 of 3"]


def test_steps_use_up_neither_attempts_nor_time(world, work):
    long_work = work(60)
    job = world.job(CHOICE)
    world.run(job)
    for _ in range(50):
        world.now += timedelta(minutes=10)
        world.run(*world.put_back())
    long_work.problem = Transient("Busy.")

    pauses = []
    for _ in range(2):
        world.run(*world.put_back())
        pauses += world.delays()

    assert pauses == [due.BACKOFF_FIRST.total_seconds(), 2 * due.BACKOFF_FIRST.total_seconds()]
    long_work.problem = None
    to_the_end(world)
    assert long_work.done == list(range(60)), "the step that failed was made again, and no other"
    assert world.status(job) == DONE


def test_a_step_that_meets_the_same_problem_for_three_hours_is_given_up(world, work):
    long_work = work()
    job = world.job(CHOICE)
    world.run(job)
    long_work.problem = Transient("Busy.")
    world.run(*world.put_back())
    assert world.row(job)[Job.RESULT_CODE] == "TRANSIENT"
    world.now += timedelta(hours=3)

    world.run(*world.put_back())

    assert world.status(job) == (JobStatus.FAILED, "TRANSIENT_GIVEN_UP")


@pytest.mark.parametrize(
    ("repeatable", "status", "done"),
    [(True, DONE, [0, 0, 1, 2]), (False, (JobStatus.FAILED, "OUTCOME_UNKNOWN"), [0])],
    ids=["repeatable", "not repeatable"],
)
def test_after_a_death_between_two_steps_the_work_is_taken_over_from_its_beginning(
    world, work, repeatable, status, done
):
    long_work = work(repeatable=repeatable)
    job = world.job(CHOICE)
    world.run(job)
    lease = timedelta(seconds=world.services.settings.job_lease_seconds)
    lose_and_sweep(world, lease - timedelta(seconds=10))
    assert world.put_back() == [], "the lease runs"
    lose_and_sweep(world, timedelta(seconds=20))
    (woken,) = world.put_back()

    world.run(woken)
    to_the_end(world)

    assert (world.status(job), long_work.done) == (status, done)


def test_one_step_is_made_once_although_its_item_comes_twice(world, work):
    long_work = work()
    job = world.job(CHOICE)
    world.run(job)
    (item,) = world.put_back()

    world.run(item, item)
    (following,) = world.put_back()
    world.run(item)

    assert (long_work.done, world.put_back()) == ([0, 1], [])
    world.run(following)
    assert world.status(job) == DONE


def test_a_person_who_sets_it_back_to_queued_between_two_steps_doubles_nothing(world, work):
    long_work = work()
    job = world.job(CHOICE)
    world.run(job)
    (item,) = world.put_back()
    world.services.dataverse.update(Job.SET, job, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})

    world.run(job)
    assert world.put_back() == []
    world.run(item)
    to_the_end(world)

    assert (world.status(job), long_work.done) == (DONE, [0, 1, 2])


def test_work_that_a_person_ends_between_two_steps_does_not_go_on(world, work):
    long_work = work()
    job = world.job(CHOICE)
    world.run(job)
    world.services.dataverse.update(Job.SET, job, {Job.STATUS: JobStatus.FAILED.value, Job.STATE: 1})

    to_the_end(world)

    assert (world.row(job)[Job.STATUS], long_work.done) == (JobStatus.FAILED, [0])


def test_progress_that_cannot_be_written_stops_nothing(world, work):
    long_work = work()
    job = world.job(CHOICE)
    world.break_dataverse("503", rf"^dh_spotlerjobs\({job}\)", method="PATCH", inner=True, skip=1, count=1)

    world.run(job)
    assert world.row(job)[Job.RESULT_MESSAGE] is None
    to_the_end(world)

    assert (world.status(job), long_work.done) == (DONE, [0, 1, 2])


def test_a_step_whose_item_the_bus_does_not_take_is_taken_over_after_its_lease(world, work):
    work()
    job = world.job(CHOICE)
    world.bus.refuses = Transient("The bus is away.")
    with pytest.raises(Transient):
        world.run(job)
    world.bus.refuses = None
    world.run(job)  # delivered again
    assert world.put_back() == [], "the lease runs"
    lose_and_sweep(world, timedelta(seconds=world.services.settings.job_lease_seconds + 1))

    world.run(*world.put_back())
    to_the_end(world)

    assert world.status(job) == DONE


def test_younger_jobs_of_the_record_wait_for_all_steps(world, work):
    long_work = work()
    record, other = world.contact(known=True), world.contact("bob", known=True)
    job, second = world.job(CHOICE, record), world.job(CHOICE, record)
    elsewhere = world.job(CHOICE, other)

    world.run(job, second, elsewhere)

    assert world.status(second) == (JobStatus.QUEUED, None)
    assert {item.job: item.reason for item in world.put_back()} == {
        job: "continue",
        second: "retry",
        elsewhere: "continue",
    }
    to_the_end(world)
    assert [world.status(each) for each in (job, second, elsewhere)] == [DONE] * 3
    assert long_work.done.count(0) == 3


def test_a_progress_that_is_too_long_for_the_row_is_cut(world, work, monkeypatch):
    long_work = work()
    job = world.job(CHOICE)
    monkeypatch.setattr(long_work, "_step", lambda _: Continue("x" * 5000))

    world.run(job)

    assert world.row(job)[Job.RESULT_MESSAGE] == "x" * 4000
