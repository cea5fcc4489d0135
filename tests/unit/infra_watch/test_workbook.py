"""workbook.json is what the parts say, and is a workbook that Azure Monitor can show."""

import json
import re
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from infra import kql
from infra.workbook.build import SAMPLES, STATES, TARGET, WITHOUT_LINKS, text_of, with_samples, workbook
from infra.workbook.definition import HERE, PARTS, read_definition
from tests.unit.infra_watch.quiet import quiet_day
from tests.unit.infra_watch.rows import NOW, line, metric, together

DEFINITION = read_definition()
WORKBOOK = json.loads(TARGET.read_text(encoding="utf-8"))
EACH_FILE = pytest.mark.parametrize("file", [TARGET, WITHOUT_LINKS], ids=lambda file: file.stem)
SCHEMA = Path(__file__).parents[4] / "shared" / "powerplatform-schemas" / "workbook.schema.json"
BICEP = (kql.ROOT / "infra" / "modules" / "workbook.bicep").read_text(encoding="utf-8")
PAGE = (kql.ROOT / "docs" / "operators" / "workbook.md").read_text(encoding="utf-8")
#: The keys that each kind of item must have (azure workbooks, counted in Microsoft's own templates).
REQUIRED = {
    1: {"json"},
    3: {"version", "query", "size", "title", "queryType", "resourceType", "crossComponentResources", "visualization"},
    9: {"version", "parameters", "style"},
    10: {"version", "chartId", "chartType", "resourceType", "resourceIds", "metrics", "timeContext"},
    12: {"version", "groupType", "items"},
}
FORMATTERS = {1, 5, 18}
ICONS = {"success", "failed", "unknown", "2"}
WITH_QUERY = [item for item in DEFINITION.items if item.query]
EACH = pytest.mark.parametrize("item", WITH_QUERY, ids=lambda item: item.name)


def items(of):
    for item in of:
        yield item
        if item["type"] == 12:
            yield from items(item["content"]["items"])


ITEMS = list(items(WORKBOOK["items"]))


def test_the_files_are_what_the_parts_say():
    made = {TARGET: text_of(DEFINITION), WITHOUT_LINKS: text_of(DEFINITION, linked=False)}

    assert {file: file.read_text(encoding="utf-8") for file in made} == made, "run: python3 dev.py workbook"


def test_every_part_is_used():
    assert {file.name for file in PARTS.glob("*.kql")} == {item.query for item in WITH_QUERY}
    assert {file.stem for file in PARTS.glob("*.toml")} == set(DEFINITION.sections)


@pytest.mark.skipif(not SCHEMA.exists(), reason="Microsoft's schema of workbooks is not on this machine")
@EACH_FILE
def test_it_fits_microsofts_schema(file):
    schema = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))

    schema.validate(json.loads(file.read_text(encoding="utf-8")))


def test_names_and_ids_are_unique():
    names = Counter(item["name"] for item in ITEMS)
    ids = Counter(re.findall(r'"(?:id|chartId)": "([^"]+)"', TARGET.read_text(encoding="utf-8")))

    assert {*names.values(), *ids.values()} == {1}


def test_each_item_has_what_its_kind_needs():
    lacking = {item["name"]: REQUIRED[item["type"]] - item["content"].keys() for item in ITEMS}

    assert {name: keys for name, keys in lacking.items() if keys} == {}


@EACH_FILE
def test_every_parameter_that_is_used_is_there_and_every_one_is_used(file):
    text = file.read_text(encoding="utf-8")
    used = {name for name in re.findall(r"\{(\w+)(?::\w+)?\}", text) if name != "0"}
    used |= set(re.findall(r'"(?:timeContextFromParameter|resourceParameter)": "(\w+)"', text))

    assert used == {parameter.name for parameter in DEFINITION.parameters}


def test_formatters_and_icons_are_known_ones():
    text = TARGET.read_text(encoding="utf-8")

    assert {int(each) for each in re.findall(r'"formatter": (\d+)', text)} == FORMATTERS
    assert set(re.findall(r'"representation": "(\w+)"', text)) == ICONS


@EACH_FILE
def test_nothing_of_an_account_is_in_it(file):
    assert re.findall(r"/subscriptions/|[0-9a-f-]{36}\.|YOUR_", file.read_text(encoding="utf-8")) == []


def test_it_is_small_enough():
    """Microsoft's analyser of templates asks for at most 40 queries, none of more than 3,000 characters... ours has
    one that is longer, because a traffic light has a row for each flow."""
    long = {item.name for item in WITH_QUERY if len(item.kql) > 3000}

    assert len(WITH_QUERY) <= 40
    assert long == {"flows"}


def test_the_bicep_replaces_every_placeholder():
    marks = set(re.findall(r"%([A-Z_]+)%", TARGET.read_text(encoding="utf-8")))

    assert set(re.findall(r"'%([A-Z_]+)%'", BICEP)) == marks
    assert set(re.findall(r"loadTextContent\('../workbook/(.+?)'\)", BICEP)) == {
        TARGET.name,
        WITHOUT_LINKS.name,
    }


# Queries


@EACH
def test_the_columns_that_an_item_uses_are_in_its_result(item):
    columns = kql.columns(with_samples(item.kql), NOW)
    used = {*item.lights, *item.links, *item.links.values(), *item.hidden, item.x, item.y, item.by} - {""}

    assert used <= set(columns)
    assert (item.show == "table") == (not item.x)


@EACH
def test_a_query_can_be_run_on_a_quiet_day_and_on_nothing(item):
    query = with_samples(item.kql)

    kql.run(query, {}, NOW)
    rows = kql.run(query, quiet_day(), NOW)

    assert {row["State"] for row in rows if "State" in row and item.lights} <= STATES.keys()


@EACH
def test_a_query_leaves_the_time_to_the_workbook_or_says_how_far_it_looks(item):
    spans = [
        int(number) * {"m": 1, "h": 60, "d": 1440}[unit]
        for number, unit in re.findall(r"ago\((\d+)([mhd])\)", item.kql)
    ]

    assert all(span <= (item.days or 0) * 1440 for span in spans)


def lights(tables):
    rows = kql.run(with_samples(DEFINITION.sections["health"].item[0].kql), tables, NOW)
    return {row["Flow"]: row["State"] for row in rows}


def test_all_lights_are_green_on_a_quiet_day():
    assert set(lights(quiet_day()).values()) == {"ok"}


@pytest.mark.parametrize(
    ("flow", "state", "trouble"),
    [
        ("Jobs: Dataverse to Spotler", "bad", metric("spotler.jobs.oldest", 4 * 3600, minutes=0.5)),
        ("Feeds: Spotler to Dataverse", "bad", metric("spotler.checkpoint.age", 5 * 3600, minutes=0.5, feed="updates")),
        ("Quarantine and dead letters", "warning", metric("spotler.quarantine", 2, minutes=0.5)),
        ("Credentials", "bad", line("no", code="AUTH_NOT_FOUND")),
        ("Answers of the systems", "bad", metric("spotler.calls", 900, system="spotler", outcome="failed")),
        ("Work that may have been done", "warning", metric("spotler.outcome_unknown", 1, operation="start-automation")),
        ("Brake", "warning", metric("spotler.brake.held", 1, minutes=0.5)),
        ("Both sides are equal", "warning", metric("spotler.reconcile.remainder", 1)),
    ],
)
def test_a_light_turns(flow, state, trouble):
    found = lights(together([quiet_day(), trouble]))

    assert found.pop(flow) == state
    assert set(found.values()) == {"ok"}


def test_without_telemetry_no_light_says_that_all_is_well():
    found = lights({})

    assert found["Sweep and figures"] == "bad"
    assert found["Jobs: Dataverse to Spotler"] == "unknown"


# The page


def test_every_section_item_and_parameter_is_on_the_page_and_no_other():
    headings = re.findall(r"^### (.+)", PAGE, flags=re.MULTILINE)
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", PAGE, flags=re.MULTILINE)
    parameters = {each.label for each in DEFINITION.parameters}

    assert headings == [section.title for section in DEFINITION.sections.values()]
    assert set(rows) == {item.title for item in DEFINITION.items} | parameters


def test_every_metric_in_a_query_is_on_the_page():
    queries = "".join(file.read_text(encoding="utf-8") for file in PARTS.glob("*.kql"))
    used = set(re.findall(r'"(spotler\.[\w.]+\w)"', queries))

    assert set(re.findall(r"`(spotler\.[\w.]+)`", PAGE)) == used


def test_samples_stand_for_parameters():
    names = {name.strip("{}").split(":")[0] for name in SAMPLES}

    assert names <= {parameter.name for parameter in DEFINITION.parameters}
    assert workbook(DEFINITION)["version"] == "Notebook/1.0"
    assert HERE.name == "workbook"
