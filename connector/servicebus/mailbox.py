"""Looking into queues and subscriptions by hand, and taking single messages out: for people, never for the functions.

Looking (`peek`) changes nothing. Taking (`take`) holds a message under its lock, lets the caller do something with it,
and removes it only then; so a crash in between leaves it where it was, and it may be handled a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from connector.servicebus.bus import (
    QUEUE_DATAVERSE,
    QUEUE_QUARANTINE,
    TOPIC_JOBS,
    client_from,
    lock_durations,
    translated,
)

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver

    from connector.settings import Settings

#: Messages in one answer of the bus.
BLOCK: Final = 100
#: Messages that are looked at in one place; enough for every backlog that people read through.
MOST: Final = 5000
#: Seconds without a message after which nothing more is expected; what others hold under a lock does not come.
PATIENCE: Final = 3.0
#: Places looked at simultaneously: opening the way to one takes most of the time.
PARALLEL: Final = 8

#: What the bus itself writes on a dead letter.
_OF_THE_BUS: Final = frozenset({"DeadLetterReason", "DeadLetterErrorDescription"})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where messages lie: a queue, a subscription of the topic of jobs, or the dead letters of either."""

    name: str
    dead_letters: bool = False

    @property
    def is_queue(self) -> bool:
        """Whether it is a queue, and not a subscription."""
        return self.name in (QUEUE_DATAVERSE, QUEUE_QUARANTINE)

    def __str__(self) -> str:
        kind = "queue" if self.is_queue else "subscription"
        return f"{'dead letters of ' if self.dead_letters else ''}{kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Held:
    """A message that lies somewhere.

    Attributes:
        number: the sequence number, unique in its place.
        enqueued_on: when it came, in UTC; None where the bus does not tell.
        deliveries: how often it was given to a receiver.
        properties: the application properties, without those of the bus.
        dead_letter_reason: why the bus put it aside; empty unless it is a dead letter.
        dead_letter_description: the same, in more words.
    """

    number: int
    message_id: str
    enqueued_on: datetime | None
    deliveries: int
    body: bytes
    properties: Mapping[str, str]
    dead_letter_reason: str = ""
    dead_letter_description: str = ""


QUARANTINE: Final = Place(QUEUE_QUARANTINE)


def places_of_dead_letters() -> tuple[Place, ...]:
    """Everywhere that a message can be put aside."""
    return tuple(Place(name, dead_letters=True) for name in (QUEUE_DATAVERSE, QUEUE_QUARANTINE, *lock_durations()))


def places_of_work() -> tuple[Place, ...]:
    """Everywhere that a message waits for a function."""
    return tuple(Place(name) for name in (QUEUE_DATAVERSE, *lock_durations()))


class Mailbox:
    """The queues and subscriptions of one namespace.

    Raises, from every method:
        Transient: when the bus cannot be reached.
        Misconfigured: when it refuses our credentials (they need the right to listen) or lacks an entity.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def peek(self, place: Place, *, most: int = MOST) -> list[Held]:
        """The messages in a place, oldest first; locked and deferred ones too, of queues also scheduled ones."""
        with translated(f"show the {place}"), client_from(self._settings) as client:
            return _peek(client, place, most)

    def peek_all(self, places: Collection[Place], *, most: int = MOST) -> dict[Place, list[Held]]:
        """The messages in several places."""

        def look(place: Place) -> list[Held]:
            with translated(f"show the {place}"):
                return _peek(client, place, most)

        with client_from(self._settings) as client, ThreadPoolExecutor(PARALLEL) as pool:
            return dict(zip(places, pool.map(look, places), strict=True))

    def take(self, place: Place, wanted: Collection[int], handle: Callable[[Held], bool]) -> set[int]:
        """Handle these messages one by one, and remove each that `handle` says is done with.

        The bus gives messages in their order only, so that older ones are held meanwhile and put back at the end; that
        counts as a delivery of theirs. An error of `handle` leaves its message and all that follow where they are.

        Returns:
            the numbers of those that came to `handle`; the others are gone, or held by somebody else.
        """
        handled: set[int] = set()
        with translated(f"give messages of the {place}"), self._receiver(place) as receiver:
            passed: dict[int, ServiceBusReceivedMessage] = {}
            try:
                while not handled.issuperset(wanted):
                    block = receiver.receive_messages(BLOCK, max_wait_time=PATIENCE)
                    held = {message.sequence_number or 0: message for message in block}
                    went_round = bool(held.keys() & passed.keys())  # the lock of what was passed by has ended
                    passed |= held
                    if not block or went_round:
                        break
                    for number in sorted(held.keys() & set(wanted)):
                        if handle(_held(held[number])):
                            receiver.complete_message(held[number])
                            del passed[number]
                        handled.add(number)
            finally:
                _put_back(receiver, passed.values())
        return handled

    @contextmanager
    def _receiver(self, place: Place) -> Iterator[ServiceBusReceiver]:
        with client_from(self._settings) as client, _receiver(client, place) as receiver:
            yield receiver


def _receiver(client: ServiceBusClient, place: Place) -> ServiceBusReceiver:
    from azure.servicebus import ServiceBusSubQueue  # noqa: PLC0415 - heavy, loaded when used

    sub_queue = ServiceBusSubQueue.DEAD_LETTER if place.dead_letters else None
    if place.is_queue:
        return client.get_queue_receiver(place.name, sub_queue=sub_queue)
    return client.get_subscription_receiver(TOPIC_JOBS, place.name, sub_queue=sub_queue)


def _peek(client: ServiceBusClient, place: Place, most: int) -> list[Held]:
    found: list[Held] = []
    with _receiver(client, place) as receiver:
        while len(found) < most:
            following = found[-1].number + 1 if found else 0
            block = receiver.peek_messages(min(BLOCK, most - len(found)), sequence_number=following)
            if not block:
                break
            found += [_held(message) for message in block]
    return found


def _put_back(receiver: ServiceBusReceiver, messages: Collection[ServiceBusReceivedMessage]) -> None:
    """Give back what was not wanted; where that fails, its lock ends by itself within a minute."""
    from azure.servicebus.exceptions import ServiceBusError  # noqa: PLC0415 - heavy, loaded when used

    for message in messages:
        with suppress(ServiceBusError):
            receiver.abandon_message(message)


def _held(message: ServiceBusReceivedMessage) -> Held:
    properties = {_text(key): _text(value) for key, value in (message.application_properties or {}).items()}
    enqueued = message.enqueued_time_utc
    return Held(
        number=message.sequence_number or 0,
        message_id=message.message_id or "",
        enqueued_on=enqueued.astimezone(UTC) if enqueued else None,
        deliveries=message.delivery_count or 0,
        body=_body(message),
        properties={name: value for name, value in properties.items() if name not in _OF_THE_BUS},
        dead_letter_reason=message.dead_letter_reason or "",
        dead_letter_description=message.dead_letter_error_description or "",
    )


def _body(message: ServiceBusReceivedMessage) -> bytes:
    """Dataverse and the connector send binary bodies; strangers may send a value."""
    from azure.servicebus.amqp import AmqpMessageBodyType  # noqa: PLC0415 - heavy, loaded when used

    return b"".join(message.body) if message.body_type is AmqpMessageBodyType.DATA else str(message).encode()


def _text(value: object) -> str:
    """Names and values of properties come as text or as bytes."""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
