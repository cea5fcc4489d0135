"""What a message of Dataverse means: a wake-up, nothing, or quarantine."""

from datetime import UTC, datetime

import pytest

from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.routing.route import Ignore, Publish, route
from connector.routing.subscriptions import CARRIED_OUT, RESOLVE
from connector.routing.work_item import WorkItem
from tests.unit.jobs.posted import CONTACT, JOB, LEAD, ZERO, choice, created, read, reference

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def routed(**changes):
    """What a message about one job leads to."""
    return one_of(route(read(created(**changes)), now=NOW))


def one_of(routing):
    if isinstance(routing, Ignore):
        return routing
    (published,) = routing
    return published


def test_a_created_job_wakes_up_its_operation_and_names_its_record():
    item = WorkItem(operation="add-tag", job=JOB, record=RecordRef("contact", CONTACT), first_seen=NOW)

    assert routed() == Publish(item, f"{JOB}/created")


def test_two_posts_of_one_creation_have_one_message_id():
    assert routed().message_id == routed(OperationId="09e7a701-0000-4000-8000-00000000ffff").message_id


@pytest.mark.parametrize("operation", CARRIED_OUT)
def test_every_operation_that_is_carried_out_has_its_own_subscription(operation):
    assert routed(columns={"dh_operation": choice(operation)}).item.operation == operation.slug


@pytest.mark.parametrize(
    "value",
    [None, choice(100000099), choice(1), "add-tag", 100000003],
    ids=["none", "of a later version", "unknown number", "text", "bare number"],
)
def test_an_operation_that_the_message_does_not_name_is_left_to_the_row(value):
    assert routed(columns={"dh_operation": value}).item.operation == RESOLVE


@pytest.mark.parametrize(
    ("columns", "record"),
    [
        ({"dh_customerid": reference("account", CONTACT)}, RecordRef("account", CONTACT)),
        ({"dh_customerid": None, "dh_leadid": reference("lead", LEAD)}, RecordRef("lead", LEAD)),
        ({"dh_customerid": reference("contact", ZERO), "dh_leadid": reference("lead", LEAD)}, RecordRef("lead", LEAD)),
        ({"dh_leadid": reference("lead", LEAD)}, RecordRef("contact", CONTACT)),
        ({"dh_customerid": None}, None),
        ({"dh_customerid": CONTACT}, None),
    ],
    ids=["account", "lead", "empty customer", "both", "neither", "not a reference"],
)
def test_the_record_is_the_customer_else_the_lead(columns, record):
    assert routed(columns=columns).item.record == record


def test_a_message_that_dataverse_cut_for_its_size_leads_to_the_row_whatever_is_left_of_it():
    message = read(created(), MessageMaxSizeExceeded=True)

    assert one_of(route(message, now=NOW)) == Publish(
        WorkItem(operation=RESOLVE, job=JOB, record=None, first_seen=NOW), f"{JOB}/created"
    )


def test_a_message_without_a_target_leads_to_the_row():
    assert routed(InputParameters=[]).item == WorkItem(operation=RESOLVE, job=JOB, first_seen=NOW)


@pytest.mark.parametrize("status", [2, 100000001, 100000002])
def test_a_job_that_is_created_with_another_status_means_no_work(status):
    assert routed(columns={"statuscode": choice(status)}) == Ignore(
        "the job was created with another status than Queued"
    )


def test_a_job_without_a_status_is_queued():
    assert isinstance(routed(columns={"statuscode": None}), Publish)


@pytest.mark.parametrize("table", ["dh_spotlerjob", "contact", "account"])
def test_what_the_connector_wrote_itself_means_no_work(table):
    assert isinstance(routed(tag="spotler-connector", PrimaryEntityName=table), Ignore)


def test_the_tag_of_somebody_else_changes_nothing():
    assert isinstance(routed(tag="import-2026"), Publish)


@pytest.mark.parametrize("members", [{"PrimaryEntityName": "campaign"}, {"MessageName": "Update"}])
def test_a_message_about_something_else_is_foreign(members):
    with pytest.raises(Unreadable) as caught:
        routed(**members)

    name = members.get("MessageName", "Create")
    table = members.get("PrimaryEntityName", "dh_spotlerjob")
    assert caught.value.result_code == "MESSAGE_FOREIGN"
    assert caught.value.sentence == f"The connector does not handle {name} of {table}."


@pytest.mark.parametrize("name", ["jane@example.org", "Jan Jansen", "0612\n345678", "naïve", "x" * 65, ""])
def test_a_foreign_message_cannot_bring_text_of_its_own_into_a_log(name):
    with pytest.raises(Unreadable) as caught:
        routed(PrimaryEntityName=name)

    assert caught.value.sentence == "The connector does not handle Create of something."


def test_a_job_without_an_id_cannot_be_read():
    with pytest.raises(Unreadable) as caught:
        routed(job=ZERO, InputParameters=[])

    assert caught.value.result_code == "MESSAGE_MALFORMED"
