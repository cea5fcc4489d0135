"""CONTRIBUTING.md says how an operation is added: here that is done, word for word, in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from connector.operations.registry import OPERATIONS
from sandbox.functions import engines

ROOT = Path(__file__).parents[2]
COPIED = ("connector", "sandbox", "tests", "docs", "mappings")
FILES = ("function_app.py", "host.json", "local.settings.json.example", "pyproject.toml", "dev.py", "CONTRIBUTING.md")

#: What has to hold for every operation.
CHECKS = (
    "tests/unit/operations/test_operation_greet_contact.py",
    "tests/unit/test_samples.py",
    "tests/unit/test_architecture.py",
    "tests/unit/test_docs.py",
    "tests/unit/test_schema.py",
    "tests/unit/cli/test_cli_entities.py",
    "tests/contract/test_function_index.py",
    "tests/bench/test_bench_floor.py",
    "tests/faults/test_kill_points.py::test_every_operation_has_a_scenario",
)


def blocks() -> list[tuple[str, str]]:
    """The steps of CONTRIBUTING.md that have a block of code: the text before it, and the block."""
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Adding an operation")[2]
    found = re.finditer(r"(.+?)^(`{3,4})\w*\n(.+?)^\2$", section, flags=re.DOTALL | re.MULTILINE)
    return [(each[1], each[3]) for each in found]


def file_of(text: str) -> str:
    """The first file that a step names."""
    return re.findall(r"`([\w/.]+\.(?:py|md))`", text.partition("**")[2])[0]


def insert(file: Path, block: str, *, before: str) -> None:
    text = file.read_text(encoding="utf-8")
    start = text.index(before)
    file.write_text(text[:start] + block + text[start:], encoding="utf-8")


@cache
def index(app: Path) -> dict[str, list[engines.RawBinding]]:
    """The bindings of each function, as the engine reads them."""
    return engines.index(app)


def run(copy: Path, *command: str) -> str:
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, *command],
        cwd=copy,
        env={"PATH": os.environ["PATH"], "HOME": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the repository, with what was compiled of it, in which the steps were followed."""
    copy = tmp_path_factory.mktemp("copy") / "repository"
    for folder in COPIED:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("*.pyc.*"))
    for file in FILES:
        shutil.copy(ROOT / file, copy / file)
    *steps, (_, commands) = blocks()
    (option, dutch, operation, test, sample, section) = [(copy / file_of(text), block) for text, block in steps]

    insert(*option, before="\n    @property\n    def slug")
    insert(*dutch, before="    # Columns\n")
    for file, block in (operation, test):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block, encoding="utf-8")
    insert(*sample, before="    _refused(")
    with section[0].open("a", encoding="utf-8") as page:
        page.write(f"\n{section[1]}")
    for command in commands.strip().splitlines():
        arguments, _, target = command.removeprefix(".venv/bin/python ").partition(" > ")
        (copy / target).write_text(run(copy, *arguments.split()), encoding="utf-8")
    return copy


def test_it_passes_all_checks_that_hold_for_every_operation(copy):
    run(copy, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", *CHECKS)


def test_it_has_a_function_and_the_others_keep_theirs(copy):
    (binding,) = index(copy)["greet_contact"]

    assert (binding["topicName"], binding["subscriptionName"]) == ("spotler-jobs", "greet-contact")
    assert index(copy).keys() - index(ROOT).keys() == {"greet_contact"}
    assert index(ROOT).keys() - index(copy).keys() == set()


def test_the_registry_has_it(copy):
    printed = run(copy, "-c", "from connector.operations.registry import OPERATIONS; print(*OPERATIONS)")

    assert set(printed.split()) - OPERATIONS.keys() == {"greet-contact"}


def test_no_death_in_the_middle_of_it_loses_or_repeats_work(copy):
    printed = run(copy, "-m", "tests.faults.kill_points", "--operation", "greet-contact", "--point", "12")

    assert "(killed " in printed
    assert "Every promise was kept." in printed
