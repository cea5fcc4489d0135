"""The usual schedules stand in `local.settings.json.example`; the pages, the timers and the sandbox agree with it."""

import json
import re
from pathlib import Path

from connector.settings import Settings
from connector.triggers import timers
from sandbox import system

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operators" / "schedules.md").read_text(encoding="utf-8")
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
EXAMPLE = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
USUAL = {name: value for name, value in EXAMPLE.items() if name.endswith("_SCHEDULE")}


def schedules() -> dict[str, str]:
    """The schedule setting of each timer, by the name of its function."""
    functions = [builder._function for builder in timers.blueprint._function_builders]
    return {each.get_function_name(): each.get_bindings()[0].schedule.strip("%") for each in functions}


def test_every_timer_has_a_usual_schedule_of_its_own():
    assert sorted(schedules().values()) == sorted(USUAL)


def test_the_page_has_every_timer_and_no_other():
    assert schedules() == dict(re.findall(r"^\| `(\w+)` \| `(\w+_SCHEDULE)` \|", PAGE, flags=re.MULTILINE))


def test_the_pages_show_the_usual_values():
    explained = dict(
        re.findall(r"^\| `(\w+_SCHEDULE)` \| required \| .*?`([^`]+ \S+ \S+)`", SETTINGS_PAGE, re.MULTILINE)
    )

    assert dict(re.findall(r"\| `(\w+_SCHEDULE)` \| `([^`]+)` \|", PAGE)) == USUAL
    assert explained == USUAL


def test_the_sandbox_that_runs_by_the_clock_has_the_usual_schedules():
    assert system.schedules(system.Options(by_the_clock=True)) == USUAL


def test_no_timer_of_another_sandbox_runs_by_itself():
    """What a test sees must not depend on the time of the day."""
    assert system.schedules(system.Options()) == dict.fromkeys(USUAL, system.NEVER)


def test_the_sweep_comes_every_two_minutes():
    """A lost wake-up costs no more than this: docs/developers/promises.md counts on it."""
    assert USUAL["SWEEP_SCHEDULE"] == "0 */2 * * * *"


def test_every_setting_that_the_page_names_exists():
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGE)) - USUAL.keys()

    assert named <= {str(field.validation_alias or name.upper()) for name, field in Settings.model_fields.items()}
