"""Every log line of the work reaches Azure: it has the id of its invocation, whatever thread it comes from.

The host gets the lines of the engine, with the invocation; Application Insights gets those of the exporter, with the
operation id. Both are looked at after one run, because an engine is expensive to start.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.telemetry.names import LOG_DIMENSIONS, METRICS
from sandbox.functions.engine import EngineLog
from sandbox.functions.host import FunctionsHost
from sandbox.launch import ROOT
from sandbox.system import Options, surroundings
from sandbox.telemetry.server import RunningIngestion, running
from sandbox.telemetry.tables import Row
from tests.acceptance.records import Record
from tests.acceptance.world import World, job_row

JOBS = 5

#: The connector, with one log line for each call to Dataverse and to Spotler, and for each block sent to the bus.
TALKATIVE_APP = """
import logging
import threading
from urllib.parse import urlsplit

from azure.servicebus import ServiceBusSender

from connector.http.session import _Session
from function_app import app

log = logging.getLogger("calls")
send, send_messages = _Session.send, ServiceBusSender.send_messages


def told_send(self, request, **options):
    log.info("%s %s in %s", request.method, urlsplit(request.url).path, threading.current_thread().name)
    return send(self, request, **options)


def told_send_messages(self, messages, **options):
    log.info("sent to the bus")
    return send_messages(self, messages, **options)


_Session.send, ServiceBusSender.send_messages = told_send, told_send_messages
"""


@pytest.fixture(scope="module")
def telemetry() -> Iterator[RunningIngestion]:
    """The endpoint that the app sends its telemetry to."""
    with running() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def records(tmp_path_factory, telemetry) -> Iterator[list[EngineLog]]:
    """All log records of the connector and of its calls while it routed and did a few jobs, and ran a timer."""
    folder = tmp_path_factory.mktemp("talkative")
    app = app_in(folder / "app")
    logged: list[EngineLog] = []
    settings = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": telemetry.connection_string,
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "TMPDIR": str(folder),  # where the exporter keeps what it cannot send
    }
    options = Options(settings=settings)
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


@pytest.fixture(scope="module")
def rows(records, telemetry) -> list[Row]:  # noqa: ARG001 - the run comes first
    """What has arrived in the tables: the timer sent it, so nothing has to be waited for."""
    return telemetry.sandbox.rows()


def test_the_line_of_each_job_arrives_with_its_fields_under_the_operation_of_its_invocation(rows):
    lines = [row for row in rows if row["Type"] == "AppTraces" and str(row["Message"]).endswith(" Completed: OK")]

    assert len(lines) == JOBS
    for line in lines:
        properties = line["Properties"]
        assert (properties["operation"], properties["status"], properties["code"]) == ("add-tag", "Completed", "OK")
        assert f"Job {properties['job']} " in line["Message"]
    assert all(line["OperationId"].strip("0") for line in lines)


def test_the_counters_of_the_run_arrive(rows):
    metrics = [row for row in rows if row["Type"] == "AppMetrics"]

    def total(name: str, **dimensions: str) -> float:
        of_it = [row for row in metrics if row["Name"] == name and dimensions.items() <= row["Properties"].items()]
        return sum(row["Sum"] for row in of_it)

    assert total("spotler.jobs", operation="add-tag", status="Completed", code="OK") == JOBS
    assert sum(row["ItemCount"] for row in metrics if row["Name"] == "spotler.job.duration") == JOBS
    assert total("spotler.calls", system="Dataverse", outcome="ok") > JOBS
    assert total("spotler.calls", system="Spotler", outcome="ok") >= JOBS
    assert total("spotler.timer.runs", timer="sweep-jobs", outcome="ok") == 1
    once = {"spotler.jobs.waiting", "spotler.jobs.oldest", "spotler.quarantine", "spotler.brake.held"}
    assert once <= {row["Name"] for row in metrics}


def test_nothing_else_arrives(rows):
    assert {row["Type"] for row in rows} == {"AppTraces", "AppMetrics"}
    for row in rows:
        properties = row["Properties"].keys()
        if row["Type"] == "AppMetrics":
            assert properties == set(METRICS[row["Name"]].dimensions)
        else:
            assert properties <= LOG_DIMENSIONS | {"logger_name"}
            assert row["Properties"]["logger_name"].startswith("connector.")
    assert "example.org" not in str(rows)
