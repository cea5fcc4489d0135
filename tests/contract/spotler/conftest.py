import pytest

from sandbox.spotler.server import running
from sandbox.spotler.side_door.client import SideDoor
from tests.contract.spotler.support import FROZEN, Api


@pytest.fixture(scope="session")
def spotler_server():
    with running() as server:
        yield server


@pytest.fixture
def door(spotler_server):
    door = SideDoor(spotler_server.url)
    door.reset()
    return door


@pytest.fixture
def api(spotler_server, door):  # noqa: ARG001 - every test starts from a reset account
    with (api := Api(spotler_server.url)).session:
        yield api


@pytest.fixture
def frozen(spotler_server, door):  # noqa: ARG001 - every test starts from a reset account
    with (api := Api(spotler_server.url, prefix=FROZEN.prefix)).session:
        yield api


@pytest.fixture
def ann(door):
    """A contact that exists."""
    door.contacts({"externalId": "c-1", "properties": {"email": "ann@example.org", "firstName": "Ann"}})
    return "c-1"
