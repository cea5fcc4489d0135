"""The key of Dataverse is rotated as docs/operators/rotate-keys.md says: no message is lost."""

import re

import pytest
import requests
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError

from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import DEFAULT_ENTITIES, running

POLICY = "dataverse-send"


@pytest.fixture
def bus():
    with running(NamespaceDefinition.load(DEFAULT_ENTITIES)) as endpoint:
        yield endpoint


def keys(bus, **order):
    answer = requests.post(f"{bus.control_url}/_sandbox/keys", json={"policy": POLICY, **order}, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


class Dataverse:
    """Posts with the key of its service endpoint, each time over a connection of its own."""

    def __init__(self, bus):
        self._bus, self.key, self.sent = bus, keys(bus)["PrimaryKey"], []

    def post(self):
        text = re.sub("SharedAccessKey=[^;]+", f"SharedAccessKey={self.key}", self._bus.connection_strings[POLICY])
        body = f"message {len(self.sent) + 1}"
        with (
            ServiceBusClient.from_connection_string(text, retry_total=0) as client,
            client.get_queue_sender("dataverse") as sender,
        ):
            sender.send_messages(ServiceBusMessage(body))
        self.sent.append(body)


def arrived(bus):
    with (
        ServiceBusClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_receiver("dataverse") as receiver,
    ):
        return [str(message) for message in receiver.peek_messages(100)]


def test_every_message_arrives_while_the_keys_change_and_the_old_one_is_dead(bus):
    dataverse = Dataverse(bus)
    old = dataverse.key

    dataverse.post()
    secondary = keys(bus, regenerate="SecondaryKey")["SecondaryKey"]  # nobody uses it yet
    dataverse.post()
    dataverse.key = secondary  # written into the service endpoint
    dataverse.post()
    primary = keys(bus, regenerate="PrimaryKey")["PrimaryKey"]
    dataverse.post()
    dataverse.key = primary
    dataverse.post()
    keys(bus, regenerate="SecondaryKey")
    dataverse.post()

    assert arrived(bus) == dataverse.sent
    assert len(dataverse.sent) == 6
    for dead in (old, secondary):
        dataverse.key = dead
        with pytest.raises(ServiceBusError):
            dataverse.post()


def test_only_the_key_that_is_named_changes_and_what_is_unknown_is_refused(bus):
    before = keys(bus)
    after = keys(bus, regenerate="SecondaryKey")

    assert (after["PrimaryKey"], after["SecondaryKey"] != before["SecondaryKey"]) == (before["PrimaryKey"], True)
    for order in ({"policy": "nobody"}, {"policy": POLICY, "regenerate": "ThirdKey"}):
        assert requests.post(f"{bus.control_url}/_sandbox/keys", json=order, timeout=10).status_code == 404
