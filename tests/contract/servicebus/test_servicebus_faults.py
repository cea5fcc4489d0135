"""The side door: counts, and misbehaviour on demand."""

import json
import urllib.error
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage

from tests.contract.servicebus.support import nothing_comes, receive, receive_one


def test_lost_messages_look_sent_and_never_arrive(bus):
    bus.control("faults", {"drop_next": 2, "entity": "work"})
    bus.send("work", "lost", "lost too", "arrives")
    receiver = bus.receiver("work")

    assert str(receive_one(receiver)) == "arrives"
    assert nothing_comes(receiver)
    assert (bus.stats("work")["lost"], bus.stats("work")["incoming"]) == (2, 1)


def test_a_scheduled_message_can_be_lost_too(bus):
    bus.control("faults", {"drop_next": 1})
    with bus.client.get_queue_sender("work") as sender:
        sender.schedule_messages(ServiceBusMessage("lost"), datetime.now(UTC) + timedelta(hours=1))

    assert bus.stats("work")["scheduled"] == 0


def test_faults_of_one_entity_leave_others_alone(start_bus):
    bus = start_bus(queues=[{"name": "work"}, {"name": "other"}])
    bus.control("faults", {"drop_next": 1, "entity": "Other"})
    bus.send("work", "arrives")

    assert str(receive_one(bus.receiver("work"))) == "arrives"
    assert bus.control("faults") == {"drop_next": {"other": 1}, "duplicate_next": {}}


def test_doubled_messages_pass_even_duplicate_detection(start_bus):
    bus = start_bus(topics=[{"name": "jobs", "requiresDuplicateDetection": True, "subscriptions": [{"name": "all"}]}])
    bus.control("faults", {"duplicate_next": 1, "entity": "jobs"})
    bus.send("jobs", ServiceBusMessage("doubled", message_id="1"), ServiceBusMessage("single", message_id="2"))

    came = receive(bus.subscription("jobs", "all"), 3)

    assert [str(message) for message in came] == ["doubled", "doubled", "single"]
    assert [message.message_id for message in came] == ["1", "1", "2"]


def test_a_shuffled_order_is_decided_by_the_seed_and_can_be_ended(start_bus):
    def order_with(bus, seed):
        bus.control("faults", {"shuffle": True, "seed": seed})
        bus.send("work", *"abcdefghij")
        receiver = bus.receiver("work", prefetch_count=0)
        messages = receive(receiver, 10)
        for message in messages:
            receiver.complete_message(message)
        return [str(message) for message in messages]

    first, second, third = (start_bus(queues=[{"name": "work"}]) for _ in range(3))
    shuffled = order_with(first, seed=1)

    assert shuffled == order_with(second, seed=1) != order_with(third, seed=2)
    assert sorted(shuffled) == list("abcdefghij") != shuffled
    first.control("faults", {"shuffle": False})
    first.send("work", *"abc")
    assert [str(message) for message in receive(first.receiver("work"), 3)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("path", "order", "status"),
    [
        ("faults", {"drop_next": -1}, 400),
        ("faults", {"explode": True}, 400),
        ("faults", {"drop_next": 1, "entity": "nowhere"}, 404),
        ("unknown", None, 404),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(bus, path, order, status):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        bus.control(path, order)

    assert refusal.value.code == status
    assert json.load(refusal.value)["error"]
    refusal.value.close()
