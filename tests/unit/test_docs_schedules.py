"""The page of schedules has every timer, with its setting and its usual value."""

import json
import re
from pathlib import Path

from connector.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operators" / "schedules.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| `(\w+_SCHEDULE)` \|", PAGE, flags=re.MULTILINE))


def timers() -> dict[str, str]:
    """The schedule setting of each timer, by the name of its function."""
    source = (ROOT / "connector" / "triggers" / "timers.py").read_text(encoding="utf-8")
    return dict(re.findall(r'function_name\("(\w+)"\).*?schedule="%(\w+)%"', source, flags=re.DOTALL))


def test_the_page_has_every_timer_and_no_other():
    assert timers() == ROWS


def test_the_usual_values_are_those_of_the_example():
    example = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    shown = dict(re.findall(r"\| `(\w+_SCHEDULE)` \| `([^`]+)` \|", PAGE))

    assert shown == {name: example[name] for name in timers().values()}


def test_every_setting_that_the_page_names_exists():
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGE)) - set(timers().values())

    assert named <= {str(field.validation_alias or name.upper()) for name, field in Settings.model_fields.items()}
