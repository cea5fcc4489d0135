"""Engines that die, and apps that do not start."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from sandbox.functions.bindings import BindingRefused
from sandbox.functions.engine import AppBroken
from sandbox.functions.engines import index
from sandbox.functions.invocation import EngineDied

pytestmark = pytest.mark.usefixtures("cold_engines")

HEADER = "import azure.functions as func\napp = func.FunctionApp()\n"
TIMER = (
    HEADER
    + '@app.timer_trigger(arg_name="t", schedule="0 0 0 * * *")\ndef nightly(t: func.TimerRequest) -> None:\n    '
)
HOST_JSON = '{"version": "2.0", "functionTimeout": "%s"}'


def kill_engine(host) -> int:
    (pid,) = host.engine_pids
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_message_under_a_killed_engine_comes_again_when_its_lock_expires(short_locks, until):
    host = short_locks.host()
    short_locks.send("single", "sleep 0.7")
    until(lambda: short_locks.seen("single"))

    killed = kill_engine(host)
    until(lambda: host.figures()["single"]["unsettled"] == 1)
    counts = short_locks.counts("single")
    until(lambda: short_locks.counts("single")["completed"] == 1)

    assert (counts["completed"], counts["locked"]) == (0, 1), "left to its lock, neither completed nor abandoned"
    first, second = short_locks.seen("single")
    assert (first["delivery_count"], second["delivery_count"]) == (1, 2)
    assert first["pid"] == killed
    assert second["pid"] != killed
    assert host.restarts == 1


def test_a_batch_under_a_killed_engine_comes_again_as_a_whole(short_locks, until):
    short_locks.send("events", "sleep 0.5", "b")
    host = short_locks.host()
    until(lambda: short_locks.seen("batch"))

    kill_engine(host)
    until(lambda: short_locks.counts("events/Subscriptions/batch")["completed"] == 2)

    again = [m for call in short_locks.seen("batch")[1:] for m in call["messages"]]
    assert {(m["body"], m["delivery_count"]) for m in again} == {("sleep 0.5", 2), ("b", 2)}


def test_a_restarted_engine_goes_on_with_new_messages(stage, until):
    host = stage.host()
    kill_engine(host)
    stage.send("single", "after the crash")

    until(lambda: stage.counts("single")["completed"] == 1)

    assert host.restarts == 1
    assert not host.failed.is_set()


def test_several_engines_share_the_calls_and_outlive_each_other(short_locks, until):
    host = short_locks.host(workers=2)
    first, second = host.engine_pids
    short_locks.send("single", *["sleep 0.1"] * 8)
    until(lambda: short_locks.counts("single")["completed"] == 8)

    os.kill(first, signal.SIGKILL)
    short_locks.send("single", *["sleep 0.1"] * 8)
    until(lambda: short_locks.counts("single")["completed"] == 16)
    until(lambda: len(host.engine_pids) == 2)

    assert {call["pid"] for call in short_locks.seen("single")[:8]} == {first, second}
    assert first not in host.engine_pids


def test_a_call_that_outstays_the_function_timeout_ends_with_its_engine(stage, app_folder):
    app = app_folder(TIMER + "import time; time.sleep(60)\n", HOST_JSON % "00:00:01")
    host = stage.host(app)

    outcome = host.run_timer("nightly")

    assert outcome.error.startswith("EngineDied")
    assert any("functionTimeout" in record.message for record in stage.logs)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise KeyError('SETTING')\n", "KeyError: 'SETTING'"),
        ("def broken(:\n", "SyntaxError"),
        ("x = 1\n", "Could not find top level function app instances"),
        (
            HEADER
            + '@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="B", cardinality="many")\n'
            "def many(m: list[func.ServiceBusMessage]) -> None: ...\n",
            "FunctionLoadError: cannot load the many function",
        ),
    ],
)
def test_a_broken_app_is_refused_with_the_python_exception(stage, app_folder, source, problem):
    app = app_folder(source)

    with pytest.raises(AppBroken) as caught:
        stage.host(app)

    assert problem in str(caught.value)


def test_an_engine_that_dies_while_it_starts_is_tried_again_then_given_up_with_its_last_words(stage, app_folder):
    app = app_folder("import os, sys; print('out of memory', file=sys.stderr, flush=True); os._exit(137)\n")

    with pytest.raises(EngineDied, match="ended while it started: out of memory"):
        stage.host(app)


def test_an_app_that_breaks_while_it_runs_ends_the_host_at_the_next_start(stage, app_folder, until):
    app = app_folder(TIMER + "pass\n")
    host = stage.host(app)
    (app / "function_app.py").write_text("import no_such_module\n", "utf-8")

    kill_engine(host)

    until(host.failed.is_set)
    assert "ModuleNotFoundError" in host.failure


def test_the_index_needs_no_environment(app_folder):
    app = app_folder(TIMER + "pass\nimport os\nassert 'PATH' not in os.environ\n")

    assert index(app) == {
        "nightly": [
            {
                "direction": "IN",
                "type": "timerTrigger",
                "name": "t",
                "schedule": "0 0 0 * * *",
            }
        ]
    }


def test_the_engine_does_not_learn_that_it_runs_in_a_container(stage, app_folder):
    app = app_folder(
        TIMER + "import os, sys\n"
        "    assert not {'CONTAINER_NAME', 'WEBSITE_INSTANCE_ID'} & set(os.environ)\n"
        "    assert os.environ['FUNCTIONS_WORKER_RUNTIME'] == 'python'\n"
        "    assert os.environ['AzureWebJobsScriptRoot'] == os.getcwd() == sys.path[0]\n"
        "    assert os.environ['PYTHON_THREADPOOL_THREAD_COUNT'] == '1000'\n"
    )
    host = stage.host(app, environment={"CONTAINER_NAME": "c", "WEBSITE_INSTANCE_ID": "i"})

    assert host.run_timer("nightly").error == ""


def test_functions_that_would_run_differently_in_azure_are_refused(stage, app_folder):
    app = app_folder(
        HEADER + '@app.timer_trigger(arg_name="t", schedule="0 0 0 * * *")\n'
        '@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:05")\n'
        "def nightly(t: func.TimerRequest) -> None: ...\n"
    )

    with pytest.raises(BindingRefused, match="nightly: retry policies"):
        stage.host(app)


def test_the_engine_ends_when_its_host_is_killed(stage, until, tmp_path):
    command = [sys.executable, "-m", "sandbox.functions", "--app", str(tmp_path)]
    (tmp_path / "host.json").write_text(HOST_JSON % "00:01:00")
    (tmp_path / "function_app.py").write_text(TIMER + "pass\n")
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **stage.environment}
    ) as host:
        (engine,) = json.loads(host.stdout.readline())["engine_pids"]
        host.kill()

    def gone() -> bool:
        try:
            os.kill(engine, 0)
        except ProcessLookupError:
            return True
        return False

    until(gone)


@contextmanager
def process(module: str, *arguments: str, **environment: str):
    """A part of the sandbox as a process, and the JSON of its ready line."""
    command = [sys.executable, "-m", module, *arguments]
    everything = {**os.environ, **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=everything) as running:  # noqa: S603
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.terminate()


def test_the_host_listens_again_when_a_lost_bus_comes_back(stage, until):
    # in a process of its own, because the SDK does not close the sockets of connections that it lost
    bus = ("sandbox.servicebus", "--entities", str(stage.app / "servicebus.json"), "--port")
    with ExitStack() as host:
        with process(*bus, "0") as first:
            settings = stage.environment | {"BUS": first["connection_string"]}
            ready = host.enter_context(process("sandbox.functions", "--app", str(stage.app), **settings))
        with process(*bus, str(first["port"])) as second:
            client = ServiceBusClient.from_connection_string(second["connection_string"])
            with client, client.get_queue_sender("single", keep_alive=None) as sender:
                sender.send_messages(ServiceBusMessage("after the outage"))
            until(lambda: stage.seen("single"))
        pids = {call["pid"] for call in stage.seen("single")}

    assert pids == set(ready["engine_pids"]), "the engine has nothing to do with it"
