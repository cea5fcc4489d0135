"""The checks of Service Bus, against the stand-in: each finds what is broken."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from connector.doctor.context import CheckContext
from connector.doctor.run import CHECKS, _look
from connector.servicebus.entities import definition, subscriptions
from connector.settings import BusSettings
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import DEFAULT_ENTITIES, running

ALL = {check.code: check for check in CHECKS}


def context_of(connection_string, **options):
    context = CheckContext({}, options.pop("now", lambda: datetime.now(UTC)), lambda _: None)
    context.bus_settings = BusSettings(ServiceBus=connection_string)
    return context


def look(context, code):
    found = _look(context, ALL[code])
    return found.verdict.value, found.sentence


@pytest.fixture(scope="module")
def bus():
    with running(NamespaceDefinition.load(DEFAULT_ENTITIES), lock_seconds=5) as endpoint:
        yield endpoint


def test_nothing_is_wrong_with_an_empty_bus_and_then_what_lies_there_is_found(bus):
    context = context_of(bus.connection_string)
    codes = ("BUS_REACHABLE", "ENTITIES_EXIST", "DEAD_LETTERS", "QUARANTINE", "BACKLOG")
    assert [look(context, code)[0] for code in codes] == ["ok"] * 5

    with ServiceBusClient.from_connection_string(bus.connection_string) as client:
        for queue in ("quarantine", "dataverse"):
            with client.get_queue_sender(queue) as sender:
                sender.send_messages(ServiceBusMessage(b"?"))
        with client.get_queue_receiver("dataverse") as receiver:
            (message,) = receiver.receive_messages(1, max_wait_time=10)
            receiver.dead_letter_message(message, reason="test")
        with client.get_topic_sender("spotler-jobs") as sender:
            sender.send_messages(ServiceBusMessage(b"?", application_properties={"operation": "add-tag"}))
    later = context_of(bus.connection_string, now=lambda: datetime.now(UTC) + timedelta(minutes=20))

    assert look(later, "DEAD_LETTERS")[1].startswith("1 dead letter in dataverse, the oldest 20 minutes old")
    assert look(later, "QUARANTINE")[1].startswith("1 message in quarantine, the oldest 20 minutes")
    assert look(later, "BACKLOG") == ("warning", "Messages wait in add-tag, the oldest 20 minutes old.")
    assert look(context, "BACKLOG")[0] == "ok", "it has just arrived"


def test_a_subscription_that_is_missing_is_named():
    present = NamespaceDefinition.model_validate(definition(name for name in subscriptions() if name != "add-tag"))
    with running(present) as endpoint:
        assert look(context_of(endpoint.connection_string), "ENTITIES_EXIST") == (
            "failed",
            "The connector cannot look into: subscription add-tag.",
        )


def test_a_namespace_that_does_not_answer_is_found():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;"

    verdict, sentence = look(context_of(dead), "BUS_REACHABLE")

    assert verdict == "failed"
    assert f"does not answer on port {port} (ConnectionRefusedError)" in sentence


def test_a_connection_string_without_an_endpoint_is_found():
    assert look(context_of("x"), "BUS_REACHABLE") == ("failed", "The setting ServiceBus has no endpoint.")
