"""What Service Bus refuses: unknown entities, messages that are too large, the wrong end of an entity."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import MessageSizeExceededError, MessagingEntityNotFoundError, ServiceBusError

from sandbox.servicebus.namespace import MAX_MESSAGE_SIZE
from tests.contract.servicebus.support import receive_one


@pytest.mark.parametrize("open_link", ["get_queue_sender", "get_queue_receiver"])
def test_an_unknown_entity_is_not_found(bus, open_link):
    with pytest.raises(MessagingEntityNotFoundError), getattr(bus.client, open_link)("nowhere"):
        pass


def test_an_unknown_subscription_is_not_found(start_bus):
    bus = start_bus(topics=[{"name": "jobs", "subscriptions": [{"name": "all"}]}])

    with pytest.raises(MessagingEntityNotFoundError), bus.client.get_subscription_receiver("jobs", "none"):
        pass


def test_names_are_not_case_sensitive(bus):
    bus.send("WORK", "one")

    assert str(receive_one(bus.receiver("Work"))) == "one"


def test_nobody_receives_from_a_topic_itself(start_bus):
    bus = start_bus(topics=[{"name": "jobs"}])

    with pytest.raises(ServiceBusError, match="only its subscriptions"), bus.client.get_queue_receiver("jobs"):
        pass


@pytest.mark.parametrize("path", ["jobs/Subscriptions/all", "jobs/Subscriptions/all/$DeadLetterQueue"])
def test_nobody_sends_to_a_subscription_or_dead_letter_queue(start_bus, path):
    bus = start_bus(topics=[{"name": "jobs", "subscriptions": [{"name": "all"}]}])

    with pytest.raises(ServiceBusError, match="only to queues and topics"), bus.client.get_queue_sender(path):
        pass


def test_a_message_over_256_kb_is_refused_and_a_smaller_one_still_goes(bus):
    with bus.client.get_queue_sender("work") as sender:
        with pytest.raises(MessageSizeExceededError):
            sender.send_messages(ServiceBusMessage(b"x" * MAX_MESSAGE_SIZE))
        sender.send_messages(ServiceBusMessage(b"x" * (MAX_MESSAGE_SIZE - 1000)))

    assert bus.stats("work")["incoming"] == 1


def test_a_batch_over_256_kb_is_refused_whole(bus):
    half = ServiceBusMessage(b"x" * (MAX_MESSAGE_SIZE // 2))

    with bus.client.get_queue_sender("work") as sender, pytest.raises(MessageSizeExceededError):
        sender.send_messages([half, half])

    assert bus.stats("work")["incoming"] == 0


def test_a_batch_object_of_the_sdk_fills_up_to_256_kb(bus):
    with bus.client.get_queue_sender("work") as sender:
        batch = sender.create_message_batch()
        assert batch.max_size_in_bytes == MAX_MESSAGE_SIZE
        batch.add_message(ServiceBusMessage(b"x" * (MAX_MESSAGE_SIZE - 1000)))
        with pytest.raises(MessageSizeExceededError):
            batch.add_message(ServiceBusMessage(b"x" * 1000))
        sender.send_messages(batch)

    assert bus.stats("work")["incoming"] == 1


def test_scheduling_a_message_over_256_kb_is_refused(bus):
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    with bus.client.get_queue_sender("work") as sender, pytest.raises(ServiceBusError):
        sender.schedule_messages(ServiceBusMessage(b"x" * MAX_MESSAGE_SIZE), tomorrow)

    assert bus.stats("work")["scheduled"] == 0
