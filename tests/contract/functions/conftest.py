"""A stage for each test: the Service Bus stand-in, the tests' own app on the host, and a look at both."""

import json
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusSender, ServiceBusSubQueue

from sandbox.functions.engine import EngineLog
from sandbox.functions.host import FunctionsHost
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import Endpoint, running

APP = Path(__file__).parent / "app"

#: No test waits longer for something that is about to happen.
DEADLINE_SECONDS = 60.0

#: A timer that keeps quiet while tests run.
NEW_YEAR = "0 0 0 1 1 *"


@dataclass
class Stage:
    """What a test sees: the bus, the app's record of what it saw, and the host once it is started."""

    app = APP
    endpoint: Endpoint
    client: ServiceBusClient
    record: Path
    stack: ExitStack
    logs: list[EngineLog] = field(default_factory=list)
    senders: dict[str, ServiceBusSender] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BUS": self.endpoint.connection_string,
            "SINGLE_QUEUE": "single",
            "TICK_SCHEDULE": NEW_YEAR,
            "RECORD": str(self.record),
        }

    def host(self, app: Path = APP, environment: dict[str, str] | None = None, **options) -> FunctionsHost:
        changed = self.environment | (environment or {})
        host = FunctionsHost(app, environment=changed, on_log=self.logs.append, **options)
        return self.stack.enter_context(host)

    def send(self, entity: str, *messages: str | bytes | ServiceBusMessage) -> None:
        prepared = [m if isinstance(m, ServiceBusMessage) else ServiceBusMessage(m) for m in messages]
        self.sender(entity).send_messages(prepared)

    def sender(self, entity: str) -> ServiceBusSender:
        """Opened once, because that takes the SDK half a second; a topic is sent to like a queue."""
        if entity not in self.senders:
            sender = self.client.get_queue_sender(entity, keep_alive=None)  # its thread would delay closing
            self.senders[entity] = self.stack.enter_context(sender)
        return self.senders[entity]

    def seen(self, function: str) -> list[dict]:
        """What the calls of a function wrote down, in order."""
        if not self.record.exists():
            return []
        lines = [json.loads(line) for line in self.record.read_text("utf-8").splitlines()]
        return [line for line in lines if line["function"] == function]

    def counts(self, entity: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.endpoint.control_url}/_sandbox/stats") as answer:  # noqa: S310 - loopback
            return json.load(answer)["entities"][entity]

    def dead_letter_reasons(self, queue: str) -> list[str | None]:
        with self.client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
            return [message.dead_letter_reason for message in receiver.peek_messages(100)]


def eventually(condition, what: str = "") -> None:
    """Polls until the condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s: {what or 'what was expected'}"
        time.sleep(0.02)


def open_stage(folder: Path, stack: ExitStack, **bus_options: float) -> Stage:
    definition = NamespaceDefinition.load(APP / "servicebus.json")
    endpoint = stack.enter_context(running(definition, **bus_options))
    client = stack.enter_context(ServiceBusClient.from_connection_string(endpoint.connection_string))
    return Stage(endpoint, client, folder / "record.jsonl", stack)


@pytest.fixture
def stage(tmp_path):
    with ExitStack() as stack:
        yield open_stage(tmp_path, stack)


@pytest.fixture
def short_locks(tmp_path):
    """The same stage, but locks last one second."""
    with ExitStack() as stack:
        yield open_stage(tmp_path, stack, lock_seconds=1.0)


@pytest.fixture
def impatient_bus(tmp_path):
    """The same stage, but the bus closes connections that are silent for a second."""
    with ExitStack() as stack:
        yield open_stage(tmp_path, stack, idle_seconds=1.0)


@pytest.fixture
def until():
    return eventually


@pytest.fixture
def app_folder(tmp_path):
    """Makes a folder with an app of the given source, and the host.json of the tests' app by default."""

    def make(source: str, host_json: str | None = None) -> Path:
        folder = tmp_path / "app"
        folder.mkdir()
        (folder / "function_app.py").write_text(source, "utf-8")
        (folder / "host.json").write_text(host_json or (APP / "host.json").read_text("utf-8"), "utf-8")
        return folder

    return make
