"""One process of the stand-in for all tests of this folder; each test begins with an empty environment."""

import pytest

from sandbox.dataverse.server import running
from tests.contract.dataverse_standin.support import connect


@pytest.fixture(scope="session")
def _process():
    with running("--http") as ready:
        yield connect(ready)


@pytest.fixture
def standin(_process):
    _process.side("reset", {})
    yield _process
    _process.admin.session.close()
    _process.connector.session.close()


@pytest.fixture
def api(standin):
    """The Web API as an administrator sees it: nothing is refused for lack of privileges."""
    return standin.admin


@pytest.fixture
def client(standin, monkeypatch):
    """Microsoft's own Python client, signed in as an administrator."""
    from azure.identity import ClientSecretCredential
    from PowerPlatform.Dataverse.client import DataverseClient

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, standin.ready.ca_file)
    ready = standin.ready
    with (
        ClientSecretCredential(
            ready.tenant_id,
            ready.admin_client_id,
            ready.admin_client_secret,
            authority=ready.url,
            disable_instance_discovery=True,
        ) as credential,
        DataverseClient(ready.url, credential) as client,
    ):
        yield client
