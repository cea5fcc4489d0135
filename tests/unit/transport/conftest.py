"""A transport with a clock of its own, against a server that follows a script."""

import pytest

from connector.http import Clock, Transport
from tests.unit.scripted_server import FakeTime, ScriptedServer


@pytest.fixture
def server():
    with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def records():
    return []


@pytest.fixture
def make(time, records):
    made = []

    def _make(url, **options):
        given = {"timeout": 5, "parallel": 2, "system": "Spotler", "on_call": records.append} | options
        clock = Clock(monotonic=time.monotonic, wall=time.wall, sleep=time.sleep, random=time.random)
        made.append(Transport(url, clock=clock, **given))
        return made[-1]

    yield _make
    for transport in made:
        transport.close()


@pytest.fixture
def transport(make, server):
    return make(server.url)
