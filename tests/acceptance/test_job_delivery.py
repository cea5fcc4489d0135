"""From Dataverse to the functions: lost, doubled, shortened and foreign messages, and what must not come back."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import OWN_TAG, SERVICE_ENDPOINT, Job
from connector.dataverse.records import RecordRef
from connector.routing.work_item import WorkItem
from sandbox.dataverse.steps import ENDPOINT_ID
from tests.acceptance.world import job_row, start_columns

ADD_TAG, SYNC = Operation.ADD_TAG, Operation.SYNC_CONTACT
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"


def context(table, row_id, attributes=()):
    """The message of a created row, as short as it can be."""
    target = {"__type": f"Entity:{CONTRACTS}", "Attributes": list(attributes), "Id": row_id, "LogicalName": table}
    document = {
        "MessageName": "Create", "PrimaryEntityName": table, "PrimaryEntityId": row_id,
        "InputParameters": [{"key": "Target", "value": target}],
    }  # fmt: skip
    return json.dumps(document).encode()


def operation_attribute(operation):
    value = {"__type": f"OptionSetValue:{CONTRACTS}", "Value": operation.value}
    return {"key": Job.OPERATION, "value": value}


@pytest.mark.feature("JOB-09")
@pytest.mark.feature("OPS-01")
def test_without_a_key_the_system_job_says_so_the_job_stays_queued_and_the_sweep_does_it(world):
    record = world.contact()
    world.steps(has_key=False)

    job = world.job(SYNC, record)
    world.until(world.complaints, "the system job says why it failed")
    (complaint,) = world.complaints()
    before = world.look(job)
    after = world.sweep_until_over(job)

    assert "SASKey" in complaint
    assert SERVICE_ENDPOINT in complaint
    assert before.status.label == "Queued"
    after.assert_completed()

    world.steps(has_key=True)
    world.until(lambda: not world.complaints(), "the message is posted after all")
    world.settle()
    assert world.look(job) == after


@pytest.mark.feature("JOB-09")
@pytest.mark.feature("OPS-01")
def test_with_a_key_that_is_neither_of_the_two_posts_wait_the_sweep_does_the_jobs_and_the_right_key_helps(world):
    record, wrong = world.contact(), "d3Jvbmc" * 6 + "=="
    try:
        world.people.update("serviceendpoints", ENDPOINT_ID, {"saskey": wrong})
        job = world.job(SYNC, record)
        world.until(world.complaints, "the system job says why it failed")
        (complaint,) = world.complaints()
        done = world.sweep_until_over(job)
    finally:
        world.people.update("serviceendpoints", ENDPOINT_ID, {"saskey": world.bus.key_of_dataverse()})

    done.assert_completed()
    assert wrong not in complaint
    world.until(lambda: not world.complaints(), "the message is posted after all")
    world.settle()
    assert world.look(job) == done


@pytest.mark.feature("JOB-09")
@pytest.mark.parametrize("operation", [SYNC, ADD_TAG, None], ids=["sync", "tag", "no operation"])
def test_a_job_whose_message_was_lost_is_found_by_the_sweep(world, operation):
    record = world.contact()
    world.steps(drop_next=1)
    job = world.job(operation, record, dh_tag="Webinar")
    assert world.look(job).status.label == "Queued"

    assert world.sweep_until_over(job).code == ("OK" if operation else "JOB_NOT_VALID")


@pytest.mark.feature("JOB-11")
def test_a_message_that_dataverse_posts_twice_has_one_effect(world):
    record, automation = world.contact(), welcome(world)
    world.steps(duplicate_next=1)

    job = world.start(record, automation)
    world.settle()

    job.assert_completed()
    assert len(world.spotler.runs(record)) == 1
    assert world.look(job.id) == job


@pytest.mark.feature("JOB-11")
def test_a_job_that_is_woken_up_many_times_is_done_once(world):
    record, automation = world.contact(), welcome(world)
    job = world.lost_job(Operation.START_AUTOMATION, record, **start_columns(automation))

    ref = RecordRef(record.table, record.id)
    item = WorkItem(operation="start-automation", job=job, record=ref, first_seen=datetime.now(UTC))
    for _ in range(5):
        world.bus.wake_up(item)
    world.wait(job).assert_completed()
    world.settle()

    assert len(world.spotler.runs(record)) == 1
    assert world.statuses(job) == ["Queued", "In Progress", "Completed"]


@pytest.mark.feature("JOB-11")
def test_a_message_that_comes_after_the_job_is_over_changes_nothing(world):
    record = world.contact()
    job = world.run(ADD_TAG, record, dh_tag="Webinar")

    world.bus.post_as_dataverse(context(Job.TABLE, job.id, [operation_attribute(ADD_TAG)]))
    world.settle()
    item = WorkItem(operation=ADD_TAG.slug, job=job.id, first_seen=datetime.now(UTC))
    world.bus.wake_up(item)
    world.settle()

    assert world.look(job.id) == job
    assert world.spotler.effects(record).count("tag.added") == 1


@pytest.mark.feature("JOB-01")
def test_a_job_whose_message_lost_its_row_because_of_its_size_is_read_from_dataverse(world):
    record = world.contact()

    job = world.run(ADD_TAG, record, dh_tag="Big", **{Job.AUTOMATION_FIELDS: "é" * 100_000})

    job.assert_completed()
    assert world.spotler.contact(record).tags == ["Big"]


@pytest.mark.feature("JOB-01")
def test_a_job_whose_message_names_another_operation_than_its_row_is_done_as_the_row_says(world):
    record = world.contact()
    job = world.lost_job(ADD_TAG, record, dh_tag="By the row")

    world.bus.post_as_dataverse(context(Job.TABLE, job, [operation_attribute(SYNC)]))

    world.wait(job).assert_completed()
    assert world.spotler.contact(record).tags == ["By the row"]


@pytest.mark.feature("JOB-01")
def test_messages_that_cannot_be_read_are_put_aside_with_a_reason_and_their_neighbour_is_done(world):
    marker, record = uuid4().hex, world.contact()
    job = world.lost_job(ADD_TAG, record, dh_tag="Neighbour")
    empties = sum(each.body == b"" for each in world.bus.quarantine())
    bad = {
        f"{{'{marker}".encode(): "MESSAGE_NOT_JSON",
        json.dumps({"order": marker}).encode(): "MESSAGE_NOT_DATAVERSE",
        context("salesorder", str(uuid4())): "MESSAGE_FOREIGN",
        context(Job.TABLE, marker): "MESSAGE_MALFORMED",
        b"\xff\xfe" + marker.encode(): "MESSAGE_NOT_JSON",
    }

    good = context(Job.TABLE, job, [operation_attribute(ADD_TAG)])
    world.bus.post_as_dataverse(*bad, b"", good)
    world.wait(job).assert_completed()
    world.settle()

    quarantine = world.bus.quarantine()
    put_aside = {each.body: each for each in quarantine if each.body in bad}
    assert {body: each.reason for body, each in put_aside.items()} == bad
    for each in put_aside.values():
        assert each.sentence.endswith(".")
        assert each.advice.endswith(".")
        assert each.source == "dataverse"
        assert marker not in each.sentence
    (empty, *_) = [each for each in quarantine if each.body == b""][empties:]
    assert empty.reason == "MESSAGE_EMPTY"


@pytest.mark.feature("JOB-01")
def test_what_is_no_work_item_is_put_aside_by_the_function_that_gets_it(world):
    body = f'{{"jobs": "{uuid4().hex}"}}'.encode()

    world.bus.post_to_operation(ADD_TAG.slug, body)
    world.settle()

    (found,) = [each for each in world.bus.quarantine() if each.body == body]
    assert (found.reason, found.source) == ("WORK_ITEM_UNREADABLE", ADD_TAG.slug)


@pytest.mark.feature("JOB-11")
def test_a_work_item_of_a_job_that_is_gone_is_dropped(world):
    quarantined = len(world.bus.quarantine())

    world.bus.wake_up(WorkItem(operation=ADD_TAG.slug, job=str(uuid4()), first_seen=datetime.now(UTC)))
    world.settle()

    assert len(world.bus.quarantine()) == quarantined


@pytest.mark.feature("CON-14")
def test_what_the_connector_writes_while_it_does_a_job_sends_no_message(world):
    record, other = world.contact(), world.contact()
    world.settle()
    before = world.routed()

    world.sync(record).assert_completed()
    assert world.info(record) is not None
    # Dataverse posts in order: what the first job caused would come before the second.
    world.sync(other).assert_completed()
    world.settle()

    assert world.routed() - before == 2


@pytest.mark.feature("CON-14")
def test_a_row_that_bears_the_tag_of_the_connector_starts_nothing(world):
    record = world.contact()
    world.settle()
    before = world.routed()

    job = world.people.create(f"{Job.SET}?tag={OWN_TAG}", job_row(SYNC, record))
    world.until(lambda: world.routed() > before, "the message has been read")
    world.settle()

    assert world.look(job).attempts == 0
    world.spotler.assert_never_asked(record)


def welcome(world):
    code = str(uuid4())
    automation = {"automationId": str(uuid4()), "name": "Welcome", "triggers": [{"triggerCode": code}]}
    world.spotler.door.post("automations", automations=[automation])
    return world.automation(code=code)
