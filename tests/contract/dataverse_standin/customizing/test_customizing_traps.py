"""The traps of a real environment, each under its name: what a client that sets up an environment must survive."""

import pytest

from tests.contract.dataverse_standin.customizing.support import (
    CRM,
    SOLUTION,
    STRONG,
    choice,
    column,
    label,
    lookup,
    option,
    several,
    table,
    table_path,
)
from tests.contract.dataverse_standin.support import error_code

ATTRIBUTES = f"{table_path()}/Attributes"
OPERATION = "GlobalOptionSetDefinitions(Name='dh_spotleroperation')"


def texts(found: dict) -> dict[int, str]:
    return {each["LanguageCode"]: each["Label"] for each in found["LocalizedLabels"]}


def test_trap_1_a_wrong_header_lands_silently_in_the_default_solution(setup):
    response = setup.api.post("EntityDefinitions", table(), **{"MSCRM.SolutionName": SOLUTION})
    found = setup.definition()["MetadataId"]

    assert response.status_code == 204
    assert setup.members() == set()
    assert (1, found) in setup.members("Default")


def test_trap_1_the_query_option_lands_silently_in_the_default_solution(setup):
    response = setup.api.post(f"EntityDefinitions?SolutionUniqueName={SOLUTION}", table())

    assert response.status_code == 204
    assert setup.members() == set()


def test_trap_1_the_right_header_makes_a_member_and_columns_are_inside_their_table(setup):
    made = setup.table()
    setup.make(ATTRIBUTES, column("dh_Tag"))

    assert setup.members() == {(1, made)}


def test_a_column_on_a_standard_table_brings_the_shell_of_the_table(setup):
    column_id = setup.make(f"{table_path('list')}/Attributes", column("dh_Sync", "Boolean"))
    table_id = setup.definition(table_path("list"))["MetadataId"]

    assert setup.members() == {(1, table_id), (2, column_id)}
    (shell,) = [row for row in setup.api.rows("solutioncomponents") if row["objectid"] == table_id]
    assert shell["rootcomponentbehavior"] == 2


@pytest.mark.parametrize("path", ["EntityDefinitions", "publishers", "solutions", "contacts"])
def test_trap_2_an_unknown_solution_in_the_header_is_refused(setup, path):
    response = setup.api.post(path, {}, **{"MSCRM.SolutionUniqueName": "Nosuch"})

    assert (response.status_code, error_code(response)) == (404, "0x80040217")
    assert response.json()["error"]["message"] == "The given solution unique name (Nosuch) is not valid."


@pytest.mark.parametrize("languages", [[1043], [1043, 1033], [1033]])
def test_trap_3_the_provisioned_languages_are_told(setup, languages):
    setup.standin.side("customizing", {"languages": languages})
    found = [setup.api.get(f"RetrieveProvisionedLanguages{end}").json() for end in ("", "()")]

    assert [each["RetrieveProvisionedLanguages"] for each in found] == [languages, languages]
    assert setup.api.rows("organizations?$select=languagecode")[0]["languagecode"] == languages[0]


def test_trap_3_a_table_and_a_choice_store_a_foreign_text_under_the_base_language(setup):
    setup.standin.side("customizing", {"languages": [1043]})
    setup.make("EntityDefinitions", table(DisplayName=label("Spotler Job")))
    setup.make("GlobalOptionSetDefinitions", {**choice(), "DisplayName": label("Operation")})

    assert texts(setup.definition()["DisplayName"]) == {1043: "Spotler Job"}
    assert texts(setup.definition(OPERATION)["DisplayName"]) == {1043: "Operation"}


@pytest.mark.parametrize("kind", ["DateTime", "Memo"])
def test_trap_3_date_and_memo_columns_refuse_a_foreign_language(setup, kind):
    setup.table()
    body = column("dh_X", kind, DisplayName=label("x", l1036="y"))
    response = setup.post(ATTRIBUTES, body)

    assert response.status_code == 400
    assert "The language code 1036 is not a valid language for this organization." in response.text
    assert setup.post(ATTRIBUTES, column("dh_Y", DisplayName=label("x", l1036="y"))).status_code == 204


def test_trap_4_a_foreign_import_locks_customisations(setup):
    setup.standin.side("customizing", {"foreign_seconds": 30})
    for path, body in (("EntityDefinitions", table()), ("PublishAllXml", {})):
        response = setup.api.post(path, body)

        assert (response.status_code, error_code(response)) == (429, "0x80071151")
        assert "[Import] running at this moment" in response.json()["error"]["message"]
        assert "Retry-After" not in response.headers
    assert setup.api.post("contacts", {"lastname": "x"}).status_code == 204
    setup.move(31)
    setup.table()


def test_trap_5_a_new_table_is_found_late_without_strong_consistency(slow, begun):
    begun.table()
    refused = slow.admin.get(table_path())

    assert (refused.status_code, slow.admin.get(table_path(), headers=STRONG).status_code) == (404, 200)
    assert slow.admin.rows("EntityDefinitions?$filter=LogicalName eq 'dh_spotlerjob'") == []
    begun.move(16)
    assert slow.admin.get(table_path()).status_code == 200


def test_trap_5_writes_to_a_new_table_fail_for_a_while(begun):
    begun.table()
    refused = begun.post(ATTRIBUTES, column("dh_Tag"))
    related = begun.post("RelationshipDefinitions", lookup("lead"))

    assert (refused.status_code, error_code(refused)) == (400, "0x80040216")
    assert error_code(related) == "0x80040216"
    begun.move(5)
    assert begun.post(ATTRIBUTES, column("dh_Tag")).status_code == 204


def test_trap_5_the_set_of_a_new_table_and_its_message_filters_appear_late(begun):
    filters = "sdkmessagefilters?$filter=primaryobjecttypecode eq 'dh_spotlerjob'"
    begun.table()

    assert begun.api.get("dh_spotlerjobs").status_code == 404
    assert begun.api.rows(filters) == []
    begun.move(11)
    assert begun.api.rows("dh_spotlerjobs") == []
    assert len(begun.api.rows(filters)) >= 3


def test_trap_5_the_columns_of_a_new_table_answer_500_until_it_is_published(begun):
    begun.table()
    begun.move(31)
    first = begun.api.get(ATTRIBUTES).status_code
    xml = "<importexportxml><entities><entity>dh_spotlerjob</entity></entities></importexportxml>"

    assert begun.api.post("PublishXml", {"ParameterXml": xml}).status_code == 204
    assert (first, begun.api.get(ATTRIBUTES).status_code) == (500, 200)


def test_trap_5_rows_know_a_new_column_later_than_its_definition(begun):
    begun.table()
    begun.move(30)
    begun.post(ATTRIBUTES, column("dh_Tag"))
    asked = "dh_spotlerjobs?$select=dh_tag"

    assert begun.api.get(f"{ATTRIBUTES}(LogicalName='dh_tag')", headers=STRONG).status_code == 200
    assert error_code(begun.api.get(asked)) == "0x80060888"
    assert begun.api.post("dh_spotlerjobs", {"dh_tag": "x"}).status_code == 400
    begun.move(21)
    assert begun.api.rows(asked) == []


def test_trap_6_only_the_flag_of_the_column_makes_it_the_primary_one(setup):
    body = table(PrimaryNameAttribute="dh_name", Attributes=[column("dh_Name")])
    response = setup.post("EntityDefinitions", body)

    assert (response.status_code, error_code(response)) == (400, "0x80040203")
    assert "Required field 'PrimaryAttribute' is missing" in response.text


SUBJECT = {"Attributes": [column("Subject", IsPrimaryName=True)]}
ACTIVITY = {"IsActivity": True, "HasNotes": True, "IsAvailableOffline": True, **SUBJECT}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"HasActivities": True}, "0x8004F121"),
        ({"IsAvailableOffline": False}, "0x8004F122"),
        ({"HasNotes": False}, "0x8004F123"),
        ({"IsMailMergeEnabled": {"Value": True}}, "0x8004F124"),
        ({"Attributes": [column("dh_Name", IsPrimaryName=True)]}, "0x8004F126"),
    ],
)
def test_trap_7_rules_of_activity_tables(setup, wrong, code):
    response = setup.post("EntityDefinitions", table("dh_Touch", **{**ACTIVITY, **wrong}))

    assert (response.status_code, error_code(response)) == (400, code)


def test_trap_7_an_activity_table_has_no_privileges_of_its_own(setup):
    setup.make("EntityDefinitions", table("dh_Touch", **ACTIVITY))

    assert setup.definition(table_path("dh_touch"))["Privileges"] == []


def test_trap_8_definitions_are_not_patched(setup):
    setup.table()
    for path in (table_path(), f"{ATTRIBUTES}(LogicalName='dh_name')"):
        assert setup.api.patch(path, {"HasNotes": True}).status_code == 405


def test_trap_8_a_put_resets_what_it_leaves_out_and_loses_languages(setup):
    setup.table(IsQuickCreateEnabled=True)
    body = {"@odata.type": f"{CRM}.EntityMetadata", "DisplayName": label("Job"), "DisplayCollectionName": label("Jobs")}
    merged = setup.put(table_path(), body, **{"MSCRM.MergeLabels": "true"})
    after_merge = setup.definition()
    replaced = setup.put(table_path(), body)

    assert (merged.status_code, replaced.status_code) == (204, 204)
    assert after_merge["IsQuickCreateEnabled"] is False
    assert texts(after_merge["DisplayName"]) == {1033: "Job", 1043: "Spotler-taak"}
    assert texts(setup.definition()["DisplayName"]) == {1033: "Job"}


def test_trap_8_the_whole_definition_can_be_put_back(setup):
    setup.table(IsQuickCreateEnabled=True)
    before = setup.definition()
    body = {name: value for name, value in before.items() if name != "@odata.context"}

    assert setup.put(table_path(), {**body, "ChangeTrackingEnabled": True}).status_code == 204
    assert setup.definition() == {**before, "ChangeTrackingEnabled": True}
    assert setup.put(table_path(), body).status_code == 400  # change tracking cannot be undone


def test_trap_9_startswith_is_not_for_definitions(setup):
    response = setup.api.get("EntityDefinitions?$filter=startswith(LogicalName,'dh_')")

    assert (response.status_code, error_code(response)) == (400, "0x8006088a")
    assert "The 'startswith' function isn't supported for Metadata Entities" in response.text


def test_trap_9_a_filter_of_relationships_without_a_cast_finds_nothing(setup):
    setup.table()
    setup.make("RelationshipDefinitions", lookup("lead"))
    text = "$filter=ReferencedEntity eq 'lead' and IsCustomRelationship eq true"

    assert setup.api.rows(f"RelationshipDefinitions?{text}") == []
    (found,) = setup.api.rows(f"RelationshipDefinitions/{CRM}.OneToManyRelationshipMetadata?{text}")
    assert found["SchemaName"] == "dh_lead_dh_spotlerjob"


def test_trap_10_a_put_never_changes_options(setup):
    setup.make("GlobalOptionSetDefinitions", choice())
    changed = setup.put(OPERATION, {**choice("dh_spotleroperation", option(1, "Other")), "DisplayName": label("Op")})
    found = setup.definition(f"{OPERATION}/{CRM}.OptionSetMetadata")

    assert changed.status_code == 204
    assert [each["Value"] for each in found["Options"]] == [727000000, 727000001]
    assert texts(found["DisplayName"]) == {1033: "Op"}


def test_trap_11_transitions_of_status_reasons_are_dropped(setup):
    setup.table()
    path = f"{ATTRIBUTES}(LogicalName='statuscode')"
    status = {
        **column("statuscode", "Status"),
        "OptionSet": {"@odata.type": f"{CRM}.OptionSetMetadata", "Options": [{"Value": 1, "TransitionData": "<x/>"}]},
    }
    changed = setup.put(path, status)
    found = setup.definition(f"{path}/{CRM}.StatusAttributeMetadata", "?$expand=OptionSet")

    assert changed.status_code == 204
    assert [each["TransitionData"] for each in found["OptionSet"]["Options"]] == [None, None]


def test_trap_12_navigation_properties_have_the_case_of_the_schema_name(setup):
    setup.table()
    setup.make("RelationshipDefinitions", lookup("lead"))
    setup.post("CreateCustomerRelationships", several("dh_CustomerId", "account", "contact"))
    lead, contact = setup.api.create("leads", lastname="x"), setup.api.create("contacts", lastname="y")
    wrong = setup.api.post("dh_spotlerjobs", {"dh_leadid@odata.bind": f"leads({lead})"})
    binds = {"dh_LeadId@odata.bind": f"leads({lead})", "dh_CustomerId_contact@odata.bind": f"contacts({contact})"}
    row_id = setup.api.create("dh_spotlerjobs", **binds)
    row = setup.api.get(f"dh_spotlerjobs({row_id})").json()

    assert (wrong.status_code, error_code(wrong)) == (400, "0x80048d19")
    assert (row["_dh_leadid_value"], row["_dh_customerid_value"]) == (lead, contact)


KEY = {"@odata.type": f"{CRM}.EntityKeyMetadata", "SchemaName": "dh_JobKey", "KeyAttributes": ["dh_tag"]}


def status_of(setup) -> str:
    (key,) = setup.api.rows(f"{table_path()}/Keys?$select=SchemaName,EntityKeyIndexStatus")
    return key["EntityKeyIndexStatus"]


def test_trap_13_a_key_is_pending_and_not_usable_before_it_is_active(setup):
    setup.standin.side("customizing", {"key_seconds": 20})
    setup.table(column("dh_Tag"))
    setup.make(f"{table_path()}/Keys", KEY)
    first = status_of(setup)
    refused = setup.api.patch("dh_spotlerjobs(dh_tag='a')", {"dh_name": "x"})
    setup.move(21)

    assert (first, refused.status_code, status_of(setup)) == ("Pending", 400, "Active")
    assert error_code(refused) == "0x80060890"
    assert setup.api.patch("dh_spotlerjobs(dh_tag='a')", {"dh_name": "x"}).status_code == 204
    again = setup.api.post("dh_spotlerjobs", {"dh_tag": "a"})
    assert (again.status_code, error_code(again)) == (412, "0x80060892")


def test_trap_13_a_key_fails_when_data_is_double_and_can_be_activated_again(setup):
    setup.table(column("dh_Tag"))
    rows = [setup.api.create("dh_spotlerjobs", dh_tag="a") for _ in range(2)]
    setup.make(f"{table_path()}/Keys", KEY)
    failed = status_of(setup)
    setup.api.delete(f"dh_spotlerjobs({rows[0]})")
    body = {"EntityLogicalName": "dh_spotlerjob", "EntityKeyLogicalName": "dh_jobkey"}

    assert setup.api.post("ReactivateEntityKey", body).status_code == 204
    assert (failed, status_of(setup)) == ("Failed", "Active")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("EntityDefinitions", table("xx_Job")),
        ("EntityDefinitions", table("SpotlerJob")),
        ("GlobalOptionSetDefinitions", choice("xx_operation")),
        ("EntityDefinitions(LogicalName='contact')/Attributes", column("Tag")),
    ],
)
def test_trap_19_a_name_without_the_prefix_is_refused(setup, path, body):
    response = setup.post(path, body)

    assert response.status_code == 400
    assert "must start with a valid customization prefix" in response.text


def test_trap_21_the_format_of_an_autonumber_fails_at_the_first_row(setup):
    setup.table(column("dh_Good", AutoNumberFormat="JOB-{SEQNUM:6}"))
    row_id = setup.api.create("dh_spotlerjobs", dh_name="a")
    setup.make(ATTRIBUTES, column("dh_Bad", AutoNumberFormat="{RANDSTRING:7}"))
    refused = setup.api.post("dh_spotlerjobs", {"dh_name": "b"})

    assert setup.api.get(f"dh_spotlerjobs({row_id})").json()["dh_good"] == "JOB-001000"
    assert refused.status_code == 400
    assert "Invalid Argument" in refused.text


def test_trap_25_a_component_in_use_cannot_be_deleted_and_its_dependants_are_listed(setup):
    choice_id = setup.make("GlobalOptionSetDefinitions", choice())
    bound = {"GlobalOptionSet@odata.bind": f"/GlobalOptionSetDefinitions({choice_id})"}
    setup.table(column("dh_Operation", "Picklist", **bound))
    function = f"RetrieveDependenciesForDelete(ObjectId={choice_id},ComponentType=9)"
    refused = setup.api.delete(OPERATION)
    (dependant,) = setup.api.rows(function)
    setup.standin.side("customizing", {"hidden_dependants": 1})

    assert (refused.status_code, error_code(refused)) == (400, "0x8004f01f")
    assert (dependant["dependentcomponenttype"], dependant["requiredcomponentobjectid"]) == (2, choice_id)
    assert setup.api.rows(function) == []
    assert error_code(setup.api.delete(OPERATION)) == "0x8004f01f"
    assert setup.api.delete(table_path()).status_code == 204
    assert setup.api.delete(OPERATION).status_code == 204


def test_trap_25_the_last_relationship_of_a_polymorphic_lookup_stays(setup):
    setup.table()
    made = setup.post("CreatePolymorphicLookupAttribute", several("dh_RecordId", "account", "lead")).json()
    first, last = made["RelationshipIds"]

    assert setup.api.delete(f"RelationshipDefinitions({first})").status_code == 204
    refused = setup.api.delete(f"RelationshipDefinitions({last})")
    assert (refused.status_code, error_code(refused)) == (400, "0x80090420")
    assert setup.api.delete(f"{ATTRIBUTES}({made['AttributeId']})").status_code == 204


def test_trap_26_components_stay_when_their_solution_is_deleted(setup):
    setup.table()

    assert setup.api.delete(f"solutions({setup.solution_id})").status_code == 204
    assert setup.api.rows("dh_spotlerjobs") == []
    assert {row["_solutionid_value"] for row in setup.api.rows("solutioncomponents")} != {setup.solution_id}


def test_trap_28_an_answer_is_lost_though_the_table_was_made(setup):
    fault = {"kind": "drop-after-write", "method": "POST", "path": "^EntityDefinitions", "count": 1}
    setup.standin.side("faults", fault)
    with pytest.raises(OSError, match=r"Connection aborted|reset"):
        setup.post("EntityDefinitions", table())

    assert setup.api.rows("dh_spotlerjobs") == []
    assert error_code(setup.post("EntityDefinitions", table())) == "0x80040237"
