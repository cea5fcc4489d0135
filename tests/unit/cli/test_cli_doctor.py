"""`doctor`: what it prints, and how it ends."""

import json

import pytest

from connector.cli import doctor as command
from connector.doctor.model import CheckGroup, CheckMaker, Reach, failed, not_checked, ok, warning

_check = CheckMaker(CheckGroup.BUS, Reach.OFFLINE)
FINDINGS = {
    "ok": ok("Fine."),
    "warning": warning("So.", "Do it."),
    "failed": failed("No.", "Do [that]."),
    "not": not_checked("Why."),
}


@pytest.fixture
def doctor(cli, monkeypatch):
    def _doctor(kinds, *arguments):
        made = [_check(kind.upper(), "a thing", lambda _, kind=kind: FINDINGS[kind]) for kind in kinds]
        monkeypatch.setattr(command, "chosen", lambda _groups, _reaches: made)
        return cli("doctor", *arguments)

    return _doctor


@pytest.mark.parametrize(
    ("kinds", "code"),
    [((), 0), (("ok", "not"), 0), (("ok", "warning"), 2), (("warning", "failed", "ok"), 1)],
)
def test_it_ends_with_1_where_something_failed_and_with_2_where_there_are_warnings_only(doctor, kinds, code):
    assert doctor(kinds).code == code


def test_the_table_says_what_was_found_and_what_to_do(doctor):
    printed = doctor(["ok", "failed"]).out

    assert "No. Do [that]." in printed
    assert printed.endswith("2 checks: 1 ok, 0 not checked, 0 warning, 1 failed.\n")


def test_in_a_file_each_check_has_a_line_which_a_long_text_of_another_one_does_not_widen(doctor, monkeypatch):
    long = "Do this, and then that. " * 40
    monkeypatch.setitem(FINDINGS, "failed", failed("No.", long.strip()))

    lines = doctor(["ok", "failed", "warning"]).out.splitlines()

    assert lines == [
        "Check    Result   What was found, and what to do",
        "OK       ok       Fine.",
        f"FAILED   failed   No. {long.strip()}",
        "WARNING  warning  So. Do it.",
        "3 checks: 1 ok, 0 not checked, 1 warning, 1 failed.",
    ]


def test_json_has_every_check(doctor):
    printed = json.loads(doctor(["warning"], "--json").out)

    assert printed == [
        {
            "check": "WARNING",
            "group": "bus",
            "looksAt": "a thing",
            "result": "warning",
            "sentence": "So.",
            "remedy": "Do it.",
        }
    ]


def test_offline_it_runs_without_any_setting_and_says_which_are_missing(cli):
    ended = cli("doctor", "--offline", "--group", "state", "--json")
    found = {each["check"]: each for each in json.loads(ended.out)}

    assert ended.code == 1
    assert "STATE" in found["SETTINGS_VALID"]["sentence"]
    assert found["MAPPING_VALID"]["sentence"] == "Put right first: SETTINGS_VALID."


def test_without_names_of_resources_azure_is_not_checked_and_says_which(cli):
    found = json.loads(cli("doctor", "--azure", "--group", "azure", "--json").out)

    assert {each["result"] for each in found} == {"not checked"}
    assert "AZURE_SUBSCRIPTION_ID" in found[0]["sentence"]
