import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connector.settings import Settings
from connector.spotler import Spotler, spotler_from

ROOT = Path(__file__).parents[3]
#: A fresh machine compiles everything first.
START_TIMEOUT = 30

FROZEN, NEWEST = "/integrationservice-1.1.0", "/integrationservice"


class StandIn:
    """The Spotler stand-in as a process, with its side door."""

    def __init__(self, ready: dict[str, str]) -> None:
        self.url, self.key, self.secret = ready["url"], ready["key"], ready["secret"]

    def post(self, name: str, body: object | None = None) -> object:
        answer = requests.post(f"{self.url}/_sandbox/{name}", json={} if body is None else body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, name: str) -> object:
        return requests.get(f"{self.url}/_sandbox/{name}", timeout=10).json()

    def arm(self, kind: str, route: str = "*", **more: object) -> None:
        self.post("faults", {"faults": [{"kind": kind, "route": route, **more}]})

    def contacts(self, *ids: str) -> None:
        contacts = [{"externalId": each, "properties": {"email": f"{each}@example.org"}} for each in ids]
        self.post("contacts", {"contacts": contacts})

    def calls(self, route: str) -> int:
        return sum(each["count"] for each in self.get("calls")["calls"] if f"{each['method']} {each['route']}" == route)

    def effects(self) -> list[str]:
        return [each["effect"] for each in self.get("journal")]


@pytest.fixture(scope="session")
def process() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "sandbox.spotler", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603 - our own
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.terminate()
            assert running.wait(START_TIMEOUT) == 0


@pytest.fixture
def standin(process) -> StandIn:
    standin = StandIn(process)
    standin.post("reset")
    return standin


def client(standin: StandIn, prefix: str, **more: str) -> Spotler:
    values = {
        "ServiceBus": "Endpoint=sb://localhost", "dataverse_url": "https://org.example",
        "spotler_url": standin.url + prefix, "spotler_key": standin.key, "spotler_secret": standin.secret,
        "spotler_timeout": 5, "state": "state",
    }  # fmt: skip
    return spotler_from(Settings(**(values | more)))


@pytest.fixture(params=[FROZEN, NEWEST], ids=["frozen", "newest"])
def prefix(request) -> str:
    return request.param


@pytest.fixture
def spotler(standin, prefix) -> Iterator[Spotler]:
    made = client(standin, prefix)
    yield made
    made.close()


@pytest.fixture
def spotler_as(standin, prefix):
    made = []

    def make(**more: str) -> Spotler:
        made.append(client(standin, prefix, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.upper().startswith(("SPOTLER_", "DATAVERSE_", "JOB_", "SERVICEBUS")):
            monkeypatch.delenv(name)
