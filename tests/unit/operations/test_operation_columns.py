"""The columns that an operation says it needs are those without which it refuses a job."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.operations.job import JobRow
from connector.operations.operation import Needs
from connector.operations.registry import OPERATIONS

#: How a job has each column that an operation can need.
FIELDS = {
    Job.TAG: "tag",
    Job.SCORE: "score",
    Job.AUDIENCE: "audience",
    Job.FIELD_NAME: "field_name",
    Job.FIELD_VALUE: "field_value",
    Job.LIST: "list_id",
    Job.AUTOMATION: "automation_id",
    Job.VISITOR: "visitor_id",
}
#: What is missing shows in the row: neither system is asked.
NOBODY = SimpleNamespace(services=SimpleNamespace(dataverse=None, spotler=None, mapping=None))
EMPTY = JobRow("1", "1")
FULL = JobRow(
    "1", "1", list_id="2", automation_id="3", tag="VIP", score=1, audience="Shoes", field_name="city",
    field_value="Delft", visitor_id="4",
)  # fmt: skip
CASES = [(each, column) for each in Operation for column in OPERATIONS[each.slug].required]


@pytest.mark.parametrize(("operation", "column"), CASES, ids=lambda each: getattr(each, "slug", each))
def test_a_job_without_a_column_that_is_needed_is_refused(operation, column):
    job = replace(FULL, **{FIELDS[column]: getattr(EMPTY, FIELDS[column])})
    if OPERATIONS[operation.slug].needs is Needs.RECORD:
        job = replace(job, customer=RecordRef("contact", "5"))
    plan = OPERATIONS[operation.slug].plan([job], NOBODY)[job.id]

    assert isinstance(plan, Invalid), plan


def test_an_operation_that_needs_no_column_plans_a_job_without_any():
    for operation in Operation:
        found = OPERATIONS[operation.slug]
        if not found.required and not found.optional:
            assert not isinstance(found.plan([EMPTY], NOBODY)["1"], Exception), operation
