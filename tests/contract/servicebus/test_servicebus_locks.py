"""Locks: they can be renewed, they end by themselves, and they outlive the connection that took them."""

import pytest
from azure.servicebus import AutoLockRenewer, ServiceBusSubQueue
from azure.servicebus.exceptions import MessageLockLostError

from tests.contract.servicebus.support import receive, receive_one, wait_until


def test_an_expired_lock_counts_as_a_delivery(impatient_bus):
    impatient_bus.send("work", "one")
    receiver = impatient_bus.receiver("work")
    receive_one(receiver)

    again = receive_one(receiver)

    assert (str(again), again.delivery_count) == ("one", 1)


def test_expired_locks_lead_to_the_dead_letter_queue(impatient_bus):
    impatient_bus.send("work", "one")
    receiver = impatient_bus.receiver("work")
    receive(receiver, 1)
    receive(receiver, 1)
    receive(receiver, 1)

    dead = receive_one(impatient_bus.receiver("work", sub_queue=ServiceBusSubQueue.DEAD_LETTER))

    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"


def test_settling_after_the_lock_expired_is_refused(impatient_bus):
    impatient_bus.send("work", "one")
    receiver = impatient_bus.receiver("work")
    message = receive_one(receiver)
    wait_until(lambda: impatient_bus.stats("work")["active"] == 1)

    with pytest.raises(MessageLockLostError):
        receiver.complete_message(message)


def test_the_bus_refuses_a_lost_lock_even_if_the_client_clock_is_wrong(impatient_bus):
    impatient_bus.send("work", "one")
    receiver = impatient_bus.receiver("work")
    message = receive_one(receiver)
    wait_until(lambda: impatient_bus.stats("work")["active"] == 1)

    for settle in (receiver.complete_message, receiver.abandon_message, receiver.dead_letter_message):
        message._expiry = message.enqueued_time_utc.replace(year=9000)
        with pytest.raises(MessageLockLostError):
            settle(message)


def test_a_renewed_lock_lasts_longer(impatient_bus):
    impatient_bus.send("work", "one")
    receiver = impatient_bus.receiver("work")
    message = receive_one(receiver)
    first_end = message.locked_until_utc

    assert receiver.renew_message_lock(message) > first_end
    receiver.complete_message(message)


def test_the_renewer_of_the_sdk_holds_a_lock(impatient_bus):
    impatient_bus.send("work", "slow", "quick")
    receiver = impatient_bus.receiver("work")
    with AutoLockRenewer() as renewer:
        slow, _ = receive(receiver, 2)
        renewer.register(receiver, slow, max_lock_renewal_duration=30)
        wait_until(lambda: impatient_bus.stats("work")["active"] == 1)  # the lock of the other has ended

        receiver.complete_message(slow)

    assert impatient_bus.stats("work")["completed"] == 1


def test_a_lost_lock_cannot_be_renewed(impatient_bus):
    impatient_bus.send("work", "one")
    receiver = impatient_bus.receiver("work")
    message = receive_one(receiver)
    wait_until(lambda: impatient_bus.stats("work")["active"] == 1)

    message._expiry = message.enqueued_time_utc.replace(year=9000)
    with pytest.raises(MessageLockLostError):
        receiver.renew_message_lock(message)


def test_the_locks_of_a_dead_connection_run_out_like_any_other(start_bus):
    bus = start_bus(queues=[{"name": "work"}], lock_seconds=1.5)
    bus.send("work", "received", "prefetched", "prefetched too")
    client = bus.connect()
    doomed = client.get_queue_receiver("work", prefetch_count=10)
    doomed.__enter__()
    receive(doomed, 1)
    wait_until(lambda: bus.stats("work")["locked"] == 3)
    doomed._handler._connection._transport.sock.close()  # no good-bye

    assert (bus.stats("work")["locked"], bus.stats("work")["active"]) == (3, 0)
    again = receive(bus.receiver("work"), 3)
    assert [message.delivery_count for message in again] == [1, 1, 1]


def test_a_closed_receiver_gives_back_what_it_had_not_handed_out(start_bus):
    bus = start_bus(queues=[{"name": "work"}])
    bus.send("work", "received", "prefetched", "prefetched too")
    with bus.client.get_queue_receiver("work", prefetch_count=10) as receiver:
        receive(receiver, 1)
        wait_until(lambda: bus.stats("work")["locked"] == 3)

    wait_until(lambda: bus.stats("work")["active"] == 2)
    again = receive(bus.receiver("work"), 2)
    assert [(str(message), message.delivery_count) for message in again] == [("prefetched", 0), ("prefetched too", 0)]
    assert bus.stats("work")["locked"] == 3
