"""The flows of docs/flows: their form, their expressions, and the solution around them."""

import re
import shlex
from xml.etree import ElementTree as ET

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.dataverse.schema import TABLES
from connector.dataverse.schema.installation import PUBLISHER
from tests.unit.flows.definitions import DOCS, FILES, FLOWS, SOLUTION, steps
from tests.unit.flows.expressions import NotAnExpression, calls_in, parts_of
from tests.unit.flows.running import BY_SET

DATAVERSE = "shared_commondataserviceforapps"
EACH_FLOW = pytest.mark.parametrize("name", FLOWS)
#: The trigger numbers of "When a row is added, modified or deleted" that our flows use: added, modified, either.
MESSAGES = {1, 3, 4}


def texts(value):
    """Every text in a value."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)


# Their form


@EACH_FLOW
def test_the_definition_has_the_form_that_is_imported(name):
    flow, definition = FLOWS[name], FLOWS[name]["definition"]

    assert flow.keys() == {"connectionReferences", "definition"}
    assert definition.keys() == {"$schema", "contentVersion", "parameters", "triggers", "actions"}
    assert definition["$schema"].endswith("/2016-06-01/workflowdefinition.json#")
    assert definition["parameters"].keys() == {"$connections", "$authentication"}
    assert len(definition["triggers"]) == 1


@EACH_FLOW
def test_every_step_is_of_a_known_type_and_follows_steps_beside_it(name):
    found = list(steps(FLOWS[name]["definition"]["actions"]))

    assert len({step_name for step_name, _, _ in found}) == len(found), "a name stands for one step of the whole flow"
    for step_name, step, _ in found:
        assert step["type"] in {"Compose", "OpenApiConnection", "If", "Foreach", "Select", "Terminate"}
        assert all(statuses == ["Succeeded"] for statuses in step["runAfter"].values())
        assert re.fullmatch(r"\w{1,80}", step_name)


@EACH_FLOW
def test_every_step_of_dataverse_uses_the_connection_reference_of_the_flow(name):
    flow = FLOWS[name]
    hosts = [
        step["inputs"]
        for _, step, _ in steps(flow["definition"]["triggers"] | flow["definition"]["actions"])
        if step["type"].startswith("OpenApiConnection")
    ]

    assert hosts
    for inputs in hosts:
        assert inputs["host"]["apiId"] == f"/providers/Microsoft.PowerApps/apis/{DATAVERSE}"
        assert inputs["host"]["connectionName"] in flow["connectionReferences"]
        assert inputs["authentication"] == "@parameters('$authentication')"


@EACH_FLOW
def test_expressions_can_be_read_and_name_steps_that_have_run(name):
    for step_name, step, before in steps(FLOWS[name]["definition"]["actions"]):
        own = {key: value for key, value in step.items() if key not in ("actions", "else")}
        for text in texts(own):
            for call in calls_in(text):
                if call.name in ("outputs", "body", "items"):
                    assert call.arguments[0].value in before, f"{step_name}: {text}"


@EACH_FLOW
def test_the_trigger_is_about_columns_of_the_manifest(name):
    (trigger,) = FLOWS[name]["definition"]["triggers"].values()
    if trigger["type"] == "Recurrence":
        assert trigger["recurrence"]["frequency"] in ("Day", "Week")
        return
    parameters = trigger["inputs"]["parameters"]
    table = TABLES[parameters["subscriptionRequest/entityname"]]

    assert parameters["subscriptionRequest/message"] in MESSAGES
    assert parameters["subscriptionRequest/scope"] == 4, "the whole organisation"
    for column in filter(None, parameters.get("subscriptionRequest/filteringattributes", "").split(",")):
        table.column(column)


def choices_of(name):
    """The numbers that a flow writes into columns or compares them with, each with its column."""
    definition = FLOWS[name]["definition"]
    for _, step, _ in steps(definition["triggers"] | definition["actions"]):
        if not step["type"].startswith("OpenApiConnection"):
            continue
        parameters = step["inputs"]["parameters"]
        table = BY_SET.get(parameters.get("entityName"))
        table = table or TABLES.get(parameters.get("subscriptionRequest/entityname"))
        conditions = " ".join(value for key, value in parameters.items() if "filter" in key.lower())
        values = [(column, int(value)) for column, value in re.findall(r"(\w+) eq (\d+)\b", conditions)]
        values += [
            (key[5:], value) for key, value in parameters.items() if key[:5] == "item/" and isinstance(value, int)
        ]
        yield from ((table.column(column), value) for column, value in values)


@EACH_FLOW
def test_choices_have_values_of_the_manifest(name):
    assert [(column.name, value) for column, value in choices_of(name) if value not in column.options] == []


def test_choices_are_found_in_conditions_and_in_new_rows():
    assert {(column.name, value) for column, value in choices_of("BounceNotification")} == {("dh_status", 100000003)}
    assert (Job.OPERATION, Operation.ADD_TAG) in {(column.name, value) for column, value in choices_of("QualifiedLead")}


@pytest.mark.parametrize(
    "text", ["@length(", "@{length('a')", "@fly('a')", "@add(1)", "@outputs('a')?['b'", "@x", "@add(1,2) 3", "@{}"]
)
def test_what_is_no_expression_is_found(text):
    with pytest.raises(NotAnExpression):
        parts_of(text)


# The solution around them


def test_solution_and_customizations_list_every_flow_once():
    ids = {name: file.stem.partition("-")[2].lower() for name, file in FILES.items()}
    customizations = ET.parse(SOLUTION / "customizations.xml").getroot()  # noqa: S314 - our own file
    manifest = ET.parse(SOLUTION / "solution.xml").getroot()  # noqa: S314
    workflows = {
        (each.get("WorkflowId", "").strip("{}"), each.findtext("JsonFileName"))
        for each in customizations.iter("Workflow")
    }
    references = {each.get("connectionreferencelogicalname") for each in customizations.iter("connectionreference")}
    used = {
        each["connection"]["connectionReferenceLogicalName"]
        for flow in FLOWS.values()
        for each in flow["connectionReferences"].values()
    }

    assert workflows == {(ids[name], f"/Workflows/{file.name}") for name, file in FILES.items()}
    assert sorted(each.get("id", "").strip("{}") for each in manifest.iter("RootComponent")) == sorted(ids.values())
    assert references == used
    assert all(name.startswith(f"{PUBLISHER.prefix}_") for name in used)
    assert manifest.findtext(".//Publisher/UniqueName") == PUBLISHER.name
    assert manifest.findtext(".//CustomizationPrefix") == PUBLISHER.prefix
    assert manifest.findtext(".//CustomizationOptionValuePrefix") == str(PUBLISHER.option_prefix)


def test_the_file_that_is_imported_holds_the_whole_folder_and_nothing_else():
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    (words,) = re.findall(r"python3 -m zipfile -c \S+ (.+)", page)

    assert sorted(shlex.split(words)) == sorted(each.name for each in SOLUTION.iterdir())


def test_the_page_has_a_section_for_every_flow():
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    titles = {
        each.get("Name", "").removeprefix("Spotler: ")
        for each in ET.parse(SOLUTION / "customizations.xml").getroot().iter("Workflow")  # noqa: S314
    }
    sections = dict(re.findall(r"^### (.+)\n\n((?:.|\n)+?)(?=^##|\Z)", page, flags=re.MULTILINE))

    assert {title.lower() for title in sections} >= {title.lower() for title in titles}
    described = [text for title, text in sections.items() if title.lower() in {each.lower() for each in titles}]
    assert all(re.search(r"^\* \*\*Steps:\*\*", text, flags=re.MULTILINE) for text in described)
    assert all(re.search(r"^\* \*\*Change:\*\*", text, flags=re.MULTILINE) for text in described)
