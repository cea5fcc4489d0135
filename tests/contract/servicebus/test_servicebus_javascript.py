"""The stand-in as Microsoft's JavaScript client sees it, which has an AMQP library of its own (rhea)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusMessage

from tests.contract.servicebus.support import receive_one, wait_until
from tests.contract.servicebus.witness import Witness, WitnessError, installed

WORK = {"queue": "work"}
DEAD = {"queue": "work", "dead": True}


@pytest.fixture(scope="module")
def client():
    witness = Witness(installed())
    yield witness
    witness.stop()


@pytest.fixture
def javascript(client, bus):
    client.do("connect", connectionString=bus.endpoint.connection_string)
    yield client
    client.do("close")


def send_one(javascript, **message):
    javascript.do("send", to="work", messages=[{"body": "one", "messageId": "m1", **message}])


def test_a_message_is_sent_received_and_completed(javascript, bus):
    send_one(javascript, subject="s1", applicationProperties={"operation": "add-tag", "attempt": 2, "last": True})

    message = javascript.receive_one(**WORK)
    locked = bus.stats("work")["locked"]
    javascript.do("complete", key=message["key"])

    assert (message["body"], message["messageId"], message["subject"], message["deliveryCount"]) == (
        "one",
        "m1",
        "s1",
        0,
    )
    assert message["applicationProperties"] == {"operation": "add-tag", "attempt": 2, "last": True}
    assert (locked, bus.stats("work")["completed"], bus.stats("work")["locked"]) == (1, 1, 0)


def test_many_messages_come_in_the_order_in_which_they_were_sent(javascript):
    javascript.do("send", to="work", messages=[{"body": n, "messageId": str(n)} for n in range(50)])

    bodies = []
    while len(bodies) < 50:
        bodies += [each["body"] for each in javascript.do("receive", **{"from": WORK}, count=50)]

    assert bodies == list(range(50))


def test_what_one_client_sends_the_other_reads(javascript, bus):
    send_one(javascript, body={"id": 7}, applicationProperties={"from": "JavaScript"})
    python = bus.receiver("work")
    message = receive_one(python)
    python.complete_message(message)
    assert json.loads(str(message)) == {"id": 7}
    assert message.application_properties == {b"from": b"JavaScript"}

    bus.send("work", ServiceBusMessage(b'{"id": 8}', message_id="m2", application_properties={"from": "Python"}))
    message = javascript.receive_one(**WORK)
    assert (message["body"], message["applicationProperties"]) == ({"id": 8}, {"from": "Python"})


def test_properties_that_are_given_when_a_message_is_abandoned_are_kept(javascript):
    send_one(javascript, applicationProperties={"operation": "add-tag", "tries": 1})

    first = javascript.receive_one(**WORK)
    javascript.do("abandon", key=first["key"], properties={"tries": 2, "why": "Spotler is busy"})
    again = javascript.receive_one(**WORK)

    assert again["applicationProperties"] == {"operation": "add-tag", "tries": 2, "why": "Spotler is busy"}
    assert again["deliveryCount"] == 1


def test_a_dead_letter_keeps_its_reason_and_the_properties_that_are_given_with_it(javascript):
    send_one(javascript, applicationProperties={"operation": "add-tag"})

    first = javascript.receive_one(**WORK)
    options = {"deadLetterReason": "Unreadable", "deadLetterErrorDescription": "no id", "seenBy": "router"}
    javascript.do("deadLetter", key=first["key"], options=options)
    dead = javascript.receive_one(**DEAD)
    javascript.do("complete", key=dead["key"])

    assert (dead["deadLetterReason"], dead["deadLetterErrorDescription"]) == ("Unreadable", "no id")
    assert dead["deadLetterSource"] == "work"
    assert dead["applicationProperties"] == {
        "operation": "add-tag",
        "seenBy": "router",
        "DeadLetterReason": "Unreadable",
        "DeadLetterErrorDescription": "no id",
    }


def test_a_deferred_message_comes_by_its_number_and_keeps_what_each_settlement_adds(javascript):
    send_one(javascript)
    first = javascript.receive_one(**WORK)
    number = first["sequenceNumber"]

    javascript.do("defer", key=first["key"], properties={"deferred": "yes"})
    [peeked] = javascript.do("peek", **{"from": WORK}, count=5)
    [second] = javascript.do("receiveDeferred", **{"from": WORK}, number=number)
    javascript.do("abandon", key=second["key"], properties={"abandoned": "yes"})  # by a request, not on the link
    [third] = javascript.do("receiveDeferred", **{"from": WORK}, number=number)
    javascript.do("deadLetter", key=third["key"], options={"deadLetterReason": "late", "dead": "yes"})
    dead = javascript.receive_one(**DEAD)

    assert peeked["state"] == "deferred"
    assert second["applicationProperties"] == {"deferred": "yes"}
    assert third["applicationProperties"] == {"deferred": "yes", "abandoned": "yes"}
    assert dead["deadLetterReason"] == "late"
    assert dead["applicationProperties"].keys() >= {"deferred", "abandoned", "dead"}


def test_a_scheduled_message_waits_for_its_time_and_can_be_cancelled(javascript, bus):
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    messages = [{"body": name, "messageId": name} for name in ("stays", "goes")]

    stays, goes = javascript.do("schedule", to="work", messages=messages, at=later)
    javascript.do("cancel", to="work", numbers=[goes])
    peeked = javascript.do("peek", **{"from": WORK}, count=5)

    assert [(each["body"], each["state"], each["sequenceNumber"]) for each in peeked] == [("stays", "scheduled", stays)]
    assert (bus.stats("work")["scheduled"], bus.stats("work")["active"]) == (1, 0)


def test_a_message_that_is_due_at_once_comes_at_once(javascript):
    javascript.do(
        "schedule", to="work", messages=[{"body": "now", "messageId": "m1"}], at=datetime.now(UTC).isoformat()
    )

    assert javascript.receive_one(**WORK)["body"] == "now"


def test_a_lock_is_renewed(javascript):
    send_one(javascript)

    assert javascript.do("renew", key=javascript.receive_one(**WORK)["key"])


def test_the_loss_of_a_lock_is_reported(client, start_bus):
    bus = start_bus(queues=[{"name": "work"}], lock_seconds=0.2)
    client.do("connect", connectionString=bus.endpoint.connection_string)
    send_one(client)
    message = client.receive_one(**WORK)

    wait_until(lambda: bus.stats("work")["lock_expired"] > 0)
    with pytest.raises(WitnessError) as reported:
        client.do("complete", key=message["key"])
    client.do("close")

    assert reported.value.code == "MessageLockLost"


def test_messages_that_are_taken_for_good_are_gone(javascript, bus):
    send_one(javascript)

    assert javascript.receive_one(queue="work", forGood=True)["body"] == "one"
    assert (bus.stats("work")["completed"], bus.stats("work")["locked"]) == (1, 0)


def test_a_topic_hands_out_to_the_subscriptions_whose_filters_match(client, start_bus):
    subscriptions = [{"name": name, "correlationFilter": {"operation": name}} for name in ("add-tag", "set-score")]
    bus = start_bus(topics=[{"name": "jobs", "subscriptions": [*subscriptions, {"name": "all"}]}])
    client.do("connect", connectionString=bus.endpoint.connection_string)
    sent = [{"body": n, "messageId": n, "applicationProperties": {"operation": n}} for n in ("add-tag", "set-score")]

    client.do("send", to="jobs", messages=sent)
    tags = client.receive_one(topic="jobs", subscription="add-tag")
    every = client.do("peek", **{"from": {"topic": "jobs", "subscription": "all"}}, count=5)
    client.do("complete", key=tags["key"])
    client.do("close")

    assert tags["body"] == "add-tag"
    assert [each["body"] for each in every] == ["add-tag", "set-score"]
    assert bus.stats("jobs/Subscriptions/set-score")["active"] == 1


def test_a_session_of_an_entity_without_sessions_is_refused_in_the_words_of_azure(javascript):
    with pytest.raises(
        WitnessError, match="A sessionful message receiver cannot be created on an entity that does not"
    ):
        javascript.do("acceptSession", queue="work")


def test_a_named_session_is_refused_too(javascript):
    with pytest.raises(WitnessError) as refusal:
        javascript.do("acceptSession", queue="work", session="s1")

    assert refusal.value.code == "SessionCannotBeLocked", "the client replaces the words of the bus by its own here"


def test_an_entity_that_does_not_exist_is_refused(javascript):
    with pytest.raises(WitnessError) as refusal:
        javascript.do("send", to="nowhere", messages=[{"body": "one", "messageId": "m1"}])

    assert refusal.value.code == "MessagingEntityNotFound"


def test_an_option_that_the_stand_in_does_not_know_is_refused(javascript):
    send_one(javascript)

    with pytest.raises(WitnessError, match=r"omit-message-body.* is not imitated"):
        javascript.do("peek", **{"from": WORK}, count=5, options={"omitMessageBody": True})
