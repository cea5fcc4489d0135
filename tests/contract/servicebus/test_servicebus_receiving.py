"""Receiving: how many come, when, and to whom; peeking; and that nothing is lost or doubled under load."""

import random
import threading
from collections import Counter

from azure.servicebus import ServiceBusMessage, ServiceBusMessageState

from tests.contract.servicebus.support import nothing_comes, receive, receive_one, wait_until

BATCH = 100


def test_no_more_come_than_asked_for(bus):
    bus.send("work", *"abcde")
    receiver = bus.receiver("work")

    assert [str(message) for message in receiver.receive_messages(3, max_wait_time=5)] == ["a", "b", "c"]
    assert (bus.stats("work")["locked"], bus.stats("work")["active"]) == (3, 2)


def test_fewer_come_when_there_are_no_more(bus):
    bus.send("work", "a", "b")

    assert len(bus.receiver("work").receive_messages(50, max_wait_time=5)) == 2


def test_an_empty_queue_gives_nothing_after_the_wait(bus):
    assert nothing_comes(bus.receiver("work"))


def test_a_waiting_receiver_gets_a_message_as_soon_as_it_is_sent(bus):
    receiver = bus.receiver("work")
    sender = threading.Timer(0.2, bus.send, ("work", "late"))
    sender.start()

    assert str(receive_one(receiver)) == "late"
    sender.join()


def test_a_message_that_comes_between_two_calls_is_not_lost_and_not_counted(bus):
    receiver = bus.receiver("work")
    assert nothing_comes(receiver)  # leaves credit on the link
    bus.send("work", "between")
    wait_until(lambda: bus.stats("work")["locked"] == 1)

    message = receive_one(receiver)

    assert (str(message), message.delivery_count) == ("between", 0)


def test_iterating_over_a_receiver_ends_when_nothing_more_comes(bus):
    bus.send("work", "a", "b", "c")
    receiver = bus.receiver("work", max_wait_time=1)

    assert [str(message) for message in receiver] == ["a", "b", "c"]


def test_competing_receivers_share_a_queue(bus):
    receivers = [bus.receiver("work") for _ in range(2)]
    bus.send("work", *"abcd")

    shared = [str(message) for receiver in receivers for message in receive(receiver, 2)]

    assert sorted(shared) == list("abcd")


def test_peeking_sees_messages_in_every_state_and_locks_none(bus):
    bus.send("work", "deferred", "locked", "active")
    receiver = bus.receiver("work")
    first, _ = receive(receiver, 2)
    receiver.defer_message(first)

    peeked = receiver.peek_messages(10, sequence_number=1)

    assert [str(message) for message in peeked] == ["deferred", "locked", "active"]
    assert [message.state for message in peeked] == [
        ServiceBusMessageState.DEFERRED,
        *[ServiceBusMessageState.ACTIVE] * 2,
    ]
    assert bus.stats("work")["locked"] == 1


def test_peeking_can_start_in_the_middle_and_stop_early(bus):
    bus.send("work", *"abcd")
    receiver = bus.receiver("work")

    assert [str(message) for message in receiver.peek_messages(2, sequence_number=2)] == ["b", "c"]


def test_large_messages_come_whole_in_many_frames(bus):
    bodies = [random.Random(seed).randbytes(200_000) for seed in range(3)]  # noqa: S311 - only has to be incompressible
    for body in bodies:
        bus.send("work", ServiceBusMessage(body))

    assert [b"".join(message.body) for message in receive(bus.receiver("work"), 3)] == bodies


def test_thousands_of_messages_go_through_in_batches_in_order(bus):
    count = 20 * BATCH
    with bus.client.get_queue_sender("work") as sender:
        for start in range(0, count, BATCH):
            sender.send_messages([ServiceBusMessage(str(number)) for number in range(start, start + BATCH)])
    receiver = bus.receiver("work", prefetch_count=BATCH)
    seen = []
    while len(seen) < count:
        for message in receive(receiver, BATCH):
            receiver.complete_message(message)
            seen.append(int(str(message)))

    assert seen == list(range(count))
    stats = bus.stats("work")
    assert (stats["incoming"], stats["completed"], stats["active"], stats["locked"]) == (count, count, 0, 0)


def test_unreliable_receivers_complete_every_message_exactly_once(start_bus):
    bus = start_bus(queues=[{"name": "work", "maxDeliveryCount": 2000}], lock_seconds=2.0)
    count, done, guard = 4 * BATCH, Counter(), threading.Lock()
    for start in range(0, count, BATCH):
        bus.send("work", *(str(number) for number in range(start, start + BATCH)))

    def work(seed):
        rng = random.Random(seed)  # noqa: S311 - repeatable
        while len(done) < count:
            with bus.connect() as client, client.get_queue_receiver("work", prefetch_count=20) as receiver:
                for message in receiver.receive_messages(40, max_wait_time=0.5):
                    fate = rng.random()
                    if fate < 0.1:
                        receiver.abandon_message(message)
                    elif fate < 0.98:  # the rest is forgotten, until the lock ends
                        receiver.complete_message(message)
                        with guard:
                            done[str(message)] += 1

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert done == Counter({str(number): 1 for number in range(count)})
    assert bus.stats("work")["completed"] == count
