"""Microsoft's own Python client makes tables as its documentation shows."""

from enum import IntEnum

import pytest
from PowerPlatform.Dataverse.core.errors import MetadataError
from PowerPlatform.Dataverse.models.labels import Label, LocalizedLabel
from PowerPlatform.Dataverse.models.relationship import (
    CascadeConfiguration,
    LookupAttributeMetadata,
    ManyToManyRelationshipMetadata,
    OneToManyRelationshipMetadata,
)
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from tests.contract.dataverse_standin.blocking import HALVES, signed_in
from tests.contract.dataverse_standin.customizing.support import SOLUTION

COLUMNS = {
    "new_Code": "string",
    "new_Notes": {"type": "memo", "max_length": 500, "display_name": "Notes"},
    "new_Quantity": {"type": "int", "min_value": 1, "max_value": 5},
    "new_Price": "decimal",
    "new_Ratio": "float",
    "new_When": "datetime",
    "new_Active": "bool",
}


class Colour(IntEnum):
    RED = 1
    GREEN = 2


@pytest.fixture(params=HALVES)
def client(request, setup, monkeypatch):
    with signed_in(request.param, setup.standin.ready, monkeypatch) as client:
        yield client


def test_a_table_with_columns_of_every_type_is_made_and_written(client):
    made = client.tables.create("new_Product", {**COLUMNS, "new_Colour": Colour}, display_name="Product")
    row_id = client.records.create(
        "new_Product",
        {
            "new_name": "a",
            "new_notes": "b",
            "new_quantity": 3,
            "new_price": 1.5,
            "new_ratio": 0.25,
            "new_when": "2026-01-31T00:00:00Z",
            "new_active": True,
            "new_colour": "GREEN",
        },
    )
    row = client.records.retrieve("new_Product", row_id)

    assert made["entity_set_name"] == "new_products"
    assert (row["new_quantity"], row["new_active"], row["new_colour"]) == (3, True, 2)
    assert client.tables.get("new_Product")["table_logical_name"] == "new_product"


def test_columns_are_added_listed_changed_and_removed(client):
    client.tables.create("new_Product", {"new_Code": "string"})
    assert client.tables.add_columns("new_Product", {"new_Extra": "string", "new_Count": "int"}) == [
        "new_Extra",
        "new_Count",
    ]
    client.tables.update_column("new_Product", "new_Extra", {"max_length": 300})
    assert client.tables.update_columns("new_Product", {"new_Code": {"max_length": 50}}) == ["new_Code"]
    names = {each["LogicalName"] for each in client.tables.list_columns("new_Product", select=["LogicalName"])}
    removed = client.tables.remove_columns("new_Product", "new_Count")

    assert {"new_code", "new_extra", "new_count"} <= names
    assert removed == ["new_Count"]
    assert client.records.create("new_Product", {"new_extra": "x" * 300})


def test_relationships_are_made_found_and_deleted(client):
    client.tables.create("new_Department", {})
    client.tables.create("new_Employee", {})
    made = client.tables.create_one_to_many_relationship(
        LookupAttributeMetadata("new_DepartmentId", Label([LocalizedLabel("Department", 1033)])),
        OneToManyRelationshipMetadata(
            "new_Department_Employee",
            "new_department",
            "new_employee",
            "new_departmentid",
            CascadeConfiguration(delete="Restrict"),
        ),
        solution=SOLUTION,
    )
    field = client.tables.create_lookup_field("new_employee", "new_AccountId", "account")
    department = client.records.create("new_Department", {"new_name": "d"})
    bind = {"new_DepartmentId@odata.bind": f"/new_departments({department})"}
    employee = client.records.create("new_Employee", {"new_name": "e", **bind})
    listed = client.tables.list_table_relationships("new_Employee")

    assert client.tables.get_relationship("new_Department_Employee").relationship_id == made.relationship_id
    assert {made.relationship_schema_name, field.relationship_schema_name} <= {each["SchemaName"] for each in listed}
    assert client.records.retrieve("new_Employee", employee)["_new_departmentid_value"] == department
    client.tables.delete_relationship(made.relationship_id)
    assert client.tables.get_relationship("new_Department_Employee") is None


def test_an_n_to_n_relationship_is_made(client):
    client.tables.create("new_Employee", {})
    client.tables.create("new_Project", {})
    made = client.tables.create_many_to_many_relationship(
        ManyToManyRelationshipMetadata("new_employee_project", "new_employee", "new_project")
    )

    assert client.tables.get_relationship("new_employee_project").relationship_id == made.relationship_id


def test_rows_are_upserted_by_an_alternate_key_that_was_made(client):
    client.tables.create("new_Product", {"new_Code": "string"})
    key = client.tables.create_alternate_key("new_Product", "new_code_key", ["new_code"], display_name="Code")
    for name in ("a", "b"):
        client.records.upsert("new_Product", [UpsertItem({"new_code": "c"}, {"new_name": name})])
    (found,) = client.tables.get_alternate_keys("new_Product")
    rows = client.records.list("new_Product")

    assert (found.metadata_id, found.status) == (key.metadata_id, "Active")
    assert [row["new_name"] for row in rows] == ["b"]
    client.tables.delete_alternate_key("new_Product", key.metadata_id)
    assert client.tables.get_alternate_keys("new_Product") == []


def test_the_solution_that_the_client_names_in_the_query_has_no_effect(client, setup):
    client.tables.create("new_Product", {}, solution=SOLUTION)

    assert setup.members() == set()


def test_a_table_is_not_made_twice_and_can_be_deleted(client):
    client.tables.create("new_Product", {})
    with pytest.raises(MetadataError):
        client.tables.create("new_Product", {})
    client.tables.delete("new_Product")

    assert client.tables.get("new_Product") is None
    assert "new_product" not in {each["LogicalName"] for each in client.tables.list()}
