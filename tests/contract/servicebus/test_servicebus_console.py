"""What the console shows of a queue or subscription: peeked, so that nothing is locked or counted."""

from types import SimpleNamespace

import pytest
from azure.servicebus import ServiceBusMessage

from sandbox.console.peek import peek
from sandbox.console.systems import Refused

QUEUES = [{"name": "quarantine"}]
TOPICS = [{"name": "jobs", "subscriptions": [{"name": "add-tag", "correlationFilter": {"operation": "add-tag"}}]}]


@pytest.fixture
def bus(start_bus):
    return start_bus(queues=QUEUES, topics=TOPICS)


@pytest.fixture
def systems(bus):
    return SimpleNamespace(addresses=SimpleNamespace(bus_connection=bus.endpoint.connection_string))


def test_messages_of_a_queue_are_shown_and_stay_as_they_are(bus, systems):
    with bus.client.get_queue_sender("quarantine") as sender:
        sender.send_messages(ServiceBusMessage(b"12345", message_id="m-1", application_properties={"reason": "NO"}))

    (message,) = peek(systems, "quarantine")
    again = peek(systems, "quarantine")

    assert (message.message_id, message.size, message.properties, message.replay) == (
        "m-1",
        5,
        (("reason", "NO"),),
        "1",
    )
    assert again == [message]


def test_dead_letters_of_a_subscription_are_shown_under_the_name_for_replays(bus, systems):
    with bus.client.get_topic_sender("jobs") as sender:
        sender.send_messages(ServiceBusMessage(b"{}", application_properties={"operation": "add-tag"}))
    with bus.client.get_subscription_receiver("jobs", "add-tag") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=10)
        receiver.dead_letter_message(message, reason="MaxDeliveryCountExceeded")

    (dead,) = peek(systems, "dead:jobs/Subscriptions/add-tag")

    assert peek(systems, "jobs/Subscriptions/add-tag") == []
    assert dead.replay == f"add-tag/{dead.number}"
    assert ("DeadLetterReason", "MaxDeliveryCountExceeded") in dead.properties


@pytest.mark.parametrize("place", ["none", "jobs/Subscriptions/none", "dead:none"])
def test_a_place_that_is_not_there_is_told(systems, place):
    with pytest.raises(Refused, match="none cannot be peeked into"):
        peek(systems, place)
