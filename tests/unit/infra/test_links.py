"""Links of alerts and workbook: they lead to pages that exist, or there are none."""

import json
import re

import pytest

from infra import kql
from infra.workbook.build import with_samples
from tests.infra.deploy import deploy
from tests.infra.ours import FILES, LEAST, MAIN, ROOT, deployed, one
from tests.unit.infra_watch.quiet import quiet_day
from tests.unit.infra_watch.rows import NOW, metric, together

DOCS = "https://example.org/docs"
ALERTS = ("Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts")
#: The kind of formatter that makes a link.
LINK = 1


def workbook_of(resource):
    return json.loads(resource.body["properties"]["serializedData"])


def items(of):
    for item in of:
        yield item
        yield from items(item["content"].get("items", ()))


def tables_of(resource):
    for item in items(workbook_of(resource)["items"]):
        if "gridSettings" in item["content"]:
            yield item["content"]


def parameters_of(resource):
    (item,) = (each for each in workbook_of(resource)["items"] if each["type"] == 9)
    return {each["name"]: each["value"] for each in item["content"]["parameters"]}


def pages(variant):
    """The page that each alert names."""
    for each in deployed(variant).all():
        if each.kind in ALERTS:
            actions = each.body["properties"]["actions"]
            given = actions["customProperties"] if isinstance(actions, dict) else actions[0]["webHookProperties"]
            yield given["alert"], given["page"]


def named_pages(variant):
    """The pages that the texts of the workbook and its traffic light name."""
    workbook = one(variant, "Microsoft.Insights/workbooks")
    parameters = parameters_of(workbook)
    text = workbook_of(workbook)["items"][0]["content"]["json"]
    for name, value in parameters.items():
        text = text.replace(f"{{{name}}}", str(value))
    yield from re.findall(r"[(`]([^(`]+\.md)[)`]", text)
    (light,) = (each for each in tables_of(workbook) if each["title"] == "Traffic light")
    query = light["query"].replace("{PagesUrl}", parameters["PagesUrl"])
    rows = kql.run(with_samples(query), together([quiet_day(), metric("spotler.quarantine", 2, minutes=0.5)]), NOW)
    yield from (row["Page"] for row in rows)
    yield parameters["CodesPage"]


@pytest.mark.parametrize(("variant", "folder"), [("least", "docs"), ("full", DOCS)])
def test_each_page_that_is_named_exists(variant, folder):
    named = [*(page for _, page in pages(variant)), *named_pages(variant)]

    assert len(named) > 10
    for page in named:
        assert page.startswith(f"{folder}/")
        assert (ROOT / "docs" / page.removeprefix(f"{folder}/")).is_file(), page


@pytest.mark.parametrize(("variant", "level"), [("least", "essential"), ("full", "all")])
def test_every_alert_names_its_own_page(variant, level):
    listed = json.loads((ROOT / "infra" / "alerts" / "alerts.json").read_text(encoding="utf-8"))
    wanted = {each["name"] for each in listed if level == "all" or each["essential"]}
    named = dict(pages(variant))

    assert named.keys() == wanted
    assert all(page.endswith(f"/operators/alerts/{name}.md") for name, page in named.items())


def test_without_an_address_the_workbook_has_no_link_and_shows_the_files():
    workbook = one("least", "Microsoft.Insights/workbooks")
    formatters = [each for table in tables_of(workbook) for each in table["gridSettings"]["formatters"]]

    assert "](" not in workbook_of(workbook)["items"][0]["content"]["json"]
    assert [each for each in formatters if each["formatter"] == LINK or each["columnMatch"] == "Page"] == []


def test_with_an_address_the_first_column_is_the_link():
    workbook = one("full", "Microsoft.Insights/workbooks")
    formatters = [each for table in tables_of(workbook) for each in table["gridSettings"]["formatters"]]

    assert [each["columnMatch"] for each in formatters if each["formatter"] == LINK] == ["Flow", "Code", "Code"]
    assert parameters_of(workbook)["PagesUrl"] == f"{DOCS}/operators"


def test_a_slash_at_the_end_of_the_address_is_left_out():
    made = deploy(MAIN, {**LEAST, "docsUrl": f"{DOCS}/"})
    (workbook,) = (each for each in made.all() if each.kind == "Microsoft.Insights/workbooks")

    assert parameters_of(workbook)["CodesPage"] == f"{DOCS}/codes.md"


def test_no_file_of_the_template_has_a_name_that_somebody_has_to_replace():
    texts = {path.name: path.read_text(encoding="utf-8") for path in FILES}

    assert {name for name, text in texts.items() if re.search(r"YOUR_|example\.(?:com|org)", text)} == set()
