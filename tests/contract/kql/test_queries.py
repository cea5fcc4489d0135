"""Every query of a workbook or an alert is KQL that Azure Monitor takes: Microsoft's parser binds it to the tables."""

import json

import pytest

from tests.contract.kql.conftest import ROOT, WRONG, all_queries

ALERTS = json.loads((ROOT / "infra" / "alerts" / "alerts.json").read_text(encoding="utf-8"))
pytestmark = pytest.mark.xdist_group("kql")


def test_the_parser_finds_each_kind_of_mistake(bound):
    found = {name: bound[name]["problems"][0].split()[0] for name in WRONG}

    assert found == {name: code for name, (_, code) in WRONG.items()}


@pytest.mark.parametrize("file", all_queries())
def test_the_query_is_bound_without_a_problem(bound, file):
    assert bound[file]["problems"] == []


@pytest.mark.parametrize("alert", [each for each in ALERTS if each["kind"] == "log"], ids=lambda each: each["name"])
def test_an_alert_has_the_columns_that_its_rule_looks_at(bound, alert):
    columns = bound[f"infra/alerts/{alert['name']}.kql"]["columns"]

    assert columns["Value"] in {"long", "int", "real"}
    assert set(columns) == {"Value", *([alert["by"]] if "by" in alert else [])}
    assert columns.get(alert.get("by"), "string") == "string"
