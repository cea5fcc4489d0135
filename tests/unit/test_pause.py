"""The pause: functions put back what they get, timers stand still, and nothing depends on the flag."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector import due, services
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from connector.dataverse.records import RecordRef
from connector.errors import Misconfigured, Transient
from connector.jobs import batch, sweep
from connector.routing.record_item import RecordItem
from connector.routing.work_item import Claim, Receipt, WorkItem
from connector.state import pause
from connector.state.model import StoredValueUnreadable
from connector.state.pause import CACHED, GIVEN_UP, PAUSE, PauseWatch, read_pause, set_pause
from connector.telemetry import measuring
from connector.telemetry.measuring import MetricTally
from connector.telemetry.names import TIMER_RUNS
from connector.triggers import jobs as job_triggers, records, timers
from tests.memory_state import MemoryState
from tests.unit.jobs.recording_bus import RecordingBus

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
CONTEXT = SimpleNamespace(invocation_id="the-invocation")
HOUR = timedelta(hours=1)
ITEM = WorkItem(
    operation="add-tag",
    job="00000000-0000-4000-8000-000000000001",
    reason="continue",
    first_seen=NOW,
    tries=3,
    step=7,
    claim=Claim(attempt=1, tokens=("mine",)),
)


class Watched:
    """A watch over a state, on clocks that the test moves."""

    def __init__(self):
        self.state, self.seconds, self.now, self.opened = MemoryState(), 0.0, NOW, 0
        self.watch = PauseWatch(self._open, lambda: self.now, clock=lambda: self.seconds)

    def _open(self):
        self.opened += 1
        return self.state

    def later(self, seconds):
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def watched():
    return Watched()


def test_without_a_flag_nothing_is_paused(watched):
    assert not watched.watch.is_on()


def test_it_is_obeyed_within_seconds_and_ended_within_seconds(watched):
    assert not watched.watch.is_on()
    set_pause(watched.state, NOW, HOUR)
    assert not watched.watch.is_on(), "the answer is remembered for a while"
    watched.later(CACHED)
    assert watched.watch.is_on()

    watched.state.delete(PAUSE)
    watched.later(CACHED)
    assert not watched.watch.is_on()


def test_a_message_costs_no_read_of_the_state(watched, monkeypatch):
    reads = []
    monkeypatch.setattr(watched.state, "read", reads.append)

    for _ in range(1000):
        watched.watch.is_on()

    assert (reads, watched.opened) == ([PAUSE], 1)


def test_a_forgotten_pause_ends_by_itself(watched):
    set_pause(watched.state, NOW, HOUR)
    assert watched.watch.is_on()

    watched.now += HOUR

    assert not watched.watch.is_on(), "also while the answer is remembered"
    assert read_pause(watched.state, watched.now) is None


def test_a_second_order_prolongs_it_and_does_not_begin_anew(watched):
    set_pause(watched.state, NOW, HOUR)

    again = set_pause(watched.state, NOW + HOUR / 2, HOUR)

    assert (again.since, again.until) == (NOW, NOW + 1.5 * HOUR)
    assert set_pause(watched.state, NOW + 2 * HOUR, HOUR).since == NOW + 2 * HOUR, "the first one is over"


@pytest.mark.parametrize("error", [Transient("away"), Misconfigured("no access"), RuntimeError("?")])
def test_a_state_that_cannot_be_read_is_no_pause_and_what_was_known_holds(watched, monkeypatch, error):
    def fail(_):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(watched.state, "read", fail)
        assert not watched.watch.is_on()

    set_pause(watched.state, NOW, HOUR)
    watched.later(CACHED)
    assert watched.watch.is_on()
    monkeypatch.setattr(watched.state, "read", fail)
    watched.later(CACHED)
    assert watched.watch.is_on()


def test_settings_that_are_wrong_are_no_pause_and_are_reported_by_those_who_need_them(caplog):
    def misconfigured():
        raise Misconfigured("Settings are missing or wrong: STATE.")

    assert not PauseWatch(misconfigured, lambda: NOW).is_on()
    assert caplog.records == []


def test_a_state_that_does_not_answer_keeps_no_function_waiting(watched, monkeypatch):
    monkeypatch.setattr(pause, "PATIENCE", 0.01)
    answers = threading.Event()
    monkeypatch.setattr(watched.state, "read", lambda _: answers.wait(10) and None)

    assert not watched.watch.is_on()
    answers.set()


def test_a_read_that_never_comes_back_does_not_hide_a_pause_for_ever(watched, monkeypatch):
    monkeypatch.setattr(pause, "PATIENCE", 0.01)
    answers = threading.Event()
    with monkeypatch.context() as hanging:
        hanging.setattr(watched.state, "read", lambda _: answers.wait(10) and None)
        assert not watched.watch.is_on()
    set_pause(watched.state, NOW, HOUR)
    monkeypatch.setattr(pause, "PATIENCE", 5)

    watched.later(GIVEN_UP)
    assert watched.watch.is_on()
    answers.set()


def test_a_thread_that_cannot_be_started_does_not_hide_a_pause_for_ever(watched, monkeypatch):
    def fail(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(pause, "start_thread", fail)
        with pytest.raises(RuntimeError):
            watched.watch.is_on()
    set_pause(watched.state, NOW, HOUR)

    assert watched.watch.is_on()


def test_a_flag_that_people_have_damaged_is_logged_and_is_no_pause(watched, caplog):
    watched.state.write(PAUSE, {"since": "yesterday"}, version=None)

    assert not watched.watch.is_on()
    assert [each.code for each in caplog.records] == [StoredValueUnreadable.code]


@pytest.mark.parametrize("days", [3, 365])
def test_a_pause_that_somebody_with_a_wrong_clock_ordered_is_logged_and_is_no_pause(watched, caplog, days):
    set_pause(watched.state, NOW + timedelta(days=days), HOUR)
    with pytest.raises(StoredValueUnreadable, match="begins in the future"):
        read_pause(watched.state, NOW)

    assert not watched.watch.is_on()
    assert [each.code for each in caplog.records] == [StoredValueUnreadable.code]


@pytest.mark.parametrize(
    ("since", "until", "on"),
    [
        (timedelta(days=3), timedelta(days=3, hours=1), timedelta(days=3, minutes=30)),
        (timedelta(minutes=16), timedelta(minutes=76), timedelta(minutes=30)),
        (timedelta(0), timedelta(days=3), timedelta(days=2, hours=23)),
    ],
    ids=["days ahead", "minutes ahead", "days long"],
)
def test_a_pause_with_a_wrong_date_is_no_pause_on_that_day_either(watched, caplog, since, until, on):
    dated = {"since": (NOW + since).isoformat(), "until": (NOW + until).isoformat()}
    watched.state.write(PAUSE, dated, version=None)
    assert not watched.watch.is_on()

    watched.later(on.total_seconds())

    assert not watched.watch.is_on()
    assert read_pause(watched.state, watched.now) is None, "nor for an instance that starts then"
    assert [each.code for each in caplog.records] == [StoredValueUnreadable.code], "and it is logged once"


def test_a_clock_that_is_a_little_ahead_orders_a_pause_like_any_other(watched):
    set_pause(watched.state, NOW + timedelta(minutes=14), HOUR)

    assert watched.watch.is_on()


def test_a_pause_that_is_ordered_while_a_wrong_one_is_ended_is_kept(watched, monkeypatch):
    set_pause(watched.state, NOW + timedelta(days=3), HOUR)
    write = watched.state.write

    def write_later(name, value, *, version):
        monkeypatch.setattr(watched.state, "write", write)
        watched.state.delete(PAUSE)
        set_pause(watched.state, NOW, HOUR)
        return write(name, value, version=version)

    monkeypatch.setattr(watched.state, "write", write_later)
    assert not watched.watch.is_on()
    watched.later(CACHED)

    assert watched.watch.is_on()


def test_a_wrong_pause_that_cannot_be_ended_is_no_pause_and_the_work_goes_on(watched, monkeypatch, caplog):
    set_pause(watched.state, NOW + timedelta(days=3), HOUR)
    monkeypatch.setattr(watched.state, "write", lambda *_, **__: (_ for _ in ()).throw(Transient("away")))

    assert not watched.watch.is_on()
    assert [each.code for each in caplog.records] == [StoredValueUnreadable.code, Transient.code]


def test_a_second_order_never_ends_the_pause_of_another_person_earlier(watched):
    set_pause(watched.state, NOW, 2 * HOUR)

    assert set_pause(watched.state, NOW, HOUR / 2).until == NOW + 2 * HOUR
    assert read_pause(watched.state, NOW).until == NOW + 2 * HOUR


# The functions


@pytest.fixture
def bus(watched, monkeypatch):
    """What the functions send while they are paused; their work must not be done."""
    recording = RecordingBus()
    set_pause(watched.state, NOW, HOUR)
    monkeypatch.setattr(services, "get_pause", lambda: watched.watch)
    monkeypatch.setattr(services, "get_bus", lambda: recording)
    monkeypatch.setattr(services, "get_services", lambda: pytest.fail("work was begun"))
    return recording


def message(body, deliveries=1):
    return SimpleNamespace(get_body=lambda: body, delivery_count=deliveries, application_properties={})


def function(blueprint, name):
    return next(
        each._function.get_user_function()
        for each in blueprint._function_builders
        if each._function.get_function_name() == name
    )


def call(blueprint, name, argument):
    asyncio.run(function(blueprint, name)(argument, CONTEXT))


def test_a_job_goes_back_with_its_claim_its_step_and_its_tries(bus):
    call(job_triggers.blueprint, "add_tag", [message(ITEM.body())])

    (sent,) = bus.to("spotler-jobs")
    again = WorkItem.from_body(sent.body)
    assert (again.claim, again.step, again.tries) == (ITEM.claim, 7, 3)
    assert sent.due == NOW + due.PAUSED
    assert sent.properties == {"operation": "add-tag"}


def test_two_items_of_one_job_are_one_message_only_if_they_say_the_same(bus):
    """The bus keeps one of two messages with the same id: the other must not hold an outcome, or another claim."""
    receipt = Receipt(status=JobStatus.COMPLETED, code="OK", message="")
    twice_claimed = Claim(attempt=2, tokens=("lost", "mine"))
    items = [
        ITEM,
        ITEM.model_copy(update={"reason": "receipt", "receipt": receipt}),
        ITEM.model_copy(update={"claim": twice_claimed}),
        ITEM.model_copy(update={"step": 8}),
        ITEM.model_copy(update={"reason": "sweep", "claim": None}),
    ]

    call(job_triggers.blueprint, "add_tag", [message(item.body()) for item in [*items, ITEM]])

    kept = {sent.message_id: sent.body for sent in bus.to("spotler-jobs")}
    assert sorted(kept.values()) == sorted(item.body() for item in items), "each as it was, and a copy once"


def test_a_changed_record_goes_back(bus):
    item = RecordItem(record=RecordRef(Contact.TABLE, ITEM.job), columns=("lastname",), first_seen=NOW, tries=2)

    call(records.blueprint, "sync_records", [message(item.body())])

    (sent,) = bus.to("spotler-jobs")
    assert (RecordItem.from_body(sent.body), sent.due) == (item, NOW + due.PAUSED)


def test_what_is_no_work_item_goes_to_the_quarantine_as_ever(bus):
    call(job_triggers.blueprint, "add_tag", [message(b"?"), message(ITEM.body())])

    assert len(bus.to("quarantine")) == len(bus.to("spotler-jobs")) == 1


@pytest.mark.usefixtures("bus")
def test_timers_stand_still_and_that_is_logged_once(caplog):
    for _ in range(3):
        call(timers.blueprint, "sweep_jobs", None)
        call(timers.blueprint, "read_updates", None)

    assert [each.getMessage() for each in caplog.records] == ["Paused since 2026-03-01 10:00:00Z: nothing is begun."]


@pytest.mark.usefixtures("bus")
def test_a_timer_that_stood_still_is_counted_as_paused_and_not_as_a_success(monkeypatch):
    tally = MetricTally()
    monkeypatch.setattr(measuring, "_tally", tally)

    call(timers.blueprint, "reconcile_weekly", None)

    assert tally.take().counts[TIMER_RUNS] == {("reconcile-weekly", "paused"): 1}


def test_after_the_pause_the_work_is_done(bus, watched, monkeypatch):
    done = []
    monkeypatch.setattr(services, "get_services", lambda: "services")
    monkeypatch.setattr(batch, "run_batch", lambda *given: done.append(given[2]))
    monkeypatch.setattr(sweep, "sweep", lambda _: done.append("swept"))
    watched.state.delete(PAUSE)
    watched.later(CACHED)

    call(job_triggers.blueprint, "add_tag", [message(b"body")])
    call(timers.blueprint, "sweep_jobs", None)

    assert (done, bus.to("spotler-jobs")) == ([[b"body"], "swept"], [])


def test_a_job_that_waited_for_a_pause_ends_as_if_there_had_been_none(world, watched, monkeypatch):
    watched.now = world.now
    set_pause(watched.state, world.now, HOUR)
    monkeypatch.setattr(services, "get_pause", lambda: watched.watch)
    monkeypatch.setattr(services, "get_bus", lambda: world.bus)
    job = world.job(Operation.ADD_TAG, world.contact(known=True), **{Job.TAG: "Webinar"})
    before = world.row(job)

    for _ in range(20):  # more than the bus delivers a message
        call(job_triggers.blueprint, "add_tag", [message(world.item(job).body())])
        (item,) = world.put_back()
        world.bus.forget()
    assert world.row(job) == before
    world.run(item)

    assert world.status(job) == (JobStatus.COMPLETED, "OK")
    assert world.row(job)[Job.ATTEMPTS] == 1
    assert world.effects().count("tag.added") == 1
