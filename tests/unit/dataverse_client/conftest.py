import pytest

from connector.dataverse.api import Dataverse
from connector.http import Clock, Transport
from tests.unit.scripted_server import FakeTime, ScriptedServer


class Tokens:
    """Gives out token 1 until it is discarded, then token 2, and so on."""

    def __init__(self):
        self.number = 1
        self.scopes = set()

    def get_token(self, scope):
        self.scopes.add(scope)
        return f"token {self.number}"

    def discard(self, token):
        assert token == f"token {self.number}"
        self.number += 1


@pytest.fixture
def server():
    with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def tokens():
    return Tokens()


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def make(server, tokens, time):
    made = []

    def _make(**options):
        clock = Clock(monotonic=time.monotonic, wall=time.wall, sleep=time.sleep, random=time.random)
        transport = Transport(f"{server.url}/api/data/v9.2", timeout=5, parallel=4, system="Dataverse", clock=clock)
        made.append(Dataverse(transport, tokens, **options))
        return made[-1]

    yield _make
    for dataverse in made:
        dataverse.close()


@pytest.fixture
def dataverse(make):
    return make()
