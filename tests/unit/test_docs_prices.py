"""Prices on the pages: each has a source and a date, and what is computed from them is computed again."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.functions.timers import Schedule
from tests.infra.ours import resources
from tests.unit import test_docs_scale as scale

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TELEMETRY = (DOCS / "operators" / "telemetry.md").read_text(encoding="utf-8")
HOURS = 720


def prices():
    """The table of prices: its name, what it says, and what it was compared with."""
    table = scale.PAGE.split("| | Price | Compared with |\n|---|---|---|\n")[1].split("\n\n")[0]
    return {
        name: (price, source) for name, price, source in (row.strip("| ").split(" | ") for row in table.splitlines())
    }


def first(name):
    """The first amount of a price."""
    return float(re.search(r"\d+(?:\.\d+)?", prices()[name][0])[0])


def written(page, pattern):
    (found,) = re.findall(pattern, (DOCS / page).read_text(encoding="utf-8"))
    return float(found)


def test_each_price_says_where_it_is_from_and_when_or_that_it_is_assumed():
    for name, (_, source) in prices().items():
        assert re.search(r"(?:read|dated) 20\d\d-(?:0\d|1[0-2])|assumed|^the same$", source), name


def test_the_sums_are_made_with_the_prices_of_the_table():
    executions = 10_000_000

    assert scale.service_bus(0) == pytest.approx(first("Service Bus Standard, base") * HOURS)
    assert scale.service_bus(executions) - scale.service_bus(0) == pytest.approx(
        first("Service Bus Standard, operations") * (4 * executions / 1e6 - 13)
    )
    assert scale.functions(executions, 0) == pytest.approx(
        first("Flex Consumption, executions on demand") * (executions - 250_000) / 1e6
    )
    assert scale.functions(0, 1e6) == pytest.approx(first("Flex Consumption, memory on demand") * (2e6 - 100_000))


def test_alerts_cost_what_the_table_says():
    slow, fast = map(float, re.findall(r"\d\.\d\d", prices()["Log alert"][0]))
    rules = resources("full", "Microsoft.Insights/scheduledQueryRules")
    often = sum(each.body["properties"]["evaluationFrequency"] == "PT5M" for each in rules)

    assert scale.alerts("full") == pytest.approx(often * fast + (len(rules) - often) * slow)


def test_an_instance_that_is_always_ready():
    price, month = prices()["Always-ready instance at rest"][0], 2 * HOURS * 3600

    assert float(re.search(r"so (\d+\.\d\d)", price)[1]) == pytest.approx(
        first("Always-ready instance at rest") * month, abs=0.01
    )
    assert written("administrators/install.md", r"for about (\d+) dollars a month") == 21


def test_private_networking():
    endpoints = resources("full", "Microsoft.Network/privateEndpoints")
    zones = resources("full", "Microsoft.Network/privateDnsZones")
    cost = first("Private endpoint") * HOURS * len(endpoints) + first("Private DNS zone") * len(zones)

    assert (len(endpoints), len(zones)) == (3, 3)
    assert written("operators/scale.md", r"Private networking is (\d+) dollars") == round(cost)
    assert written("administrators/install.md", r"private networking\s+about (\d+) dollars") == round(cost)


def test_what_the_page_of_the_installation_says():
    more = scale.alerts("full") - scale.alerts("least")

    assert written("administrators/install.md", r"pays about (\d+) dollars") == float(scale.row(scale.SMALL)[6])
    assert written("administrators/install.md", r"adds alerts for (\d+) dollars more") == more
    assert written("operators/README.md", r"\[(\d+) dollars a month more\]") == more


def test_how_often_timers_run():
    values = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    runs = 0
    for name, value in values.items():
        if name.endswith("_SCHEDULE"):
            schedule, moment = Schedule(name, value), begin
            while (moment := schedule.after(moment)) <= begin + timedelta(days=30):
                runs += 1

    assert written("operators/scale.md", r"timers that run ([\d]+),000 times") == round(runs / 1000)


def test_a_message_that_waits_in_a_pause():
    page = (DOCS / "operators" / "pause.md").read_text(encoding="utf-8")
    million = 10_000 * 2 * 60 / 1e6

    assert f"10,000 waiting jobs cost {million:.1f} million operations an hour" in page
    assert first("Service Bus Standard, operations") * million == pytest.approx(1, abs=0.1), "about one dollar"


def rows_of_telemetry():
    """Gigabytes of each row of the table, by its first words."""
    found = re.findall(r"^\| (.+?) \| ([\d,]+) bytes.*? \| (\d\.\d\d) GB \|$", TELEMETRY, flags=re.MULTILINE)
    return {what: (int(size.replace(",", "")), float(gigabytes)) for what, size, gigabytes in found}


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("a line for each job", 1e6),
        ("a line for a problem, 2 % of the jobs", 0.02e6),
        ("counters: 25 rows a minute and instance, 600 busy minutes", 25 * 600),
        ("the sweep's rows: 10 every two minutes, all month", 10 * HOURS * 30),
        ("gauges of timers and feeds: 20 every ten minutes, all month", 20 * HOURS * 6),
        ("rows of the host, one for each batch of 200 jobs", 1e6 / 200),
    ],
)
def test_a_row_of_telemetry_is_its_size_times_its_number(what, rows):
    size, gigabytes = rows_of_telemetry()[what]

    assert gigabytes == pytest.approx(rows * size / 1e9, abs=0.005)


def test_what_a_million_jobs_cost_in_telemetry():
    table = {what: gigabytes for what, (_, gigabytes) in rows_of_telemetry().items()}
    together = sum(table.values())

    assert len(table) == 6
    assert written("operators/telemetry.md", r"Together about (\d\.\d) GB") == round(together, 1)
    assert together * 2.5 < 3
    assert written("operators/telemetry.md", r"A million jobs then cost (\d\.\d\d) GB") == pytest.approx(
        together - table["a line for each job"], abs=0.01
    )
