"""Shared access signatures: who is let in, and what for."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus._common import mgmt_handlers
from azure.servicebus._pyamqp.utils import generate_sas_token
from azure.servicebus.exceptions import ServiceBusAuthenticationError, ServiceBusAuthorizationError

from sandbox.servicebus.security import ROOT_POLICY
from tests.contract.servicebus.support import receive_one

SEND_ONLY = {"name": "dataverse-send", "queue": "dataverse", "rights": ["Send"]}
LISTEN_ONLY = {"name": "reader", "rights": ["Listen"]}


@pytest.fixture
def guarded(start_bus):
    return start_bus(queues=[{"name": "dataverse"}, {"name": "other"}], rules=[SEND_ONLY, LISTEN_ONLY])


def key_of(bus, policy):
    parts = dict(part.split("=", 1) for part in bus.endpoint.connection_strings[policy].rstrip(";").split(";"))
    return parts["SharedAccessKey"]


def connect_with(bus, **parts):
    text = f"Endpoint=sb://127.0.0.1:{bus.endpoint.port};UseDevelopmentEmulator=true"
    text += "".join(f";{name}={value}" for name, value in parts.items())
    return bus.stack.enter_context(ServiceBusClient.from_connection_string(text, retry_total=0))


@contextmanager
def refused_as(reason):
    """The SDK keeps what the service said in the inner exception."""
    with pytest.raises(ServiceBusAuthenticationError) as refusal:
        yield
    assert reason in str(refusal.value.inner_exception)


def token_client(bus, resource, policy, key, lifetime):
    token = generate_sas_token(
        f"sb://127.0.0.1:{bus.endpoint.port}{resource}", policy, key, int(time.time()) + lifetime
    )
    return connect_with(bus, SharedAccessSignature=token)


def test_the_send_only_policy_can_send(guarded):
    with guarded.connect("dataverse-send").get_queue_sender("dataverse") as sender:
        sender.send_messages(ServiceBusMessage("posted"))

    assert str(receive_one(guarded.receiver("dataverse"))) == "posted"


def test_the_send_only_policy_cannot_receive(guarded):
    client = guarded.connect("dataverse-send")

    with pytest.raises(ServiceBusAuthorizationError, match="'Listen'"), client.get_queue_receiver("dataverse"):
        pass


def test_the_send_only_policy_can_schedule_but_not_peek(guarded):
    later = datetime.now(UTC) + timedelta(hours=1)
    with guarded.connect("dataverse-send").get_queue_sender("dataverse") as sender:
        [number] = sender.schedule_messages(ServiceBusMessage("later"), later)
        sender.cancel_scheduled_messages(number)

        peek = {"from-sequence-number": 1, "message-count": 1}
        with pytest.raises(ServiceBusAuthorizationError, match="'Listen'"):
            sender._mgmt_request_response_with_retry(b"com.microsoft:peek-message", peek, mgmt_handlers.default)


def test_a_listen_only_policy_can_receive_but_not_send(guarded):
    guarded.send("other", "one")
    client = guarded.connect("reader")

    with client.get_queue_receiver("other") as receiver:
        assert str(receive_one(receiver)) == "one"
    with pytest.raises(ServiceBusAuthorizationError, match="'Send'"), client.get_queue_sender("other"):
        pass


def test_the_policy_of_one_queue_is_no_good_for_another(guarded):
    client = connect_with(
        guarded, SharedAccessKeyName="dataverse-send", SharedAccessKey=key_of(guarded, "dataverse-send")
    )

    with refused_as("InvalidSignature"), client.get_queue_sender("other"):
        pass


@pytest.mark.parametrize(
    ("name", "key"), [(ROOT_POLICY, "d3Jvbmc="), ("unknown-policy", "d3Jvbmc="), ("dataverse-send", "d3Jvbmc=")]
)
def test_a_wrong_key_is_refused(guarded, name, key):
    client = connect_with(guarded, SharedAccessKeyName=name, SharedAccessKey=key)

    with refused_as("InvalidSignature"), client.get_queue_sender("dataverse"):
        pass


def test_the_key_of_one_policy_does_not_open_another(guarded):
    client = connect_with(guarded, SharedAccessKeyName=ROOT_POLICY, SharedAccessKey=key_of(guarded, "dataverse-send"))

    with refused_as("InvalidSignature"), client.get_queue_sender("dataverse"):
        pass


def test_a_signature_made_elsewhere_is_accepted(guarded):
    client = token_client(guarded, "/dataverse", "dataverse-send", key_of(guarded, "dataverse-send"), lifetime=600)

    with client.get_queue_sender("dataverse") as sender:
        sender.send_messages(ServiceBusMessage("posted"))

    assert guarded.stats("dataverse")["incoming"] == 1


def test_a_signature_for_the_namespace_covers_its_entities(guarded):
    client = token_client(guarded, "/", ROOT_POLICY, key_of(guarded, ROOT_POLICY), lifetime=600)

    with client.get_queue_sender("other") as sender:
        sender.send_messages(ServiceBusMessage("posted"))

    assert guarded.stats("other")["incoming"] == 1


def test_a_signature_for_another_entity_is_refused(guarded):
    client = token_client(guarded, "/other", ROOT_POLICY, key_of(guarded, ROOT_POLICY), lifetime=600)

    with refused_as("InvalidAudience"), client.get_queue_sender("dataverse"):
        pass


def test_an_expired_signature_is_refused(guarded):
    client = token_client(guarded, "/dataverse", ROOT_POLICY, key_of(guarded, ROOT_POLICY), lifetime=-1)

    with refused_as("ExpiredToken"), client.get_queue_sender("dataverse"):
        pass


@pytest.mark.parametrize("token", ["nonsense", "SharedAccessSignature sr=x&sig=y", "SharedAccessSignature se=soon"])
def test_a_malformed_signature_is_refused(guarded, token):
    client = connect_with(guarded, SharedAccessSignature=token)

    with refused_as("MalformedToken"), client.get_queue_sender("dataverse"):
        pass
