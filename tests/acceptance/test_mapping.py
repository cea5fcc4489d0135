"""The mapping: what it may say, how it is checked against both systems, and its form as a sheet."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


@pytest.fixture
def check(command, tmp_path) -> Callable[..., tuple[int, str]]:
    """Checks a mapping with these rows and the one of the address."""

    def _check(*rows: dict[str, object], **settings: object) -> tuple[int, str]:
        file = tmp_path / "mapping.json"
        file.write_text(json.dumps({"rows": [EMAIL, *rows], **settings}), encoding="utf-8")
        return command("mapping", "check", "--mapping", str(file))

    return _check


@pytest.mark.feature("MAP-01")
def test_a_row_has_a_column_per_table_and_a_field_that_is_not_mapped_for_a_table_is_not_sent(world):
    contact = world.contact(firstname="Zoë", gendercode=2)
    lead = world.lead(firstname="Zoë")
    account = world.account(name="Bakkerij")

    for record in (contact, lead, account):
        world.sync(record).assert_completed()

    assert world.spotler.contact(contact).properties["gender"] == "F"
    assert world.spotler.contact(lead).properties["firstName"] == "Zoë"
    assert "gender" not in world.spotler.contact(lead).properties
    assert "firstName" not in world.spotler.contact(account).properties


@pytest.mark.feature("MAP-01")
def test_unknown_columns_fields_and_tables_are_all_named_at_once_with_what_to_do(check):
    code, printed = check(
        {"contact": "firstnam", "direction": "->", "spotler": "firstName"},
        {"contact": "lastname", "direction": "->", "spotler": "lastNam"},
        {"contact": "fullname", "direction": "<->", "spotler": "city"},
        {"entity": "new_name", "direction": "<-", "spotler": "lastName"},
        tables={"entity": "new_nosuchtable"},
    )

    assert code == 1
    assert "Row 2, contact: there is no column firstnam. Did you mean firstname?" in printed
    assert "Warning: Row 3: Spotler has no field lastNam, or it is not visible. Did you mean lastName?" in printed
    assert "Row 4, contact: fullname cannot be written. Its direction must be ->." in printed
    assert "Dataverse has no table new_nosuchtable." in printed


@pytest.mark.feature("MAP-01")
def test_the_app_compared_its_mapping_with_both_systems_when_it_started(world):
    world.sync(world.contact()).assert_completed()

    assert "Spotler has no field province, or it is not visible." in world.log()


@pytest.mark.feature("GEN-05")
def test_a_field_that_gets_another_display_name_in_spotler_stays_the_same_field(world, check):
    def call_it(name: str) -> None:
        field = {"name": "firstName", "description": name, "type": "string"}
        world.spotler.door.post("properties", properties=[field])

    record = world.contact(firstname="Zoë")
    world.sync(record).assert_completed()
    call_it("Roepnaam")
    try:
        code, _ = check({"contact": "firstname", "direction": "->", "spotler": "firstName"})
        world.change(record, firstname="Bea")
        world.sync(record).assert_completed()
    finally:
        call_it("First name")

    assert (code, world.spotler.contact(record).properties["firstName"]) == (0, "Bea")


@pytest.mark.feature("MAP-01")
@pytest.mark.feature("CON-11")
@pytest.mark.parametrize("direction", ["=>", "<--", "both", ""])
def test_a_direction_that_is_none_of_the_three_arrows_is_an_error_of_the_mapping(check, direction):
    code, printed = check({"contact": "firstname", "direction": direction, "spotler": "firstName"})

    assert (code, printed) == (1, "row 2, direction: must be one of the three arrows ->, <- and <->.\n")


@pytest.mark.feature("CON-11")
def test_each_column_has_a_direction_of_its_own(world):
    record = world.contact(lastname="Bakker", numberofchildren=2, creditlimit=100)

    world.sync(record).assert_completed()

    properties = world.spotler.contact(record).properties
    assert (properties["lastName"], properties["freeField1"]) == ("Bakker", 2)
    assert "turnover" not in properties, "it only comes from Spotler"


@pytest.mark.feature("CON-11")
@pytest.mark.parametrize(
    "column", ["ownerid", "parentcustomerid(account).name", "donotbulkemail", "statuscode", "fullname"]
)
def test_a_direction_into_what_cannot_be_written_is_refused(check, column):
    for direction in ("<-", "<->"):
        code, printed = check({"contact": column, "direction": direction, "spotler": "city"})

        assert code == 1
        assert "ow 2, contact" in printed
        assert "->" in printed


@pytest.mark.feature("MAP-02")
def test_a_column_of_the_row_behind_a_lookup_is_sent(world):
    account = world.account(name="Bakkerij de Korenbloem")
    record = world.contact(**{"parentcustomerid_account@odata.bind": f"/{account.path}"})

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).properties["organisation"] == "Bakkerij de Korenbloem"


@pytest.mark.feature("MAP-02")
def test_a_second_level_is_refused(check):
    code, printed = check({"contact": "a(account).b(contact).c", "direction": "->", "spotler": "city"})

    assert (code, printed) == (
        1,
        "row 2, contact: goes deeper than one level; only column(table).column is possible.\n",
    )


@pytest.mark.feature("MAP-04")
def test_a_constant_is_sent_with_every_record(world):
    record = world.lead()

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).properties["scoreNote2"] == "CRM"


@pytest.mark.feature("MAP-04")
def test_a_constant_without_a_text_or_with_another_direction_is_refused(check):
    empty = check({"contact": "$value:", "direction": "->", "spotler": "city"})
    back = check({"contact": "$value:X", "direction": "<->", "spotler": "city"})
    new_row = check({"contact": "jobtitle", "direction": "<-", "spotler": "$value:Web form"})

    assert empty[0] == back[0] == 1
    assert "row 2, contact: $value: needs a text" in empty[1]
    assert "row 2, contact: can only be sent to Spotler (->), not <->" in back[1]
    assert new_row == (0, "No problem was found.\n")


@pytest.mark.feature("MAP-05")
def test_permission_rows_become_items_of_the_mapped_field(world):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.permission(record, "Events", subscribed=False)

    world.sync(record).assert_completed()

    assert world.spotler.contact(record).options_on("permissions") == {"Newsletter"}


@pytest.mark.feature("MAP-05")
def test_permissions_are_kept_in_places_that_are_there(check):
    # No other test makes lists of accounts. Without items, a list may have a name that its permission had before.
    email = {"account": "emailaddress1", "direction": "->", "spotler": "email"}
    lists = check(email, {"account": "@map(list)", "direction": "<->", "spotler": "permissions"})
    named = check(
        email, {"account": "@map(list)", "direction": "<->", "spotler": "permissions", "items": ["Newsletter"]}
    )
    unknown = check({"contact": "@map(hobbies)", "direction": "<->", "spotler": "permissions"})

    assert (lists[0], named[0]) == (0, 1)
    assert "no active Marketing List of account has the name of a permission" in lists[1]
    assert unknown[0] == 1
    assert "row 2, contact: is not a special value; there are @map(permissions)" in unknown[1]


@pytest.mark.feature("MAP-08")
def test_the_mapping_of_the_running_app_is_the_same_after_a_round_trip_through_a_sheet(system, command, tmp_path):
    exported = command("mapping", "export", "mapping.xlsx")
    imported = command("mapping", "import", "mapping.xlsx", "--mapping", str(tmp_path / "copy.json"))
    checked = command("mapping", "check", "--mapping", str(tmp_path / "copy.json"))

    assert (exported[0], imported[0], checked[0]) == (0, 0, 0)
    original = Path(system.settings["MAPPING_FILE"]).read_text(encoding="utf-8")
    assert json.loads((tmp_path / "copy.json").read_text(encoding="utf-8")) == json.loads(original)


@pytest.mark.feature("MAP-08")
def test_a_bad_sheet_is_refused_as_a_whole_with_the_cells(command, tmp_path):
    command("mapping", "export", "mapping.xlsx")
    book = load_workbook(tmp_path / "mapping.xlsx")
    book["Mapping"]["E3"].value = "sideways"
    book["Mapping"]["A4"].value = "=1+1"
    book.save(tmp_path / "mapping.xlsx")

    code, printed = command("mapping", "import", "mapping.xlsx", "--mapping", str(tmp_path / "new.json"))

    assert code == 1
    assert "cell E3: must be one of the three arrows" in printed
    assert "cell A4: has a formula" in printed
    assert not (tmp_path / "new.json").exists()


@pytest.mark.feature("MAP-08")
def test_what_another_mapping_would_change_is_known_before_it_is_used(world, system, command, tmp_path):
    record = world.contact(jobtitle="Baker")
    document = json.loads(Path(system.settings["MAPPING_FILE"]).read_text(encoding="utf-8"))
    document["rows"].append({"contact": "jobtitle", "direction": "->", "spotler": "oldScoreNote"})
    (tmp_path / "new.json").write_text(json.dumps(document), encoding="utf-8")

    code, printed = command("mapping", "diff", system.settings["MAPPING_FILE"], str(tmp_path / "new.json"), "--json")

    assert code == 0
    changes = {change["effect"]: change for change in json.loads(printed)["contact"]["changes"]}
    assert changes["CHANGED"]["field"] == "oldScoreNote"
    assert changes["CHANGED"]["records"] >= 1
    assert record.id in changes["CHANGED"]["sample"] or len(changes["CHANGED"]["sample"]) == 5
