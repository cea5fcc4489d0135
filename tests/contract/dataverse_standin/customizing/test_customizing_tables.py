from tests.contract.dataverse_standin.customizing.support import (
    SOLUTION,
    STRONG,
    column,
    label,
    table,
    table_path,
)
from tests.contract.dataverse_standin.support import error_code


def test_an_empty_environment_has_nothing_of_ours(empty):
    tables = {each["LogicalName"] for each in empty.admin.rows("EntityDefinitions?$select=LogicalName")}

    assert {"contact", "lead", "account", "list", "solution"} <= tables
    assert not [name for name in tables if name.startswith(("dh_", "new_"))]
    assert empty.admin.rows("sdkmessageprocessingsteps") == empty.admin.rows("serviceendpoints") == []
    assert [row["uniquename"] for row in empty.admin.rows("solutions")] == ["Default"]
    columns = empty.admin.rows("EntityDefinitions(LogicalName='list')/Attributes?$select=LogicalName")
    assert not [each for each in columns if each["LogicalName"].startswith("dh_")]


def test_rows_of_a_new_table_can_be_written_at_once(setup):
    setup.table(column("dh_Tag"), column("dh_Count", "Integer"))
    row_id = setup.api.create("dh_spotlerjobs", dh_name="a", dh_tag="vip", dh_count=3)
    row = setup.api.get(f"dh_spotlerjobs({row_id})").json()

    assert (row["dh_name"], row["dh_tag"], row["dh_count"]) == ("a", "vip", 3)
    assert (row["statecode"], row["statuscode"]) == (0, 1)
    assert row["_ownerid_value"] == row["_createdby_value"] == setup.standin.ready.admin_user_id


def test_the_definition_is_read_back_with_defaults_and_labels(setup):
    made = setup.table(IsAuditEnabled={"Value": True})
    found = setup.definition()

    assert found["MetadataId"] == made
    assert (found["EntitySetName"], found["SchemaName"]) == ("dh_spotlerjobs", "dh_SpotlerJob")
    assert found["ObjectTypeCode"] >= 10000
    assert found["IsAuditEnabled"]["Value"] is True
    assert found["ChangeTrackingEnabled"] is False
    assert {each["LanguageCode"]: each["Label"] for each in found["DisplayName"]["LocalizedLabels"]} == {
        1033: "Spotler Job",
        1043: "Spotler-taak",
    }
    assert {each["Name"] for each in found["Privileges"]} >= {"prvCreatedh_SpotlerJob", "prvAssigndh_SpotlerJob"}


def test_a_table_of_the_organisation_has_neither_owner_nor_assignment(setup):
    setup.table(OwnershipType="OrganizationOwned")
    row_id = setup.api.create("dh_spotlerjobs", dh_name="a")

    assert "_ownerid_value" not in setup.api.get(f"dh_spotlerjobs({row_id})").json()
    privileges = {each["PrivilegeType"]: each for each in setup.definition()["Privileges"]}
    assert set(privileges) == {"Create", "Read", "Write", "Delete", "Append", "AppendTo"}
    assert privileges["Read"]["CanBeBasic"] is False


def test_an_undeclared_property_is_refused_before_any_rule(setup):
    wrong = setup.post("EntityDefinitions", {**table(Attributes=[]), "Colour": "red"})
    wrong_column = setup.post("EntityDefinitions", table("dh_X", column("dh_A", Formt="x")))

    assert (wrong.status_code, error_code(wrong)) == (400, "0x80048d19")
    assert (wrong_column.status_code, error_code(wrong_column)) == (400, "0x80048d19")


def test_a_name_that_is_taken_is_refused(setup):
    setup.table()
    again = setup.post("EntityDefinitions", table())

    assert (again.status_code, error_code(again)) == (400, "0x80040237")


def test_a_user_without_the_right_cannot_customise(setup):
    (unit,) = setup.standin.admin.rows("businessunits?$select=businessunitid")
    bind = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    setup.standin.admin.create("systemusers", applicationid=setup.standin.ready.client_id, **bind)
    refused = setup.standin.connector.post("EntityDefinitions", table())

    assert (refused.status_code, error_code(refused)) == (403, "0x80040220")


def test_a_deleted_table_is_gone_with_its_rows(setup):
    setup.table()
    setup.api.create("dh_spotlerjobs", dh_name="a")

    assert setup.api.delete(table_path()).status_code == 204
    assert setup.api.get("dh_spotlerjobs").status_code == 404
    assert setup.api.get(table_path(), headers=STRONG).status_code == 404
    assert setup.members() == set()
    setup.table()
    assert setup.api.rows("dh_spotlerjobs") == []


def test_a_reset_takes_new_tables_away(setup):
    setup.table()
    setup.standin.side("reset", {})

    assert setup.api.get("dh_spotlerjobs").status_code == 404
    assert setup.api.rows("EntityDefinitions?$filter=LogicalName eq 'dh_spotlerjob'") == []


def test_columns_and_keys_are_expanded(setup):
    setup.table(column("dh_Tag"))
    found = setup.definition(
        query="?$select=LogicalName&$expand=Attributes($select=SchemaName),Keys($select=SchemaName)"
    )

    assert {"dh_Tag", "dh_Name", "statuscode"} <= {each["SchemaName"] for each in found["Attributes"]}
    assert found["Keys"] == []


def test_a_publisher_needs_a_prefix_and_a_range(empty):
    for wrong in (
        {"customizationprefix": "1x"},
        {"customizationprefix": "mscrmx"},
        {"customizationoptionvalueprefix": 9999},
    ):
        body = {
            "uniquename": "x",
            "friendlyname": "x",
            "customizationprefix": "xx",
            "customizationoptionvalueprefix": 72700,
            **wrong,
        }
        assert empty.admin.post("publishers", body).status_code == 400


def test_labels_without_the_base_language_are_refused(setup):
    body = table(DisplayName=label("", "Spotler-taak"))

    assert setup.post("EntityDefinitions", body).status_code == 400
    assert setup.members(SOLUTION) == set()
