"""Creating jobs: every column that an operation needs can be filled, and the row is that of a person."""

import pytest

from connector.dataverse.choices import JobStatus, Operation, PromoteTo
from connector.dataverse.names import Account, Automation, Contact, Job, Lead, MarketingList

#: Columns without which a row is refused.
REQUIRED = {Account.TABLE: {"name": "Bakery"}, MarketingList.TABLE: {"listname": "Friends", "createdfromcode": 2}}


def the_job(door, created):
    (row,) = [row for row in door.rows(Job.TABLE) if row[Job.ID] == created.stdout.strip()]
    return row


@pytest.mark.parametrize(
    ("option", "table", "column"),
    [
        ("--contact", Contact.TABLE, Job.CUSTOMER),
        ("--account", Account.TABLE, Job.CUSTOMER),
        ("--lead", Lead.TABLE, Job.LEAD),
        ("--marketing-list", MarketingList.TABLE, Job.LIST),
        ("--automation", Automation.TABLE, Job.AUTOMATION),
    ],
)
def test_rows_are_named_by_their_ids(cli, door, option, table, column):
    row_id = door.load(table, REQUIRED.get(table, {}))[0]
    about = () if column in (Job.CUSTOMER, Job.LEAD) else ("--lead", door.load(Lead.TABLE, {})[0])

    job = the_job(door, cli("job", "add", "--operation", "sync-contact", option, row_id, *about))

    assert job[f"_{column}_value"] == row_id
    assert (job[Job.OPERATION], job[Job.STATUS]) == (Operation.SYNC_CONTACT, JobStatus.QUEUED)


def test_rows_are_named_as_people_name_them_and_nothing_is_created_while_several_fit(cli, door):
    people = door.load(
        Contact.TABLE, {"lastname": "Bakker", "emailaddress1": "anna@example.org"}, {"lastname": "Bakker"}
    )
    welcome = door.load(Automation.TABLE, {Automation.NAME: "🚀 Welcome"})[0]
    words = ("job", "add", "--operation", "start-automation", "automation:Welcome")

    refused = cli(*words, "contact:Bakker", code=1)
    assert all(f"contact:{each}" in refused.stderr for each in people)
    assert door.rows(Job.TABLE) == []

    job = the_job(door, cli(*words, "contact:anna@example.org"))
    assert (job[f"_{Job.CUSTOMER}_value"], job[f"_{Job.AUTOMATION}_value"]) == (people[0], welcome)


@pytest.mark.parametrize(
    ("option", "column", "value"),
    [
        ("--automation-fields", Job.AUTOMATION_FIELDS, "a=b;c=d"),
        ("--run", Job.AUTOMATION_CONTACT_ID, "17"),
        ("--tag", Job.TAG, "Customer, Webinar"),
        ("--score", Job.SCORE, -5),
        ("--audience", Job.AUDIENCE, "Members"),
        ("--field", Job.FIELD_NAME, "lastorderdate"),
        ("--value", Job.FIELD_VALUE, "24-12-2025"),
    ],
)
def test_columns_are_filled(cli, door, option, column, value):
    beside = () if option == "--tag" else ("--tag", "Customer")

    job = the_job(door, cli("job", "add", "--operation", "add-tag", option, value, *beside))

    assert job[column] == value


def test_what_a_visitor_becomes_is_named_in_words(cli, door):
    visitor = door.load("dh_websitevisitor", {})[0]
    words = ("job", "add", "--operation", "promote-visitor", "--visitor", visitor, "--promote-to")

    job = the_job(door, cli(*words, "account"))
    refused = cli(*words, "contact", code=1)

    assert (job[f"_{Job.VISITOR}_value"], job[Job.PROMOTE_TO]) == (visitor, PromoteTo.ACCOUNT)
    assert "lead, account" in refused.stderr


def test_an_unknown_operation_creates_nothing_and_names_the_known_ones(cli, door):
    result = cli("job", "add", "--operation", "fly", code=1)

    assert all(operation.slug in result.stderr for operation in Operation)
    assert door.rows(Job.TABLE) == []
