"""The stand-in as a process, and how it treats clients that misbehave on the wire."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from sandbox.servicebus.frames import AMQP_HEADER, EMPTY_FRAME, SASL_HEADER, encode_frame
from sandbox.servicebus.performatives import Begin, Flow, Open
from sandbox.servicebus.values import UInt
from tests.contract.servicebus.support import DEADLINE_SECONDS, receive_one, wait_until


def start_process(*arguments):
    command = [sys.executable, "-m", "sandbox.servicebus", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 - ourselves


@pytest.fixture
def process():
    with start_process("--lock-seconds", "30") as started:
        yield started
        started.kill()


def dial(bus):
    return closing(socket.create_connection(("127.0.0.1", bus.endpoint.port), timeout=DEADLINE_SECONDS))


def test_the_process_serves_the_entities_of_the_connector_and_ends_cleanly(process):
    ready = json.loads(process.stdout.readline())
    with (
        ServiceBusClient.from_connection_string(ready["dataverse_connection_string"]) as dataverse,
        dataverse.get_queue_sender("dataverse") as sender,
    ):
        sender.send_messages(ServiceBusMessage("posted"))
    with ServiceBusClient.from_connection_string(ready["connection_string"]) as connector:
        with connector.get_queue_receiver("dataverse") as receiver:
            assert str(receive_one(receiver)) == "posted"
        with connector.get_subscription_receiver("spotler-jobs", "add-tag"):
            pass

    assert (ready["ready"], ready["control_url"].startswith("http://127.0.0.1:")) == ("servicebus", True)
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, rest) == (0, "")


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ({"queues": [{"name": "q", "lockDuration": "PT6M"}]}, "lockDuration"),
        ({"queues": [{"name": "q", "requiresSession": True}]}, "requiresSession"),
        ({"queues": [{"name": "q", "defaultMessageTimeToLive": "soon"}]}, "defaultMessageTimeToLive"),
    ],
)
def test_entities_that_azure_or_the_stand_in_would_refuse_are_refused_at_the_start(tmp_path, definition, complaint):
    path = tmp_path / "entities.json"
    path.write_text(json.dumps(definition))
    with start_process("--entities", str(path)) as process:
        _, errors = process.communicate(timeout=DEADLINE_SECONDS)

    assert process.returncode == 1
    assert complaint in errors


def test_a_silent_client_is_cut_off(start_bus):
    bus = start_bus(queues=[{"name": "work"}], idle_seconds=0.2)

    with dial(bus) as client:
        client.sendall(SASL_HEADER[:4])

        assert client.recv(100) == b""


def test_a_client_of_another_protocol_learns_ours_and_cut_off(bus):
    with dial(bus) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer = b""
        while part := client.recv(100):
            answer += part

    assert answer == SASL_HEADER


@pytest.mark.parametrize(
    "garbage", [b"\x00\x00\x00\x01\x02\x00\x00\x00", b"\xff" * 64, b"\x00\x00\x00\x0a\x02\x00\x00\x00\x00\x01"]
)
def test_garbage_ends_its_own_connection_only(bus, garbage):
    with dial(bus) as client:
        client.sendall(AMQP_HEADER + garbage)
        wait_until(lambda: not client.recv(1000))

    bus.send("work", "still there")
    assert str(receive_one(bus.receiver("work"))) == "still there"


def test_fields_of_the_wrong_type_end_their_own_connection_only(bus):
    begin = Begin(None, UInt(0), "many", UInt(1))
    with dial(bus) as client:
        client.sendall(AMQP_HEADER + encode_frame(0, Open("client")) + encode_frame(1, begin))
        client.sendall(encode_frame(1, Flow(UInt(0), "many", UInt(0), UInt(1))))
        wait_until(lambda: not client.recv(1000))

    bus.send("work", "still there")
    assert str(receive_one(bus.receiver("work"))) == "still there"


def test_a_client_that_asks_for_signs_of_life_gets_them(bus):
    hello = Open("client", idle_time_out=UInt(100))
    with dial(bus) as client:
        client.sendall(AMQP_HEADER + encode_frame(0, hello))
        received = b""
        while received.count(EMPTY_FRAME) < 3:
            part = client.recv(1000)
            assert part, "the connection was closed"
            received += part
