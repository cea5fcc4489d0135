"""Browsing queues and subscriptions, and receiving single messages: for people, never for the work itself.

`peek` and `count` change nothing. `receive` locks a message, lets the caller handle it, and removes it only afterwards.
So a crash in between leaves the message where it was, and it may be handled a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from connector.servicebus.connection import client_from, translate_errors
from connector.servicebus.entities import TOPIC_JOBS, Location
from connector.threads import ContextThreadPool
from connector.words import Sentence

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver

    from connector.settings import BusSettings

#: Messages in one answer of the bus.
BATCH_SIZE: Final = 100
#: Messages read from one location; enough for every backlog that people read through.
MAX_MESSAGES: Final = 5000
#: Seconds without a message after which none is expected; messages that others have locked do not arrive.
IDLE_SECONDS: Final = 3.0
#: Locations read simultaneously: opening the link to one takes most of the time.
PARALLEL_LINKS: Final = 8

#: What Service Bus itself writes on a dead letter.
_DEAD_LETTER_PROPERTIES: Final = frozenset({"DeadLetterReason", "DeadLetterErrorDescription"})


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message in a queue or subscription.

    Attributes:
        location: where it is stored.
        number: the sequence number, unique in its location.
        enqueued_on: when it arrived, in UTC; None where the bus does not say.
        deliveries: how often it was given to a receiver.
        properties: the application properties, without those of the bus.
        dead_letter_reason: why the bus moved it to the dead letters; empty unless it is one.
        dead_letter_description: the same, in more words.
    """

    location: Location
    number: int
    message_id: str
    enqueued_on: datetime | None
    deliveries: int
    body: bytes
    properties: Mapping[str, str]
    dead_letter_reason: str = ""
    dead_letter_description: str = ""


class MessageBrowser:
    """The queues and subscriptions of one namespace.

    Raises, from every method:
        Transient: when the bus cannot be reached.
        Misconfigured: when it refuses our credentials (they need the right to listen) or lacks an entity.
    """

    def __init__(self, settings: BusSettings) -> None:
        self._settings = settings

    def peek(
        self, locations: Collection[Location], *, after: Mapping[Location, int] | None = None, limit: int = MAX_MESSAGES
    ) -> list[StoredMessage]:
        """The messages in these locations, in their order, oldest first in each.

        Includes locked and deferred messages, and scheduled ones of queues.

        Args:
            locations: where to look.
            after: by location, only messages with a higher number than this.
            limit: so many of one location at most.
        """
        positions = after or {}

        def read(location: Location) -> list[StoredMessage]:
            with translate_errors(_showing(location)):
                return _peek(client, location, positions.get(location, 0), limit)

        with client_from(self._settings) as client, ContextThreadPool(PARALLEL_LINKS) as pool:
            return [message for messages in pool.map(read, locations) for message in messages]

    def count(self, locations: Collection[Location], *, most: int) -> dict[Location, int]:
        """How many messages are in each of these locations, counted up to `most`; as in `peek`, also locked ones.

        The bus tells its own counts only to whoever may manage it, and the functions may not.
        """

        def read(location: Location) -> int:
            with translate_errors(_showing(location)), _receiver(client, location) as receiver:
                found, following = 0, 1
                while found < most:
                    batch = receiver.peek_messages(min(BATCH_SIZE, most - found), sequence_number=following)
                    if not batch:
                        break
                    found, following = found + len(batch), (batch[-1].sequence_number or 0) + 1
                return found

        with client_from(self._settings) as client, ContextThreadPool(PARALLEL_LINKS) as pool:
            return dict(zip(locations, pool.map(read, locations), strict=True))

    def receive(
        self, location: Location, numbers: Collection[int], handle: Callable[[StoredMessage], bool]
    ) -> set[int]:
        """Handle these messages one by one, and remove each for which `handle` returns True.

        The bus delivers messages in their order only, so older ones are locked meanwhile and returned at the end; that
        counts as a delivery of theirs. When `handle` raises, its message and all later ones stay.

        Returns:
            the numbers of the messages that were handled; the others are gone, or locked by another receiver.
        """
        handled: set[int] = set()
        giving = Sentence("give messages of the {place}", place=location.sentence)
        with translate_errors(giving), self._receiver(location) as receiver:
            locked: dict[int, ServiceBusReceivedMessage] = {}
            try:
                while not handled.issuperset(numbers):
                    batch = receiver.receive_messages(BATCH_SIZE, max_wait_time=IDLE_SECONDS)
                    received = {message.sequence_number or 0: message for message in batch}
                    started_over = bool(received.keys() & locked.keys())  # the first locks have expired
                    locked |= received
                    if not batch or started_over:
                        break
                    for number in sorted(received.keys() & set(numbers)):
                        if handle(_stored(location, received[number])):
                            receiver.complete_message(received[number])
                            del locked[number]
                        handled.add(number)
            finally:
                _unlock(receiver, locked.values())
        return handled

    @contextmanager
    def _receiver(self, location: Location) -> Iterator[ServiceBusReceiver]:
        with client_from(self._settings) as client, _receiver(client, location) as receiver:
            yield receiver


def _receiver(client: ServiceBusClient, location: Location) -> ServiceBusReceiver:
    from azure.servicebus import ServiceBusSubQueue  # noqa: PLC0415 - heavy, loaded when used

    sub_queue = ServiceBusSubQueue.DEAD_LETTER if location.dead_letters else None
    if location.is_queue:
        return client.get_queue_receiver(location.name, sub_queue=sub_queue)
    return client.get_subscription_receiver(TOPIC_JOBS, location.name, sub_queue=sub_queue)


def _peek(client: ServiceBusClient, location: Location, after: int, limit: int) -> list[StoredMessage]:
    found: list[StoredMessage] = []
    with _receiver(client, location) as receiver:
        while len(found) < limit:
            following = (found[-1].number if found else after) + 1
            batch = receiver.peek_messages(min(BATCH_SIZE, limit - len(found)), sequence_number=following)
            if not batch:
                break
            found += [_stored(location, message) for message in batch]
    return found


def _unlock(receiver: ServiceBusReceiver, messages: Collection[ServiceBusReceivedMessage]) -> None:
    """Give back what was not handled; where that fails, the lock expires within minutes."""
    from azure.servicebus.exceptions import ServiceBusError  # noqa: PLC0415 - heavy, loaded when used

    for message in messages:
        with suppress(ServiceBusError):
            receiver.abandon_message(message)


def _stored(location: Location, message: ServiceBusReceivedMessage) -> StoredMessage:
    properties = {_text(key): _text(value) for key, value in (message.application_properties or {}).items()}
    enqueued = message.enqueued_time_utc
    return StoredMessage(
        location=location,
        number=message.sequence_number or 0,
        message_id=message.message_id or "",
        enqueued_on=enqueued.astimezone(UTC) if enqueued else None,
        deliveries=message.delivery_count or 0,
        body=_body(message),
        properties={name: value for name, value in properties.items() if name not in _DEAD_LETTER_PROPERTIES},
        dead_letter_reason=message.dead_letter_reason or "",
        dead_letter_description=message.dead_letter_error_description or "",
    )


def _body(message: ServiceBusReceivedMessage) -> bytes:
    """Dataverse and the connector send binary bodies; other senders may send a value."""
    from azure.servicebus.amqp import AmqpMessageBodyType  # noqa: PLC0415 - heavy, loaded when used

    return b"".join(message.body) if message.body_type is AmqpMessageBodyType.DATA else str(message).encode()


def _text(value: object) -> str:
    """Names and values of properties arrive as text or as bytes."""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _showing(location: Location) -> Sentence:
    return Sentence("show the {place}", place=location.sentence)
