"""A Service Bus stand-in of its own for each test, and the real SDK to talk to it."""

import time
from contextlib import ExitStack, contextmanager

import pytest
from azure.servicebus import ServiceBusClient, _servicebus_receiver, _servicebus_sender
from azure.servicebus._pyamqp import _connection, client, session

from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import running
from tests.contract.servicebus.support import Bus

#: How long the SDK may pause when it waits for a link to open or a thread to end; left alone it pauses up to a second.
_PAUSE_SECONDS = 0.005


class _HastyTime:
    """The `time` module with short pauses."""

    def __getattr__(self, name):
        return getattr(time, name)

    def sleep(self, seconds):
        time.sleep(min(seconds, _PAUSE_SECONDS))


@pytest.fixture(autouse=True)
def _sdk_without_pauses(monkeypatch):
    for module in (_servicebus_receiver, _servicebus_sender, _connection, client, session):
        monkeypatch.setattr(module, "time", _HastyTime())


@pytest.fixture
def start_bus(_sdk_without_pauses):
    """Start a stand-in with the given entities; give each test only what it is about."""

    @contextmanager
    def start(queues, topics, rules, options):
        definition = NamespaceDefinition.model_validate(
            {"queues": queues, "topics": topics, "authorizationRules": rules}
        )
        with running(definition, **options) as endpoint, ExitStack() as clients:
            sdk = clients.enter_context(
                ServiceBusClient.from_connection_string(endpoint.connection_string, retry_total=0)
            )
            yield Bus(endpoint, sdk, clients)

    with ExitStack() as buses:
        yield lambda queues=(), topics=(), rules=(), **options: buses.enter_context(
            start(queues, topics, rules, options)
        )


@pytest.fixture
def bus(start_bus):
    """A stand-in with one plain queue, `work`."""
    return start_bus(queues=[{"name": "work"}])


@pytest.fixture
def impatient_bus(start_bus):
    """The same, with locks of one second."""
    return start_bus(queues=[{"name": "work", "maxDeliveryCount": 3}], lock_seconds=1.0)
