from collections.abc import Callable

import pytest

from connector.http import Clock, Transport
from connector.spotler import Spotler
from connector.spotler.calls import Calls
from connector.spotler.paths import Paths
from connector.spotler.signature import OAuth1
from tests.unit.scripted_server import FakeTime, ScriptedServer


@pytest.fixture
def server():
    with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def clock(time) -> Clock:
    return Clock(monotonic=time.monotonic, wall=time.wall, sleep=time.sleep, random=time.random)


@pytest.fixture
def calls(server, clock):
    transport = Transport(server.url, timeout=5, parallel=2, system="Spotler", clock=clock)
    yield Calls(transport, OAuth1("demo-key", "demosecret123"), clock=clock)
    transport.close()


@pytest.fixture
def spotler(calls, clock) -> Spotler:
    return Spotler(calls, clock=clock)


@pytest.fixture
def spotler_with(calls, clock) -> Callable[[Paths], Spotler]:
    return lambda paths: Spotler(calls, paths=paths, clock=clock)
