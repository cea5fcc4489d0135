"""Every behaviour on the page of features has an acceptance test with its id, and the other way round."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ACCEPTANCE = ROOT / "tests" / "acceptance"

#: Behaviours of jobs and their operations.
OF_JOBS = {"JOB": 18, "TAG": 7, "SCO": 1, "AUT": 12, "CMP": 2, "AUD": 6, "FLD": 9}
#: How many behaviours of each kind the product has at least; none may be missing.
COMPLETE = OF_JOBS | {
    "GEN": 5, "HUB": 1, "CON": 18, "GDP": 3, "SUB": 9, "NEW": 8, "MAP": 8, "ENV": 7, "PRM": 3, "BNC": 5, "LST": 10,
    "INT": 2, "WEB": 2, "TIM": 2, "SEC": 2, "OPS": 2,
}  # fmt: skip


def features() -> dict[str, list[str]]:
    """The ids on the page, with the files that it names for each."""
    found = {}
    for line in (ROOT / "docs" / "developers" / "features.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 4 and re.match(r"[A-Z]{3}-\d\d", cells[1]):
            files = re.findall(r"`(test_\w+)`", cells[4])
            found |= dict.fromkeys(re.findall(r"[A-Z]{3}-\d\d", cells[1]), files)
    return found


def shown() -> dict[str, set[str]]:
    """The ids of tests, with the files in which they stand."""
    found: dict[str, set[str]] = {}
    for file in ACCEPTANCE.glob("test_*.py"):
        for feature in re.findall(r'feature\("([A-Z]{3}-\d\d)"\)', file.read_text(encoding="utf-8")):
            found.setdefault(feature, set()).add(file.stem)
    return found


def test_every_behaviour_is_on_the_page():
    expected = {f"{kind}-{number:02}" for kind, count in COMPLETE.items() for number in range(1, count + 1)}

    assert expected - features().keys() == set()


def test_every_behaviour_on_the_page_has_an_acceptance_test():
    assert features().keys() - shown().keys() == set()


def test_every_acceptance_test_shows_a_behaviour_that_is_on_the_page():
    assert shown().keys() - features().keys() == set()


def test_every_behaviour_of_jobs_and_their_operations_is_proved_by_a_file_that_the_page_names():
    tests = shown()
    of_jobs = {feature: files for feature, files in features().items() if feature[:3] in OF_JOBS}

    assert [feature for feature, files in of_jobs.items() if not set(files) & tests.get(feature, set())] == []


def test_the_page_names_files_that_show_the_behaviour():
    tests = shown()
    wrong = {
        feature: set(files) - tests.get(feature, set())
        for feature, files in features().items()
        if set(files) - tests.get(feature, set())
    }

    assert wrong == {}
