"""What Azure loads: it indexes without any setting, and does not pay for what the first message needs."""

import asyncio
import contextvars
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector.dataverse.records import RecordRef
from connector.due import NOT_SET_UP
from connector.errors import Transient
from connector.jobs import chunks
from connector.routing.record_item import RecordItem
from connector.routing.work_item import WorkItem
from connector.services import once
from connector.triggers import guard, invocation, jobs as job_triggers, records, routing, timers
from tests.unit.jobs.recording_bus import RecordingBus

ROOT = Path(__file__).parents[2]
ENTITIES = json.loads((ROOT / "connector" / "servicebus" / "entities.json").read_text())
SUBSCRIPTIONS = [each["name"] for topic in ENTITIES["topics"] for each in topic["subscriptions"]]
SUBSCRIBED = [name.replace("-", "_") for name in SUBSCRIPTIONS]
JOB_FUNCTIONS = [name for name in SUBSCRIBED if name != "sync_records"]

#: What takes long to load, and what must never be loaded in Azure.
HEAVY = ("azure.servicebus", "azure.identity", "requests", "pydantic", "jsonschema", "openpyxl")
FORBIDDEN = (*HEAVY, "sandbox", "tests", "typer", "rich")

#: What the engine passes beside the messages.
CONTEXT = SimpleNamespace(invocation_id="the-invocation")


def with_an_empty_environment(code: str) -> str:
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that are there after Azure has loaded the app with an empty environment."""
    return set(
        json.loads(with_an_empty_environment("import json, sys, function_app; print(json.dumps(list(sys.modules)))"))
    )


@pytest.mark.parametrize("package", FORBIDDEN)
def test_loading_the_app_does_not_load(loaded, package):
    assert [name for name in loaded if name == package or name.startswith(f"{package}.")] == []


def test_loading_the_app_loads_its_triggers(loaded):
    assert {"connector.triggers.jobs", "connector.triggers.routing", "connector.triggers.timers"} <= loaded


def test_the_app_has_a_function_for_the_queue_for_each_subscription_and_for_each_schedule():
    names = with_an_empty_environment(
        "import function_app; print(*(f.get_function_name() for f in function_app.app.get_functions()))"
    ).split()

    assert sorted(names) == sorted(
        ["health", "route_dataverse_message", *SUBSCRIBED, *user_functions(timers.blueprint)]
    )


def test_all_functions_can_be_at_work_at_the_same_time():
    all_at_work = threading.Barrier(guard.MOST)

    async def batches() -> None:
        await asyncio.gather(*(guard.run_batch("f", lambda: all_at_work.wait(10), CONTEXT) for _ in range(guard.MOST)))

    names = with_an_empty_environment("import function_app; print(len(function_app.app.get_functions()))")

    assert int(names) <= guard.MOST
    asyncio.run(batches())  # raises where one has waited for the others in vain


def test_work_in_a_thread_sees_the_context_of_its_function():
    number = contextvars.ContextVar("number", default=0)
    seen = []

    async def function() -> None:
        number.set(7)
        await guard.run_batch("f", lambda: seen.append(number.get()), CONTEXT)

    asyncio.run(function())

    assert seen == [7]


def test_the_engine_knows_the_invocation_of_the_work_and_nothing_of_it_afterwards():
    import azure_functions_runtime as engine

    seen = []

    async def function() -> None:
        await asyncio.create_task(guard.run_batch("f", lambda: seen.append(engine.invocation_id_cv.get()), CONTEXT))
        seen.append(engine.invocation_id_cv.get())

    asyncio.run(function())

    assert seen == ["the-invocation", None]


@pytest.mark.parametrize("engine", [None, SimpleNamespace()], ids=["none", "of another version"])
def test_work_is_done_with_an_engine_that_has_no_variable_for_it(monkeypatch, engine):
    monkeypatch.setitem(sys.modules, invocation.ENGINE, engine)
    seen = []

    asyncio.run(guard.run_batch("f", lambda: seen.append(1), CONTEXT))

    assert seen == [1]


def test_at_a_cold_start_several_functions_get_the_same_services():
    made = []

    @once
    def services() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(6) as pool:
        got = set(pool.map(lambda _: services(), range(6)))

    assert got == set(made)
    assert len(made) == 1


def test_without_settings_a_function_says_which_are_missing():
    code = """
import asyncio, logging, sys, types, function_app
from connector.triggers import guard, timers
logging.basicConfig(stream=sys.stdout)
try:
    asyncio.run(timers.sweep_jobs._function.get_user_function()(None, types.SimpleNamespace(invocation_id="i")))
except guard.TimerFailed:
    print("The timer failed.")
"""
    reported = with_an_empty_environment(code)

    assert all(name in reported for name in ("ServiceBus", "DATAVERSE_URL", "SPOTLER_KEY", "SPOTLER_SECRET"))
    assert "Traceback" not in reported
    assert reported.endswith("The timer failed.\n")


def test_host_json_is_as_the_batches_need_it():
    host = json.loads((ROOT / "host.json").read_text())
    service_bus = host["extensions"]["serviceBus"]

    assert service_bus["autoCompleteMessages"] is True
    assert service_bus["maxMessageBatchSize"] == chunks.AT_A_TIME * chunks.SIZE, (
        "as many as are worked on at the same time"
    )
    assert service_bus["prefetchCount"] == 0, "a prefetched message loses its lock while it waits"
    hours, minutes, _ = map(int, host["functionTimeout"].split(":"))
    locks = {each["lockDuration"] for each in ENTITIES["topics"][0]["subscriptions"]}
    assert locks == {"PT5M"}
    assert hours * 60 + minutes > 5, "a batch may use the whole lock of its messages"


class Message:
    """A message as the engine hands it to a function."""

    delivery_count = 1

    def __init__(self, body: bytes, properties: dict[str, object] | None) -> None:
        self._body = body
        self.application_properties = properties

    def get_body(self) -> bytes:
        return self._body


@pytest.fixture
def called(monkeypatch):
    """What the triggers pass on; their work is done elsewhere."""
    from connector import services
    from connector.jobs import batch, sweep
    from connector.routing import router
    from connector.sync.automatic import changes

    calls = []

    class Recorder:
        def __init__(self, *made_of):
            self._made_of = made_of

        def run(self, given):
            calls.append((*self._made_of, given))

    monkeypatch.setattr(services, "get_services", lambda: "services")
    monkeypatch.setattr(services, "get_router_services", lambda: "router services")
    monkeypatch.setattr(router, "Router", type("Router", (Recorder,), {}))
    monkeypatch.setattr(batch, "run_batch", lambda *given: calls.append(given))
    monkeypatch.setattr(changes, "sync_changes", lambda *given: calls.append(given))
    monkeypatch.setattr(sweep, "sweep", lambda given: calls.append(("sweep", given)))
    return calls


def user_functions(blueprint) -> dict:
    return {
        builder._function.get_function_name(): builder._function.get_user_function()
        for builder in blueprint._function_builders
    }


def run(function, argument) -> object:
    return asyncio.run(function(argument, CONTEXT))


def test_a_message_goes_to_the_router_with_its_properties(called):
    from connector.routing.router import Incoming

    answer = run(
        routing.route_dataverse_message._function.get_user_function(), [Message(b"a", {"x": 1}), Message(b"b", None)]
    )

    assert called == [("router services", [Incoming(b"a", {"x": 1}), Incoming(b"b", {})])]
    assert answer is None


def test_a_batch_goes_to_the_runner_of_its_operation(called):
    functions = user_functions(job_triggers.blueprint)
    for name, function in functions.items():
        assert run(function, [Message(b"1", {}), Message(b"2", {})]) is None
        services, operation, bodies = called.pop()
        assert (services, operation.slug, bodies) == ("services", name.replace("_", "-"), [b"1", b"2"])
    assert sorted(functions) == sorted(JOB_FUNCTIONS)


def test_changed_records_are_synced_and_it_is_known_which_message_was_delivered_before(called):
    from connector.sync.automatic.items import Delivered

    again = Message(b"2", {})
    again.delivery_count = 2
    unknown = Message(b"3", {})
    unknown.delivery_count = None

    run(records.sync_records._function.get_user_function(), [Message(b"1", {}), again, unknown])

    assert called == [("services", [Delivered(b"1"), Delivered(b"2", again=True), Delivered(b"3")])]


def test_the_timer_sweeps(called):
    run(user_functions(timers.blueprint)["sweep_jobs"], None)

    assert called == [("sweep", "services")]


# What goes wrong

PERSONAL = "jane@example.org"
ERRORS = {
    "internal error": (ZeroDivisionError(PERSONAL), "Internal error: ZeroDivisionError@"),
    "expected error": (Transient("The bus is away."), "The bus is away."),
}


@pytest.fixture(params=ERRORS.values(), ids=ERRORS.keys())
def failing(request, monkeypatch):
    """Whatever a trigger calls ends with this error; its words in the log."""
    from connector.jobs import batch, sweep
    from connector.routing import router
    from connector.sync.automatic import changes

    request.getfixturevalue("called")  # no services are made
    error, words = request.param

    def fail(*_):
        raise error

    for owner, name in ((router.Router, "run"), (batch, "run_batch"), (changes, "sync_changes"), (sweep, "sweep")):
        monkeypatch.setattr(owner, name, fail)
    return words


@pytest.mark.parametrize("function", ["route_dataverse_message", JOB_FUNCTIONS[-1], "sync_records"])
def test_a_batch_that_failed_is_delivered_again_and_the_host_learns_nothing_else(failing, caplog, function):
    functions = user_functions(routing.blueprint) | user_functions(job_triggers.blueprint)

    with pytest.raises(guard.DeliverAgain) as raised:
        run((functions | user_functions(records.blueprint))[function], [Message(b"1", {})])

    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    (reported,) = caplog.records
    assert (reported.getMessage().startswith(failing), reported.operation) == (True, function.replace("_", "-"))
    assert PERSONAL not in caplog.text + str(raised.value)


def test_a_timer_that_failed_is_logged_and_the_host_learns_nothing_else(failing, caplog):
    with pytest.raises(guard.TimerFailed) as raised:
        run(user_functions(timers.blueprint)["sweep_jobs"], None)

    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    (reported,) = caplog.records
    assert (reported.getMessage().startswith(failing), reported.operation) == (True, "sweep-jobs")
    assert PERSONAL not in caplog.text + str(raised.value)


def test_every_timer_is_guarded(monkeypatch, caplog):
    from connector import services

    monkeypatch.setattr(services, "get_services", lambda: 1 / 0)
    functions = user_functions(timers.blueprint)
    monkeypatch.setattr("connector.doctor.hourly.look_around", lambda: 1 / 0)

    for function in functions.values():
        with pytest.raises(guard.TimerFailed):
            run(function, None)

    assert [reported.operation.replace("-", "_") for reported in caplog.records] == list(functions)
    assert {reported.levelname for reported in caplog.records} == {"ERROR"}


def test_a_batch_waits_while_the_app_cannot_even_begin(monkeypatch, caplog):
    from connector import services
    from connector.services import RouterServices

    bus = RecordingBus()
    now = datetime(2026, 3, 1, tzinfo=UTC)
    item = WorkItem(operation="add-tag", job="0a0a0a0a-0000-4000-8000-000000000001", first_seen=now)
    monkeypatch.setattr(services, "get_services", lambda: 1 / 0)
    monkeypatch.setattr(services, "get_router_services", lambda: RouterServices(bus=bus, now=lambda: now))

    run(user_functions(job_triggers.blueprint)[JOB_FUNCTIONS[-1]], [Message(item.body(), {})])

    (waiting,) = bus.to("spotler-jobs")
    assert (WorkItem.from_body(waiting.body).job, waiting.due) == (item.job, now + NOT_SET_UP)
    assert [reported.levelname for reported in caplog.records] == ["ERROR"]


def test_records_wait_while_the_app_cannot_even_begin(monkeypatch, caplog):
    from connector import services
    from connector.services import RouterServices

    bus = RecordingBus()
    now = datetime(2026, 3, 1, tzinfo=UTC)
    record = RecordRef("contact", "cccccccc-0000-4000-8000-000000000001")
    item = RecordItem(record=record, deleted=True, first_seen=now)
    monkeypatch.setattr(services, "get_services", lambda: 1 / 0)
    monkeypatch.setattr(services, "get_router_services", lambda: RouterServices(bus=bus, now=lambda: now))

    run(records.sync_records._function.get_user_function(), [Message(item.body(), {}), Message(b"?", {})])

    (waiting,) = bus.to("spotler-jobs")
    assert (RecordItem.from_body(waiting.body), waiting.due) == (item, now + NOT_SET_UP)
    assert waiting.properties == {"operation": "sync-records"}
    assert [kept.properties["source"] for kept in bus.to("quarantine")] == ["sync-records"]
    assert caplog.records[0].levelname == "ERROR"
