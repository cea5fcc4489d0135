"""The definition of a custom connector: valid by the published schemas, with the operations and columns that exist."""

import json
from pathlib import Path

import jsonschema
import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.dataverse.schema.own import JOB

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "flows" / "connector"
SCHEMAS = ROOT.parent / "shared" / "powerplatform-schemas"
API = json.loads((FOLDER / "apiDefinition.swagger.json").read_text(encoding="utf-8"))
PROPERTIES = json.loads((FOLDER / "apiProperties.json").read_text(encoding="utf-8"))["properties"]
#: What a job can name by a lookup, as it is written.
LOOKUPS = {f"{navigation}@odata.bind" for column in JOB.columns for navigation in column.navigation.values()}
CALLS = {path: methods["post"] for path, methods in API["paths"].items()}


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("apiDefinition.swagger.schema.strict.json", "apiDefinition.swagger.json"),
        ("paconn-apiProperties.schema.strict.json", "apiProperties.json"),
    ],
)
def test_the_files_are_valid_by_the_published_schemas(schema, file):
    if not (SCHEMAS / schema).exists():
        pytest.skip("the published schemas of custom connectors are not on this machine")
    rules = json.loads((SCHEMAS / schema).read_text(encoding="utf-8"))
    document = json.loads((FOLDER / file).read_text(encoding="utf-8"))

    errors = jsonschema.validators.validator_for(rules)(rules).iter_errors(document)

    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []


def body(call):
    (parameter,) = call["parameters"]
    return parameter["schema"]["properties"]


def test_there_is_an_operation_for_each_and_its_number_is_fixed():
    assert {path: body(call)[Job.OPERATION]["default"] for path, call in CALLS.items()} == {
        f"/jobs/{operation.slug}": operation.value for operation in Operation
    }
    assert all(body(call)[Job.OPERATION]["x-ms-visibility"] == "internal" for call in CALLS.values())


def test_its_inputs_are_columns_of_a_job_with_the_labels_of_the_form():
    for call in CALLS.values():
        for name, value in body(call).items():
            if name not in LOOKUPS:
                column = JOB.column(name)
                assert value["x-ms-summary"] == column.label
                assert value.get("enum") in (None, list(column.options))


def test_every_operation_is_routed_to_the_table_of_jobs():
    for policy in PROPERTIES["policyTemplateInstances"]:
        assert policy["parameters"]["x-ms-apimTemplate-operationName"] == [
            call["operationId"] for call in CALLS.values()
        ]
    assert PROPERTIES["policyTemplateInstances"][0]["parameters"]["x-ms-apimTemplateParameter.newPath"] == f"/{Job.SET}"
