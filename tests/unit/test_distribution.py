"""Which tests share a process, which are begun first, and which files a process reads first."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.distribution import BY_THEMSELVES, FIRST, TOGETHER, begin_with_the_longest, read_from, together_with

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("nodeid", "share"),
    [
        ("tests/unit/test_dev.py::test_one[a::b]", "tests/unit/test_dev.py"),
        ("tests/acceptance/test_consent.py::test_one", "tests/acceptance"),
        ("tests/acceptance/test_mapping.py::test_one", "tests/acceptance/test_m"),
        ("tests/acceptance/test_timeline.py::test_one", "tests/acceptance/test_m"),
        ("tests/acceptance/test_setting_up.py::test_one", "tests/acceptance/test_setting_up.py"),
        ("tests/contract/dataverse/test_rows.py::test_one", "tests/contract/dataverse"),
        ("tests/contract/dataverse_standin/test_rows.py::test_one", "tests/contract/dataverse_standin"),
        ("tests/contract/test_bus_client.py::test_one", "tests/contract/test_bus_client.py"),
    ],
)
def test_a_test_shares_a_process_with_those_of_its_file_or_folder(nodeid, share):
    assert together_with(nodeid) == share


def test_what_takes_longest_is_begun_first_and_the_others_in_the_order_of_their_files():
    names = [
        "tests/unit/b.py::t[x/y]",
        "tests/faults/test_x.py::t",
        "tests/unit/a.py::u",
        "tests/unit/a.py::t",
        "tests/unit/a/b.py::t",
        "tests/acceptance/test_x.py::t",
    ]
    items = [SimpleNamespace(nodeid=name) for name in names]

    begin_with_the_longest(items)

    assert [names.index(item.nodeid) for item in items] == [5, 1, 4, 2, 3, 0]


def test_each_process_reads_all_files_with_tests_and_begins_elsewhere(tmp_path):
    for name in ("b/test_2.py", "b/test_3.py", "test_4.py", "a/test_1.py", "a/conftest.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    first, second = read_from(0.0, tmp_path), read_from(0.5, tmp_path)

    assert [Path(file).name for file in first] == ["test_1.py", "test_2.py", "test_3.py", "test_4.py"]
    assert [Path(file).name for file in second] == ["test_3.py", "test_4.py", "test_1.py", "test_2.py"]


@pytest.mark.parametrize("name", [*TOGETHER, *BY_THEMSELVES, *FIRST])
def test_what_is_named_is_there(name):
    assert (ROOT / name).exists()


def test_files_that_run_by_themselves_use_nothing_that_their_folder_starts():
    shown = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", "--setup-plan", "-m", "not nightly", *BY_THEMSELVES],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip

    assert "SETUP" in shown.stdout
    assert re.search(r"SETUP +S system\b", shown.stdout) is None
