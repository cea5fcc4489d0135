"""The stand-in as the tests of this folder see it, and ways to wait without sleeping blindly."""

import json
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field

from azure.servicebus import ServiceBusClient, ServiceBusMessage

from sandbox.servicebus.server import Endpoint

#: No test waits longer for something that is about to happen.
DEADLINE_SECONDS = 60.0
#: Long enough for "nothing comes" to mean something, short enough to be quick.
QUIET_SECONDS = 0.3


@dataclass
class Bus:
    """The stand-in as tests see it."""

    endpoint: Endpoint
    client: ServiceBusClient
    stack: ExitStack = field(repr=False)

    def connect(self, policy=None):
        """A client of its own, which does not hide refusals behind retries."""
        strings = self.endpoint.connection_strings
        text = strings[policy] if policy else self.endpoint.connection_string
        return self.stack.enter_context(ServiceBusClient.from_connection_string(text, retry_total=0))

    def send(self, entity, *messages):
        prepared = [m if isinstance(m, ServiceBusMessage) else ServiceBusMessage(m) for m in messages]
        with self.client.get_queue_sender(entity) as sender:  # topics are sent to in the same way
            sender.send_messages(prepared if len(prepared) != 1 else prepared[0])

    def receiver(self, queue, **options):
        return self.stack.enter_context(self.client.get_queue_receiver(queue, **options))

    def subscription(self, topic, name, **options):
        return self.stack.enter_context(self.client.get_subscription_receiver(topic, name, **options))

    def control(self, path, order=None):
        data = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(f"{self.endpoint.control_url}/_sandbox/{path}", data=data)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as response:  # noqa: S310 - loopback
            return json.load(response)

    def stats(self, entity):
        return self.control("stats")["entities"][entity]


def receive(receiver, count):
    """Exactly so many messages, as soon as they are there."""
    messages, deadline = [], time.monotonic() + DEADLINE_SECONDS
    while len(messages) < count and time.monotonic() < deadline:
        messages += receiver.receive_messages(count - len(messages), max_wait_time=DEADLINE_SECONDS)
    assert len(messages) == count, f"{len(messages)} of {count} messages came"
    return messages


def receive_one(receiver):
    return receive(receiver, 1)[0]


def nothing_comes(receiver):
    return receiver.receive_messages(1, max_wait_time=QUIET_SECONDS) == []


def wait_until(condition):
    """Poll until the condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "what was expected did not happen in time"
        time.sleep(0.02)
