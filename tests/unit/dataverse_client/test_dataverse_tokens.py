import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import ClientSecretCredential, ManagedIdentityCredential

from connector.dataverse.api.tokens import LAST_RESORT, MARGIN, CachedTokens, tokens_from
from connector.errors import Misconfigured, Transient
from connector.http import Clock
from connector.settings import Settings
from tests.unit.scripted_server import FakeTime

SCOPE = "https://x.crm4.dynamics.com/.default"
HOUR = 3600


@pytest.fixture
def time():
    return FakeTime()


class Identity:
    """A credential that numbers its tokens."""

    def __init__(self, time, life=HOUR):
        self.time = time
        self.life = life
        self.asked = 0
        self.made = 0
        self.failure = None
        self.seconds = 0.0

    def new(self):
        self.made += 1
        return self

    def get_token(self, *scopes):
        assert scopes == (SCOPE,)
        self.asked += 1
        sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        return AccessToken(f"token {self.asked}", int(self.time.wall()) + self.life)


@pytest.fixture
def identity(time):
    return Identity(time)


@pytest.fixture
def tokens(identity, time):
    return CachedTokens(identity.new, clock=Clock(wall=time.wall))


def network_fault():
    error = ClientAuthenticationError(message="Authentication failed")
    error.__cause__ = ServiceRequestError("no route to tenant 1111")
    return error


def test_a_token_is_asked_for_once(tokens, identity):
    assert [tokens.get_token(SCOPE) for _ in range(3)] == ["token 1"] * 3
    assert identity.asked == 1


def test_threads_wait_for_one_another(tokens, identity):
    at_once = threading.Barrier(8, timeout=10)

    def get(_):
        at_once.wait()
        return tokens.get_token(SCOPE)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(get, range(8))) == {"token 1"}
    assert identity.asked == 1


def test_threads_that_wait_for_one_another_share_the_failure_too(tokens, identity):
    at_once = threading.Barrier(8, timeout=10)
    identity.failure = network_fault()
    identity.seconds = 0.2

    def get(_):
        at_once.wait()
        with pytest.raises(Transient):
            tokens.get_token(SCOPE)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(get, range(8)))
    assert identity.asked == 1

    identity.failure = None
    assert tokens.get_token(SCOPE) == "token 2"


def test_a_token_is_replaced_before_it_ends(tokens, time):
    tokens.get_token(SCOPE)

    time.now += HOUR - MARGIN - 1
    assert tokens.get_token(SCOPE) == "token 1"
    time.now += 1
    assert tokens.get_token(SCOPE) == "token 2"


def test_the_old_token_serves_while_no_new_one_can_be_had(tokens, identity, time):
    tokens.get_token(SCOPE)
    identity.failure = network_fault()

    time.now += HOUR - LAST_RESORT
    assert tokens.get_token(SCOPE) == "token 1"
    time.now += 1
    with pytest.raises(Transient):
        tokens.get_token(SCOPE)


def test_a_discarded_token_is_replaced_by_a_new_credential(tokens, identity):
    tokens.discard(tokens.get_token(SCOPE))

    assert tokens.get_token(SCOPE) == "token 2"
    assert identity.made == 2


def test_a_credential_that_had_no_token_is_replaced_with_what_it_remembers(tokens, identity):
    identity.failure = ClientAuthenticationError(message="a page of a gateway, which msal may keep for a day")
    with pytest.raises(Misconfigured):
        tokens.get_token(SCOPE)
    identity.failure = None

    tokens.get_token(SCOPE)

    assert identity.made == 2


def test_a_token_that_another_thread_replaced_already_is_not_replaced_again(tokens, identity):
    tokens.discard(tokens.get_token(SCOPE))
    tokens.get_token(SCOPE)

    tokens.discard("token 1")

    assert tokens.get_token(SCOPE) == "token 2"
    assert identity.asked == 2


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        (
            "AADSTS7000215: Invalid client secret provided. Trace ID: 1 who@example.org",
            "DATAVERSE_CLIENT_SECRET is wrong",
        ),
        ("AADSTS7000222: expired", "has expired"),
        ("AADSTS700016: Application with identifier", "DATAVERSE_CLIENT_ID"),
        ("AADSTS90002: Tenant", "DATAVERSE_TENANT_ID is not a tenant"),
        ("AADSTS500011: resource principal", "DATAVERSE_URL"),
        ("AADSTS99999999: new", "Check DATAVERSE_TENANT_ID"),
        ("no endpoint", "managed identity"),
    ],
)
def test_refused_credentials_say_what_to_check(tokens, identity, message, advice):
    identity.failure = ClientAuthenticationError(message=message)

    with pytest.raises(Misconfigured) as caught:
        tokens.get_token(SCOPE)

    assert advice in caught.value.what_to_do
    assert "example.org" not in caught.value.for_people


def test_an_identity_service_that_cannot_be_reached_is_transient(tokens, identity):
    identity.failure = network_fault()

    with pytest.raises(Transient, match="identity service could not be reached") as caught:
        tokens.get_token(SCOPE)
    assert "1111" not in caught.value.for_people


def test_an_identity_service_that_is_broken_is_transient(tokens, identity):
    identity.failure = ClientAuthenticationError(message="Unexpected response")
    identity.failure.status_code = 503

    with pytest.raises(Transient, match="answered 503"):
        tokens.get_token(SCOPE)


def settings(**options):
    given = {
        "ServiceBus": "Endpoint=sb://x/",
        "dataverse_url": "https://x.crm4.dynamics.com",
        "spotler_key": "k",
        "spotler_secret": "s",
        "state": "state",
    }
    return Settings(**given | options)


def test_a_client_secret_is_used_where_there_is_one():
    source = tokens_from(settings(dataverse_client_id="c", dataverse_tenant_id="t", dataverse_client_secret="s"))

    assert isinstance(source._new_credential(), ClientSecretCredential)


def test_the_identity_service_is_given_as_long_as_dataverse():
    source = tokens_from(
        settings(dataverse_client_id="c", dataverse_tenant_id="t", dataverse_client_secret="s", dataverse_timeout=7)
    )
    times = source._new_credential()._client._pipeline._transport.connection_config

    assert (times.timeout, times.read_timeout) == (7, 7)


@pytest.mark.parametrize("client", [None, "c"])
def test_the_managed_identity_is_used_otherwise(client):
    source = tokens_from(settings(dataverse_client_id=client))

    assert isinstance(source._new_credential(), ManagedIdentityCredential)


def test_azure_identity_is_not_imported_before_it_is_used():
    code = "import sys, connector.dataverse.api; sys.exit(any(m.startswith('azure') for m in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code
