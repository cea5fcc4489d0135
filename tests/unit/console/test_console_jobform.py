"""The job form: the columns of the chosen operation, and the row that is saved."""

import re
from pathlib import Path

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from sandbox.console import jobform
from sandbox.console.state import State
from tests.unit.console.fakes import FakeSystems, ask

DOCS = (Path(__file__).parents[3] / "docs" / "developers" / "operations.md").read_text(encoding="utf-8")
EACH = pytest.mark.parametrize("operation", list(Operation), ids=lambda operation: operation.slug)


def documented(operation):
    """The columns of the table in the section of the operation."""
    section = re.split(r"^## ", DOCS.split(f"\n## {operation.label}\n")[1], flags=re.MULTILINE)[0]
    columns = set(re.findall(r"^\| [^|]+ \| `(dh_\w+)` \|", section, flags=re.MULTILINE)) - {Job.OPERATION}
    return {jobform.RECORD if column in (Job.CUSTOMER, Job.LEAD) else column for column in columns}


@EACH
def test_the_form_has_every_column_that_the_documentation_names(operation):
    assert documented(operation) <= set(jobform.TAKES[operation])


@EACH
def test_the_form_of_each_operation_is_shown(operation):
    page = ask(FakeSystems(), State(d="new-job", op=operation.slug).url()).body

    assert f'<option value="{operation.slug}" selected>' in page
    names = ["auto" if name == Job.AUTOMATION else name for name in jobform.TAKES[operation]]
    assert [name for name in names if f'name="{name}"' not in page] == []


def test_automation_fields_are_prefilled_with_names_and_types():
    systems = FakeSystems()
    fields = "invoiceEmail=STRING\npayUrl=URL"
    systems.row("dh_spotlerautomation", {"dh_spotlerautomationid": "a-1", "dh_name": "Welcome", "dh_fields": fields})

    before, after = (ask(systems, State(d="new-job", op="start-automation", auto=a).url()).body for a in ("", "a-1"))

    assert "invoiceEmail" not in before
    assert '<option value="a-1" selected>Welcome' in after
    assert f">{fields}</textarea>" in after


def test_the_record_in_hand_is_chosen():
    systems = FakeSystems()
    systems.contact()

    page = ask(systems, State(d="new-job", r="contact:c-1").url()).body

    assert '<option value="contact:c-1" selected>' in page


@pytest.mark.parametrize(
    ("record", "bind"),
    [
        ("contact:1", ("dh_CustomerId_contact@odata.bind", "/contacts(1)")),
        ("account:2", ("dh_CustomerId_account@odata.bind", "/accounts(2)")),
        ("lead:3", ("dh_LeadId@odata.bind", "/leads(3)")),
    ],
)
def test_a_record_becomes_the_customer_or_the_lead(record, bind):
    row = jobform.row(Operation.SET_SCORE, {"record": record, "dh_tag": " Interest ", "dh_score": "5"}, "Anna")

    assert row == {
        Job.NAME: "Set Score: Anna", Job.OPERATION: Operation.SET_SCORE.value, bind[0]: bind[1], Job.TAG: "Interest",
        Job.SCORE: 5,
    }  # fmt: skip


def test_what_was_left_empty_or_belongs_to_another_operation_is_not_sent():
    row = jobform.row(Operation.ADD_TAG, {"record": "", "dh_tag": "", "dh_audience": "Members"}, "")

    assert row == {Job.NAME: "Add Tag", Job.OPERATION: Operation.ADD_TAG.value}


def test_saving_creates_the_row_and_shows_the_job():
    systems = FakeSystems()
    entered = {"op": "add-tag", "record": "contact:c-1", "subject": "Anna", "dh_tag": "Webinar"}

    answer = ask(systems, "/do/create-job?d=new-job", method="POST", entered=entered)

    ((did, set_name, row),) = systems.people.did
    assert (did, set_name, row[Job.TAG]) == ("create", Job.SET, "Webinar")
    assert answer.headers["location"].startswith("/?d=job&s=contact&r=contact%3Ac-1&j=new-id")


def test_a_value_that_is_none_is_told_and_nothing_is_saved():
    systems = FakeSystems()

    answer = ask(systems, "/do/create-job", method="POST", entered={"op": "set-score", "dh_score": "many"})

    assert answer.status == 303
    assert systems.people.did == []
