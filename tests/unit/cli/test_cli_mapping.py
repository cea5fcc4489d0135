"""`mapping export`, `import`, `check`: the mapping as a workbook, and held against running stand-ins."""

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from connector.mapping.document import SCHEMA_FILE

MAPPINGS = Path(__file__).parents[3] / "mappings"
NO_SUCH_COLUMN = "Write the logical name of a column that the connector's user may read."
BRACKETS = "Correct the table in the brackets."
ANOTHER_TYPE = "Map the column to a field of another type."
EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


@pytest.fixture
def mapping(tmp_path):
    """Writes a mapping file of these rows beside the one of the address."""

    def write(*rows: dict[str, str]) -> Path:
        path = tmp_path / "mapping.json"
        path.write_text(json.dumps({"rows": [EMAIL, *rows]}))
        return path

    return write


@pytest.mark.parametrize("file", sorted(MAPPINGS.rglob("[!m]*.json")), ids=lambda file: file.stem)
def test_a_mapping_that_is_exported_and_imported_is_the_same(cli, tmp_path, file):
    book, copy = tmp_path / "mapping.xlsx", tmp_path / "copy.json"

    exported = cli("mapping", "export", str(book), "--mapping", str(file))
    imported = cli("mapping", "import", str(book), "--mapping", str(copy))

    assert (exported.code, exported.err, imported.code, imported.err) == (0, "", 0, "")
    original = json.loads(file.read_text())
    original.pop("$schema")
    assert json.loads(copy.read_text()) == original
    assert sum(line.startswith("    {") for line in copy.read_text().splitlines()) == len(original["rows"])


def test_beside_its_schema_a_file_names_it(cli, tmp_path, monkeypatch, mapping):
    from connector.cli import mapping as commands

    monkeypatch.setattr(commands, "SCHEMA_FILE", tmp_path / SCHEMA_FILE.name)
    cli("mapping", "export", "book.xlsx", "--mapping", str(mapping()))

    cli("mapping", "import", "book.xlsx", "--mapping", "new.json")

    assert json.loads((tmp_path / "new.json").read_text()) == {"$schema": f"./{SCHEMA_FILE.name}", "rows": [EMAIL]}


def test_the_mapping_file_is_that_of_the_settings_by_default(cli, settings_file, environment, mapping):
    environment["MAPPING_FILE"] = str(mapping())

    ended = cli("--settings", str(settings_file), "mapping", "export", "book.xlsx")

    assert (ended.code, ended.out) == (0, "book.xlsx is written.\n")
    assert load_workbook("book.xlsx")["Mapping"]["A2"].value == "emailaddress1"


def test_nothing_is_overwritten_without_force(cli, tmp_path, mapping):
    file, book = mapping(), tmp_path / "book.xlsx"
    export = ("mapping", "export", str(book), "--mapping", str(file))
    back = ("mapping", "import", str(book), "--mapping", str(file))
    assert cli(*export).code == 0
    before = book.read_bytes(), file.read_bytes()

    refused = [cli(*export), cli(*back)]

    assert [ended.code for ended in refused] == [1, 1]
    assert all("exists already; --force overwrites it." in ended.err for ended in refused)
    assert (book.read_bytes(), file.read_bytes()) == before
    assert [cli(*command, "--force").code for command in (export, back)] == [0, 0]


def test_a_workbook_that_is_not_valid_writes_nothing(cli, tmp_path, mapping):
    cli("mapping", "export", "book.xlsx", "--mapping", str(mapping()))
    book = load_workbook("book.xlsx")
    book["Mapping"]["D2"].value = "sideways"
    book.save("book.xlsx")

    ended = cli("mapping", "import", "book.xlsx", "--mapping", "new.json")

    assert ended.code == 1
    assert "cell D2: " in ended.err
    assert not (tmp_path / "new.json").exists()


@pytest.mark.parametrize("command", [("export", "new.xlsx"), ("import", "book.xlsx"), ("check", "--offline")])
def test_a_file_that_cannot_be_read_is_reported_as_a_sentence(cli, command, tmp_path):
    (tmp_path / "book.xlsx").touch()
    ended = cli("mapping", *command, "--mapping", "missing.json")

    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "read" in ended.err


# Checking


def test_the_rules_are_checked_without_any_settings(cli, mapping):
    good = cli("mapping", "check", "--offline", "--mapping", str(mapping()))
    bad = cli("mapping", "check", "--offline", "--mapping", str(mapping(EMAIL, {"direction": "->", "spotler": "x"})))

    assert (good.code, good.out) == (0, "No problem was found.\n")
    assert bad.code == 1
    assert [line.partition(":")[0] for line in bad.out.splitlines()] == ["row 2, spotler", "row 3"]


@pytest.mark.usefixtures("world")
def test_the_default_mapping_fits_the_stand_ins(cli, settings_file):
    ended = cli("--settings", str(settings_file), "mapping", "check", "--mapping", str(MAPPINGS / "default.json"))

    assert (ended.code, ended.out, ended.err) == (0, "No problem was found.\n", "")


@pytest.mark.usefixtures("world")
def test_columns_tables_and_fields_that_are_not_there_are_reported_a_line_each(cli, settings_file, mapping):
    file = mapping(
        {"contact": "nonsense", "direction": "->", "spotler": "firstName"},
        {"contact": "parentcustomerid(new_club).new_name", "direction": "->", "spotler": "organisation"},
        {"contact": "lastname", "direction": "->", "spotler": "nonsense"},
        {"contact": "donotemail", "direction": "->", "spotler": "birthday"},
        {"contact": "parentcustomerid(account).name", "direction": "->", "spotler": "city"},
        {"contact": "fullname", "direction": "<->", "spotler": "postalCode"},
    )

    ended = cli("--settings", str(settings_file), "mapping", "check", "--mapping", str(file))

    assert ended.code == 1
    assert ended.out.splitlines() == [
        "Dataverse has no table new_club. Correct its name, or install the solution that brings it.",
        f"Row 2, contact: there is no column nonsense. {NO_SUCH_COLUMN}",
        f"Row 3, contact: parentcustomerid does not refer to new_club but to account, contact. {BRACKETS}",
        "Row 7, contact: fullname cannot be written. Its direction must be ->.",
        "Warning: Row 4: Spotler has no field nonsense, or it is not visible. Make it visible in Spotler.",
        f"Row 5, contact: a Boolean column does not go with birthday of type birthdate. {ANOTHER_TYPE}",
    ]


@pytest.mark.usefixtures("world")
def test_what_is_only_left_out_is_a_warning_and_no_error(cli, settings_file, mapping):
    file = mapping({"contact": "lastname", "direction": "->", "spotler": "nonsense"})

    ended = cli("--settings", str(settings_file), "mapping", "check", "--mapping", str(file))

    assert ended.code == 0
    assert ended.out == (
        "Warning: Row 2: Spotler has no field nonsense, or it is not visible. Make it visible in Spotler.\n"
    )
