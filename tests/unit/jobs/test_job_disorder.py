"""Random disorder: items that are lost, doubled and late, faults of all systems, late writes, people who edit rows."""

import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.errors import ConnectorError, Transient
from connector.jobs.sweep import sweep
from connector.routing.work_item import WorkItem
from sandbox.spotler import seed

TAG, START, RAISE = Operation.ADD_TAG, Operation.START_AUTOMATION, Operation.INCREASE_SCORE
DONE = (JobStatus.COMPLETED, "OK")
SPOTLER_FAULTS = ("throttle", "error", "drop_before_write", "drop_after_write", "error_after_write", "html", "auth")
DATAVERSE_FAULTS = ("503", "429", "500", "drop", "drop-after-write")
ROUTES = ("POST /automation/trigger/*", "POST /contact/*/tags", "POST /contact/list", "*")


def is_write(request):
    return request.method == "PATCH" and request.path.startswith(Job.SET)


class Disorder:
    """A bus that loses and doubles, a Dataverse that carries out late, and somebody who edits rows."""

    def __init__(self, world, monkeypatch, number):
        self.world = world
        self.chance = random.Random(number)  # noqa: S311 - chance that can be repeated
        self.waiting = []
        self.late = []
        self.is_over = False
        self._batch = world.services.dataverse.batch
        monkeypatch.setattr(world.services.dataverse, "batch", self.batch)

    def batch(self, requests):
        requests = list(requests)
        if not self.is_over and self.chance.random() < 0.2 and any(is_write(each) for each in requests):
            self.late.append(requests)
            raise Transient("Dataverse did not answer POST $batch within 60 s.")
        return self._batch(requests)

    def carry_out_late_writes(self):
        late, self.late = self.late, []
        for requests in late:
            with suppress(ConnectorError):  # they may be lost for good
                self._batch(requests)

    def take_from_bus(self):
        for message in self.world.bus.to("spotler-jobs"):
            self.waiting.append((message.due or self.world.now, WorkItem.from_body(message.body)))
        self.world.bus.forget()

    def pass_time(self, seconds):
        self.world.now += timedelta(seconds=seconds)
        self.world.time.sleep(seconds)
        self.world.door("POST", "clock", json={"move_seconds": seconds})

    def deliver(self, *, loses):
        due = [each for each in self.waiting if each[0] <= self.world.now]
        if not due:
            return
        operation = self.chance.choice(due)[1].operation
        batch = [each for each in due if each[1].operation == operation]
        self.waiting = [each for each in self.waiting if each not in batch]
        if loses and not self.is_over:
            batch = [each for each in batch if self.chance.random() > 0.1]
        if not self.is_over and self.chance.random() < 0.2:
            self.waiting += batch  # delivered twice
        if not batch:
            return
        refuses = not self.is_over and loses and self.chance.random() < 0.1
        self.world.bus.refuses = Transient("The bus is away.") if refuses else None
        try:
            self.world.run(*(item for _, item in batch))
        except ConnectorError:
            self.waiting += batch  # abandoned, and delivered again
        self.world.bus.refuses = None
        self.take_from_bus()

    def sweep(self):
        self.world.bus.forget()
        try:
            sweep(self.world.services)
        except ConnectorError:
            assert not self.is_over
        self.take_from_bus()

    def disturb(self):
        chance, world = self.chance, self.world
        if chance.random() < 0.5:
            kind, route = chance.choice(SPOTLER_FAULTS), chance.choice(ROUTES)
            world.spotler.arm(kind, route=route, count=chance.randint(1, 4))
        else:
            kind, count = chance.choice(DATAVERSE_FAULTS), chance.randint(1, 3)
            inner = kind in ("503", "429", "500") and chance.random() < 0.5
            path = r"^dh_spotlerjobs\(" if inner else chance.choice((r"^\$batch", "^dh_spotlerjobs", ""))
            world.break_dataverse(kind, path, count=count, inner=inner)

    def mend(self):
        self.world.mend_dataverse()
        self.world.mend_spotler()

    def until_over(self, jobs):
        """Nothing is disturbed any more; whatever was carried out late is carried out now."""
        self.is_over = True
        self.mend()
        self.carry_out_late_writes()
        for _ in range(80):
            rows = {row[Job.ID]: row for row in self.world.rows(Job.TABLE)}
            if not self.waiting and all(rows[job][Job.STATE] == 1 for job in jobs):
                return
            self.pass_time(240)
            self.sweep()
            while any(due <= self.world.now for due, _ in self.waiting):
                self.deliver(loses=False)
        raise AssertionError("not all jobs are over")


def jobs_of(world):
    automation = {"_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    records = [world.contact(name, known=True) for name in ("ann", "bob", "cas")]
    columns = {START: automation, RAISE: {Job.SCORE: 1}, TAG: {}}
    made = {}
    for place, operation in enumerate((START, TAG, RAISE, START, START, RAISE)):
        job = world.job(operation, records[place % 3], **{Job.TAG: f"t{place}", **columns[operation]})
        made[job] = operation
    return made


def effects_of(world, jobs):
    """How often each job had its effect: a job of its own tag, or of its own run."""
    runs, raises = Counter(), Counter()
    for entry in world.spotler.journal():
        runs[entry["effect"], entry.get("externalId")] += 1
    contacts = {each["externalId"]: each["tags"] for each in world.spotler.state()["contacts"]}
    for job, operation in jobs.items():
        if operation is RAISE:
            row = world.row(job)
            raises[job] = contacts.get(row[f"_{Job.CUSTOMER}_value"], {}).get(row[Job.TAG]) or 0
    return runs, raises


def starts_of(world, jobs):
    """By record, the jobs that start something."""
    by_record = {}
    for job, operation in jobs.items():
        if operation is START:
            by_record.setdefault(world.row(job)[f"_{Job.CUSTOMER}_value"], []).append(job)
    return by_record


@pytest.mark.parametrize("number", range(4))
def test_items_that_are_lost_doubled_and_late_start_nothing_twice_and_every_job_ends(world, monkeypatch, number):
    jobs = jobs_of(world)
    disorder = Disorder(world, monkeypatch, number)
    disorder.waiting = [(world.now, world.item(job)) for job in jobs]

    for _ in range(50):
        step = disorder.chance.random()
        if step < 0.55:
            disorder.deliver(loses=True)
        elif step < 0.7:
            disorder.pass_time(disorder.chance.choice((1, 5, 30, 120, 330)))
        elif step < 0.8:
            disorder.sweep()
        elif step < 0.9:
            disorder.disturb()
        elif step < 0.97:
            disorder.carry_out_late_writes()
        else:
            disorder.mend()
    disorder.until_over(jobs)

    assert_at_most_once(world, jobs, again=Counter())


@pytest.mark.parametrize("number", range(4))
def test_people_who_queue_running_jobs_double_nothing(world, monkeypatch, number):
    """They do so while a lease runs; what they queue after its end is an order to run again."""
    jobs = jobs_of(world)
    disorder = Disorder(world, monkeypatch, 1000 + number)
    disorder.waiting = [(world.now, world.item(job)) for job in jobs]
    again = Counter()

    for _ in range(50):
        step = disorder.chance.random()
        if step < 0.5:
            disorder.deliver(loses=False)
        elif step < 0.6:
            disorder.pass_time(disorder.chance.choice((1, 5, 30)))
        elif step < 0.7:
            disorder.sweep()
        elif step < 0.8:
            disorder.disturb()
        elif step < 0.85:
            disorder.carry_out_late_writes()
        elif step < 0.9:
            disorder.mend()
        else:
            queue_again(world, disorder.chance.choice(list(jobs)), again)
    disorder.until_over(jobs)

    assert_at_most_once(world, jobs, again)


def queue_again(world, job, again):
    row = world.row(job)
    world.mend_dataverse()
    ended = row[Job.STATE] == 1 or row[Job.RESULT_CODE] == "OUTCOME_UNKNOWN"
    if ended:
        again[job] += 1
    world.services.dataverse.update(Job.SET, job, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})


def assert_at_most_once(world, jobs, again):
    runs, raises = effects_of(world, jobs)
    for record, starts in starts_of(world, jobs).items():
        begun, allowed = runs["automation.started", record], sum(1 + again[job] for job in starts)
        done = sum(world.status(job) == DONE for job in starts)
        assert done <= begun <= allowed, (record, [world.status(job) for job in starts])
    for job, operation in jobs.items():
        if operation is RAISE:
            done = world.status(job) == DONE
            assert done <= raises[job] <= 1 + again[job], world.status(job)
        if operation is TAG:
            assert world.status(job) in (DONE, (JobStatus.FAILED, "TRANSIENT_GIVEN_UP"))
