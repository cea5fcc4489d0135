"""The identity of the sender: what App Service is asked for, through its endpoint for managed identities."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.identity import ManagedIdentityCredential

from connector.servicebus.connection import client_from
from connector.servicebus.credential import bus_credential
from connector.settings import BusSettings, load_settings

SCOPE = "https://servicebus.azure.net/.default"
NAMESPACE = "name.servicebus.windows.net"
pytestmark = pytest.mark.usefixtures("_no_settings_of_this_machine")


@pytest.fixture
def asked(monkeypatch) -> Iterator[list[dict[str, list[str]]]]:
    """What App Service is asked for a token with: the parameters of each request."""
    requests: list[dict[str, list[str]]] = []

    class Identities(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(parse_qs(urlsplit(self.path).query))
            body = json.dumps({"access_token": "t", "expires_on": int(time.time()) + 3600, "resource": "r"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Identities) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")
        yield requests
        server.shutdown()


@pytest.fixture
def settings(monkeypatch):
    def load(**values: str) -> BusSettings:
        for name, value in {"fullyQualifiedNamespace": NAMESPACE, **values}.items():
            monkeypatch.setenv(f"ServiceBus__{name}", value)
        return load_settings(BusSettings)

    return load


RESOURCE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"


@pytest.mark.parametrize(
    ("values", "identity"),
    [
        ({"credential": "managedidentity", "clientId": "c-1"}, {"client_id": ["c-1"]}),
        ({"credential": "managedidentity", "managedIdentityResourceId": RESOURCE}, {"mi_res_id": [RESOURCE]}),
        ({"credential": "managedidentity"}, {}),
        ({"clientId": "c-1"}, {"client_id": ["c-1"]}),
        ({}, {}),
    ],
    ids=["user-assigned", "by its resource", "of the system", "user-assigned, in the default chain", "default chain"],
)
def test_the_identity_is_the_one_of_the_settings(asked, settings, values, identity):
    with bus_credential(settings(**values)) as credential:
        credential.get_token(SCOPE)

    (parameters,) = asked
    assert {name: value for name, value in parameters.items() if name not in ("api-version", "resource")} == identity


def test_the_default_chain_takes_the_identity_that_azure_names(asked, settings, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_ID", "c-2")
    with bus_credential(settings()) as credential:
        credential.get_token(SCOPE)

    assert asked[0]["client_id"] == ["c-2"]


def test_the_client_of_the_bus_signs_in_with_it(settings):
    with client_from(settings(credential="managedidentity", clientId="c-1")) as client:
        assert (client.fully_qualified_namespace, type(client._credential)) == (NAMESPACE, ManagedIdentityCredential)
