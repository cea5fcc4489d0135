"""`GET /api/health`: the short answer, and what it does not tell."""

import asyncio
import json
import threading
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

import connector
from connector import services
from connector.errors import Misconfigured, Transient
from connector.health import SWEEP, SWEEP_LATE, health_of
from connector.state.pause import PauseWatch, set_pause
from connector.state.successes import last_success, record_success
from connector.triggers import guard, health as trigger
from tests.memory_state import MemoryState

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def state():
    return MemoryState()


def asked(state):
    status, body = health_of(lambda: state, PauseWatch(lambda: state, lambda: NOW), NOW)
    return status, json.loads(body)


def swept(state, ago):
    record_success(lambda: state, SWEEP, NOW - ago)


def test_it_is_well_while_the_sweep_succeeds(state):
    swept(state, timedelta(seconds=42))

    assert asked(state) == (200, {"status": "ok", "version": connector.__version__, "sweepSecondsAgo": 42})


def test_it_is_not_well_without_a_sweep_for_a_quarter_of_an_hour(state):
    assert asked(state)[1] == {"status": "late", "version": connector.__version__, "sweepSecondsAgo": None}
    swept(state, SWEEP_LATE + timedelta(seconds=1))

    status, body = asked(state)

    assert (status, body["status"], body["sweepSecondsAgo"]) == (503, "late", 901)


def test_a_pause_is_no_cause_for_alarm(state):
    swept(state, timedelta(hours=1))
    set_pause(state, NOW, timedelta(hours=1))

    assert asked(state)[0] == 200
    assert asked(state)[1]["status"] == "paused"


@pytest.mark.parametrize(
    "error", [Transient("https://account.example away"), Misconfigured("STATE"), ValueError("example")]
)
def test_a_state_that_cannot_be_read_is_said_and_not_why(state, monkeypatch, error):
    def fail(_):
        raise error

    monkeypatch.setattr(state, "read", fail)

    status, body = asked(state)

    assert (status, body["status"]) == (503, "unknown")
    assert "example" not in json.dumps(body)
    assert "STATE" not in json.dumps(body)


def test_why_the_state_cannot_be_read_is_in_the_log(state, caplog):
    state.write("successes/" + SWEEP, {"on": "yesterday"}, version=None)

    assert asked(state)[1]["status"] == "unknown"
    assert [(each.operation, each.code) for each in caplog.records] == [("health", "STATE_UNREADABLE")]


def test_a_success_in_the_future_does_not_look_well(state):
    swept(state, timedelta(days=-1))

    status, body = asked(state)

    assert (status, body["status"], body["sweepSecondsAgo"]) == (503, "unknown", None)


def test_while_the_state_hangs_any_number_of_questions_is_answered_and_takes_no_thread_of_the_functions(
    state, monkeypatch
):
    released = threading.Event()
    monkeypatch.setattr(state, "read", lambda _: released.wait(30))
    monkeypatch.setattr(trigger, "PATIENCE", 0.05)
    monkeypatch.setattr(services, "get_state", lambda: state)
    monkeypatch.setattr(services, "get_pause", lambda: PauseWatch(lambda: state, lambda: NOW))
    ask = trigger.blueprint._function_builders[0]._function.get_user_function()
    before = guard.threads._work_queue.qsize(), len(guard.threads._threads)

    async def ask_often():
        return await asyncio.gather(*(ask(None, SimpleNamespace(invocation_id="one")) for _ in range(200)))

    answers = asyncio.run(ask_often())

    released.set()
    assert {(each.status_code, json.loads(each.get_body())["status"]) for each in answers} == {(503, "unknown")}
    assert (guard.threads._work_queue.qsize(), len(guard.threads._threads)) == before


def test_a_success_that_cannot_be_remembered_is_logged_and_nothing_else(caplog):
    def no_state():
        raise Misconfigured("Settings are missing or wrong: STATE.")

    record_success(no_state, SWEEP, NOW)

    assert "STATE" in caplog.text


def test_each_timer_has_its_own_success(state):
    swept(state, timedelta(0))

    assert last_success(state, SWEEP, NOW) == NOW
    assert last_success(state, "read-updates", NOW) is None


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert connector.__version__ == project["version"]
