"""Definitions, queries, the Bicep that deploys them and the pages about them belong together."""

import json
import re

import pytest

from connector.telemetry.names import LOG_DIMENSIONS, METRICS
from infra import kql
from tests.infra.ours import app_settings, resources
from tests.unit.infra_watch.names import unknown_names
from tests.unit.infra_watch.rows import ALERTS, DEFINITIONS, LOG_ALERTS

BICEP = (kql.ROOT / "infra" / "modules" / "alerts.bicep").read_text(encoding="utf-8")
PAGES = kql.ROOT / "docs" / "operators" / "alerts"
#: What Azure takes, in minutes.
EVERY = {"PT5M": 5, "PT10M": 10, "PT15M": 15, "PT30M": 30, "PT1H": 60}
WINDOWS = {**EVERY, "PT2H": 120, "PT3H": 180, "PT6H": 360, "P1D": 1440, "P2D": 2880}
SPANS = {"m": 1, "h": 60, "d": 1440}
#: What people read of an alert.
TEXTS = ("title", "description")
EACH = pytest.mark.parametrize("name", DEFINITIONS)


def page(name):
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def schedules():
    """Minutes between two runs of each timer, by its usual schedule."""
    source = (kql.ROOT / "connector" / "triggers" / "timers.py").read_text(encoding="utf-8")
    settings = re.findall(r'schedule="%(\w+)%".*?run(?:_timer)?\("([\w-]+)"', source, flags=re.DOTALL)
    example = json.loads((kql.ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    return {timer: _interval(example[setting]) for setting, timer in settings}


def _interval(schedule):
    _, minutes, hours, _, _, days = schedule.split()
    if minutes.startswith("*/"):
        return int(minutes[2:])
    if hours == "*":
        return 60
    return 1440 * (7 if days != "*" else 1) // len(hours.split(","))


def usual(name):
    """The table of usual intervals in a query."""
    query = (ALERTS / f"{name}.kql").read_text(encoding="utf-8")
    return {each: int(minutes) for each, minutes in re.findall(r'^ +"([\w-]+)", (\d+)', query, flags=re.MULTILINE)}


def test_every_definition_has_its_query_and_every_query_its_definition():
    assert {file.stem for file in ALERTS.glob("*.kql")} == set(LOG_ALERTS)


def test_the_bicep_loads_every_query_under_its_name():
    loaded = re.findall(r"^  '?([\w-]+)'?: loadTextContent\('../alerts/([\w-]+)\.kql'\)$", BICEP, flags=re.MULTILINE)

    assert dict(loaded) == {name: name for name in LOG_ALERTS}


def test_names_and_thresholds_are_unique():
    names = [each["name"] for each in json.loads((ALERTS / "alerts.json").read_text(encoding="utf-8"))]
    thresholds = {each["threshold"]["name"] for each in DEFINITIONS.values()}

    assert len(names) == len(set(names)) == len(thresholds)


@EACH
def test_times_are_those_that_azure_takes(name):
    definition = DEFINITIONS[name]

    assert EVERY[definition["every"]] <= WINDOWS[definition["window"]]
    assert definition["severity"] in range(5)
    assert isinstance(definition["threshold"]["default"], int)


@pytest.mark.parametrize("name", LOG_ALERTS)
def test_a_query_looks_at_the_window_of_its_rule(name):
    """Azure gives a query no row from before the window, whatever the query asks for."""
    query = (ALERTS / f"{name}.kql").read_text(encoding="utf-8")
    spans = {int(number) * SPANS[unit] for number, unit in re.findall(r"ago\((\d+)([mhd])\)", query)}

    assert spans == {WINDOWS[LOG_ALERTS[name]["window"]]}


def test_usual_intervals_are_those_of_the_schedules():
    assert usual("timer-late") == {timer: every for timer, every in schedules().items() if timer != "sweep-jobs"}


def test_the_feeds_are_those_of_the_page_of_schedules():
    text = (kql.ROOT / "docs" / "operators" / "schedules.md").read_text(encoding="utf-8")
    listed = re.search(r"^Each feed keeps .*?\. The names are (.*?)\.", text, flags=re.MULTILINE | re.DOTALL)[1]

    assert set(usual("checkpoint-old")) == set(re.findall(r"`([\w-]+)`", listed))


# Levels


def deployed(variant):
    """How often each rule looks that a variant of the template makes."""
    kinds = ("Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts")
    made = [each for kind in kinds for each in resources(variant, kind)]
    return {
        name: each.body["properties"]["evaluationFrequency"]
        for each in made
        for name in DEFINITIONS
        if each.name.startswith(f"spotler-{name}-")
    }


def test_all_alerts_are_made_at_the_level_all():
    assert deployed("full") == {name: each["every"] for name, each in DEFINITIONS.items()}


def test_essential_alerts_are_made_by_default_and_none_looks_often():
    essential = {name: each for name, each in DEFINITIONS.items() if each["essential"]}

    assert deployed("least") == {
        name: "PT15M" if each["kind"] == "log" else each["every"] for name, each in essential.items()
    }
    assert {"sweep-silent", "jobs-overdue", "credentials-refused", "outcome-unknown", "brake-applied"} < set(essential)
    assert {name for name, each in DEFINITIONS.items() if each["kind"] == "metric"} < set(essential)


def test_every_alert_has_its_texts_in_dutch():
    assert {name for name, each in DEFINITIONS.items() if not all(each["dutch"].get(key) for key in TEXTS)} == set()


@pytest.mark.parametrize(("variant", "language"), [("least", "en"), ("full", "nl")])
def test_alerts_have_the_language_of_the_results_on_rows(variant, language):
    made = {
        name: [each.body["properties"][key] for key in ("displayName", "description")]
        for each in resources(variant, "Microsoft.Insights/scheduledQueryRules")
        for name in DEFINITIONS
        if each.name.startswith(f"spotler-{name}-")
    }
    texts = {name: each["dutch"] if language == "nl" else each for name, each in DEFINITIONS.items() if name in made}

    assert app_settings(variant)["RESULT_LANGUAGE"] == language
    assert made == {name: [f"Spotler connector: {each['title']}", each["description"]] for name, each in texts.items()}


# Pages


def test_every_alert_has_its_page_and_every_page_its_alert():
    assert {file.stem for file in PAGES.glob("*.md")} == set(DEFINITIONS)


@EACH
def test_the_page_has_all_parts(name):
    headings = re.findall(r"^## (.+)", page(name), flags=re.MULTILINE)

    assert page(name).startswith(f"# {DEFINITIONS[name]['title']}\n")
    assert headings == ["What it means", "First look", "What to do", "When it ends, and how to silence it"]


@EACH
def test_the_page_names_the_threshold_and_its_value(name):
    threshold = DEFINITIONS[name]["threshold"]

    assert f"`{threshold['name']}` | {threshold['default']} {threshold['unit']} |" in page(name)


@EACH
def test_the_page_names_the_level(name):
    level = "essential" if DEFINITIONS[name]["essential"] else "all"

    assert re.search(rf"^\| `{name}` \| \d \(\w+\) \| `{level}` \|", page(name), flags=re.MULTILINE)


@EACH
def test_the_page_says_how_the_threshold_is_changed(name):
    threshold = DEFINITIONS[name]["threshold"]["name"]

    assert f"set `{threshold}` in the parameter [`alertThresholds`]" in page(name)


def test_the_index_links_every_page():
    index = (PAGES.parent / "README.md").read_text(encoding="utf-8")

    assert set(re.findall(r"\(alerts/([\w-]+)\.md\)", index)) == set(DEFINITIONS)


# Names


def queries():
    files = [*ALERTS.glob("*.kql"), *(kql.ROOT / "infra" / "workbook").rglob("*.kql")]
    return {str(file.relative_to(kql.ROOT)): file.read_text(encoding="utf-8") for file in files}


@pytest.mark.parametrize("query", queries().values(), ids=queries())
def test_a_query_uses_metrics_and_dimensions_of_the_connector_only(query):
    assert unknown_names(query) == []


def test_a_wrong_name_is_found():
    assert unknown_names('AppMetrics | where Name == "spotler.job"') == ["metric spotler.job"]
    assert unknown_names('AppMetrics | where Name == "spotler.jobs" and tostring(Properties.timer) == ""') == [
        "dimension timer of spotler.jobs"
    ]
    assert unknown_names('AppTraces | where tostring(Properties["address"]) == ""') == ["log dimension address"]
    assert "address" not in LOG_DIMENSIONS
    assert "spotler.job" not in METRICS
