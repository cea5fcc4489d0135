"""Which tests share a process, and which are begun first."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.distribution import BY_THEMSELVES, FIRST, TOGETHER, begin_with_the_longest, together_with

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


def test_what_takes_longest_is_begun_first_and_the_others_stay_in_their_order():
    names = ["tests/unit/b.py::t", "tests/faults/test_x.py::t", "tests/unit/a.py::t", "tests/acceptance/test_x.py::t"]
    items = [SimpleNamespace(nodeid=name) for name in names]

    begin_with_the_longest(items)

    assert [names.index(item.nodeid) for item in items] == [3, 1, 0, 2]


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
