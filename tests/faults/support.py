"""A simulated day: the connector's own code between both stand-ins, on the stand-in's bus, in a time that can be moved.

What takes hours in Azure takes seconds here, because nobody waits: whoever sleeps moves the clock, and when nothing is
to do the clock jumps to the next thing that is due. The queues, locks, delays and the detection of duplicates are those
of the Service Bus stand-in; Dataverse and Spotler are asked over HTTP by the connector's real clients.
"""

import logging
import random
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from requests_oauthlib import OAuth1

from connector.bus import OPERATION_PROPERTY, QUEUE_DATAVERSE, QUEUE_QUARANTINE, TOPIC_JOBS, OutgoingMessage
from connector.dataverse.choices import JobStatus
from connector.dataverse.client import Dataverse
from connector.dataverse.client.client import API
from connector.dataverse.client.tokens import tokens_from
from connector.dataverse.names import Contact, Job
from connector.errors import ConnectorError
from connector.http import Clock, Transport
from connector.jobs.operations import operation_of
from connector.jobs.router import Incoming, Router
from connector.jobs.runner import BatchRunner
from connector.jobs.subscriptions import CARRIED_OUT, RESOLVE
from connector.jobs.sweep import sweep
from connector.jobs.work_item import WorkItem
from connector.services import RouterServices
from connector.spotler import Spotler
from connector.spotler.calls import Calls
from sandbox.dataverse.server import Ready
from sandbox.launch import ROOT
from sandbox.people import People
from sandbox.samples import create_automations
from sandbox.servicebus.decoding import decode
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.delivery import Outcome
from sandbox.servicebus.encoding import encode
from sandbox.servicebus.message import DATA, SCHEDULED_ENQUEUE_TIME, Content, Message
from sandbox.servicebus.namespace import Namespace
from sandbox.servicebus.values import Described, Timestamp
from sandbox.spotler.server import Running
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Surroundings
from tests.unit.world import World

#: The interval of the sweep, and the size of a batch, as in local.settings.json and host.json.
SWEEP_INTERVAL: Final = timedelta(minutes=2)
BATCH: Final = 100
#: What counts as a message on its way.
UNDER_WAY: Final = ("active", "locked", "scheduled")
SLUGS: Final = (RESOLVE, *(operation.slug for operation in CARRIED_OUT))


class SimulatedTime:
    """Runs with the clock of this machine, and can be moved ahead of it. Sleeping moves it, and takes no time."""

    def __init__(self, seed: int = 1) -> None:
        self._ahead = 0.0
        self._lock = threading.Lock()
        self.random = random.Random(seed).random  # noqa: S311 - chance that can be repeated

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), UTC)

    def wall(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Threads that sleep at the same time move the clock together, not one after the other."""
        until = self.monotonic() + seconds
        with self._lock:
            self._ahead = max(self._ahead, until - time.monotonic())

    def move_to(self, moment: datetime) -> None:
        self.sleep(max(moment.timestamp() - self.wall(), 0.0))

    @property
    def ahead(self) -> float:
        return self._ahead


@dataclass
class Receiver:
    """Takes at most so many messages."""

    credit: int
    taken: list[Message] = field(default_factory=list)
    takes_for_good = False

    def wants_message(self) -> bool:
        return len(self.taken) < self.credit

    def deliver(self, message: Message) -> None:
        self.taken.append(message)


class NoAlarm:
    """The simulation asks what is due next."""

    def at(self, when: int) -> None:
        """Nobody needs to be woken."""


class SimulatedBus:
    """The stand-in's namespace without its network, in the words of `connector.bus.Bus`."""

    def __init__(self, clock: SimulatedTime) -> None:
        definition = NamespaceDefinition.load(ROOT / "connector" / "servicebus.json")
        self.namespace = Namespace(definition, lambda: int(clock.wall() * 1000), NoAlarm())
        self._lock = threading.Lock()

    def to_queue(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        with self._lock:
            for message in messages:
                self.namespace._accept(self.namespace.find(name), _content(message))

    def to_topic(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        self.to_queue(name, messages)

    def close(self) -> None:
        """Nothing is open."""

    def receive(self, path: str, most: int = BATCH) -> list[Message]:
        """Lock what is ready."""
        queue, receiver = self.namespace.find(path), Receiver(most)
        queue.advance()
        queue.attach(receiver)
        queue.dispatch()
        queue.detach(receiver)
        return receiver.taken

    def settle(self, path: str, messages: Iterable[Message], outcome: Outcome) -> None:
        for message in messages:
            if message.lock_token is not None:
                self.namespace.find(path).settle(message.lock_token, outcome)

    def quarantined(self) -> list[tuple[bytes, dict[str, str]]]:
        """Bodies and properties of what was put aside."""
        found = self.namespace.find(QUEUE_QUARANTINE).peek(0, 100_000)
        return [(body_of(each), dict(each.content.application_properties)) for each in found]

    def dead_letters(self) -> int:
        return sum(figures.get("dead_lettered", 0) for figures in self.namespace.stats().values())

    def next_due(self) -> datetime | None:
        due = self.namespace.advance()
        return None if due is None else datetime.fromtimestamp(due / 1000, UTC)

    def is_quiet(self) -> bool:
        """Whether nothing is on its way to a function."""
        return not any(
            figures.get(state)
            for entity, figures in self.namespace.stats().items()
            if entity != QUEUE_QUARANTINE
            for state in UNDER_WAY
        )


class RecordingSender:
    """Keeps what was sent to Spotler: the transport of `connector.spotler.calls.Calls` with a memory."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.sent: list[str] = []

    def send(self, method: str, path: str, **details: object) -> requests.Response:
        self.sent.append(f"{method} {path} {details.get('params') or ''} {details.get('json')}")
        return self._transport.send(method, path, **details)

    def close(self) -> None:
        self._transport.close()


class Mistakes(logging.Handler):
    """Remembers the fingerprints of our own mistakes, also of those that passed when they were tried again."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "fingerprint"):
            self.seen.append(record.getMessage())


class Simulation(World):
    """The world of the unit tests with a bus that delivers and a clock that goes on."""

    def __init__(self, dataverse: Ready, spotler: Running, pool: ThreadPoolExecutor, *, parallel: int = 4) -> None:
        super().__init__(dataverse, spotler, pool)
        World.close(self)  # its clients stand in a time that does not go on
        self.time = SimulatedTime()
        self.bus = SimulatedBus(self.time)
        self.failures: list[Exception] = []
        self.mistakes = Mistakes()
        logging.getLogger("connector").addHandler(self.mistakes)
        self._moved = 0.0
        self._swept = self.time.now()
        clock = Clock(self.time.monotonic, self.time.wall, self.time.sleep, self.time.random)
        settings = self.services.settings
        common = {"clock": clock, "timeout": 10, "parallel": parallel}
        self.wire = RecordingSender(Transport(settings.spotler_url, system="Spotler", **common))
        self.services = replace(
            self.services,
            dataverse=Dataverse(
                Transport(settings.dataverse_url + API, system="Dataverse", verify=dataverse.ca_file, **common),
                tokens_from(settings, verify=dataverse.ca_file),
            ),
            spotler=Spotler(
                Calls(self.wire, OAuth1(spotler.key, client_secret=spotler.secret), clock=clock), clock=clock
            ),
            bus=self.bus,
            now=self.time.now,
        )
        self._router = Router(RouterServices(bus=self.bus, now=self.time.now))

    def close(self) -> None:
        logging.getLogger("connector").removeHandler(self.mistakes)
        super().close()

    def start_over(self) -> None:
        """Nothing in either system, nothing on the bus; the clock goes on."""
        self.spotler.reset()
        self.door("POST", "reset")
        self.new_bus()
        self._moved = 0.0

    def new_bus(self) -> None:
        """A bus with nothing on it."""
        self.bus = SimulatedBus(self.time)
        self.services = replace(self.services, bus=self.bus)
        self._router = Router(RouterServices(bus=self.bus, now=self.time.now))

    # What comes in

    def wake(self, *jobs: str) -> None:
        """Put the wake-ups of these jobs on the topic, as the router would."""
        rows = {str(row[Job.ID]): row for row in self.rows(Job.TABLE)}
        self.row = lambda job: rows[job]  # one look for all of them
        try:
            items = [self.item(job).model_copy(update={"first_seen": self.time.now()}) for job in jobs]
        finally:
            del self.row
        self.bus.to_topic(TOPIC_JOBS, [item.message(f"{item.job}/created") for item in items])

    def post(self, *bodies: bytes) -> None:
        """Put messages on the queue that Dataverse writes to."""
        self.bus.to_queue(QUEUE_DATAVERSE, [OutgoingMessage(body, f"post-{n}") for n, body in enumerate(bodies)])

    # Time

    def pass_time(self, duration: timedelta) -> None:
        """Let the functions and the sweep work for so long, whatever comes."""
        end = self.time.now() + duration
        while self.time.now() < end:
            if not self._work():
                self._jump(end)
        self._tell_dataverse()

    def run_until_over(self, patience: timedelta = timedelta(hours=12)) -> None:
        """Let the functions and the sweep work until every job has ended and nothing is on its way."""
        end = self.time.now() + patience
        while True:
            if not self._work():
                if self.bus.is_quiet() and not self.unfinished():
                    return
                assert self.time.now() < end, f"not over within {patience}: {self.unfinished()}"
                self._jump(end + timedelta(seconds=1))

    def _jump(self, end: datetime) -> None:
        """Nothing is ready: go to the next message or the next sweep."""
        sweep_due = self._swept + SWEEP_INTERVAL
        self.time.move_to(min(filter(None, (self.bus.next_due(), sweep_due, end))))
        if self.time.now() >= sweep_due:
            self._swept = self.time.now()
            self.sweep()

    def sweep(self) -> None:
        """As the timer: what it raises is logged by the host and forgotten."""
        self._tell_dataverse()
        try:
            sweep(self.services)
        except ConnectorError as error:
            self.failures.append(error)

    def _work(self) -> bool:
        """One batch of every function that has messages; whether there was any."""
        self._tell_dataverse()
        worked = False
        while messages := self.bus.receive(QUEUE_DATAVERSE):
            worked = True
            self._deliver(QUEUE_DATAVERSE, messages)
        for slug in SLUGS:
            messages = self.bus.receive(f"{TOPIC_JOBS}/Subscriptions/{slug}")
            if messages:
                worked = True
                self._deliver(f"{TOPIC_JOBS}/Subscriptions/{slug}", messages)
        return worked

    def _deliver(self, path: str, messages: Sequence[Message]) -> None:
        """As the host does: a batch that raises is abandoned, any other is completed."""
        try:
            if path == QUEUE_DATAVERSE:
                self._router.run([Incoming(body_of(each), {}) for each in messages])
            else:
                operation = operation_of(path.rpartition("/")[2])
                BatchRunner(self.services, operation).run([body_of(each) for each in messages])
        except Exception as error:  # noqa: BLE001 - kept for the test to look at
            self.failures.append(error)
            self.bus.settle(path, messages, Outcome.ABANDON)
        else:
            self.bus.settle(path, messages, Outcome.COMPLETE)

    def _tell_dataverse(self) -> None:
        ahead = self.time.ahead
        if ahead - self._moved > 0.5:  # less is lost in the whole seconds that Dataverse keeps
            self.door("POST", "clock", json={"move_seconds": ahead - self._moved})
            self._moved = ahead

    # What became of it

    def unfinished(self) -> list[str]:
        return [str(row[Job.ID]) for row in self.rows(Job.TABLE) if row[Job.STATE] == 0]

    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        """Status and code of every job, by id."""
        return {
            str(row[Job.ID]): (JobStatus(row[Job.STATUS]).label, row[Job.RESULT_CODE]) for row in self.rows(Job.TABLE)
        }


def body_of(message: Message) -> bytes:
    value = decode(message.content.body, 0)[0].value
    assert isinstance(value, bytes)
    return value


def _content(message: OutgoingMessage) -> Content:
    annotations = {}
    if message.due is not None:
        annotations[SCHEDULED_ENQUEUE_TIME] = Timestamp(int(message.due.timestamp() * 1000))
    body = encode(Described(DATA, message.body))
    return Content([], annotations, [message.message_id], dict(message.properties), b"", body)


class Crowd:
    """The whole system with several hosts: what people do, what is sent to the bus, and what became of it."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.people = People(around.dataverse)
        self.spotler = SideDoor(around.spotler.get("url"))
        self.automations = create_automations(self.people)

    def contacts(self, names: Sequence[str]) -> list[str]:
        rows = [{"lastname": name, "emailaddress1": f"{name}@example.org"} for name in names]
        return self.people.create_many(Contact.TABLE, Contact.SET, rows)

    def jobs(self, rows: Sequence[dict[str, object]], *, lost: bool = False) -> list[str]:
        """Create jobs, in this order; `lost`: no message of them reaches the bus."""
        self.steps(enabled=not lost)
        try:
            return self.people.create_many(Job.TABLE, Job.SET, rows)
        finally:
            self.steps(enabled=True)

    def steps(self, **switches: object) -> None:
        self._door("POST", "steps", json=switches)

    def send(self, messages: Sequence[WorkItem | bytes], *, to: str = TOPIC_JOBS) -> None:
        """Send work items or anything else. Without message ids, so that the bus does not see that they repeat."""
        with ServiceBusClient.from_connection_string(self.around.servicebus.get("connection_string")) as client:
            make = client.get_topic_sender if to == TOPIC_JOBS else client.get_queue_sender
            with make(to) as sender:
                for start in range(0, len(messages), BATCH):
                    sender.send_messages([_sdk_message(each) for each in messages[start : start + BATCH]])

    def bus_faults(self, **order: object) -> None:
        """Order misbehaviour of the bus: `drop_next`, `duplicate_next`, `entity`, `shuffle`, `seed`."""
        answer = requests.post(f"{self.around.servicebus.get('control_url')}/_sandbox/faults", json=order, timeout=10)
        assert answer.ok, answer.text

    def wait(self, jobs: Collection[str], seconds: float = 60.0) -> dict[str, tuple[str, str | None]]:
        """Status and code of these jobs once all are over, or the time is."""
        wanted, deadline = set(jobs), time.monotonic() + seconds
        while True:
            rows = [row for row in self._door("GET", f"rows/{Job.TABLE}") if row[Job.ID] in wanted]
            if all(row[Job.STATE] for row in rows) or time.monotonic() > deadline:
                return {str(row[Job.ID]): (JobStatus(row[Job.STATUS]).label, row[Job.RESULT_CODE]) for row in rows}
            time.sleep(0.2)

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until no message is on its way."""
        deadline = time.monotonic() + seconds
        while any(
            figures.get(state)
            for entity, figures in self.figures().items()
            if entity != QUEUE_QUARANTINE
            for state in UNDER_WAY
        ):
            assert time.monotonic() < deadline, self.figures()
            time.sleep(0.2)

    def figures(self) -> dict[str, dict[str, int]]:
        """How many messages stand where, by entity."""
        answer = requests.get(f"{self.around.servicebus.get('control_url')}/_sandbox/stats", timeout=10)
        figures: dict[str, dict[str, int]] = answer.json()["entities"]
        return figures

    def quarantined(self) -> list[bytes]:
        """The bodies of what was put aside."""
        with (
            ServiceBusClient.from_connection_string(self.around.servicebus.get("connection_string")) as client,
            client.get_queue_receiver(QUEUE_QUARANTINE) as receiver,
        ):
            return [b"".join(message.body) for message in receiver.peek_messages(1000)]

    def _door(self, method: str, path: str, **options: Any) -> Any:
        part = self.around.dataverse
        url = f"{part.get('url')}/_sandbox/{path}"
        answer = requests.request(method, url, verify=part.get("ca_file"), timeout=30, **options)
        assert answer.ok, answer.text
        return answer.json()


def _sdk_message(message: WorkItem | bytes) -> ServiceBusMessage:
    if isinstance(message, bytes):
        return ServiceBusMessage(message)
    return ServiceBusMessage(message.message("").body, application_properties={OPERATION_PROPERTY: message.operation})
