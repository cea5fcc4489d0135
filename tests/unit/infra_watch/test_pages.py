"""The pages of operators name only commands, settings, codes and pages that exist."""

import re

import pytest

from infra import kql
from tests.unit.infra_watch.rows import DEFINITIONS

DOCS = kql.ROOT / "docs"
FOLDER = DOCS / "operators"
PAGES = [
    FOLDER / "README.md",
    *(FOLDER / f"{name}.md" for name in ("workbook", "troubleshooting", "pause", "rotate-keys", "scale")),
    *(FOLDER / "alerts").glob("*.md"),
]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
#: Settings that are not the connector's.
OF_AZURE = {"APPLICATIONINSIGHTS_CONNECTION_STRING", "OTEL_TRACES_SAMPLER_ARG", "SECRETS_AS_OF"}


def known_words():
    """Settings, codes and checks, as their pages list them; these pages are tested themselves."""
    checks = re.findall(r"^### `(\w+)`$", (FOLDER / "doctor.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    codes = re.findall(r"^\| `(\w+)` \|", (DOCS / "codes.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    rows = re.findall(r"^\| (`.+?) \|", (DOCS / "settings.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {*checks, *codes, *(name for row in rows for name in re.findall(r"`(\w+)`", row)), *OF_AZURE}


@EACH
def test_links_lead_to_pages_and_headings(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text):
        file = page.parent / target if target else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, anchor


@EACH
def test_settings_and_codes_are_known(page):
    words = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", page.read_text(encoding="utf-8")))

    assert words - known_words() == set()


@EACH
def test_commands_are_those_of_the_command_line(page):
    listed = re.findall(r"^\| `([a-z -]+)", (DOCS / "command-line.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    commands = {each.strip() for each in listed} | {"doctor"}
    written = re.findall(r"python -m connector ([a-z -]+)", page.read_text(encoding="utf-8"))

    unknown = [each for each in written if not any(each.strip().startswith(command) for command in commands)]

    assert unknown == []


def test_troubleshooting_has_every_problem_that_the_manual_names():
    text = (FOLDER / "troubleshooting.md").read_text(encoding="utf-8")

    assert "A SASKey has not been configured for ServiceEndpoint SpotlerAutomate" in text
    for part in ("still\nQueued after a day", "*Background Processes*", "tab *Details*", "### No failing system job"):
        assert part in text


def test_the_table_of_alerts_has_each_with_its_threshold_and_level():
    row = r"^\| \[(.+?)\]\(alerts/([\w-]+)\.md\) \| .+ \| `(\w+)` \| `(\w+)` \|$"
    rows = re.findall(row, PAGES[0].read_text(), re.MULTILINE)

    assert {
        (each["title"], name, each["threshold"]["name"], "essential" if each["essential"] else "all")
        for name, each in DEFINITIONS.items()
    } == set(rows)


def test_every_page_of_the_folder_is_linked():
    linked = set(re.findall(r"\]\(([\w-]+\.md)[#)]", PAGES[0].read_text(encoding="utf-8")))

    assert {file.name for file in FOLDER.glob("*.md")} - {"README.md"} == linked
