"""The connector's own bus against the stand-in, through the real SDK."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusClient, _base_handler, _servicebus_receiver, _servicebus_sender
from azure.servicebus._pyamqp import _connection, client, session

import connector.servicebus.bus
from connector.errors import Misconfigured, Transient, Unreadable
from connector.routing.quarantine import MAX_BODY_BYTES, MAX_PROPERTIES_BYTES, quarantine
from connector.routing.router import Incoming, Router
from connector.servicebus.bus import MAX_MESSAGE_BYTES, Bus, OutgoingMessage, TooLarge, bus_from
from connector.servicebus.entities import QUEUE_DATAVERSE, QUEUE_QUARANTINE, TOPIC_JOBS
from connector.services import RouterServices
from connector.settings import Settings
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import DEFAULT_ENTITIES, running
from tests.unit.jobs.posted import body as body_of_dataverse, created

#: More messages than a batch of the functions has chunks for.
MANY = 100
#: Seconds to wait for messages that are there already.
PATIENCE = 5
#: Seconds after which nothing more is expected.
SILENCE = 0.2


#: What the SDK pauses between its attempts and while a link opens, where it would take up to seconds.
PAUSE = 0.005


class HastyTime:
    """The `time` module with short pauses."""

    def __getattr__(self, name):
        return getattr(time, name)

    def sleep(self, seconds):
        time.sleep(min(seconds, PAUSE))


@pytest.fixture(autouse=True)
def _sdk_without_pauses(monkeypatch):
    for module in (_base_handler, _servicebus_receiver, _servicebus_sender, _connection, client, session):
        monkeypatch.setattr(module, "time", HastyTime())


def settings_of(connection_string: str) -> Settings:
    return Settings(
        ServiceBus=connection_string,
        dataverse_url="https://org.example.org",
        spotler_key="k",
        spotler_secret="s",
        state="state",
    )


@pytest.fixture
def endpoint():
    with running(NamespaceDefinition.load(DEFAULT_ENTITIES)) as endpoint:
        yield endpoint


@pytest.fixture
def bus(endpoint):
    bus = bus_from(settings_of(endpoint.connection_string))
    yield bus
    bus.close()


@pytest.fixture
def sdk(endpoint):
    with ServiceBusClient.from_connection_string(endpoint.connection_string, retry_total=0) as client:
        yield client


def drain(receiver, expected: int) -> list:
    """So many messages, and proof that there is not one more."""
    got = []
    with receiver:
        while len(got) < expected and (more := receiver.receive_messages(MANY * 3, max_wait_time=PATIENCE)):
            got += more
        for message in got:
            receiver.complete_message(message)
        got += receiver.receive_messages(1, max_wait_time=SILENCE)
    return got


def message(text: str = "a", operation: str = "add-tag", **more: object) -> OutgoingMessage:
    return OutgoingMessage(
        json.dumps(text).encode(), **{"message_id": text, "properties": {"operation": operation}, **more}
    )


def test_a_message_arrives_in_its_queue_as_it_was_sent(bus, sdk):
    sent = OutgoingMessage('{"name": "Zoë"}'.encode(), "id-1", {"reason": "MESSAGE_FOREIGN", "sentence": "Zoë?"})

    bus.to_queue(QUEUE_QUARANTINE, [sent])

    (got,) = drain(sdk.get_queue_receiver(QUEUE_QUARANTINE), 1)
    assert b"".join(got.body) == sent.body
    assert (got.message_id, got.content_type) == ("id-1", "application/json")
    properties = {key.decode(): value.decode() for key, value in got.application_properties.items()}
    assert properties == sent.properties


def test_a_message_of_the_topic_reaches_the_subscription_of_its_operation_and_no_other(bus, sdk):
    bus.to_topic(TOPIC_JOBS, [message("a"), message("b", "sync-contact"), message("c")])

    for subscription, texts in {"add-tag": {"a", "c"}, "sync-contact": {"b"}, "resolve-job": set()}.items():
        got = drain(sdk.get_subscription_receiver(TOPIC_JOBS, subscription), len(texts))
        assert {json.loads(b"".join(each.body)) for each in got} == texts


def test_a_message_that_is_due_later_comes_later(bus, sdk):
    due = datetime.now(UTC) + timedelta(seconds=0.5)

    bus.to_topic(TOPIC_JOBS, [message("later", due=due), message("now")])

    now, later = drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), 2)
    assert [b"".join(each.body) for each in (now, later)] == [b'"now"', b'"later"']
    assert later.enqueued_time_utc >= due - timedelta(milliseconds=1) > now.enqueued_time_utc
    assert datetime.now(UTC) >= due


def test_of_two_messages_with_one_id_the_topic_keeps_one(bus, sdk):
    bus.to_topic(TOPIC_JOBS, [message("a"), message("b", message_id="a")])
    bus.to_topic(TOPIC_JOBS, [message("a", due=datetime.now(UTC) + timedelta(hours=1)), message("c")])

    got = drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), 2)

    assert sorted(json.loads(b"".join(each.body)) for each in got) == ["a", "c"]


def test_nothing_to_send_does_not_even_connect():
    def connect():
        raise AssertionError

    Bus(connect).to_topic(TOPIC_JOBS, [])


def test_many_messages_from_several_threads_all_arrive_once(bus, sdk):
    texts = [[f"{thread}-{number}" for number in range(MANY + 5)] for thread in range(4)]
    threads = [
        threading.Thread(target=bus.to_topic, args=(TOPIC_JOBS, [message(text) for text in part])) for part in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    expected = [text for part in texts for text in part]
    got = drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), len(expected))

    assert sorted(json.loads(b"".join(each.body)) for each in got) == sorted(expected)


@pytest.mark.parametrize("due", [None, timedelta(seconds=0.3)], ids=["now", "later"])
def test_messages_that_are_too_much_for_one_send_all_arrive(bus, sdk, due):
    when = due and datetime.now(UTC) + due
    texts = [f"{number}{'x' * 5000}" for number in range(MANY)]

    bus.to_topic(TOPIC_JOBS, [message(text, message_id=text[:9], due=when) for text in texts])

    got = drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), MANY)
    assert sorted(json.loads(b"".join(each.body)) for each in got) == sorted(texts)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_message_that_is_too_large_keeps_none_of_its_neighbours(bus, sdk, place):
    messages = [message("a"), message("b")]
    messages.insert(place, message("x" * MAX_MESSAGE_BYTES, message_id="x"))

    with pytest.raises(TooLarge, match=r"1 of 3 messages for the topic spotler-jobs"):
        bus.to_topic(TOPIC_JOBS, messages)

    got = drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), 2)
    assert [json.loads(b"".join(each.body)) for each in got] == ["a", "b"]


def test_a_message_that_fills_the_bus_is_kept_in_part_and_says_so_and_its_neighbours_are_routed(bus, sdk):
    garbage = b"x" * (MAX_MESSAGE_BYTES - 100)
    good = body_of_dataverse(created())

    Router(RouterServices(bus=bus, now=lambda: datetime.now(UTC))).run([Incoming(garbage, {}), Incoming(good, {})])

    assert len(drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), 1)) == 1
    (kept,) = drain(sdk.get_queue_receiver(QUEUE_QUARANTINE), 1)
    assert b"".join(kept.body) == garbage[:MAX_BODY_BYTES]
    assert kept.application_properties[b"reason"] == b"MESSAGE_NOT_JSON"
    assert kept.application_properties[b"cut"].decode() == f"the first {MAX_BODY_BYTES} of {len(garbage)} bytes"


def test_a_message_that_is_complete_does_not_say_that_it_was_cut(bus, sdk):
    own = {"user": "x" * (MAX_PROPERTIES_BYTES - len("user"))}
    quarantine(bus, b"x" * MAX_BODY_BYTES, Unreadable("?" * 1000), source="dataverse", properties=own)

    (kept,) = drain(sdk.get_queue_receiver(QUEUE_QUARANTINE), 1)
    assert len(b"".join(kept.body)) == MAX_BODY_BYTES
    assert kept.application_properties[b"user"].decode() == own["user"]
    assert b"cut" not in kept.application_properties


def test_a_message_whose_properties_have_no_room_is_kept_without_them_and_says_so(bus, sdk):
    own = {"user": "x" * MAX_PROPERTIES_BYTES}
    quarantine(bus, b"x" * (MAX_BODY_BYTES + 1), Unreadable(), source="dataverse", properties=own)

    (kept,) = drain(sdk.get_queue_receiver(QUEUE_QUARANTINE), 1)
    assert b"user" not in kept.application_properties
    assert (
        kept.application_properties[b"cut"].decode().endswith(f"of {MAX_BODY_BYTES + 1} bytes, without its properties")
    )


def test_a_wrong_key_is_a_misconfiguration_and_not_named(endpoint):
    wrong = endpoint.connection_string.replace("SharedAccessKey=", "SharedAccessKey=wrong")
    bus = bus_from(settings_of(wrong))

    with pytest.raises(Misconfigured) as caught:
        bus.to_queue(QUEUE_QUARANTINE, [message()])

    assert "wrong" not in caught.value.for_people
    assert "Service Bus refused to take a message for the queue quarantine" in caught.value.sentence
    bus.close()


def test_dataverse_may_write_to_its_queue_and_to_nothing_else(endpoint, sdk):
    """The policy of the service endpoint, in the hands of somebody else."""
    bus = bus_from(settings_of(endpoint.connection_strings["dataverse-send"].partition("EntityPath=")[0]))

    bus.to_queue(QUEUE_DATAVERSE, [message()])
    with pytest.raises(Misconfigured):
        bus.to_topic(TOPIC_JOBS, [message()])

    assert len(drain(sdk.get_queue_receiver(QUEUE_DATAVERSE), 1)) == 1
    bus.close()


def test_an_entity_that_does_not_exist_is_a_misconfiguration(bus):
    with pytest.raises(Misconfigured):
        bus.to_queue("forgotten", [message()])


def test_a_bus_that_cannot_be_reached_is_a_passing_fault():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    address = f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=x;SharedAccessKey=eA==;UseDevelopmentEmulator=true;"
    bus = Bus(lambda: ServiceBusClient.from_connection_string(address, retry_total=0))

    with pytest.raises(Transient) as caught:
        bus.to_topic(TOPIC_JOBS, [message()])

    assert caught.value.sentence == "Service Bus did not take a message for the topic spotler-jobs."
    bus.close()


def test_a_bus_that_went_away_and_came_back_is_used_again():
    definition = NamespaceDefinition.load(DEFAULT_ENTITIES)
    current = []
    bus = Bus(lambda: ServiceBusClient.from_connection_string(current[-1].connection_string, retry_total=0))
    with running(definition) as first:
        current.append(first)
        bus.to_topic(TOPIC_JOBS, [message("a")])
    with pytest.raises(Transient):
        bus.to_topic(TOPIC_JOBS, [message("b")])
    with running(definition) as second:
        current.append(second)
        bus.to_topic(TOPIC_JOBS, [message("b")])
        with ServiceBusClient.from_connection_string(second.connection_string) as sdk:
            (got,) = drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), 1)
        assert b"".join(got.body) == b'"b"'
        bus.close()


class Silence:
    """A client whose every call waits for the end of the silence."""

    def __init__(self):
        self.ended = threading.Event()
        self.closed = threading.Event()

    def get_topic_sender(self, _):
        return self

    def create_message_batch(self):
        self.ended.wait()
        raise ConnectionError

    def close(self):
        self.closed.set()


def test_a_bus_that_never_answers_blocks_a_call_no_longer_than_its_time_limit(endpoint, sdk, monkeypatch):
    silence = Silence()
    current = [silence]
    bus = Bus(lambda: current[-1])
    with monkeypatch.context() as hasty, ThreadPoolExecutor(4) as pool:
        hasty.setattr(connector.servicebus.bus, "SEND_SECONDS", 0.2)
        began = time.monotonic()
        calls = [pool.submit(bus.to_topic, TOPIC_JOBS, [message("lost")]) for _ in range(4)]
        faults = {type(call.exception()) for call in calls}
        took = time.monotonic() - began

    assert faults == {Transient}
    assert took < 1
    assert not silence.closed.is_set()
    silence.ended.set()
    assert silence.closed.wait(PATIENCE)

    current.append(ServiceBusClient.from_connection_string(endpoint.connection_string))
    bus.to_topic(TOPIC_JOBS, [message("b")])
    assert len(drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), 1)) == 1
    bus.close()


def test_a_closed_bus_opens_again_when_it_is_used(bus, sdk):
    bus.to_topic(TOPIC_JOBS, [message("a")])
    bus.close()
    bus.close()

    bus.to_topic(TOPIC_JOBS, [message("b")])

    assert len(drain(sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag"), 2)) == 2
