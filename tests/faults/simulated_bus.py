"""The bus of a simulated day: the entities of the Service Bus stand-in without network, in a time that can be moved."""

import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import QUEUE_QUARANTINE
from sandbox.functions.host_json import HostJson
from sandbox.launch import ROOT
from sandbox.servicebus.decoding import decode
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.delivery import Outcome
from sandbox.servicebus.encoding import encode
from sandbox.servicebus.message import DATA, SCHEDULED_ENQUEUE_TIME, Content, Message
from sandbox.servicebus.namespace import Namespace
from sandbox.servicebus.values import Described, Timestamp

#: The size of a batch, as the app has it.
BATCH: Final = HostJson.load(ROOT).service_bus.max_message_batch_size
#: Its entities.
_DEFINITION: Final = NamespaceDefinition.load(ROOT / "connector" / "servicebus" / "entities.json")
#: What counts as a message on its way.
UNDER_WAY: Final = ("active", "locked", "scheduled")


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
    """The stand-in's namespace without its network, in the words of `connector.servicebus.bus.Bus`."""

    def __init__(self, clock: SimulatedTime) -> None:
        self.namespace = Namespace(_DEFINITION, lambda: int(clock.wall() * 1000), NoAlarm())
        self._lock = threading.Lock()
        #: What anybody can see of a message who does not open it: its id and its application properties.
        self.envelopes: list[str] = []

    def to_queue(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        with self._lock:
            for message in messages:
                self.envelopes.append(f"{message.message_id} {message.properties}")
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


def body_of(message: Message) -> bytes:
    value = decode(message.content.body, 0)[0].value
    assert isinstance(value, bytes)
    return value


def _content(message: OutgoingMessage) -> Content:
    annotations = {}
    if message.due is not None:
        annotations[SCHEDULED_ENQUEUE_TIME] = Timestamp(int(message.due.timestamp() * 1000))
    body = encode(Described(DATA, message.body))
    properties = {name: str(each) for name, each in message.properties.items()}  # a sentence travels as its text
    return Content([], annotations, [message.message_id], dict(properties), b"", body)
