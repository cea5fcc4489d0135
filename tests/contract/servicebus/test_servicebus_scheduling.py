"""Messages for later: by the operation for it, and by the annotation on a message that is sent."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusMessageState
from azure.servicebus.exceptions import MessageNotFoundError

from tests.contract.servicebus.support import nothing_comes, receive, receive_one

TOPIC = {
    "name": "jobs",
    "requiresDuplicateDetection": True,
    "subscriptions": [{"name": "all"}],
}


def in_seconds(seconds):
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize("how", ["schedule_messages", "scheduled_enqueue_time_utc"])
def test_a_scheduled_message_comes_when_its_time_has_come(bus, how):
    due = in_seconds(1)
    with bus.client.get_queue_sender("work") as sender:
        if how == "schedule_messages":
            sender.schedule_messages(ServiceBusMessage("later"), due)
        else:
            sender.send_messages(ServiceBusMessage("later", scheduled_enqueue_time_utc=due))

    assert (bus.stats("work")["scheduled"], bus.stats("work")["active"]) == (1, 0)
    message = receive_one(bus.receiver("work"))
    assert datetime.now(UTC) >= due - timedelta(milliseconds=5)
    assert (str(message), bus.stats("work")["scheduled"]) == ("later", 0)
    assert abs(message.scheduled_enqueue_time_utc - due) < timedelta(milliseconds=2)


def test_a_message_scheduled_for_the_past_comes_at_once(bus):
    bus.send("work", ServiceBusMessage("now", scheduled_enqueue_time_utc=in_seconds(-60)))

    assert str(receive_one(bus.receiver("work"))) == "now"


def test_messages_come_in_the_order_of_their_times(bus):
    with bus.client.get_queue_sender("work") as sender:
        sender.schedule_messages(ServiceBusMessage("second"), in_seconds(1.2))
        sender.schedule_messages(ServiceBusMessage("first"), in_seconds(0.6))

    assert [str(message) for message in receive(bus.receiver("work"), 2)] == ["first", "second"]


def test_a_cancelled_message_never_comes(bus):
    with bus.client.get_queue_sender("work") as sender:
        numbers = sender.schedule_messages([ServiceBusMessage("a"), ServiceBusMessage("b")], in_seconds(0.5))
        sender.cancel_scheduled_messages(numbers[0])

    receiver = bus.receiver("work")
    assert str(receive_one(receiver)) == "b"
    assert nothing_comes(receiver)


def test_what_is_not_scheduled_cannot_be_cancelled(bus):
    with bus.client.get_queue_sender("work") as sender, pytest.raises(MessageNotFoundError):
        sender.cancel_scheduled_messages(12345)


def test_a_message_scheduled_on_a_topic_reaches_its_subscriptions_once(start_bus):
    bus = start_bus(topics=[TOPIC])
    with bus.client.get_topic_sender("jobs") as sender:
        for _ in range(2):
            sender.schedule_messages(ServiceBusMessage("later", message_id="same"), in_seconds(0.5))
    receiver = bus.subscription("jobs", "all")

    assert str(receive_one(receiver)) == "later"
    assert nothing_comes(receiver)
    assert bus.stats("jobs")["duplicates"] == 1


def test_a_scheduled_message_can_be_peeked_at(bus):
    with bus.client.get_queue_sender("work") as sender:
        sender.schedule_messages(ServiceBusMessage("later"), in_seconds(60))

    [message] = bus.receiver("work").peek_messages(5)

    assert (str(message), message.state) == ("later", ServiceBusMessageState.SCHEDULED)
