"""What a Stop Automation job needs of the row of its automation."""

import pytest

from connector.dataverse.choices import AutomationKind
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.jobs.automations import AutomationRow
from connector.jobs.model import Job
from connector.jobs.runs import Stop, stop_of

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

    assert stop_of(job(run), [], {"a": automation}) == Stop(automation, "c", run)
