"""Complete, abandon, defer and dead-letter, as the SDK asks for them."""

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.exceptions import MessageLockLostError, MessageNotFoundError, ServiceBusError

from tests.contract.servicebus.support import nothing_comes, receive, receive_one


def test_a_message_arrives_as_it_was_sent(bus):
    sent = ServiceBusMessage(
        b"body",
        message_id="m1",
        correlation_id="c1",
        subject="s1",
        content_type="application/json",
        to="t1",
        reply_to="r1",
        application_properties={"text": "é", "number": 7, "flag": True, "float": 1.5},
    )
    bus.send("work", sent)

    got = receive_one(bus.receiver("work"))

    assert b"".join(got.body) == b"body"
    assert (got.message_id, got.correlation_id, got.subject) == ("m1", "c1", "s1")
    assert (got.content_type, got.to, got.reply_to) == ("application/json", "t1", "r1")
    assert got.application_properties == {b"text": "é".encode(), b"number": 7, b"flag": True, b"float": 1.5}
    assert (got.delivery_count, got.sequence_number) == (0, 1)
    assert got.enqueued_time_utc <= got.locked_until_utc


def test_messages_arrive_in_the_order_in_which_they_were_sent(bus):
    bus.send("work", *(str(number) for number in range(50)))

    assert [str(message) for message in receive(bus.receiver("work"), 50)] == [str(number) for number in range(50)]


def test_a_completed_message_is_gone(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")

    receiver.complete_message(receive_one(receiver))

    assert nothing_comes(receiver)
    assert (bus.stats("work")["completed"], receiver.peek_messages(5)) == (1, [])


def test_an_abandoned_message_comes_back_at_once_with_its_count_raised(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")

    receiver.abandon_message(receive_one(receiver))
    again = receive_one(receiver)

    assert (str(again), again.delivery_count) == ("one", 1)


def test_after_as_many_deliveries_as_allowed_a_message_is_dead_lettered(impatient_bus):
    impatient_bus.send("work", ServiceBusMessage("one", message_id="m1"))
    receiver = impatient_bus.receiver("work")
    for _ in range(3):
        receiver.abandon_message(receive_one(receiver))

    dead = receive_one(impatient_bus.receiver("work", sub_queue=ServiceBusSubQueue.DEAD_LETTER))

    assert (dead.message_id, dead.dead_letter_reason) == ("m1", "MaxDeliveryCountExceeded")
    assert dead.dead_letter_error_description == "Message could not be consumed after 3 delivery attempts."
    assert nothing_comes(receiver)


def test_a_dead_lettered_message_keeps_its_properties_and_gains_the_reason(bus):
    bus.send("work", ServiceBusMessage("one", message_id="m1", application_properties={"operation": "add-tag"}))
    receiver = bus.receiver("work")
    receiver.dead_letter_message(receive_one(receiver), reason="Unreadable", error_description="no operation")

    dead = receive_one(bus.receiver("work", sub_queue=ServiceBusSubQueue.DEAD_LETTER))

    assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("Unreadable", "no operation")
    assert (dead.dead_letter_source, dead.application_properties[b"operation"]) == ("work", b"add-tag")
    assert (str(dead), dead.message_id) == ("one", "m1")


def test_a_message_can_be_dead_lettered_without_a_reason(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")
    receiver.dead_letter_message(receive_one(receiver))

    dead = receive_one(bus.receiver("work", sub_queue=ServiceBusSubQueue.DEAD_LETTER))

    assert (str(dead), dead.dead_letter_reason) == ("one", None)


def test_a_dead_letter_can_be_completed_and_abandoned_but_not_dead_lettered(impatient_bus):
    impatient_bus.send("work", "one")
    receiver = impatient_bus.receiver("work")
    receiver.dead_letter_message(receive_one(receiver), reason="r")
    graveyard = impatient_bus.receiver("work", sub_queue=ServiceBusSubQueue.DEAD_LETTER)

    for _ in range(4):  # one more than the limit of the queue itself
        graveyard.abandon_message(receive_one(graveyard))
    dead = receive_one(graveyard)
    with pytest.raises(ServiceBusError, match="cannot be dead-lettered"):
        graveyard.dead_letter_message(dead)
    graveyard.complete_message(receive_one(graveyard))

    assert impatient_bus.stats("work")["dead_lettered"] == 0


def test_a_deferred_message_comes_only_by_its_number(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")
    message = receive_one(receiver)
    receiver.defer_message(message)

    assert nothing_comes(receiver)
    [deferred] = receiver.receive_deferred_messages(message.sequence_number)
    assert str(deferred) == "one"
    receiver.complete_message(deferred)
    assert bus.stats("work")["deferred"] == 0


def test_an_abandoned_deferred_message_stays_deferred(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")
    message = receive_one(receiver)
    receiver.defer_message(message)

    receiver.abandon_message(receiver.receive_deferred_messages(message.sequence_number)[0])

    assert nothing_comes(receiver)
    assert receiver.receive_deferred_messages(message.sequence_number)[0].delivery_count == 1


def test_a_deferred_message_can_be_dead_lettered(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")
    message = receive_one(receiver)
    receiver.defer_message(message)

    receiver.dead_letter_message(receiver.receive_deferred_messages(message.sequence_number)[0], reason="late")

    assert receive_one(bus.receiver("work", sub_queue="deadletter")).dead_letter_reason == "late"


def test_a_number_that_was_not_deferred_is_not_found(bus):
    with pytest.raises(MessageNotFoundError):
        bus.receiver("work").receive_deferred_messages(99)


def test_receive_and_delete_takes_messages_for_good(bus):
    bus.send("work", "one", "two")
    receiver = bus.receiver("work", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)

    assert [str(message) for message in receive(receiver, 2)] == ["one", "two"]
    assert (bus.stats("work")["completed"], bus.stats("work")["locked"]) == (2, 0)


def test_settling_twice_is_refused_by_the_bus_too(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")
    message = receive_one(receiver)
    token = message.lock_token  # the SDK forgets it, and would not even ask a second time
    receiver.complete_message(message)

    with pytest.raises(MessageLockLostError):
        receiver._settle_message_via_mgmt_link("completed", [token])
