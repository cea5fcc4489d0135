"""The host as a process: what it prints, its side door, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.launch import launch

pytestmark = pytest.mark.usefixtures("cold_engines")

APP = Path(__file__).parent / "app"


@contextmanager
def process(stage, *arguments: str, **environment: str):
    """A running host; its ready line is known."""
    settings = {**stage.environment, **environment}
    host = launch("sandbox.functions", ["--app", str(APP), *arguments], logs=stage.record.parent, environment=settings)
    try:
        yield host
    finally:
        host.stop()


def finished(stage, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    everything = {**os.environ, **stage.environment, **environment}
    command = [sys.executable, "-m", "sandbox.functions", "--app", str(APP), *arguments]
    return subprocess.run(  # noqa: S603 - our own module
        command, capture_output=True, text=True, env=everything, check=False, timeout=120
    )


def call(url: str, method: str = "GET") -> dict:
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_the_ready_line_names_functions_processes_and_the_side_door(stage):
    with process(stage, "--workers", "2") as host:
        ready = host.ready
        assert ready["ready"] == "functions"
        assert ready["functions"] == ["batch", "blocking", "failing", "single", "text_batch", "tick"]
        assert ready["pid"] == host.process.pid
        assert len(ready["engine_pids"]) == 2
        assert call(ready["control_url"] + "/_sandbox/engines") == {"pids": ready["engine_pids"], "restarts": 0}


def test_the_side_door_shows_what_each_function_did(stage, until):
    with process(stage) as host:
        stage.send("single", "hello", "world")
        until(lambda: stage.counts("single")["completed"] == 2)

        figures = call(host.get("control_url") + "/_sandbox/stats")["single"]

    assert (figures["invocations"], figures["messages"], figures["failures"]) == (2, 2, 0)
    assert figures["batch_sizes"] == {"1": 2}


def test_the_side_door_runs_timers(stage):
    with process(stage, "--no-timers") as host:
        door = host.get("control_url") + "/_sandbox/run-timer/"

        assert call(door + "tick", "POST") == {"succeeded": True, "error": ""}
        assert call(door + "failing", "POST") == {"succeeded": False, "error": "RuntimeError: the timer failed"}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            call(door + "single", "POST")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_host_cleanly(stage, number):
    with process(stage) as host:
        host.process.send_signal(number)

        assert host.process.wait(120) == 0
        assert not Path(f"/proc/{host.ready['engine_pids'][0]}").exists()


def test_no_timers_keeps_no_schedule(stage, until):
    with process(stage, "--no-timers", TICK_SCHEDULE="* * * * * *") as host:
        stage.send("single", "sleep 1.2")
        until(lambda: stage.counts("single")["completed"] == 1)

        assert call(host.get("control_url") + "/_sandbox/stats")["tick"]["invocations"] == 0


def test_one_timer_can_be_run_for_its_exit_code(stage):
    good = finished(stage, "--run-timer", "tick")
    bad = finished(stage, "--run-timer", "failing")
    unknown = finished(stage, "--run-timer", "weekly")

    assert (good.returncode, json.loads(good.stdout)["succeeded"]) == (0, True)
    assert (bad.returncode, json.loads(bad.stdout)["error"]) == (1, "RuntimeError: the timer failed")
    assert unknown.returncode == 1
    assert "there is no timer weekly" in unknown.stderr


def test_a_missing_setting_is_named(stage):
    ended = finished(stage, SINGLE_QUEUE="")

    assert ended.returncode == 1
    assert "The setting SINGLE_QUEUE is missing" in ended.stderr
    assert ended.stdout == ""


def test_log_records_are_one_line_each(stage, until):
    with process(stage) as host:
        stage.send("single", "log")
        until(lambda: stage.counts("single")["completed"] == 1)

    (line,) = [line for line in host.log.read_text(encoding="utf-8").splitlines() if "first line" in line]
    assert line.endswith("connector single first line\\nsecond line")
    assert " INFO " in line
