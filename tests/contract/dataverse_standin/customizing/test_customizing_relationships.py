import pytest

from tests.contract.dataverse_standin.customizing.support import (
    CRM,
    SOLUTION,
    column,
    lookup,
    several,
    table,
    table_path,
)
from tests.contract.dataverse_standin.support import error_code

ATTRIBUTES = f"{table_path()}/Attributes"
PARENTAL = dict.fromkeys(("Assign", "Delete", "Reparent", "Share", "Unshare"), "Cascade")


def test_a_relationship_is_read_back_with_its_navigation_property(setup):
    setup.table()
    made = setup.make("RelationshipDefinitions", lookup("lead"))
    found = setup.definition(f"RelationshipDefinitions({made})/{CRM}.OneToManyRelationshipMetadata")

    assert found["ReferencingEntityNavigationPropertyName"] == "dh_LeadId"
    assert found["CascadeConfiguration"]["Delete"] == "RemoveLink"
    assert setup.definition(f"{ATTRIBUTES}(LogicalName='dh_leadid')/{CRM}.LookupAttributeMetadata")["Targets"] == [
        "lead"
    ]
    (listed,) = setup.api.rows("RelationshipDefinitions?$filter=SchemaName eq 'dh_lead_dh_spotlerjob'")
    assert listed["MetadataId"] == made
    assert setup.api.get("RelationshipDefinitions(LogicalName='x')").status_code == 400


def test_a_customer_column_has_two_relationships(setup):
    setup.table()
    body = {**several("dh_CustomerId", "account", "contact"), "SolutionUniqueName": SOLUTION}
    answer = setup.api.post("CreateCustomerRelationships", body)
    made = answer.json()
    found = setup.definition(f"RelationshipDefinitions({made['RelationshipIds'][1]})")

    assert answer.status_code == 200
    assert made["@odata.context"].endswith("#Microsoft.Dynamics.CRM.CreateCustomerRelationshipsResponse")
    assert found["ReferencingEntityNavigationPropertyName"] == "dh_CustomerId_contact"
    assert (found["CascadeConfiguration"]["Merge"], found["SecurityTypes"]) == ("Cascade", "Append")


def test_the_complex_types_are_not_the_types_of_definitions(setup):
    setup.table()
    body = several("dh_CustomerId", "account", "contact")
    body["Lookup"]["@odata.type"] = f"{CRM}.LookupAttributeMetadata"

    assert error_code(setup.post("CreateCustomerRelationships", body)) == "0x80048d19"


def test_a_polymorphic_lookup_takes_a_further_target_once(setup):
    setup.table()
    setup.post("CreatePolymorphicLookupAttribute", several("dh_RecordId", "account", "lead"))
    further = lookup("contact", "dh_RecordId", relationship="dh_contact_record")
    first = setup.post("RelationshipDefinitions", further)
    again = setup.post("RelationshipDefinitions", {**further, "SchemaName": "dh_contact_record2"})
    contact = setup.api.create("contacts", lastname="x")

    assert (first.status_code, error_code(again)) == (204, "0x80090424")
    setup.api.create("dh_spotlerjobs", **{"dh_RecordId_contact@odata.bind": f"contacts({contact})"})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lookup("lead"), "0x8004432B"),
        (lookup("lead", relationship="dh_other"), "0x80047013"),
        ({**lookup("lead"), "SchemaName": ""}, "0x8004432A"),
        (lookup("account", "dh_AccountId", CascadeConfiguration={"Assign": "RemoveLink"}), "0x80040203"),
        (lookup("account", "dh_AccountId", CascadeConfiguration=PARENTAL), "0x8004432D"),
    ],
)
def test_relationships_that_are_refused(setup, body, code):
    setup.table()
    setup.make("RelationshipDefinitions", lookup("lead", CascadeConfiguration=PARENTAL))
    refused = setup.post("RelationshipDefinitions", body)

    assert (refused.status_code, error_code(refused)) == (400, code)


def test_a_lookup_goes_with_its_relationship_and_a_key_holds_it(setup):
    setup.table()
    made = setup.make("RelationshipDefinitions", lookup("lead"))
    key = setup.make(f"{table_path()}/Keys", {"SchemaName": "dh_Key", "KeyAttributes": ["dh_leadid"]})
    path = f"RelationshipDefinitions({made})"

    assert error_code(setup.api.delete(path)) == "0x8004f01f"
    assert setup.api.delete(f"{table_path()}/Keys({key})").status_code == 204
    assert setup.api.delete(path, **{"If-Match": "*"}).status_code == 204
    assert setup.api.get(f"{ATTRIBUTES}(LogicalName='dh_leadid')").status_code == 404


def test_a_parent_cannot_be_deleted_while_a_lookup_points_to_it(setup):
    setup.table()
    setup.table(name="dh_Child")
    setup.make("RelationshipDefinitions", lookup("dh_spotlerjob", "dh_JobId", "dh_child"))
    refused = setup.api.delete(table_path())

    assert error_code(refused) == "0x8004f01f"
    assert setup.api.delete(table_path("dh_child")).status_code == 204
    assert setup.api.delete(table_path()).status_code == 204


def test_cascades_and_menu_are_changed_by_a_put(setup):
    setup.table()
    made = setup.make("RelationshipDefinitions", lookup("lead"))
    path = f"RelationshipDefinitions({made})"
    body = setup.definition(f"{path}/{CRM}.OneToManyRelationshipMetadata")
    del body["@odata.context"]
    body["CascadeConfiguration"]["Delete"] = "Restrict"

    assert setup.put(path, body, **{"MSCRM.MergeLabels": "true"}).status_code == 204
    assert setup.definition(path)["CascadeConfiguration"]["Delete"] == "Restrict"


KEYS = f"{table_path()}/Keys"


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (["dh_nosuch"], "0x80040203"),
        (["dh_long"], "0x80040203"),
        (["dh_memo"], "0x80040203"),
        (["createdon"], "0x80090110"),
        (["dh_tag"], "0x80060894"),
    ],
)
def test_keys_that_are_refused(setup, columns, code):
    setup.table(column("dh_Tag"), column("dh_Long", MaxLength=451), column("dh_Memo", "Memo"))
    setup.make(KEYS, {"SchemaName": "dh_First", "KeyAttributes": ["dh_tag"]})
    refused = setup.post(KEYS, {"SchemaName": "dh_Second", "KeyAttributes": columns})

    assert (refused.status_code, error_code(refused)) == (400, code)


def test_two_tables_are_made_and_their_n_to_n_relationship_is_defined(setup):
    setup.table()
    setup.make("EntityDefinitions", table("dh_Other"))
    body = {
        "@odata.type": f"{CRM}.ManyToManyRelationshipMetadata",
        "SchemaName": "dh_job_other",
        "Entity1LogicalName": "dh_spotlerjob",
        "Entity2LogicalName": "dh_other",
        "IntersectEntityName": "dh_job_other",
    }
    made = setup.make("RelationshipDefinitions", body)

    assert [each["MetadataId"] for each in setup.api.rows(f"{table_path()}/ManyToManyRelationships")] == [made]
    assert setup.api.delete(f"RelationshipDefinitions({made})").status_code == 204
