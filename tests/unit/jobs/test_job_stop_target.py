"""What a Stop Automation job stops, and what it needs of the row of its automation."""

import pytest

from connector.dataverse.choices import AutomationKind
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.jobs.automations import AutomationRow
from connector.jobs.model import Job
from connector.jobs.runs import RunNotFound, Stop, stop_of

RECORD = RecordRef("contact", "c")


def row(kind, automation_id):
    return AutomationRow(
        kind=kind, name="Welcome", trigger_code="code", automation_id=automation_id, fields="", is_active=True
    )


def job(run):
    return Job("j", customer=RECORD, automation_id="a", automation_contact_id=run)


@pytest.mark.parametrize(("kind", "run"), [(AutomationKind.AUTOMATION, "17"), (AutomationKind.CAMPAIGN, "")])
def test_what_has_no_id_in_spotler_cannot_be_stopped_and_the_job_says_what_to_do(kind, run):
    with pytest.raises(Invalid, match="Refresh Automations"):
        stop_of(job(run), [], {"a": row(kind, "")})


@pytest.mark.parametrize(("kind", "run"), [(AutomationKind.AUTOMATION, "17"), (AutomationKind.CAMPAIGN, "")])
def test_what_has_an_id_is_stopped(kind, run):
    automation = row(kind, "42")

    assert stop_of(job(run), [], {"a": automation}) == Stop(automation, "c", (run,))


def start(number, run, record=RECORD, automation="a"):
    return Job("s", number=number, customer=record, automation_id=automation, automation_contact_id=run)


def test_without_an_id_the_runs_of_record_and_automation_are_tried_from_the_newest_on():
    automation = row(AutomationKind.AUTOMATION, "42")
    starts = [
        start("1", "17"),
        start("2", "18"),
        start("3", "19", RecordRef("contact", "d")),
        start("4", "20", automation="b"),
    ]

    assert stop_of(job(""), starts, {"a": automation}).runs == ("18", "17")
    assert stop_of(job("17"), starts, {"a": automation}).runs == ("17",)


def test_without_an_id_and_without_a_start_there_is_no_run():
    with pytest.raises(RunNotFound):
        stop_of(job(""), [], {"a": row(AutomationKind.AUTOMATION, "42")})
