"""Files that a command reads or writes: it looks at them first, because what goes into them may take hours."""

from pathlib import Path

import pytest
import typer

from connector.cli.app import app
from sandbox.launch import ROOT

WRITING = {
    "setup plan --out": (),
    "setup plan --propose": (),
    "setup remove --out": (),
    "setup export": (),
    "plan --out": (),
    "reconcile --out": (),
    "mapping export": ("--mapping", str(ROOT / "mappings" / "default.json")),
    "consent template": ("--table", "contact"),
}
#: Files that a command reads; `mapping import` replaces that of --mapping.
READING = {
    "consent import",
    "doctor --package",
    "job explain --log",
    "mapping check --mapping",
    "mapping diff",
    "mapping export --mapping",
    "mapping import",
    "mapping import --mapping",
    "message show",
    "message show --mapping",
    "plan apply",
    "setup apply",
    "setup plan --adopt",
    "setup remove",
    "--settings",
}
#: Those of which the command itself says that they are not there, or that they need not be.
MAY_BE_MISSING = {
    "consent import",
    "mapping check --mapping",
    "mapping export --mapping",
    "mapping import --mapping",
}


@pytest.mark.parametrize("writing", WRITING)
@pytest.mark.parametrize(
    ("name", "said"), [("nowhere/file.xlsx", "There is no folder"), (".", "cannot be written: give the name of a file")]
)
def test_a_place_where_no_file_can_be_made_is_refused_before_anything_is_read(cli, tmp_path, writing, name, said):
    forced = ("--force",) if name == "." and writing in ("mapping export", "consent template") else ()
    ended = cli(*writing.split(), str(tmp_path / name), *WRITING[writing], *forced)

    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


def test_every_file_of_the_command_line_is_known():
    assert {name for name, _ in _files(typer.main.get_command(app))} == READING | WRITING.keys()


def test_a_file_that_is_not_there_is_said_to_be_missing_and_not_to_be_wrong():
    missing = {name for name, has_to_exist in _files(typer.main.get_command(app)) if not has_to_exist}

    assert missing == MAY_BE_MISSING | WRITING.keys()


@pytest.mark.parametrize("command", [("plan", "apply"), ("mapping", "import"), ("setup", "apply")])
def test_the_missing_file_is_named(cli, command):
    ended = cli(*command, "nosuch.file")

    assert ended.code == 2
    assert "nosuch.file" in ended.err
    assert "does not exist" in ended.err


def _files(command, path: tuple[str, ...] = ()):
    for each in command.params:
        if each.type_descriptor.annotation is Path:
            options = [option for option in each.opts if option.startswith("--")]
            yield " ".join((*path, *options)), each.type_descriptor.parameter_info.exists
    for name, sub in getattr(command, "commands", {}).items():
        yield from _files(sub, (*path, name))
