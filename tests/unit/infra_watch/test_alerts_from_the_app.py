"""What the connector's own code records in a case is what the alert of that case looks at."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from connector import telemetry
from connector.doctor.context import CheckContext
from connector.doctor.run import examine_hourly
from connector.errors import Misconfigured, OutcomeUnknown
from connector.gauges import Gauges
from connector.http import Clock, transport
from connector.pulls.checkpoint import FeedCheckpoint
from connector.reconcile.certificate import Certificate
from connector.servicebus.browse import MessageBrowser
from connector.telemetry import measuring
from connector.triggers import guard
from tests.unit.infra_watch.rows import LOG_ALERTS, NOW, Fired, fired, together
from tests.unit.scripted_server import Answer, FakeTime, ScriptedServer

log = logging.getLogger("connector.tests")


@pytest.fixture
def recorded(caplog):
    """The rows of what was recorded since: the metrics of the connector's own tally, and its log lines."""
    tally = measuring.MetricTally()
    measuring.collect(tally)
    caplog.set_level(logging.INFO, logger="connector")

    def rows(minutes=2):
        measured, made = tally.take(), []
        for metric, values in (*measured.counts.items(), *measured.gauges.items()):
            for dimensions, value in values.items():
                named = dict(zip(metric.dimensions, dimensions, strict=True))
                made.append({"Name": metric.name, "Sum": value, "ItemCount": 1, "Properties": named})
        levels = {logging.INFO: 1, logging.WARNING: 2, logging.ERROR: 3}
        lines = [
            {
                "Message": each.getMessage(),
                "SeverityLevel": levels[each.levelno],
                "Properties": {name: str(getattr(each, name)) for name in telemetry.ALLOWED if hasattr(each, name)},
            }
            for each in caplog.records
        ]
        at = {"TimeGenerated": NOW - timedelta(minutes=minutes)}
        return {"AppMetrics": [{**at, **row} for row in made], "AppTraces": [{**at, **row} for row in lines]}

    yield rows
    measuring.collect(None)


def end_jobs(number, code, status):
    for job in range(number):
        telemetry.job_ended(
            log, job=str(job), operation="start-automation", status=status, code=code, attempts=1, since=NOW, now=NOW
        )


def test_a_job_that_may_have_been_done(recorded):
    end_jobs(1, OutcomeUnknown.code, "Failed")

    assert fired("outcome-unknown", recorded()) == [Fired(1, "start-automation")]


def test_many_jobs_that_fail(recorded):
    end_jobs(15, "OK", "Completed")
    end_jobs(5, "AUTOMATION_INACTIVE", "Failed")

    assert fired("failed-share", recorded()) == [Fired(25, "start-automation")]


def test_a_sweep_that_fails_is_no_success_and_one_that_succeeds_is(recorded):
    def fail():
        raise Misconfigured("No token for Dataverse: the identity service refused the credentials (AADSTS7000222).")

    assert not guard._is_timer_done("sweep-jobs", fail)
    failing = recorded()
    assert guard._is_timer_done("sweep-jobs", lambda: None)

    assert fired("sweep-silent", failing) == [Fired(60)]
    assert fired("credentials-refused", failing) == [Fired(1, "MISCONFIGURED")]
    assert fired("telemetry-silent", failing) == []
    assert fired("sweep-silent", recorded()) == []


@pytest.fixture
def look(world, recorded, monkeypatch):
    """Sets the gauges as a sweep does, on a bus without messages; returns the rows."""
    monkeypatch.setattr(MessageBrowser, "count", lambda *_, **__: {})

    def _look():
        Gauges().look(world.services)
        return recorded()

    return _look


def test_a_job_that_waits_for_hours(world, look):
    world.job(None)
    assert fired("jobs-overdue", look()) == []
    world.now += timedelta(hours=3.5)

    (found,) = fired("jobs-overdue", look())

    assert 3.4 < found.value < 3.7


def test_a_feed_that_stands_still(world, look):
    checkpoint = FeedCheckpoint.take(world.services, "updates")
    checkpoint.save(world.now, [])
    assert fired("checkpoint-old", look()) == []
    world.now += timedelta(hours=2)

    assert fired("checkpoint-old", look()) == [Fired(8, "updates")]


def test_a_plan_that_the_brake_holds(world, look):
    assert fired("brake-applied", look()) == []
    world.services.state.write("plans/held", {}, version=None)

    assert fired("brake-applied", look()) == [Fired(1)]


def test_a_difference_that_a_comparison_left(world, look):
    in_no_class = Certificate("a", world.now, world.now, "mapping", 2, {}, 0, {})
    world.services.state.write("reconcile/last", in_no_class.value, version=None)

    assert fired("reconcile-remainder", look()) == [Fired(2)]


def test_a_weekly_timer_whose_last_run_failed(recorded):
    assert not guard._is_timer_done("reconcile-weekly", lambda: 1 / 0)

    assert fired("timer-late", recorded(minutes=61)) == [Fired(61, "reconcile-weekly")]


def test_a_check_that_fails(recorded):
    context = CheckContext({}, lambda: NOW, lambda _: None)
    try:
        examine_hourly(context)
    finally:
        context.close()

    assert Fired(2, "SETTINGS_VALID") in fired("doctor-failed", recorded())


def test_a_system_that_refuses_calls_for_a_quarter_of_an_hour(recorded):
    time = FakeTime()
    clock = Clock(time.monotonic, time.wall, time.sleep, time.random)
    with ScriptedServer().running() as server:
        client = transport.Transport(server.url, system="Spotler", timeout=5, parallel=2, clock=clock)
        parts = []
        for minute in range(2, 18):
            server.answer(Answer(429), Answer(204))
            client.send("GET", "contact", route="contact", repeatable=True)
            parts.append(recorded(minutes=minute))
        client.close()

    assert fired("throttled", together(parts[:-1])) == []
    assert fired("throttled", together(parts)) == [Fired(16, "Spotler")]


#: What is not in the connector's telemetry: Azure's own table of what was taken in.
_OF_AZURE = {"ingestion-high"}


def test_each_alert_has_such_a_case():
    code = Path(__file__).read_text(encoding="utf-8")

    assert {name for name in LOG_ALERTS if f'fired("{name}"' not in code} == _OF_AZURE


def test_outcomes_of_calls_are_named_as_the_queries_name_them():
    assert [transport._outcome(status) for status in (200, 404, 429, 503, None)] == [
        "ok", "refused", "throttled", "failed", "failed",
    ]  # fmt: skip


def test_quiet_work_fires_nothing(recorded):
    end_jobs(30, "OK", "Completed")
    guard._is_timer_done("sweep-jobs", lambda: None)
    rows = recorded()

    assert {name for name in LOG_ALERTS if fired(name, rows)} == set()
