"""Makes the workbook of the parts: `python3 dev.py workbook`.

    workbook.json                   links the pages of the documentation, where the deployment knows their address
    workbook-without-links.json     names the files of the pages, where it does not

The form is that of Azure Monitor ("Notebook/1.0"). Ids follow from names, so the file changes only where the parts do.
"""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Final

from infra.workbook.definition import HERE, Definition, Item, Parameter, read_definition

TARGET: Final = HERE / "workbook.json"
WITHOUT_LINKS: Final = HERE / "workbook-without-links.json"
#: Where the pages are in the repository, for who has no address of them.
FOLDER: Final = "docs"
#: Values for the parameters in a query, so that it can be parsed and run.
SAMPLES: Final = {
    "{TimeRange:grain}": "15m",
    "{PricePerGB}": "2.76",
    "{CodesPage}": "https://example.org/docs/codes.md",
    "{PagesUrl}": "https://example.org/docs/operators",
}

type _Json = dict[str, object]

_NAMESPACE: Final = uuid.UUID("0b7b2f0e-0001-4000-8000-5907132c0de5")
_LOGS: Final = "microsoft.operationalinsights/workspaces"
_DAY_MS: Final = 86_400_000
_TYPES: Final = {"time": 4, "text": 1, "resource": 5}
_AGGREGATIONS: Final = {"Sum": 1, "Average": 4}
#: Each state with its icon and what is written beside it.
STATES: Final = {
    "ok": ("success", "ok"),
    "warning": ("2", "look at it"),
    "bad": ("failed", "act"),
    "unknown": ("unknown", "no figure"),
}


def with_samples(query: str) -> str:
    """The query with values for the parameters of the workbook."""
    for name, value in SAMPLES.items():
        query = query.replace(name, value)
    return query


def workbook(definition: Definition, *, linked: bool = True) -> _Json:
    """The workbook in the form of Azure Monitor.

    Args:
        definition: its parts.
        linked: whether it links pages; else it names their files.
    """
    if not linked:
        definition = _without_links(definition)
    items: list[_Json] = [
        {"type": 1, "content": {"json": f"# {definition.title}\n{definition.text}"}, "name": "title"},
        {
            "type": 9,
            "content": {
                "version": "KqlParameterItem/1.0",
                "crossComponentResources": ["{Workspace}"],
                "parameters": [_parameter(each) for each in definition.parameters],
                "style": "pills",
                "queryType": 0,
                "resourceType": _LOGS,
            },
            "name": "parameters",
        },
    ]
    resources = {each.name: each.type for each in definition.parameters if each.kind == "resource"}
    for name, section in definition.sections.items():
        heading: _Json = {"type": 1, "content": {"json": f"## {section.title}\n{section.text}"}, "name": f"{name}-text"}
        inner = [_metric(each, resources) if each.query is None else _query(each) for each in section.item]
        content = {"version": "NotebookGroup/1.0", "groupType": "editable", "items": [heading, *inner]}
        items.append({"type": 12, "content": content, "name": f"section-{name}"})
    return {
        "version": "Notebook/1.0",
        "items": items,
        "fallbackResourceIds": ["%WORKSPACE_ID%"],
        "$schema": "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
    }


def text_of(definition: Definition, *, linked: bool = True) -> str:
    """What stands in the file."""
    return json.dumps(workbook(definition, linked=linked), indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    """Write both files."""
    TARGET.write_text(text_of(read_definition()), encoding="utf-8")
    WITHOUT_LINKS.write_text(text_of(read_definition(), linked=False), encoding="utf-8")


def _without_links(definition: Definition) -> Definition:
    """The same with the names of files: in texts after what they are about, in tables as a column of their own."""

    def plain(item: Item) -> Item:
        shown = tuple(each for each in item.hidden if each not in item.links.values())
        return item.model_copy(update={"links": {}, "hidden": shown})

    parameters = tuple(
        each.model_copy(update={"value": each.value.replace("%PAGES_URL%", FOLDER)})
        if isinstance(each.value, str)
        else each
        for each in definition.parameters
    )
    sections = {
        name: section.model_copy(update={"item": tuple(map(plain, section.item))})
        for name, section in definition.sections.items()
    }
    text = re.sub(r"\[(.+?)\]\((.+?)\)", r"\1 (`\2`)", definition.text)
    return definition.model_copy(update={"text": text, "parameters": parameters, "sections": sections})


def _id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _parameter(parameter: Parameter) -> _Json:
    made: _Json = {
        "id": _id(f"parameter/{parameter.name}"),
        "version": "KqlParameterItem/1.0",
        "name": parameter.name,
        "label": parameter.label,
        "type": _TYPES[parameter.kind],
        "isRequired": True,
        "value": parameter.value,
    }
    if parameter.kind == "time":
        made["value"] = {"durationMs": parameter.value}
        choices = [{"durationMs": each} for each in parameter.choices]
        made["typeSettings"] = {"selectableValues": choices, "allowCustom": True}
    if parameter.kind == "resource":
        made["typeSettings"] = {"additionalResourceOptions": []}
        made["isHiddenWhenLocked"] = True
    return made


def _placed(item: Item, kind: int, content: _Json) -> _Json:
    if item.days is None:
        content["timeContextFromParameter"] = "TimeRange"
    else:
        content["timeContext"] = {"durationMs": item.days * _DAY_MS}
    placed: _Json = {"type": kind, "content": content, "name": item.name}
    return placed if item.width == 100 else {**placed, "customWidth": str(item.width)}


def _query(item: Item) -> _Json:
    content: _Json = {
        "version": "KqlItem/1.0",
        "query": item.kql,
        "size": 0,
        "title": item.title,
        "noDataMessage": item.empty,
        "queryType": 0,
        "resourceType": _LOGS,
        "crossComponentResources": ["{Workspace}"],
        "visualization": item.show,
    }
    if item.show == "table":
        content["gridSettings"] = {"formatters": _formatters(item), "rowLimit": 500}
    else:
        chart: _Json = {"xAxis": item.x, "yAxis": [item.y]}
        if item.by:
            chart["group"] = item.by
        content["chartSettings"] = chart
    return _placed(item, 3, content)


def _formatters(item: Item) -> list[_Json]:
    made: list[_Json] = []
    for column in item.lights:
        grid = [
            {"operator": "==", "thresholdValue": state, "representation": icon, "text": text}
            for state, (icon, text) in STATES.items()
        ]
        default: _Json = {"operator": "Default", "thresholdValue": None, "representation": "unknown", "text": "{0}"}
        options: _Json = {"thresholdsOptions": "icons", "thresholdsGrid": [*grid, default]}
        made.append({"columnMatch": column, "formatter": 18, "formatOptions": options})
    for column, address in item.links.items():
        link: _Json = {"linkColumn": address, "linkTarget": "Url"}
        made.append({"columnMatch": column, "formatter": 1, "formatOptions": link})
    made += [{"columnMatch": column, "formatter": 5} for column in item.hidden]
    return made


def _metric(item: Item, resources: Mapping[str, str]) -> _Json:
    kind = resources[item.resource]
    content: _Json = {
        "chartId": f"workbook{_id(f'chart/{item.name}')}",
        "version": "MetricsItem/2.0",
        "size": 0,
        "chartType": 2,
        "resourceType": kind,
        "metricScope": 0,
        "resourceParameter": item.resource,
        "resourceIds": [f"{{{item.resource}}}"],
        "metrics": [
            {
                "namespace": kind,
                "metric": f"{kind}--{metric}",
                "aggregation": _AGGREGATIONS[item.aggregation],
                **({"splitBy": item.split} if item.split else {}),
            }
            for metric in item.metrics
        ],
        "title": item.title,
    }
    if item.days is None:
        content["timeContext"] = {"durationMs": _DAY_MS}
    return _placed(item, 10, content)


if __name__ == "__main__":
    write()
