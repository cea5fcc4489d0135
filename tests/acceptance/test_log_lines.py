"""Every log line of the work reaches Azure: it has the id of its invocation, whatever thread it comes from."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from sandbox.functions.engine import EngineLog
from sandbox.functions.host import FunctionsHost
from sandbox.launch import ROOT
from sandbox.system import Options, surroundings
from tests.acceptance.records import Record
from tests.acceptance.world import World, job_row

JOBS = 5

#: The connector, with one log line for each call to Dataverse and to Spotler, and for each block sent to the bus.
TALKATIVE_APP = """
import logging
import threading
from urllib.parse import urlsplit

import requests
from azure.servicebus import ServiceBusSender

from function_app import app

log = logging.getLogger("calls")
send, send_messages = requests.Session.send, ServiceBusSender.send_messages


def told_send(self, request, **options):
    log.info("%s %s in %s", request.method, urlsplit(request.url).path, threading.current_thread().name)
    return send(self, request, **options)


def told_send_messages(self, messages, **options):
    log.info("sent to the bus")
    return send_messages(self, messages, **options)


requests.Session.send, ServiceBusSender.send_messages = told_send, told_send_messages
"""


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> Iterator[list[EngineLog]]:
    """All log records of the connector and of its calls while it routed and did a few jobs, and ran a timer."""
    folder = tmp_path_factory.mktemp("talkative")
    app = app_in(folder / "app")
    logged: list[EngineLog] = []
    options = Options(settings={"SWEEP_SCHEDULE": "0 0 3 1 1 *"})
    with surroundings(options, folder=folder) as around:
        world = World(SimpleNamespace(servicebus=around.servicebus, dataverse=around.dataverse, spotler=around.spotler))
        with FunctionsHost(app, environment=around.settings, on_log=logged.append) as host:
            contacts = [world.contact(emailaddress1=f"log-{number}@example.org") for number in range(JOBS)]
            for contact in contacts:
                world.wait(add_tag(world, contact)).assert_completed()
            assert host.run_timer("sweep_jobs").succeeded
        world.bus.close()
    return logged


def app_in(folder: Path) -> Path:
    folder.mkdir()
    source = (ROOT / "function_app.py").read_text(encoding="utf-8")
    patches = TALKATIVE_APP.replace("from function_app import app\n", "")
    (folder / "function_app.py").write_text(f"{source}\n{patches}", encoding="utf-8")
    for name in ("connector", "mappings", "host.json"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def add_tag(world: World, contact: Record) -> str:
    return world.people.create(Job.SET, job_row(Operation.ADD_TAG, contact, **{Job.TAG: "Log lines"}))


def of_the_app(records: list[EngineLog], pattern: str) -> list[EngineLog]:
    return [record for record in records if not record.system and re.search(pattern, record.message)]


@pytest.mark.parametrize(
    ("function", "step", "pattern"),
    [
        ("route_dataverse_message", "publishing a work item", "^sent to the bus$"),
        ("add_tag", "reading the jobs", r"^GET \S+/dh_spotlerjobs "),
        ("add_tag", "claiming and posting", r"^POST \S+/\$batch "),
        ("add_tag", "reading permissions in the side pool", r"^GET \S+/dh_spotlerpermissions in dataverse_"),
        ("add_tag", "the call to Spotler in its pool", r"^POST \S+/tags in spotler_"),
        ("add_tag", "the end of the job", "^Job [0-9a-f-]{36} Completed: OK$"),
        ("sweep_jobs", "a timer", r"^GET \S+/dh_spotlerjobs "),
    ],
)
def test_a_line_of_each_step_arrives_with_its_function(records, function, step, pattern):
    assert function in {record.function for record in of_the_app(records, pattern)}, step


def test_every_line_bears_the_invocation_of_its_function(records):
    lines = of_the_app(records, "")

    assert all(line.function and line.invocation for line in lines)
    by_invocation = {line.invocation: set() for line in lines}
    for line in lines:
        by_invocation[line.invocation].add(line.function)
    assert {len(functions) for functions in by_invocation.values()} == {1}


def test_no_line_is_lost_because_its_invocation_is_unknown(records):
    assert [record.message for record in records if record.category == "Host"] == []


def test_each_job_is_one_line_at_its_end(records):
    assert len(of_the_app(records, "Completed: OK")) == JOBS
