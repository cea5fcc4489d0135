"""Rows as the connector's telemetry makes them, and the alerts that look at them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.telemetry.names import LOG_DIMENSIONS, METRICS, MetricKind
from infra import kql

ALERTS = kql.ROOT / "infra" / "alerts"
DEFINITIONS = {each["name"]: each for each in json.loads((ALERTS / "alerts.json").read_text(encoding="utf-8"))}
LOG_ALERTS = {name: each for name, each in DEFINITIONS.items() if each["kind"] == "log"}
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

#: Rows by table.
type Tables = dict[str, list[dict[str, object]]]


def metric(name: str, value: float, *, minutes: float = 3, **dimensions: str) -> Tables:
    """A row of a metric, so many minutes ago. The name and its dimensions must be the connector's."""
    assert tuple(dimensions) == METRICS[name].dimensions
    count = 1 if METRICS[name].kind is not MetricKind.HISTOGRAM else 10
    row = {"TimeGenerated": NOW - timedelta(minutes=minutes), "Name": name, "Sum": value, "ItemCount": count}
    return {"AppMetrics": [{**row, "Min": value / count, "Max": value, "Properties": dimensions}]}


def line(message: str, *, level: int = 3, minutes: float = 3, **dimensions: str) -> Tables:
    """A log line, so many minutes ago."""
    assert dimensions.keys() <= LOG_DIMENSIONS
    row = {"TimeGenerated": NOW - timedelta(minutes=minutes), "Message": message, "SeverityLevel": level}
    return {"AppTraces": [{**row, "ItemCount": 1, "Properties": dimensions}]}


def together(parts: Iterable[Tables]) -> Tables:
    """All these rows."""
    made: Tables = {}
    for part in parts:
        for table, rows in part.items():
            made.setdefault(table, []).extend(rows)
    return made


@dataclass(frozen=True)
class Fired:
    """An alert of a rule, for the value of its dimension where it has one."""

    value: float
    by: str = ""


def fired(name: str, tables: Mapping[str, list[dict[str, object]]]) -> list[Fired]:
    """What the rule in infra/modules/alerts.bicep makes of these rows: Maximum of Value, greater than the threshold."""
    definition = LOG_ALERTS[name]
    answer = kql.run((ALERTS / f"{name}.kql").read_text(encoding="utf-8"), tables, NOW)
    by, threshold = definition.get("by"), definition["threshold"]["default"]
    return [Fired(row["Value"], row[by] if by else "") for row in answer if row["Value"] > threshold]
