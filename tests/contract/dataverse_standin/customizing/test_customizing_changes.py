"""`RetrieveMetadataChanges`: what a query finds of the definitions, and what has changed since the last answer."""

import json
from urllib.parse import quote

import pytest

from tests.contract.dataverse_standin.customizing.support import choice, column, label, lookup, table_path
from tests.contract.dataverse_standin.support import error_code

NAME = "RetrieveMetadataChanges"
TABLE = {"PropertyName": "LogicalName", "ConditionOperator": "Equals",
         "Value": {"Type": "System.String", "Value": "dh_spotlerjob"}}  # fmt: skip


def properties(*names: str) -> dict:
    return {"AllProperties": False, "PropertyNames": list(names)}


def criteria(*conditions: dict, operator: str = "And") -> dict:
    return {"FilterOperator": operator, "Conditions": list(conditions)}


def is_(name: str, operator: str, kind: str, value: str) -> dict:
    return {"PropertyName": name, "ConditionOperator": operator, "Value": {"Type": kind, "Value": value}}


OURS = {"Properties": properties("SchemaName"), "Criteria": criteria(TABLE)}


def ask(api, query: dict, stamp: str = "", deleted: str = ""):
    given = ["Query=@p1"]
    given += [f"ClientVersionStamp='{stamp}'"] if stamp else []
    given += [f"DeletedMetadataFilters={deleted}"] if deleted else []
    return api.get(f"{NAME}({quote(','.join(given))})?@p1={quote(json.dumps(query))}")


def read(api, query: dict, *more: str) -> dict:
    answer = ask(api, query, *more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tables(api, *conditions: dict, operator: str = "And") -> list[str]:
    query = {"Properties": properties("LogicalName"), "Criteria": criteria(*conditions, operator=operator)}
    return [each["LogicalName"] for each in read(api, query)["EntityMetadata"]]


def test_a_query_finds_what_it_asks_for_and_nothing_else(setup):
    setup.table(column("dh_Tag"), column("dh_Notes", "Memo"))
    memo = is_("AttributeType", "Equals", "Microsoft.Xrm.Sdk.Metadata.AttributeTypeCode", "Memo")
    of_column = {"Properties": properties("LogicalName", "MaxLength"), "Criteria": criteria(memo)}
    wanted = {**OURS, "Properties": properties("SchemaName", "DisplayName", "Attributes", "Keys")}
    found = read(setup.api, {**wanted, "AttributeQuery": of_column, "LabelQuery": {"FilterLanguages": [1043]}})
    (job,) = found["EntityMetadata"]

    assert (job["SchemaName"], job["HasChanged"], job["Keys"]) == ("dh_SpotlerJob", None, [])
    assert [each["Label"] for each in job["DisplayName"]["LocalizedLabels"]] == ["Spotler-taak"]
    assert [(each["LogicalName"], each["MaxLength"]) for each in job["Attributes"]] == [("dh_notes", 2000)]
    assert "OwnershipType" not in job
    assert found["DeletedMetadata"] is None


def test_conditions_are_joined_and_have_types(setup):
    setup.table()
    text, yes = "System.String", "System.Boolean"
    code = setup.definition(query="?$select=ObjectTypeCode")["ObjectTypeCode"]

    either = (is_("LogicalName", "Equals", text, "lead"), is_("LogicalName", "Equals", text, "dh_spotlerjob"))
    assert set(tables(setup.api, *either, operator="Or")) == {"lead", "dh_spotlerjob"}
    assert tables(setup.api, *either) == []
    assert tables(setup.api, is_("LogicalName", "In", "System.String[]", "['lead','x']")) == ["lead"]
    assert tables(setup.api, is_("IsCustomEntity", "Equals", yes, "True")) == ["dh_spotlerjob"]
    assert "dh_spotlerjob" not in tables(setup.api, is_("IsCustomEntity", "NotEquals", yes, "true"))
    assert tables(setup.api, is_("ObjectTypeCode", "GreaterThan", "System.Int32", str(code - 1))) == ["dh_spotlerjob"]
    assert "lead" not in tables(setup.api, is_("LogicalName", "NotIn", "System.String[]", "['lead']"))
    assert "lead" in tables(setup.api, is_("CanCreateForms", "Equals", yes, "true"))


def test_the_next_answer_has_only_what_changed_since_and_what_is_gone(setup):
    setup.table(column("dh_Tag"), column("dh_Old"))
    setup.make("GlobalOptionSetDefinitions", choice())
    whole = {**OURS, "Properties": properties("SchemaName", "Attributes")}
    first = read(setup.api, whole)["ServerVersionStamp"]
    unchanged = read(setup.api, whole, first)
    gone = setup.definition(f"{table_path()}/Attributes(LogicalName='dh_old')")["MetadataId"]
    setup.api.delete(f"{table_path()}/Attributes(LogicalName='dh_old')")
    made = setup.make(f"{table_path()}/Attributes", column("dh_New"))
    second = read(setup.api, whole, first, "Microsoft.Dynamics.CRM.DeletedMetadataFilters'All'")
    (job,) = second["EntityMetadata"]
    tables_only = read(setup.api, whole, first)["DeletedMetadata"]

    assert unchanged["EntityMetadata"] == []
    assert [(each["LogicalName"], each["HasChanged"]) for each in job["Attributes"]] == [("dh_new", True)]
    assert (job["Attributes"][0]["MetadataId"], job["HasChanged"]) == (made, False)
    assert second["DeletedMetadata"]["Keys"] == ["Attribute"]
    assert second["DeletedMetadata"]["Values"] == [{"Items": [gone]}]
    assert tables_only["Count"] == 0


def test_a_changed_label_and_a_new_relationship_are_changes(setup):
    setup.table()
    whole = {**OURS, "Properties": properties("DisplayName", "ManyToOneRelationships")}
    first = read(setup.api, whole)["ServerVersionStamp"]
    body = {**setup.definition(), "DisplayName": label("Renamed")}
    setup.put(table_path(), body)
    renamed = read(setup.api, whole, first)
    setup.make("RelationshipDefinitions", lookup("lead"))
    related = read(setup.api, whole, renamed["ServerVersionStamp"])

    assert [each["HasChanged"] for each in renamed["EntityMetadata"]] == [True]
    (job,) = related["EntityMetadata"]
    assert [each["SchemaName"] for each in job["ManyToOneRelationships"]] == ["dh_lead_dh_spotlerjob"]


def test_a_deleted_table_is_named_where_nothing_else_is_asked_for(setup):
    table_id = setup.table()
    first = read(setup.api, OURS)["ServerVersionStamp"]
    setup.api.delete(table_path())

    gone = read(setup.api, OURS, first)["DeletedMetadata"]
    assert (gone["Keys"], gone["Values"]) == (["Entity"], [{"Items": [table_id]}])


@pytest.mark.parametrize(
    "query",
    [
        {"Properties": properties("NoSuch")},
        {"Nothing": {}},
        {"Properties": properties("SchemaName"), "AttributeQuery": {"Properties": properties("LogicalName")}},
        {"Properties": properties("Attributes"), "AttributeQuery": {"Properties": properties("NoSuch")}},
        {"Criteria": criteria(is_("LogicalName", "Contains", "System.String", "x"))},
        {"Criteria": criteria({"PropertyName": "LogicalName", "ConditionOperator": "Equals", "Value": "x"})},
        {"Criteria": criteria(is_("ObjectTypeCode", "Equals", "System.Int32", "many"))},
        {"Criteria": {"FilterOperator": "Xor"}},
        {"LabelQuery": {"MissingLabelBehavior": 1}},
    ],
)
def test_what_cannot_be_understood_is_refused(setup, query):
    assert ask(setup.api, query).status_code == 400


def test_a_stamp_that_is_not_known_and_wrong_parameters_are_refused(setup):
    expired = ask(setup.api, OURS, "7!old")

    assert (expired.status_code, error_code(expired)) == (400, "0x80044352")
    assert setup.api.get(f"{NAME}(Query=@p1)?@p1=no").status_code == 400
    assert setup.api.get(f"{NAME}(Nothing=@p1)?@p1=%7B%7D").status_code == 400
    assert setup.api.get(f"{NAME}(Query=@p1)?@p1=%7B%7D&$select=x").status_code == 400
    assert ask(setup.api, OURS, "", "'Nothing'").status_code == 400
    assert setup.api.post(f"{NAME}(Query=@p1)", {}).status_code == 405
