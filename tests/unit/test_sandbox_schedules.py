"""No test depends on the time of the day: the timers of its system run only when it says so."""

import json

from sandbox.launch import ROOT
from sandbox.system import NEVER, Options, schedules

EXAMPLE = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]


def test_no_timer_of_a_system_runs_by_itself_unless_that_is_asked_for():
    assert set(schedules(Options()).values()) == {NEVER}


def test_by_the_clock_each_timer_runs_as_the_example_says():
    found = schedules(Options(by_the_clock=True))

    assert found.items() <= EXAMPLE.items()
    assert found.keys() == {name for name in EXAMPLE if name.endswith("_SCHEDULE")} == schedules(Options()).keys()
    assert NEVER not in found.values()
