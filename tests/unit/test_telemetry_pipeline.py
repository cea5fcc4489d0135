"""When telemetry starts and ends, and what leaves: allowed fields under the right operation, and nothing else."""

import logging
import os
import signal
import subprocess
import sys
import threading
from contextvars import copy_context
from pathlib import Path

import pytest
from opentelemetry import context
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from connector.telemetry import fields, measuring
from connector.telemetry.export import Exporting, exporting
from connector.telemetry.names import BACKLOG, CALLS, JOBS_OLDEST, LOG_DIMENSIONS
from connector.telemetry.pipeline import CONNECTION, LOGGER, Pipeline
from connector.threads import ContextThreadPool, start_thread
from sandbox.telemetry.server import running

ROOT = Path(__file__).parents[2]
SECRET = "jane@example.org"
TRACE = "0af7651916cd43dd8448eb211c80319c"
log = logging.getLogger("connector.test")


class Ends:
    """Both ends of an exporter in memory, and the moment at which it may be loaded."""

    def __init__(self) -> None:
        self.logs = InMemoryLogRecordExporter()
        self.metrics = InMemoryMetricReader()
        self.may_load = threading.Event()

    def make(self, tally, environment) -> Exporting:
        self.may_load.wait(10)
        return exporting(tally, self.logs, self.metrics, {**environment, "OTEL_BLRP_SCHEDULE_DELAY": "600000"})

    def rows(self):
        return [each.log_record for each in self.logs.get_finished_logs()]

    def points(self):
        data = self.metrics.get_metrics_data()
        scopes = data.resource_metrics[0].scope_metrics if data else ()
        return {
            (metric.name, *point.attributes.values()): getattr(point, "value", None) or getattr(point, "sum", None)
            for scope in scopes
            for metric in scope.metrics
            for point in metric.data.data_points
        }


@pytest.fixture
def ends():
    return Ends()


@pytest.fixture
def pipeline(ends):
    handler, level = signal.getsignal(signal.SIGTERM), logging.getLogger(LOGGER).level
    made = Pipeline({CONNECTION: "InstrumentationKey=x"}, ends.make)
    made.start()
    yield made
    ends.may_load.set()
    made.stop()
    signal.signal(signal.SIGTERM, handler)
    logging.getLogger(LOGGER).setLevel(level)


def in_operation(work):
    """Do this as an invocation whose host has named its operation."""

    def run():
        carrier = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        context.attach(TraceContextTextMapPropagator().extract(carrier))
        return work()

    return copy_context().run(run)


def test_without_a_connection_string_nothing_is_kept_loaded_or_changed(ends):
    before = (signal.getsignal(signal.SIGTERM), list(logging.getLogger(LOGGER).handlers))
    ends.may_load.set()
    pipeline = Pipeline({}, ends.make)

    pipeline.start()

    assert pipeline.flush(0)
    assert not measuring.is_collecting()
    assert (signal.getsignal(signal.SIGTERM), list(logging.getLogger(LOGGER).handlers)) == before


def test_lines_from_before_the_exporter_is_loaded_are_sent_under_their_operation(pipeline, ends):
    in_operation(lambda: log.info("early", extra=fields(job="j-1")))
    ends.may_load.set()
    assert pipeline.flush(10)
    in_operation(lambda: log.info("late"))
    assert pipeline.flush(10)

    assert [(row.body, f"{row.trace_id:032x}") for row in ends.rows()] == [("early", TRACE), ("late", TRACE)]


def test_lines_of_every_kind_of_thread_have_the_operation(pipeline, ends):
    ends.may_load.set()

    def work():
        done = threading.Event()
        with ContextThreadPool(2) as pool:
            list(pool.map(log.info, ["pool"]))
            pool.submit(lambda: pool.submit(log.info, "pool of a pool").result()).result()
        start_thread(lambda: (log.info("thread of its own"), done.set()))
        assert done.wait(10)

    in_operation(work)
    assert pipeline.flush(10)

    assert {row.body: f"{row.trace_id:032x}" for row in ends.rows()} == dict.fromkeys(
        ("pool", "pool of a pool", "thread of its own"), TRACE
    )


def test_a_line_has_its_sentence_its_level_and_the_allowed_fields_only(pipeline, ends):
    ends.may_load.set()
    allowed = {name: 3 if name in ("attempts", "count") else "x" for name in LOG_DIMENSIONS}
    log.warning("Job %s.", "j-1", extra={**allowed, "email": SECRET, "body": SECRET})
    log.debug("not for operators")
    logging.getLogger("azure.core").error("of a library")
    assert pipeline.flush(10)

    (row,) = ends.rows()
    assert (row.body, row.severity_text, dict(row.attributes)) == ("Job j-1.", "WARNING", allowed)


def test_of_an_exception_its_type_and_places_are_sent_and_no_text(pipeline, ends):
    ends.may_load.set()
    try:
        int(SECRET)
    except ValueError:
        log.exception("It failed.")
    assert pipeline.flush(10)

    (row,) = ends.rows()
    assert row.attributes["exception.type"] == "ValueError"
    assert Path(__file__).name in row.attributes["exception.stacktrace"]
    assert SECRET not in str(row.attributes) + str(row.body)


def test_metrics_from_before_the_exporter_is_loaded_are_sent_too(pipeline, ends):
    measuring.count(CALLS, system="Dataverse", outcome="ok")
    ends.may_load.set()
    assert pipeline.flush(10)
    measuring.count(CALLS, 2, system="Dataverse", outcome="ok")

    assert ends.points() == {("spotler.calls", "Dataverse", "ok"): 3}


def test_a_gauge_has_a_row_only_where_it_was_set_since_the_last_one(pipeline, ends):
    ends.may_load.set()
    assert pipeline.flush(10)
    measuring.set_gauge(BACKLOG, 7, entity="add-tag")
    measuring.set_gauge(JOBS_OLDEST, 12.5)

    assert ends.points() == {("spotler.backlog", "add-tag"): 7, ("spotler.jobs.oldest",): 12.5}
    assert ends.points() == {}


def test_an_exporter_that_cannot_be_loaded_is_one_line_and_work_goes_on(caplog):
    def fail(*_):
        raise ImportError(SECRET)

    pipeline = Pipeline({CONNECTION: SECRET}, fail)
    handler = signal.getsignal(signal.SIGTERM)
    pipeline.start()
    pipeline.flush(10)
    while measuring.is_collecting():
        pass
    log.info("work")

    assert pipeline.flush(0)
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert "Telemetry could not be started (ImportError)" in warning.getMessage()
    assert SECRET not in caplog.text
    signal.signal(signal.SIGTERM, handler)


def test_waiting_for_what_is_in_memory_is_bounded(pipeline):
    assert not pipeline.flush(0.01)  # the exporter is not loaded yet


def test_one_flush_answers_all_who_asked_while_another_was_sent(pipeline, ends, monkeypatch):
    sent, may_send = [], threading.Event()

    def send(exporter):
        sent.append(exporter)
        may_send.wait(10)

    monkeypatch.setattr(Exporting, "flush", send)
    ends.may_load.set()
    pipeline.flush(0)
    while not sent:
        pass
    for _ in range(5):
        pipeline.flush(0)
    may_send.set()

    assert pipeline.flush(10)
    assert len(sent) <= 3


def test_the_first_handler_of_sigterm_is_called_after_the_rows_are_sent(ends):
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append((number, len(ends.rows()))))
    pipeline = Pipeline({CONNECTION: "InstrumentationKey=x"}, ends.make)
    try:
        pipeline.start()
        ends.may_load.set()
        log.info("last words")
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
        pipeline.stop()

    assert seen == [(signal.SIGTERM, 1)]


ENDED = """
import logging, os, signal
from connector.telemetry import measuring, names, pipeline
pipeline.FLUSH_SECONDS = 60  # the machine of a test may be slow
pipeline.start()
logging.getLogger("connector.test").info("last words")
measuring.count(names.CALLS, system="Dataverse", outcome="ok")
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_process_that_is_told_to_stop_sends_its_last_rows_and_ends_as_before():
    with running() as endpoint:
        ended = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-c", ENDED],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], CONNECTION: endpoint.connection_string, "WEBSITE_SITE_NAME": "app"},
            check=False,
        )

    assert ended.returncode == -signal.SIGTERM  # a shell, and Azure, read it as 143
    rows = endpoint.sandbox.rows()
    assert [(row["Type"], row.get("Message") or row.get("Name"), row["AppRoleName"]) for row in rows] == [
        ("AppTraces", "last words", "app"),
        ("AppMetrics", "spotler.calls", "app"),
    ]
