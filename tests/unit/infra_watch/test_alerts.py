"""Each log alert fires in the case that it is for, and in no quiet one."""

import pytest

from tests.unit.infra_watch.quiet import quiet_day
from tests.unit.infra_watch.rows import LOG_ALERTS, Fired, fired, line, metric, together

TIMERS = ("read-updates", "reconcile-weekly", "clean-up-jobs")


def sweeps(*minutes, outcome="ok"):
    return together(
        metric("spotler.timer.runs", 1, minutes=each, timer="sweep-jobs", outcome=outcome) for each in minutes
    )


def runs(timer, *minutes, outcome="ok"):
    return together(metric("spotler.timer.runs", 1, minutes=each, timer=timer, outcome=outcome) for each in minutes)


def calls(system, outcome, minutes):
    return together(metric("spotler.calls", 5, minutes=each, system=system, outcome=outcome) for each in minutes)


def ended(status, number, code="OK"):
    return metric("spotler.jobs", number, operation="add-tag", status=status, code=code)


#: Rows in which the alert must fire, and what it fires with.
CASES = {
    "sweep-silent": [
        ({}, [Fired(60)]),
        (sweeps(16), [Fired(16)]),
        (together([sweeps(40), sweeps(1, outcome="failed")]), [Fired(40)]),
    ],
    "telemetry-silent": [({}, [Fired(120)]), (sweeps(31), [Fired(31)])],
    "jobs-overdue": [(metric("spotler.jobs.oldest", 3.5 * 3600), [Fired(3.5)])],
    "timer-late": [
        (together([sweeps(80), runs("read-updates", 76)]), [Fired(61, "read-updates")]),
        (together([sweeps(1600), runs("read-updates", 1)]), "each but read-updates"),
        (runs("reconcile-weekly", 61, outcome="failed"), [Fired(61, "reconcile-weekly")]),
    ],
    "checkpoint-old": [(metric("spotler.checkpoint.age", 5 * 900, feed="updates"), [Fired(5, "updates")])],
    "credentials-refused": [
        (line("Spotler did not accept the consumer key.", code="NOT_AUTHORIZED"), [Fired(1, "NOT_AUTHORIZED")]),
        (line("… refused the credentials (AADSTS7000222).", code="MISCONFIGURED"), [Fired(1, "MISCONFIGURED")]),
    ],
    "throttled": [(calls("spotler", "throttled", range(2, 20)), [Fired(18, "spotler")])],
    "failed-share": [
        (together([ended("Failed", 6, "CONTACT_UNKNOWN"), ended("Completed", 14)]), [Fired(30, "add-tag")])
    ],
    "outcome-unknown": [
        (metric("spotler.outcome_unknown", 1, operation="start-automation"), [Fired(1, "start-automation")])
    ],
    "brake-applied": [(metric("spotler.brake.held", 1), [Fired(1)])],
    "reconcile-remainder": [(metric("spotler.reconcile.remainder", 12, minutes=1000), [Fired(12)])],
    "doctor-failed": [(metric("spotler.doctor", 2, check="dataverse-token"), [Fired(2, "dataverse-token")])],
    "ingestion-high": [
        ({"Usage": [{"TimeGenerated": "2026-03-04T02:00:00", "Quantity": 900.0, "IsBillable": True}]}, [Fired(900)])
    ],
}

#: Rows that look like the case and are none: the trouble is over, small, or of another kind.
NO_CASES = {
    "sweep-silent": [sweeps(14), together([sweeps(2), sweeps(1, outcome="failed")])],
    "telemetry-silent": [sweeps(29)],
    "jobs-overdue": [
        metric("spotler.jobs.oldest", 3 * 3600),
        together([metric("spotler.jobs.oldest", 9 * 3600, minutes=9), metric("spotler.jobs.oldest", 0, minutes=3)]),
    ],
    "timer-late": [
        together([sweeps(74), runs("read-updates", 73)]),  # the others are not late: telemetry has just begun
        together(
            [runs("reconcile-weekly", 90, outcome="failed"), runs("reconcile-weekly", 80), runs("read-updates", 5)]
        ),
    ],
    "checkpoint-old": [
        metric("spotler.checkpoint.age", 4 * 900, feed="updates"),
        metric("spotler.checkpoint.age", 20 * 3600, feed="bounces"),
    ],
    "credentials-refused": [
        line("Spotler did not accept the consumer key.", minutes=31, code="NOT_AUTHORIZED"),
        line("Dataverse does not know the table.", code="MISCONFIGURED"),
    ],
    "throttled": [calls("spotler", "throttled", range(2, 17)), calls("spotler", "ok", range(2, 20))],
    "failed-share": [
        together([ended("Failed", 19, "CONTACT_UNKNOWN")]),
        together([ended("Failed", 4, "CONTACT_UNKNOWN"), ended("Completed", 16)]),
    ],
    "outcome-unknown": [metric("spotler.outcome_unknown", 1, minutes=31, operation="start-automation")],
    "brake-applied": [
        together([metric("spotler.brake.held", 1, minutes=9), metric("spotler.brake.held", 0, minutes=3)])
    ],
    "reconcile-remainder": [
        together(
            [
                metric("spotler.reconcile.remainder", 12, minutes=1000),
                metric("spotler.reconcile.remainder", 0, minutes=100),
            ]
        )
    ],
    "doctor-failed": [
        metric("spotler.doctor", 1, check="dataverse-token"),
        together(
            [
                metric("spotler.doctor", 2, minutes=70, check="dataverse-token"),
                metric("spotler.doctor", 0, minutes=10, check="dataverse-token"),
            ]
        ),
    ],
    "ingestion-high": [{"Usage": [{"TimeGenerated": "2026-03-04T02:00:00", "Quantity": 9000.0, "IsBillable": False}]}],
}


def cases(of):
    return [pytest.param(name, *_as_tuple(each), id=f"{name}-{n}") for name in of for n, each in enumerate(of[name])]


def _as_tuple(case):
    return case if isinstance(case, tuple) else (case,)


def test_every_log_alert_has_a_case_and_a_case_that_is_none():
    assert set(CASES) == set(LOG_ALERTS)
    assert set(NO_CASES) == set(LOG_ALERTS)


@pytest.mark.parametrize(("name", "tables", "expected"), cases(CASES))
def test_the_alert_fires(name, tables, expected):
    found = fired(name, tables)

    if expected == "each but read-updates":
        assert {each.by for each in found} >= {"read-bounces", "refresh-automations-daily"}
        assert "read-updates" not in {each.by for each in found}
    else:
        assert expected == [each for each in found if name != "timer-late" or each.by in TIMERS]


@pytest.mark.parametrize(("name", "tables"), cases(NO_CASES))
def test_the_alert_does_not_fire(name, tables):
    assert fired(name, tables) == []


@pytest.mark.parametrize("name", LOG_ALERTS)
def test_nothing_fires_on_a_quiet_day(name):
    assert fired(name, quiet_day()) == []
