"""Which tests share a process when several run them, which begin first, and which files each process reads first."""

from pathlib import Path
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Folders whose tests share one process, and so what they start or read once: the whole system, Azurite, a stand-in,
#: the messages of the source.
TOGETHER: Final = (
    "tests/acceptance",
    "tests/contract/dataverse",
    "tests/contract/dataverse_standin",
    "tests/contract/leads",
    "tests/contract/spotler",
    "tests/contract/spotler_client",
    "tests/contract/state",
    "tests/unit/words",
)
#: The folder that two processes share, each with a system of its own: the files before this name, and the others.
IN_HALVES: Final = "tests/acceptance"
SECOND_HALF: Final = f"{IN_HALVES}/test_m"
#: Files of those folders that share nothing with the others: each starts a system of its own.
BY_THEMSELVES: Final = tuple(
    f"tests/acceptance/test_{name}.py"
    for name in (
        "dutch_results",
        "log_lines",
        "periodieken",
        "permission_lists",
        "setting_up",
        "spotler_hub",
        "staying_when_deactivated",
        "wrong_triggers",
    )
)
#: What takes longest, longest first: begun last, it would be the only one still running at the end.
FIRST: Final = (
    "tests/acceptance/",
    "tests/console/",
    "tests/faults/test_matrix.py",
    "tests/faults/test_kill_points.py",
    "tests/faults/",
)


class ByFile(LoadScopeScheduling):
    """Gives each process whole files, or folders: what a file prepares for its tests is prepared once."""

    def _split_scope(self, nodeid: str) -> str:
        return together_with(nodeid)


def together_with(nodeid: str) -> str:
    """The file of a test, or its folder, or half of it: all tests of it run in the same process."""
    file = nodeid.partition("::")[0]
    if file in BY_THEMSELVES:
        return file
    folder = next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)
    return SECOND_HALF if folder == IN_HALVES and file >= SECOND_HALF else folder


def begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Put the tests that take longest to the front, and all others in the order of their files."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[int, list[str]]:
    file = item.nodeid.partition("::")[0]
    turn = next((turn for turn, start in enumerate(FIRST) if file.startswith(start)), len(FIRST))
    return turn, file.split("/")


def read_from(share: float, folder: Path) -> list[str]:
    """All files with tests below `folder`, but beginning after that share of them.

    Each process reads all files, and the first to read one keeps what pytest makes of its assertions for the others.
    """
    files = sorted(map(str, folder.rglob("test_*.py")))
    first = int(share * len(files))
    return files[first:] + files[:first]
