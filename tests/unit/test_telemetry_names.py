"""Every metric is really emitted, by the code that is said to emit it, with its dimensions; the page lists them all."""

import ast
import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector import telemetry
from connector.consent.history import Change
from connector.dataverse.choices import ConsentCause
from connector.gauges import SLOWLY, Gauges
from connector.http import Clock, Transport
from connector.reconcile.certificate import Certificate
from connector.servicebus.browse import MessageBrowser
from connector.servicebus.entities import QUARANTINE, Location
from connector.state.successes import record_success
from connector.sync.permissions.history import append
from connector.telemetry import measuring, names
from connector.telemetry.measuring import MetricTally
from connector.telemetry.names import LOG_DIMENSIONS, METRICS
from connector.triggers import guard
from tests.unit.scripted_server import DROP, Answer, FakeTime, ScriptedServer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operators" / "telemetry.md").read_text(encoding="utf-8")
CONTEXT = SimpleNamespace(invocation_id="i-1")

#: The module that sets or counts each metric.
EMITTERS = {
    "connector.telemetry": {names.JOBS, names.JOB_DURATION, names.OUTCOME_UNKNOWN},
    "connector.http.transport": {names.CALLS, names.LIMITER_PARALLEL},
    "connector.sync.permissions.history": {names.CONSENT_CHANGES},
    "connector.triggers.guard": {names.TIMER_RUNS},
    "connector.doctor.run": {names.DOCTOR},
    "connector.gauges": {
        names.JOBS_WAITING,
        names.JOBS_OLDEST,
        names.BACKLOG,
        names.DEAD_LETTERS,
        names.QUARANTINE,
        names.BRAKE_HELD,
        names.RECONCILE_REMAINDER,
        names.TIMER_LAST_SUCCESS,
        names.CHECKPOINT_AGE,
    },
}


@pytest.fixture
def tally():
    made = MetricTally()
    measuring.collect(made)
    yield made
    measuring.collect(None)


@pytest.fixture
def emitted(tally):
    """What was recorded so far, as {metric: {values: number or numbers}}."""

    def take():
        measured = tally.take()
        return dict(measured.counts) | dict(measured.samples) | dict(measured.gauges)

    return take


def constants_used_in(file: Path) -> set[str]:
    """The constants of `names` that a file imports and then uses."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "connector.telemetry.names"
        for alias in node.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {name for local, name in imported.items() if local in used}


def test_each_metric_is_emitted_by_the_module_that_is_said_to():
    by_constant = {name: value for name, value in vars(names).items() if isinstance(value, names.Metric)}
    found = {}
    for file in (ROOT / "connector").rglob("*.py"):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if metrics := {by_constant[name] for name in constants_used_in(file) if name in by_constant}:
            found[module] = metrics

    assert {module: found.get(module) for module in EMITTERS} == EMITTERS
    assert set().union(*found.values()) == set(METRICS.values()) == set(by_constant.values())


def ended(code, status="Completed", **more):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    since = now - timedelta(seconds=3)
    log = logging.getLogger("connector.test")
    telemetry.job_ended(
        log, job="j-1", operation="add-tag", status=status, code=code, attempts=2, since=since, now=now, **more
    )


def test_a_job_is_counted_once_with_its_duration_and_an_unknown_outcome_apart(emitted):
    ended("OK")
    ended("OUTCOME_UNKNOWN", "Failed")
    ended("OK", is_counted=False)

    assert emitted() == {
        names.JOBS: {("add-tag", "Completed", "OK"): 1, ("add-tag", "Failed", "OUTCOME_UNKNOWN"): 1},
        names.JOB_DURATION: {("add-tag", "Completed"): [3.0], ("add-tag", "Failed"): [3.0]},
        names.OUTCOME_UNKNOWN: {("add-tag",): 1},
    }


def test_a_job_of_which_nothing_is_to_be_said_has_no_line_where_lines_are_brief(caplog, emitted):
    caplog.set_level(logging.INFO)
    telemetry.set_brief(True)
    try:
        for code in ("OK", "UNCHANGED", "PARTIAL", "JOB_NOT_VALID"):
            ended(code)
    finally:
        telemetry.set_brief(False)

    assert [record.code for record in caplog.records] == ["PARTIAL", "JOB_NOT_VALID"]
    assert sum(emitted()[names.JOBS].values()) == 4


def test_each_call_is_counted_by_its_outcome(emitted):
    time = FakeTime()
    clock = Clock(time.monotonic, time.wall, time.sleep, time.random)
    with ScriptedServer().running() as server:
        transport = Transport(server.url, system="Spotler", timeout=5, parallel=2, clock=clock)
        server.answer(Answer(200), Answer(404), Answer(429), Answer(503), Answer(204), DROP, Answer(204))
        for _ in range(4):
            transport.send("GET", "contact", route="contact", repeatable=True)
        transport.close()

    found = emitted()
    assert found[names.CALLS] == {
        ("Spotler", "ok"): 3,
        ("Spotler", "refused"): 1,
        ("Spotler", "throttled"): 1,
        ("Spotler", "failed"): 2,
    }
    assert found[names.LIMITER_PARALLEL].keys() == {("Spotler",)}
    assert 1 <= found[names.LIMITER_PARALLEL]["Spotler",] <= 2


def test_changes_of_consent_are_counted_by_who_wanted_them(world, emitted):
    ann = world.contact()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    changes = [
        Change(ann, "Newsletter", None, on, at + timedelta(minutes=number), cause)
        for number, (on, cause) in enumerate([(True, ConsentCause.FORM), (False, ConsentCause.FEED)])
    ]

    assert append(world.services.dataverse, changes) == {}

    assert emitted()[names.CONSENT_CHANGES] == {("form", "on"): 1, ("feed", "off"): 1}


def test_runs_of_a_timer_are_counted_by_their_outcome(emitted):
    async def run():
        await guard.run_timer("sweep-jobs", lambda: None, CONTEXT)
        with pytest.raises(guard.TimerFailed):
            await guard.run_timer("sweep-jobs", lambda: 1 / 0, CONTEXT)

    asyncio.run(run())

    assert emitted() == {names.TIMER_RUNS: {("sweep-jobs", "ok"): 1, ("sweep-jobs", "failed"): 1}}


@pytest.fixture
def messages(monkeypatch):
    """How many messages the bus has, by location; the contract test of the browser shows that it counts."""
    found: dict[Location, int] = {}
    monkeypatch.setattr(
        MessageBrowser,
        "count",
        lambda _, locations, *, most: {each: min(found.get(each, 0), most) for each in locations},
    )
    return found


def test_the_sweep_reports_what_waits_and_what_stands_still(world, emitted, messages):
    state, now = world.services.state, world.now
    messages |= {Location("add-tag"): 7, Location("dataverse", dead_letters=True): 2, QUARANTINE: 3}
    record_success(lambda: state, "read-updates", now - timedelta(minutes=5))
    state.write("feeds/updates", {"seen": [], "until": (now - timedelta(hours=1)).isoformat()}, version=None)
    # One that is not read any more: its age says nothing, and must not raise an alert.
    state.write("feeds/visitors", {"seen": [], "until": (now - timedelta(days=9)).isoformat()}, version=None)
    state.write("plans/p-1", {}, version=None)
    state.write("plans/p-1/brake/part", {}, version=None)
    moment = datetime.now(UTC)
    in_no_class = Certificate("a", moment, moment, "mapping", 4, {}, 0, {})
    state.write("reconcile/last", in_no_class.value, version=None)
    world.job(None)
    gauges = Gauges()
    emitted()

    gauges.look(world.services)

    found = emitted()
    assert found[names.JOBS_WAITING] == {(): 1}
    assert 0 <= found[names.JOBS_OLDEST][()] < 600
    assert found[names.BACKLOG] == {("add-tag",): 7}
    assert found[names.DEAD_LETTERS] == {("dataverse",): 2}
    assert found[names.QUARANTINE] == {(): 3}
    assert found[names.BRAKE_HELD] == {(): 1}
    assert found[names.RECONCILE_REMAINDER] == {(): 4}
    assert found[names.TIMER_LAST_SUCCESS] == {("read-updates",): 300}
    assert found[names.CHECKPOINT_AGE] == {("updates",): 3600}

    gauges.look(world.services)
    assert names.TIMER_LAST_SUCCESS not in emitted()
    world.now += SLOWLY
    gauges.look(world.services)
    assert emitted()[names.CHECKPOINT_AGE] == {("updates",): 3600 + SLOWLY.total_seconds()}


def test_what_cannot_be_seen_is_logged_and_the_other_gauges_are_set(world, emitted, caplog):
    # The bus of these services does not listen.
    Gauges().look(world.services)

    found = emitted()
    assert names.JOBS_WAITING in found
    assert names.BRAKE_HELD in found
    assert names.QUARANTINE not in found
    assert {record.operation for record in caplog.records if record.levelname != "INFO"} == {"gauges"}


def test_nobody_is_asked_while_nobody_collects():
    Gauges().look(None)


def test_the_page_lists_every_metric_and_every_field_and_no_other():
    metrics = {
        row[1]: row.groups()[1:]
        for row in re.finditer(r"^\| `(spotler\.\S+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    }
    fields = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))

    assert metrics == {
        metric.name: (
            metric.kind.value,
            metric.unit.strip("{}"),
            ", ".join(f"`{each}`" for each in metric.dimensions) or "-",
            metric.meaning,
        )
        for metric in METRICS.values()
    }  # fmt: skip
    assert fields == LOG_DIMENSIONS
