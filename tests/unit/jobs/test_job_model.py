"""A job as a value: what its row says, and what a strange row does."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.api.rows import LOOKUP_TABLE
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job as Names, lookup_value
from connector.dataverse.records import RecordRef
from connector.operations.job import COLUMNS, JobRow

ID = "0A0A0A0A-0000-4000-8000-000000000001"
CONTACT = "CCCCCCCC-0000-4000-8000-000000000001"
CUSTOMER, LEAD = lookup_value(Names.CUSTOMER), lookup_value(Names.LEAD)


def test_ids_are_held_in_lower_case_so_that_they_compare():
    job = JobRow.from_row({Names.ID: ID, CUSTOMER: CONTACT, f"{CUSTOMER}@{LOOKUP_TABLE}": "account"})

    assert (job.id, job.record) == (ID.lower(), RecordRef("account", CONTACT.lower()))


def test_the_record_is_the_customer_else_the_lead():
    assert JobRow.from_row({Names.ID: ID, CUSTOMER: CONTACT}).record.table == "contact"
    assert JobRow.from_row({Names.ID: ID, LEAD: CONTACT}).record == RecordRef("lead", CONTACT.lower())
    assert JobRow.from_row({Names.ID: ID}).record is None


def test_an_empty_row_is_a_job_without_anything():
    assert JobRow.from_row(dict.fromkeys(COLUMNS) | {Names.ID: ID}) == JobRow(ID.lower())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:30:00Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T13:30:00+01:00", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30:00", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("soon", None),
        (None, None),
    ],
)
def test_a_lease_always_has_a_time_zone(text, moment):
    assert JobRow.from_row({Names.ID: ID, Names.LEASE_UNTIL: text}).lease_until == moment


@pytest.mark.parametrize(
    ("status", "queued", "final"),
    [
        (JobStatus.QUEUED, True, False),
        (JobStatus.IN_PROGRESS, False, False),
        (JobStatus.COMPLETED, False, True),
        (JobStatus.FAILED, False, True),
        (100000077, False, True),
        (None, False, True),
    ],
)
def test_a_status_that_is_not_ours_is_not_ours_to_touch(status, queued, final):
    job = JobRow.from_row({Names.ID: ID, Names.STATUS: status})

    assert (job.is_queued, job.is_final) == (queued, final)


@pytest.mark.parametrize(("value", "operation"), [(100000003, Operation.ADD_TAG), (1, None), (None, None), ("x", None)])
def test_an_operation_that_is_not_known_is_none(value, operation):
    assert JobRow.from_row({Names.ID: ID, Names.OPERATION: value}).operation is operation


values = st.none() | st.text(max_size=8) | st.integers() | st.booleans() | st.floats() | st.lists(st.none(), max_size=1)


@given(st.fixed_dictionaries({name: values for name in COLUMNS if name != Names.ID}))
def test_no_row_is_too_strange_to_be_read(row):
    assert JobRow.from_row(row | {Names.ID: ID}).id == ID.lower()
