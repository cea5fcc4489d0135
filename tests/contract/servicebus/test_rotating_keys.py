"""The key of Dataverse is rotated as docs/operators/rotate-keys.md says: no message is lost."""

import itertools
import re
from contextlib import suppress

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
        self._bus, self.key, self.sent, self.waiting = bus, keys(bus)["PrimaryKey"], [], []

    def post(self):
        text = re.sub("SharedAccessKey=[^;]+", f"SharedAccessKey={self.key}", self._bus.connection_strings[POLICY])
        body = f"message {len(self.sent) + 1}"
        self._send(text, body)
        self.sent.append(body)

    def post_or_wait(self):
        """Post what waits and one more; what fails waits, as in the system jobs."""
        self.waiting.append(None)
        with suppress(ServiceBusError):
            while self.waiting:
                self.post()
                self.waiting.pop()

    @staticmethod
    def _send(text, body):
        with (
            ServiceBusClient.from_connection_string(text, retry_total=0) as client,
            client.get_queue_sender("dataverse") as sender,
        ):
            sender.send_messages(ServiceBusMessage(body))


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


def steps_of(bus, dataverse):
    """The steps of the page, one after the other; each is done when the next one is asked for."""
    shown = keys(bus, regenerate="SecondaryKey")["SecondaryKey"]
    yield
    dataverse.key = shown
    yield
    shown = keys(bus, regenerate="PrimaryKey")["PrimaryKey"]
    yield
    dataverse.key = shown
    yield
    keys(bus, regenerate="SecondaryKey")
    yield


@pytest.mark.parametrize("done", range(1, 6))
def test_a_rotation_that_is_stopped_after_any_step_and_begun_again_loses_nothing(bus, done):
    dataverse = Dataverse(bus)

    for _ in itertools.islice(steps_of(bus, dataverse), done):
        dataverse.post_or_wait()
    for _ in steps_of(bus, dataverse):
        dataverse.post_or_wait()

    assert (dataverse.waiting, len(dataverse.sent)) == ([], done + 5)
    assert arrived(bus) == dataverse.sent
    assert dataverse.key == keys(bus)["PrimaryKey"]


def test_with_two_wrong_keys_everything_waits_until_the_present_one_is_written(bus):
    dataverse = Dataverse(bus)
    for name in ("PrimaryKey", "SecondaryKey"):
        keys(bus, regenerate=name)

    for _ in range(3):
        dataverse.post_or_wait()
    assert (arrived(bus), len(dataverse.waiting)) == ([], 3)
    dataverse.key = keys(bus)["PrimaryKey"]
    dataverse.post_or_wait()

    assert (arrived(bus), dataverse.waiting) == (dataverse.sent, [])


def test_only_the_key_that_is_named_changes_and_what_is_unknown_is_refused(bus):
    before = keys(bus)
    after = keys(bus, regenerate="SecondaryKey")

    assert (after["PrimaryKey"], after["SecondaryKey"] != before["SecondaryKey"]) == (before["PrimaryKey"], True)
    for order in ({"policy": "nobody"}, {"policy": POLICY, "regenerate": "ThirdKey"}):
        assert requests.post(f"{bus.control_url}/_sandbox/keys", json=order, timeout=10).status_code == 404
