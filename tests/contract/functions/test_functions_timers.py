"""Functions that the clock wakes."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.functions.bindings import TimerTrigger
from sandbox.functions.invocation import Outcome
from sandbox.functions.statistics import Statistics
from sandbox.functions.timers import Schedule, ScheduleRefused, Timer

EVERY_SECOND = {"TICK_SCHEDULE": "* * * * * *"}


def test_a_timer_runs_on_its_schedule_and_gets_its_state(stage, until):
    stage.host(environment=EVERY_SECOND)

    until(lambda: len(stage.seen("tick")) >= 3)
    calls = stage.seen("tick")

    assert calls[0]["status"]["Last"] == "0001-01-01T00:00:00+00:00"
    assert calls[0]["schedule"] == {"AdjustForDST": True}
    moments = [datetime.fromisoformat(call["status"]["Last"]) for call in calls[1:]]
    assert all(
        timedelta(seconds=0.8) < later - earlier < timedelta(seconds=1.5)
        for earlier, later in itertools.pairwise(moments)
    )
    assert not any(call["past_due"] for call in calls)


def test_runs_that_were_missed_are_made_up_for_once_and_called_past_due(stage, until):
    stage.host(environment=EVERY_SECOND | {"TICK_SECONDS": "2.2"})

    until(lambda: len(stage.seen("tick")) >= 2)

    assert [call["past_due"] for call in stage.seen("tick")][:2] == [False, True]


def test_a_timer_never_runs_twice_at_the_same_time(stage, until):
    host = stage.host(environment=EVERY_SECOND | {"TICK_SECONDS": "1.3"})
    peak = 0

    def thrice() -> bool:
        nonlocal peak
        peak = max(peak, host.figures()["tick"]["in_flight"])
        return host.figures()["tick"]["invocations"] >= 3

    until(thrice)

    assert peak == 1


def test_a_timer_runs_by_name_whatever_its_schedule(stage):
    host = stage.host(timers=False, listen=False)

    outcome = host.run_timer("tick")

    assert outcome == Outcome()
    assert len(stage.seen("tick")) == 1


def test_a_timer_that_fails_says_why(stage):
    host = stage.host(timers=False, listen=False)

    outcome = host.run_timer("failing")

    assert not outcome.succeeded
    assert outcome.error == "RuntimeError: the timer failed"
    assert "function_app.py" in outcome.stack_trace


def test_only_timers_can_be_run_by_name(stage):
    host = stage.host(timers=False, listen=False)

    with pytest.raises(KeyError):
        host.run_timer("single")


@pytest.mark.parametrize(
    ("expression", "moment", "due"),
    [
        ("0 */5 * * * *", datetime(2026, 11, 23, 9, 0, tzinfo=UTC), datetime(2026, 11, 23, 9, 5, tzinfo=UTC)),
        ("30 0 3 * * *", datetime(2026, 11, 23, 9, 0, tzinfo=UTC), datetime(2026, 11, 24, 3, 0, 30, tzinfo=UTC)),
        ("0 0 9 * * Mon-Fri", datetime(2026, 11, 27, 9, 0, tzinfo=UTC), datetime(2026, 11, 30, 9, 0, tzinfo=UTC)),
        ("0 0 0 1 Jan *", datetime(2026, 11, 27, 9, 0, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        # both day and day-of-week given: NCRONTAB wants a 13th that is a Friday, where cron takes either
        ("0 0 0 13 * Fri", datetime(2026, 11, 14, tzinfo=UTC), datetime(2027, 8, 13, tzinfo=UTC)),
    ],
)
def test_a_schedule_knows_when_it_is_due(expression, moment, due):
    assert Schedule("tick", expression).after(moment) == due


@pytest.mark.parametrize("expression", ["*/5 * * * *", "0 0 0 L * *", "0 0 0 * * Mon#2", "0 60 * * * *", "hourly"])
def test_a_schedule_that_azure_would_not_take_is_refused(expression):
    with pytest.raises(ScheduleRefused, match="tick: the schedule"):
        Schedule("tick", expression)


def test_an_engine_that_dies_under_a_timer_makes_it_fail(stage, until):
    host = stage.host(environment={"TICK_SECONDS": "30"}, timers=True, listen=False)
    import os
    import signal
    import threading

    outcomes: list[Outcome] = []
    run = threading.Thread(target=lambda: outcomes.append(host.run_timer("tick")))
    run.start()
    until(lambda: stage.seen("tick"))

    os.kill(host.engine_pids[0], signal.SIGKILL)
    run.join()

    assert outcomes[0].error.startswith("EngineDied")


def test_an_unmonitored_timer_gets_no_status():
    import json
    from concurrent.futures import Future

    class Recorder:
        def invoke(self, invocation):
            self.payload = json.loads(invocation.inputs["timer"].json)
            future: Future[Outcome] = Future()
            future.set_result(Outcome())
            return future

        def wait_until_ready(self, _timeout):
            return True

    recorder = Recorder()
    trigger = TimerTrigger("t", "timer", "0 0 0 * * *", run_on_startup=False, use_monitor=False)
    Timer(trigger, recorder, Statistics()).run(past_due=True)

    assert recorder.payload == {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": True}
