"""`undo` and `why` on the command line."""

import json
from dataclasses import replace

import pytest

from connector.sync.both_ways.row_writes import ColumnWrite, write_columns
from connector.sync.old_values import begun
from connector.sync.records import RecordReader
from tests.unit.world import MAPPING


@pytest.fixture
def command(cli, settings_file, tmp_path, environment):
    file = tmp_path / "mapping.json"
    rows = [
        {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
        {"contact": "firstname", "direction": "<->", "spotler": "firstName"},
    ]
    file.write_text(json.dumps({"rows": rows}), encoding="utf-8")
    environment["MAPPING_FILE"] = str(file)

    def _command(*arguments: str):
        return cli("--settings", str(settings_file), *arguments)

    return _command


@pytest.fixture
def overwritten(world):
    """A contact whose first name a run has overwritten, and the run."""
    ann = world.contact("ann", firstname="Marianne", known=True)
    services = begun(replace(world.services, mapping=MAPPING), "updates")
    record = RecordReader(services).read([ann])[ann]
    write_columns(services, [ColumnWrite(record, {"firstname": "Anna"})])
    return ann, services.run


def test_runs_are_listed_and_one_is_undone(world, command, overwritten):
    ann, run = overwritten
    (line,) = [line for line in command("undo", "--list").out.splitlines() if run in line]
    assert "updates" in line
    assert json.loads(command("undo", "--list", "--json").out)[0]["records"] == 1

    ended = command("undo", run)

    assert (ended.code, ended.out.splitlines()[0]) == (0, "1 of 1 value was restored.")
    assert "Marianne" not in ended.out + ended.err
    (row,) = [row for row in world.rows("contact") if row["contactid"] == ann.id]
    assert row["firstname"] == "Marianne"


def test_what_was_changed_since_is_printed_and_in_json_too(world, command, overwritten):
    ann, run = overwritten
    world.services.dataverse.update("contacts", ann.id, {"firstname": "Annabel"})

    ended = command("undo", run)
    again = json.loads(command("undo", run, "--json").out)

    assert f"contact/{ann.id} firstname: left: it was changed since" in ended.out
    assert again["counts"] == {"CHANGED": 1}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("undo",), "Name a run, or use --list."),
        (("undo", "20260101t000000-updates-abc"), "[RUN_UNKNOWN]"),
        (("why", "task/1", "subject"), "task/1 is not a record"),
        (("why", "contact/1", "firstname"), "1 is not an id"),
        (("why", "contact/00000000-0000-4000-8000-000000000001", "shoe"), "[FIELD_NOT_MAPPED]"),
    ],
)
def test_what_cannot_be_is_refused(world, command, arguments, sentence):  # noqa: ARG001 - the systems run
    ended = command(*arguments)

    assert ended.code == 1
    assert sentence in ended.err


def test_without_runs_the_list_says_so(world, command):  # noqa: ARG001
    assert command("undo", "--list").out == "No run has overwritten anything that is still kept.\n"


def test_the_origin_of_a_value_is_printed_without_it(world, command, overwritten):  # noqa: ARG001
    ann, run = overwritten

    ended = command("why", f"contact/{ann.id}", "firstName")
    as_json = json.loads(command("why", f"contact/{ann.id}", "firstName", "--json").out)

    assert f"firstname came from Spotler with run {run}" in ended.out
    assert "Anna" not in ended.out.replace("Annabel", "")
    assert [each["about"] for each in as_json] == ["rule", "in Dataverse", "in Spotler"]
