"""The Dataverse stand-in as one process for all tests here, reset before each, and the client signed in to it."""

from uuid import uuid4

import pytest
import requests

from connector.dataverse.api import Dataverse, connect
from connector.settings import Settings
from sandbox.dataverse.server import running


class Door:
    """What a test sees and does behind the back of the Web API."""

    def __init__(self, ready):
        self.ready = ready
        self._session = requests.Session()
        self._session.verify = ready.ca_file
        self._session.trust_env = False

    def call(self, method, path, **options):
        answer = self._session.request(method, f"{self.ready.url}/_sandbox/{path}", **options)
        answer.raise_for_status()
        return answer.json()

    def load(self, table, *rows):
        return self.call("POST", "rows", json={table: list(rows)})[table]

    def rows(self, table):
        return self.call("GET", f"rows/{table}")

    def fault(self, kind, **rule):
        self.call("POST", "faults", json={"kind": kind, **rule})

    def journal(self, table):
        return self.call("GET", "journal", params={"table": table})

    def close(self):
        self._session.close()


@pytest.fixture(scope="session")
def dataverse_process(tmp_path_factory):
    ca_file = tmp_path_factory.mktemp("dataverse") / "ca.pem"
    with running("--ca-file", str(ca_file)) as ready:
        yield ready


@pytest.fixture
def door(dataverse_process):
    door = Door(dataverse_process)
    door.call("POST", "reset")
    yield door
    door.close()


@pytest.fixture
def settings_of(dataverse_process):
    """The settings of an app that works with the stand-in."""

    def _settings(**options):
        ready = dataverse_process
        given = {
            "ServiceBus": "Endpoint=sb://localhost/",
            "spotler_key": "key",
            "spotler_secret": "secret",
            "state": "state",
            "dataverse_url": ready.url,
            "dataverse_authority": ready.url,
            "dataverse_tenant_id": ready.tenant_id,
            "dataverse_client_id": ready.client_id,
            "dataverse_client_secret": ready.client_secret,
        }
        return Settings(**given | options)

    return _settings


@pytest.fixture
def connected(door, settings_of):
    """Make clients; their calls are recorded in `records`."""
    made = []

    def _connected(records=None, **options) -> Dataverse:
        on_call = None if records is None else records.append
        made.append(connect(settings_of(**options), verify=door.ready.ca_file, on_call=on_call))
        return made[-1]

    yield _connected
    for dataverse in made:
        dataverse.close()


@pytest.fixture
def dataverse(connected):
    return connected()


@pytest.fixture
def new_id():
    return lambda: str(uuid4())
