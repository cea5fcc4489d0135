"""Dead letters of every queue and subscription: looked at without a change, and sent to where they were."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue

from connector.dataverse.choices import Operation
from connector.dataverse.messages import parse_message
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import MAX_MESSAGE_BYTES, OutgoingMessage
from connector.servicebus.entities import (
    QUEUE_DATAVERSE,
    QUEUE_QUARANTINE,
    SYNC_RECORDS,
    TOPIC_JOBS,
    dead_letter_locations,
)

DEAD = ServiceBusSubQueue.DEAD_LETTER


@pytest.fixture
def bury(sdk):
    """Put the first message of a queue or subscription aside, as Service Bus does after too many deliveries."""

    def put_aside(name):
        if name in (QUEUE_DATAVERSE, QUEUE_QUARANTINE):
            receiver = sdk.get_queue_receiver(name)
        else:
            receiver = sdk.get_subscription_receiver(TOPIC_JOBS, name)
        with receiver:
            (message,) = receiver.receive_messages(1, max_wait_time=5)
            receiver.dead_letter_message(message, "MaxDeliveryCountExceeded", "It was delivered 10 times.")

    return put_aside


@pytest.fixture
def item():
    return WorkItem(operation="add-tag", job=str(uuid4()), first_seen=datetime.now(UTC))


@pytest.fixture
def dead_item(bus, bury, item):
    bus.to_topic(TOPIC_JOBS, [item.message("original")])
    bury("add-tag")
    return item


@pytest.mark.usefixtures("all_subscriptions")
def test_every_queue_and_every_operation_is_looked_at():
    names = {location.name for location in dead_letter_locations()}

    operations = {operation.slug for operation in Operation}
    assert names == {QUEUE_DATAVERSE, QUEUE_QUARANTINE, "resolve-job", SYNC_RECORDS, *operations}


@pytest.mark.usefixtures("dead_item", "all_subscriptions")
def test_the_list_shows_when_why_and_from_where(cli, bus, bury):
    bus.to_queue(QUEUE_DATAVERSE, [OutgoingMessage(b"Anna", "from-dataverse")])
    bury(QUEUE_DATAVERSE)

    lines = cli("dead-letters", "list").stdout.splitlines()

    assert lines[0].startswith("dataverse/1  ")
    assert lines[0].endswith("dataverse  MaxDeliveryCountExceeded  4 bytes")
    assert lines[1] == "    from-dataverse  It was delivered 10 times."
    assert lines[2].startswith("add-tag/1  ")
    assert lines[4] == "2 messages."


def test_a_message_that_has_no_room_for_its_new_id_stays_and_the_others_are_replayed(cli, sdk, bury, waiting):
    for body in (b"x" * (MAX_MESSAGE_BYTES - 80), b"small"):
        with sdk.get_queue_sender(QUEUE_DATAVERSE) as sender:
            sender.send_messages(ServiceBusMessage(body))
        bury(QUEUE_DATAVERSE)

    result = cli("dead-letters", "replay", "--all", code=1)

    assert "dataverse/1  not replayed: it is too large for the queue dataverse\n" in result.stderr
    assert [b"".join(message.body) for message in waiting(QUEUE_DATAVERSE)] == [b"small"]
    assert [message.sequence_number for message in waiting(QUEUE_DATAVERSE, DEAD)] == [1]


def test_a_body_is_shown_only_on_request(cli, dead_item):
    assert dead_item.job not in cli("dead-letters", "show", "add-tag/1").output
    assert dead_item.job in cli("dead-letters", "show", "add-tag/1", "--body").stdout


@pytest.mark.usefixtures("dead_item")
def test_a_dead_letter_shows_its_properties_and_why_it_is_one(cli, bus, bury):
    bus.to_queue(QUEUE_QUARANTINE, [OutgoingMessage(b"?", "x", {"reason": "MESSAGE_EMPTY", "source": "dataverse"})])
    bury(QUEUE_QUARANTINE)

    item = cli("dead-letters", "show", "add-tag/1").stdout
    quarantined = cli("dead-letters", "show", "quarantine/1").stdout

    assert [line.split()[1:] for line in item.splitlines() if line.startswith("Property")] == [["operation", "add-tag"]]
    for line in (("Reason", "MaxDeliveryCountExceeded"), ("Sentence", "It was delivered 10 times.")):
        assert line in [tuple(each.split(None, 1)) for each in quarantined.splitlines()]
    assert [line.split()[1:] for line in quarantined.splitlines() if line.startswith("Property")] == [
        ["reason", "MESSAGE_EMPTY"],
        ["source", "dataverse"],
    ]


def test_a_work_item_goes_back_to_its_subscription(cli, waiting, dead_item):
    output = cli("dead-letters", "replay", "add-tag/1", code=1).stdout

    assert output == "add-tag/1  sent to the subscription add-tag\n1 replayed: 1 still waiting.\n"
    (message,) = waiting("add-tag")
    assert WorkItem.from_body(b"".join(message.body)) == dead_item
    assert waiting("add-tag", DEAD) == []


def test_a_message_of_dataverse_keeps_what_dataverse_wrote_on_it(cli, sdk, bury, waiting):
    truncated = ServiceBusMessage(
        b'{"MessageName": "Create", "InputParameters": []}',
        application_properties={"http://schemas.microsoft.com/xrm/MessageMaxSizeExceeded": True},
    )
    with sdk.get_queue_sender(QUEUE_DATAVERSE) as sender:
        sender.send_messages(truncated)
    bury(QUEUE_DATAVERSE)

    cli("dead-letters", "replay", "--all", code=1)

    (message,) = waiting(QUEUE_DATAVERSE)
    assert set(message.application_properties) == {b"http://schemas.microsoft.com/xrm/MessageMaxSizeExceeded"}
    assert parse_message(b"".join(message.body), properties=message.application_properties).truncated
    assert waiting(QUEUE_DATAVERSE, DEAD) == []


def test_a_quarantined_message_that_was_put_aside_goes_back_with_its_reason(cli, bus, bury, waiting):
    bus.to_queue(QUEUE_QUARANTINE, [OutgoingMessage(b"?", "x", {"reason": "MESSAGE_EMPTY", "source": "dataverse"})])
    bury(QUEUE_QUARANTINE)

    cli("dead-letters", "replay", "quarantine/1")

    (message,) = waiting(QUEUE_QUARANTINE)
    assert message.application_properties == {b"reason": b"MESSAGE_EMPTY", b"source": b"dataverse"}


def test_a_replay_soon_after_the_original_is_not_taken_for_a_repetition_of_it(cli, bus, bury, waiting, dead_item):
    cli("dead-letters", "replay", "add-tag/1", code=1)
    bury("add-tag")
    (again,) = waiting("add-tag", DEAD)

    cli("dead-letters", "replay", f"add-tag/{again.sequence_number}", code=1)

    assert len(waiting("add-tag")) == 1
    bus.to_topic(TOPIC_JOBS, [dead_item.message("original")])
    assert len(waiting("add-tag")) == 1  # a repetition of the original is still dropped


def test_messages_of_several_subscriptions_are_replayed_at_once(cli, bus, bury, waiting, dead_item):
    other = WorkItem(operation="remove-tag", job=dead_item.job, first_seen=dead_item.first_seen)
    bus.to_topic(TOPIC_JOBS, [other.message("other")])
    bury("remove-tag")

    cli("dead-letters", "replay", "add-tag/1", "remove-tag/1", code=1)

    assert len(waiting("add-tag")) == len(waiting("remove-tag")) == 1


@pytest.mark.parametrize("name", ["add-tag/2", "nowhere/1", "1", ""])
@pytest.mark.usefixtures("dead_item")
def test_an_unknown_id_replays_nothing(cli, waiting, name):
    assert "Not found" in cli("dead-letters", "replay", name, code=1).stderr
    assert len(waiting("add-tag", DEAD)) == 1


@pytest.mark.parametrize("arguments", [(), ("add-tag/1", "--all")])
def test_replay_wants_ids_or_all(cli, arguments):
    assert (
        cli("dead-letters", "replay", *arguments, code=1).stderr
        == "Give ids, a filter (--code, --operation, --since, --before), or --all.\n"
    )
