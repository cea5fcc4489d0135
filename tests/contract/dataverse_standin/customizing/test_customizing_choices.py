from tests.contract.dataverse_standin.customizing.support import (
    CRM,
    SOLUTION,
    choice,
    column,
    label,
    option,
    table_path,
)
from tests.contract.dataverse_standin.support import FORMATTED, error_code

OPERATION = f"GlobalOptionSetDefinitions(Name='dh_spotleroperation')/{CRM}.OptionSetMetadata"
STATUS = {"EntityLogicalName": "dh_spotlerjob", "AttributeLogicalName": "statuscode"}


def values(setup) -> list[int]:
    return [each["Value"] for each in setup.definition(OPERATION)["Options"]]


def with_choice(setup) -> None:
    choice_id = setup.make("GlobalOptionSetDefinitions", choice())
    bound = {"GlobalOptionSet@odata.bind": f"/GlobalOptionSetDefinitions({choice_id})"}
    setup.table(column("dh_Operation", "Picklist", **bound))


def test_options_without_a_value_get_the_next_number_of_the_publisher(setup):
    setup.make("GlobalOptionSetDefinitions", choice("dh_x", option(None, "A"), option(None, "B")))
    found = setup.definition(f"GlobalOptionSetDefinitions(Name='dh_x')/{CRM}.OptionSetMetadata")

    assert [each["Value"] for each in found["Options"]] == [727000000, 727000001]
    assert "Options" not in setup.definition("GlobalOptionSetDefinitions(Name='dh_x')")


def test_an_inserted_option_can_be_written_at_once(setup):
    with_choice(setup)
    body = {"OptionSetName": "dh_spotleroperation", "Label": label("Remove Tag"), "SolutionUniqueName": SOLUTION}
    refused = setup.api.post("dh_spotlerjobs", {"dh_operation": 727000002})
    answer = setup.api.post("InsertOptionValue", body)
    row_id = setup.api.create("dh_spotlerjobs", dh_operation=727000002)
    row = setup.api.get(f"dh_spotlerjobs({row_id})", prefer='odata.include-annotations="*"').json()

    assert refused.status_code == 400
    assert (answer.status_code, answer.json()["NewOptionValue"]) == (200, 727000002)
    assert row[f"dh_operation@{FORMATTED}"] == "Remove Tag"


def test_options_are_ordered_relabelled_and_deleted(setup):
    with_choice(setup)
    name = {"OptionSetName": "dh_spotleroperation"}
    update = {**name, "Value": 727000000, "Label": label("Send"), "MergeLabels": True}
    answers = [
        setup.api.post("OrderOption", {**name, "Values": [727000001, 727000000]}),
        setup.api.post("UpdateOptionValue", update),
        setup.api.post("DeleteOptionValue", {**name, "Value": 727000001}),
    ]
    (left,) = setup.definition(OPERATION)["Options"]

    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert {each["LanguageCode"]: each["Label"] for each in left["Label"]["LocalizedLabels"]} == {
        1033: "Send",
        1043: "Sync NL",
    }
    assert setup.api.post("OrderOption", {**name, "Values": [1]}).status_code == 400


def test_status_reasons_are_inserted_under_a_state(setup):
    setup.table()
    body = {**STATUS, "StateCode": 0, "Value": 727000001, "Label": label("In Progress", "Bezig")}
    answer = setup.post("InsertStatusValue", body)
    row_id = setup.api.create("dh_spotlerjobs", statuscode=727000001)
    inactive = setup.api.patch(f"dh_spotlerjobs({row_id})", {"statecode": 1, "statuscode": 727000001})
    typed = f"{table_path()}/Attributes/{CRM}.StatusAttributeMetadata"
    (status,) = setup.api.rows(f"{typed}?$select=LogicalName&$expand=OptionSet($select=Options)")

    assert (answer.status_code, answer.json()["NewOptionValue"]) == (200, 727000001)
    assert (inactive.status_code, error_code(inactive)) == (400, "0x80048408")
    assert [(each["Value"], each["State"]) for each in status["OptionSet"]["Options"]] == [
        (1, 0),
        (2, 1),
        (727000001, 0),
    ]
    assert setup.post("InsertStatusValue", body).status_code == 400
    assert setup.post("InsertStatusValue", {**body, "Value": 5, "StateCode": 7}).status_code == 400


def test_states_are_relabelled(setup):
    setup.table()
    state = {"EntityLogicalName": "dh_spotlerjob", "AttributeLogicalName": "statecode", "Value": 0}
    answer = setup.post("UpdateStateValue", {**state, "Label": label("Open", "Open"), "MergeLabels": True})
    row_id = setup.api.create("dh_spotlerjobs", dh_name="a")
    row = setup.api.get(f"dh_spotlerjobs({row_id})", prefer='odata.include-annotations="*"').json()

    assert (answer.status_code, row[f"statecode@{FORMATTED}"]) == (204, "Open")


def test_a_local_choice_and_a_yes_no_column_have_their_options(setup):
    options = {"@odata.type": f"{CRM}.OptionSetMetadata", "IsGlobal": False, "Options": [option(1, "A")]}
    boolean = {
        "@odata.type": f"{CRM}.BooleanOptionSetMetadata",
        "TrueOption": {"Value": 1, "Label": label("On")},
        "FalseOption": {"Value": 0, "Label": label("Off")},
    }
    setup.table(
        column("dh_Kind", "Picklist", OptionSet=options, DefaultFormValue=1),
        column("dh_Kinds", "MultiSelectPicklist", OptionSet=options),
        column("dh_Flag", "Boolean", OptionSet=boolean, DefaultValue=True),
    )
    row_id = setup.api.create("dh_spotlerjobs", dh_kinds="1")
    row = setup.api.get(f"dh_spotlerjobs({row_id})").json()

    assert (row["dh_kind"], row["dh_kinds"], row["dh_flag"]) == (1, "1", True)
    plain = column("dh_Wrong", "Boolean", OptionSet={"@odata.type": f"{CRM}.OptionSetMetadata"})
    assert setup.post(f"{table_path()}/Attributes", plain).status_code == 400


def test_the_seed_of_an_autonumber_is_set(setup):
    setup.table(column("dh_Number", AutoNumberFormat="{SEQNUM:4}"))
    body = {"EntityName": "dh_spotlerjob", "AttributeName": "dh_number", "Value": 5000}

    assert setup.api.post("SetAutoNumberSeed", body).status_code == 204
    row_id = setup.api.create("dh_spotlerjobs", dh_name="a")
    assert setup.api.get(f"dh_spotlerjobs({row_id})").json()["dh_number"] == "5000"
