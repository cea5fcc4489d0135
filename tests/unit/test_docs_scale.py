"""The figures of the page about scale, computed again from its formulas."""

import json
import re
from pathlib import Path

import pytest

from tests.infra.ours import resources

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operators/scale.md").read_text()
SUBSCRIPTIONS = len(json.loads((ROOT / "connector/servicebus/entities.json").read_text())["topics"][0]["subscriptions"])
MONTH = 30 * 86_400
SMALL = "Small: 10 thousand contacts, 1,000 jobs a day"
QUERY, BATCH = 0.15, 1.5
CREDITS = 4 + SUBSCRIPTIONS
#: Seconds of work of Dataverse on a full chunk of 100 jobs, and on 100 contacts without jobs.
CHUNK, CONTACTS = 4 * QUERY + 3 * BATCH, 3 * QUERY + BATCH


def row(*cells):
    """A row of a table, by its first cells; the text of the others."""
    start = "| " + " | ".join(cells) + " |"
    lines = [line for line in PAGE.splitlines() if line.startswith(start)]
    assert len(lines) == 1, f"{len(lines)} rows begin with {start}"
    return [cell.strip() for cell in lines[0].strip("|").split("|")]


def test_credits_of_a_job_follow_from_the_subscriptions():
    assert row("Credits of Service Bus")[2] == str(CREDITS)
    assert f"{SUBSCRIPTIONS} filters" in row("Credits of Service Bus")[1]


def test_work_of_a_job():
    assert row("Work of Dataverse (assumed: 0.15 s a query, 1.5 s a batch of 100)")[3] == f"{CHUNK / 100:.3f} s"


def binds_first(rate):
    """The row of so many jobs a second, which says how many they are in a month."""
    return row(f"{rate:,}", f"{rate * MONTH / 1e6:,.{1 if rate < 10 else 0}f} million")


def test_what_binds_first():
    assert f"{3 * 86_400 / 1e6:.2f} million changed rows" in binds_first(1)[2]
    assert f"{3 * 10 * 86_400 / 1e6:.1f} million a day" in binds_first(10)[2]
    assert f"{100 * CREDITS:,} credits" in binds_first(100)[2]
    assert f"{100 * CHUNK / 100:.1f} s a second" in binds_first(100)[2]
    assert f"{1000 * CHUNK / 100:.0f} s a second" in binds_first(1000)[2]
    assert binds_first(1000)[3].startswith(f"{-(-1000 * CHUNK / 100 // 4):.0f} users")
    assert f"{1000 // CREDITS} jobs a\nsecond" in PAGE
    assert f"{100_000 / (1000 // CREDITS) / 60:.0f} minutes at Service Bus" in PAGE


@pytest.mark.parametrize(("contacts", "label"), [(1e4, "10 thousand"), (1e6, "1 million"), (1e7, "10 million")])
def test_contacts(contacts, label):
    calls, seconds = contacts / 100 * 4, contacts / 100 * CONTACTS / 4

    found = row(label)

    assert found[1] == (f"{calls:,.0f}" if calls < 1000 else f"{calls / 1000:,.0f} thousand")
    number = float(re.match(r"[\d.]+", found[2])[0])
    assert number == pytest.approx(seconds / (1 if "seconds" in found[2] else 3600), rel=0.04)
    assert found[4] == f"{contacts / 100 / 100 * 4:,.0f} calls"


def service_bus(jobs):
    """Four operations a job: two sent, two received."""
    more = max(jobs * 4 / 1e6 - 13, 0)
    return 0.0135 * 720 + 0.8 * min(more, 87) + 0.5 * max(more - 87, 0)


def functions(executions, seconds):
    return 0.4 * max(executions - 250_000, 0) / 1e6 + 0.000026 * max(seconds * 2 - 100_000, 0)


def alerts(variant):
    """What the log alerts of a variant of the template cost. Metric alerts cost nothing up to ten queues and topics."""
    rules = resources(variant, "Microsoft.Insights/scheduledQueryRules")
    return sum(1.5 if each.body["properties"]["evaluationFrequency"] == "PT5M" else 0.5 for each in rules)


#: The variants of the template in tests/infra/ours.py by the level of their alerts.
LEVELS = {"essential": "least", "all": "full"}


@pytest.mark.parametrize(
    ("customer", "jobs", "executions", "seconds", "level"),
    [
        # One second at least for each execution.
        (SMALL, 30_000, 87_000, 30_000 * (1 + 1) + 27_000 * 1, "essential"),
        ("Medium: 1 million contacts, 1 job a second", MONTH, 2 * MONTH, 2 * MONTH, "all"),
        ("Large: 10 jobs a second", 10 * MONTH, 2 * MONTH, 2 * MONTH, "all"),
    ],
)
def test_what_a_month_costs(customer, jobs, executions, seconds, level):
    logs = 2.76 * max(jobs * 0.9e-6 - 5, 0)
    bus, app, watch = service_bus(jobs), functions(executions, seconds), alerts(LEVELS[level])

    found = row(customer)

    assert float(found[2]) == pytest.approx(bus, abs=0.6)
    assert float(found[3]) == pytest.approx(app, rel=0.01, abs=0.1)
    assert float(found[4]) == pytest.approx(logs, abs=0.6)
    assert found[5] == f"{watch:.2f}"
    assert found[6] == f"{bus + app + logs + watch + 0.5:.0f}"


def test_a_small_customer_pays_15_dollars_at_most_with_alerts():
    assert service_bus(30_000) + functions(87_000, 87_000) + alerts("least") + 0.5 <= 15
    assert float(row(SMALL)[6]) <= 15


@pytest.mark.parametrize(("level", "variant"), LEVELS.items())
def test_the_levels_of_alerts(level, variant):
    logs = len(resources(variant, "Microsoft.Insights/scheduledQueryRules"))
    metrics = len(resources(variant, "Microsoft.Insights/metricAlerts"))

    (line,) = re.findall(rf"^\| `{level}`.*", PAGE, flags=re.MULTILINE)

    assert f"{logs} log alerts, {metrics} metric alerts" in line
    assert line.endswith(f"| {alerts(variant):.2f} |")


def test_the_default_fleet():
    timers = (ROOT / "connector/triggers/timers.py").read_text().count("@blueprint.timer_trigger(")
    most, parallel = 2, 8

    assert int(row(f"{SUBSCRIPTIONS} functions of subscriptions, {most} instances each")[1]) == SUBSCRIPTIONS * most
    assert row(f"{SUBSCRIPTIONS} functions of subscriptions, {most} instances each")[2] == str(
        SUBSCRIPTIONS * most * parallel
    )
    assert row(f"{timers} timers, one instance each")[1:] == [str(timers), str(timers * parallel)]
    assert row("**Everything at work at once**")[1:] == [
        str(most + SUBSCRIPTIONS * most + timers),
        f"{(SUBSCRIPTIONS * most + timers) * parallel} of 52",
    ]
    assert f"The {SUBSCRIPTIONS * most + timers} instances" in PAGE
    assert SUBSCRIPTIONS * most + timers <= 60, "more than the fleet that is simulated"
    assert json.loads((ROOT / "host.json").read_text())["extensions"]["serviceBus"]["maxMessageBatchSize"] == 200


def test_the_defaults_of_the_template_are_those_of_the_page():
    template = (ROOT / "infra/main.bicep").read_text()

    assert re.search(r"^param maximumInstanceCount int = 2$", template, re.MULTILINE)
    assert re.search(r"^param dataverseParallel int = 8$", template, re.MULTILINE)
    assert re.search(r"^param alertLevel string = 'essential'$", template, re.MULTILINE)
    assert "`maximumInstanceCount` 2" in PAGE
    assert "`DATAVERSE_PARALLEL` 8" in PAGE
