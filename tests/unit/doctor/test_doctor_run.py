"""The order of the checks, what depends on what, the hourly look, the command, and the page."""

import json
import re
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from connector.doctor import run
from connector.doctor.model import (
    CheckGroup,
    DoctorCheck,
    DoctorVerdict,
    Reach,
    failed,
    not_checked,
    ok,
    warning,
)
from connector.doctor.run import CHECKS, HOURLY, chosen, examine, examine_hourly, worst
from connector.errors import Transient
from connector.http.transport import CONNECT_TIMEOUT
from connector.settings.systems import DataverseSettings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operators" / "doctor.md").read_text(encoding="utf-8")
GROUP = CheckGroup.BUS


def check(code, look, *needs, reach=Reach.SYSTEMS):
    return DoctorCheck(code, GROUP, reach, "a thing", look if callable(look) else lambda _: look, needs)


def verdicts(context, *checks):
    return [each.diagnosis.verdict.value for each in examine(context, checks)]


@pytest.mark.parametrize("ground", [failed("no", "do"), not_checked("why")])
def test_what_stands_on_a_check_that_failed_is_not_checked_and_says_so(context, ground):
    checks = (check("A", ground), check("B", ok("fine"), "A"), check("C", ok("fine"), "B"), check("D", ok("fine")))

    results = list(examine(context, checks))

    assert [each.diagnosis.verdict.value for each in results[1:]] == ["not checked", "not checked", "ok"]
    assert [each.diagnosis.sentence for each in results[1:3]] == ["Put right first: A.", "Put right first: B."]


def test_a_warning_keeps_no_other_check_from_being_made(context):
    assert verdicts(context, check("A", warning("so", "do")), check("B", ok("fine"), "A")) == ["warning", "ok"]


def test_a_check_that_does_not_end_is_given_up_and_the_others_are_made(context):
    released = threading.Event()
    hangs = replace(check("A", lambda _: released.wait() and ok("late")), seconds=0.05)

    given_up, stands_on_it, other = examine(context, (hangs, check("B", ok("fine"), "A"), check("C", ok("fine"))))

    released.set()
    assert (given_up.diagnosis.verdict.value, given_up.diagnosis.sentence) == (
        "failed",
        "The check did not end within 0.05 seconds.",
    )
    assert [each.diagnosis.verdict.value for each in (stands_on_it, other)] == ["not checked", "ok"]


def test_checks_for_which_no_time_is_left_are_not_made(context):
    seconds = iter([0.0, 1.0, 481.0])
    checks = (check("A", ok("fine")), check("B", lambda _: pytest.fail("made")))

    found = list(examine(context, checks, seconds=run.HOURLY_SECONDS, clock=lambda: next(seconds)))

    assert [each.diagnosis.sentence for each in found] == ["fine", "The other checks took too long."]


def test_all_checks_of_an_hour_end_before_the_function_is_ended():
    hours, minutes, seconds = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["functionTimeout"].split(":")

    assert int(hours) * 3600 + int(minutes) * 60 + int(seconds) >= run.HOURLY_SECONDS + 60


def test_a_check_may_take_as_long_as_a_call_to_dataverse():
    usual = DataverseSettings.model_fields["dataverse_timeout"].default

    assert usual + CONNECT_TIMEOUT < min(each.seconds for each in CHECKS)


def test_an_error_is_a_failure_in_its_own_words_and_an_internal_error_tells_no_text(context):
    def transient(_):
        raise Transient("It is away.", advice="Wait.")

    def broken(_):
        raise ZeroDivisionError("jane@example.org")

    away, wrong = examine(context, (check("A", transient), check("B", broken)))

    assert (away.diagnosis.sentence, away.diagnosis.remedy) == ("It is away.", "Wait.")
    assert wrong.diagnosis.sentence.startswith("Internal error: ZeroDivisionError@")


def test_every_code_is_there_once_and_every_need_comes_before():
    codes = [each.code for each in CHECKS]

    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert [
        (each.code, need) for each in CHECKS for need in each.needs if need not in codes[: codes.index(each.code)]
    ] == []


def test_a_group_brings_the_checks_that_it_needs():
    codes = {each.code for each in chosen([CheckGroup.SPOTLER], list(Reach))}

    assert {"SPOTLER_KEY", "SETTINGS_VALID", "MAPPING_VALID", "DATAVERSE_TOKEN"} <= codes
    assert "BUS_REACHABLE" not in codes


def test_offline_nothing_is_asked():
    assert {each.group for each in chosen((), [Reach.OFFLINE])} == {CheckGroup.CONFIGURATION, CheckGroup.STATE}
    assert "CLOCK_RIGHT" not in {each.code for each in chosen((), [Reach.OFFLINE])}


def test_the_app_itself_asks_neither_azure_nor_for_what_is_about_a_release():
    codes = {each.code for each in chosen((), HOURLY)}

    assert {"DEAD_LETTERS", "QUARANTINE", "BACKLOG", "JOBS_FLOW", "CHECKPOINTS_MOVE", "NOT_PAUSED"} <= codes
    assert codes.isdisjoint({"APP_RUNS", "FUNCTIONS_INDEXED", "END_TO_END", "EXTERNAL_IDS"})


def test_each_hour_a_line_for_each_finding_with_its_code_and_none_for_what_is_well(context, caplog, monkeypatch):
    made = (check("A", ok("fine")), check("B", warning("so", "Do it.")), check("C", failed("no", "Do that.")))
    monkeypatch.setattr(run, "CHECKS", made)

    gauges = {}
    monkeypatch.setattr(run, "set_gauge", lambda _metric, value, *, check: gauges.update({check: value}))

    examine_hourly(context)

    assert gauges == {"A": 0, "B": 1, "C": 2}
    assert [(each.levelname, each.getMessage(), each.check) for each in caplog.records] == [
        ("WARNING", "Doctor: B so Do it.", "B"),
        ("WARNING", "Doctor: C no Do that.", "C"),
    ]


def test_the_heaviest_verdict_counts(context):
    results = list(examine(context, (check("A", ok("")), check("B", warning("", "")), check("C", not_checked("")))))

    assert worst(results) is DoctorVerdict.WARNING
    assert worst([]) is DoctorVerdict.OK


# The page


def test_every_check_has_its_entry_and_there_is_no_other():
    assert re.findall(r"^### `(\w+)`$", PAGE, flags=re.MULTILINE) == [each.code for each in CHECKS]


def test_every_entry_says_what_is_looked_at_and_what_to_do():
    entries = re.split(r"^### `(\w+)`$", PAGE, flags=re.MULTILINE)[1:]
    looks_at = {each.code: each.looks_at for each in CHECKS}

    for code, text in zip(entries[::2], entries[1::2], strict=True):
        assert f"Looks at {looks_at[code]}." in " ".join(text.split()), code
        assert "**Do:**" in text, code
