"""What the connector's own code records in a case is what the alert of that case looks at."""

import logging
from datetime import timedelta

import pytest

from connector import telemetry
from connector.errors import Misconfigured, OutcomeUnknown
from connector.http import transport
from connector.telemetry import measuring
from connector.triggers import guard
from tests.unit.infra_watch.rows import LOG_ALERTS, NOW, Fired, fired

log = logging.getLogger("connector.tests")


@pytest.fixture
def recorded(caplog):
    """The rows of what was recorded since: the metrics of the connector's own tally, and its log lines."""
    tally = measuring.MetricTally()
    measuring.collect(tally)
    caplog.set_level(logging.INFO, logger="connector")

    def rows():
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
        at = {"TimeGenerated": NOW - timedelta(minutes=2)}
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


def test_outcomes_of_calls_are_named_as_the_queries_name_them():
    assert [transport._outcome(status) for status in (200, 404, 429, 503, None)] == [
        "ok", "refused", "throttled", "failed", "failed",
    ]  # fmt: skip


def test_quiet_work_fires_nothing(recorded):
    end_jobs(30, "OK", "Completed")
    guard._is_timer_done("sweep-jobs", lambda: None)
    rows = recorded()

    assert {name for name in LOG_ALERTS if fired(name, rows)} == set()
