"""The command line against a Service Bus of its own for each test, and one Dataverse that is emptied before each."""

import time

import pytest
from azure.servicebus import ServiceBusClient, _base_handler, _servicebus_receiver, _servicebus_sender
from azure.servicebus._pyamqp import _connection, client, session
from typer.testing import CliRunner

from connector.cli import retry, stored_message_commands
from connector.cli.app import app
from connector.cli.replay.clock import ReplayClock
from connector.servicebus import browse, entities
from connector.servicebus.bus import Bus
from connector.servicebus.entities import QUEUE_DATAVERSE, QUEUE_QUARANTINE, SYNC_RECORDS, TOPIC_JOBS
from connector.settings import get_settings
from sandbox.dataverse.server import running as running_dataverse
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import DEFAULT_ENTITIES, running as running_bus
from tests.contract.dataverse.conftest import Door

#: What the SDK pauses while a link opens, where it would take up to a second.
PAUSE = 0.005
#: The subscriptions that commands look at, unless a test asks for all: the SDK makes a connection for each of them.
FEW = ("add-tag", "remove-tag", "set-score", "resolve-job", SYNC_RECORDS)


class HastyTime:
    """The `time` module with short pauses."""

    def __getattr__(self, name):
        return getattr(time, name)

    def sleep(self, seconds):
        time.sleep(min(seconds, PAUSE))


@pytest.fixture(autouse=True)
def _sdk_without_pauses(monkeypatch):
    for module in (_base_handler, _servicebus_receiver, _servicebus_sender, _connection, client, session):
        monkeypatch.setattr(module, "time", HastyTime())
    monkeypatch.setattr(browse, "IDLE_SECONDS", 0.3)


@pytest.fixture
def all_subscriptions():
    """For a test in which commands look at every location of the bus."""


@pytest.fixture(autouse=True)
def _few_subscriptions(request, monkeypatch):
    if "all_subscriptions" not in request.fixturenames:
        monkeypatch.setattr(entities, "subscriptions", lambda: FEW)


@pytest.fixture
def endpoint():
    with running_bus(NamespaceDefinition.load(DEFAULT_ENTITIES), lock_seconds=5) as endpoint:
        yield endpoint


@pytest.fixture
def sdk(endpoint):
    with ServiceBusClient.from_connection_string(endpoint.connection_string, retry_total=0) as sdk:
        yield sdk


@pytest.fixture
def waiting(sdk):
    """What lies in a queue or subscription, seen without a change."""

    def look(name, sub_queue=None):
        if name in (QUEUE_DATAVERSE, QUEUE_QUARANTINE):
            receiver = sdk.get_queue_receiver(name, sub_queue=sub_queue)
        else:
            receiver = sdk.get_subscription_receiver(TOPIC_JOBS, name, sub_queue=sub_queue)
        with receiver:
            return receiver.peek_messages(100)

    return look


@pytest.fixture
def take(sdk, waiting):
    """Receive all that lies in a queue or subscription, as a function does that takes it."""

    def receive(name):
        taken = []
        while waiting(name):
            is_queue = name in (QUEUE_DATAVERSE, QUEUE_QUARANTINE)
            with sdk.get_queue_receiver(name) if is_queue else sdk.get_subscription_receiver(TOPIC_JOBS, name) as link:
                for message in link.receive_messages(500, max_wait_time=5):
                    link.complete_message(message)
                    taken.append(message)
        return taken

    return receive


@pytest.fixture
def bus(endpoint):
    bus = Bus(lambda: ServiceBusClient.from_connection_string(endpoint.connection_string))
    yield bus
    bus.close()


@pytest.fixture(scope="session")
def dataverse_process(tmp_path_factory):
    with running_dataverse("--ca-file", str(tmp_path_factory.mktemp("dataverse") / "ca.pem")) as ready:
        yield ready


@pytest.fixture
def door(dataverse_process):
    door = Door(dataverse_process)
    door.call("POST", "reset")
    yield door
    door.close()


#: Seconds that a pause of a replay takes at least: each look at the bus opens several links.
LONG_PAUSE = 25.0


class PausedClock(ReplayClock):
    """A clock of a replay that goes on only in its pauses; in each of them `app` does what the connector would."""

    def __init__(self):
        super().__init__()
        self.seconds = 0.0
        self.app = lambda: None

    def now(self):
        return self.seconds

    def pause(self, seconds):
        if seconds > 0 and not self.stopped:
            self.seconds += max(seconds, LONG_PAUSE)
            self.app()


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = PausedClock()
    for commands in (retry, stored_message_commands):
        monkeypatch.setattr(commands, "ReplayClock", lambda: clock)
    return clock


@pytest.fixture
def cli(endpoint, dataverse_process, monkeypatch, tmp_path):
    """Run a command with the settings of both stand-ins."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "ServiceBus": endpoint.connection_string,
        "DATAVERSE_URL": dataverse_process.url,
        "DATAVERSE_AUTHORITY": dataverse_process.url,
        "DATAVERSE_TENANT_ID": dataverse_process.tenant_id,
        "DATAVERSE_CLIENT_ID": dataverse_process.client_id,
        "DATAVERSE_CLIENT_SECRET": dataverse_process.client_secret,
        "REQUESTS_CA_BUNDLE": dataverse_process.ca_file,
        "SPOTLER_KEY": "key",
        "SPOTLER_SECRET": "secret",
        "STATE": "state",
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    yield run
    get_settings.cache_clear()
