"""Sending messages to Service Bus."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from connector.errors import Refused
from connector.servicebus.connection import client_from, translate_errors
from connector.threads import start_thread
from connector.words import Sentence

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender

    from connector.settings import BusSettings

#: Seconds for one call, including the wait for other threads' calls: far below the lock of a message (300 s).
SEND_SECONDS: Final = 20.0

#: Bytes of one message, and of all that are sent together, in the Standard tier; properties count.
MAX_MESSAGE_BYTES: Final = 256 * 1024


class TooLarge(Refused):
    """A message is larger than Service Bus accepts; the messages beside it were sent."""

    code = "MESSAGE_TOO_LARGE"
    advice = "Look at the message; Service Bus Premium takes larger ones."


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to send.

    Attributes:
        body: JSON in UTF-8.
        message_id: two messages with the same id within ten minutes are one, on a topic with duplicate detection.
        properties: application properties.
        due: when it becomes visible; None for now.
    """

    body: bytes
    message_id: str
    properties: Mapping[str, str] = field(default_factory=dict)
    due: datetime | None = None


class Bus:
    """Sends messages; safe to use from several threads.

    The SDK's senders are not, so calls take turns. The SDK reopens a connection that broke while idle; a connection on
    which a call failed is dropped. A server that accepts connections and then never answers would block the SDK for
    ever, so each call runs in a thread of its own, which is abandoned when the time is over.
    """

    def __init__(self, connect: Callable[[], ServiceBusClient]) -> None:
        self._connect = connect
        self._client: ServiceBusClient | None = None
        self._senders: dict[tuple[str, str], ServiceBusSender] = {}
        self._lock = threading.Lock()

    def to_queue(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """Send to a queue.

        Raises:
            Transient: when the bus cannot be reached, or does not accept them in time.
            Misconfigured: when it refuses our credentials or does not know the queue.
            TooLarge: when a message is; the others are sent.
        """
        self._send(("queue", name), list(messages))

    def to_topic(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """Send to a topic; raises as `to_queue` does."""
        self._send(("topic", name), list(messages))

    def close(self) -> None:
        """Close the connection; the next send opens a new one."""
        with suppress(TimeoutError), _locked(self._lock, SEND_SECONDS):
            _in_thread(self._disconnect()).result(SEND_SECONDS)

    def _send(self, entity: tuple[str, str], messages: Sequence[OutgoingMessage]) -> None:
        if not messages:
            return
        kind, name = entity
        place = Sentence("queue {name}" if kind == "queue" else "topic {name}", name=name)
        with (
            translate_errors(Sentence("take a message for the {place}", place=place)),
            _locked(self._lock, SEND_SECONDS) as seconds_left,
        ):
            sender = self._sender(kind, name)
            sending = _in_thread(lambda: _send_in_batches(sender, messages))
            try:
                too_large = sending.result(seconds_left)
            except BaseException:
                close = self._disconnect()
                sending.add_done_callback(lambda _: _in_thread(close))
                raise
        if too_large:
            raise TooLarge(
                Sentence(
                    "{too_large} of {count} message for the {place} is too large.",
                    plural="{too_large} of {count} messages for the {place} are too large.",
                    too_large=too_large,
                    count=len(messages),
                    place=place,
                )
            )

    def _sender(self, kind: str, name: str) -> ServiceBusSender:
        sender = self._senders.get((kind, name))
        if sender is None:
            if self._client is None:
                self._client = self._connect()
            get = self._client.get_queue_sender if kind == "queue" else self._client.get_topic_sender
            sender = self._senders[kind, name] = get(name)
        return sender

    def _disconnect(self) -> Callable[[], None]:
        """Let the next send open a new connection; returns what closes the old one, which may block."""
        senders, client = self._senders.values(), self._client
        self._senders, self._client = {}, None

        def close() -> None:
            for sender in senders:
                sender.close()
            if client is not None:
                client.close()

        return close


def bus_from(settings: BusSettings) -> Bus:
    """The bus of the settings."""
    return Bus(lambda: client_from(settings))


@contextmanager
def _locked(lock: threading.Lock, seconds: float) -> Iterator[float]:
    """Hold the lock; yields how many of the seconds are left.

    Raises:
        TimeoutError: other threads held it for all of them.
    """
    began = time.monotonic()
    if not lock.acquire(timeout=seconds):
        raise TimeoutError
    try:
        yield seconds - (time.monotonic() - began)
    finally:
        lock.release()


def _in_thread[T](work: Callable[[], T]) -> Future[T]:
    """Run the work in a thread of its own, which does not keep the process alive."""
    outcome = Future[T]()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where the result is read
            outcome.set_exception(error)

    start_thread(run)
    return outcome


def _send_in_batches(sender: ServiceBusSender, messages: Sequence[OutgoingMessage]) -> int:
    """Send as many messages together as the link accepts; returns how many are too large even by themselves."""
    too_large = 0
    batch = sender.create_message_batch()
    for message in map(_sdk_message, messages):
        if _added(batch, message):
            continue
        if len(batch):
            sender.send_messages(batch)
            batch = sender.create_message_batch()
        if not _added(batch, message):
            too_large += 1
    if len(batch):
        sender.send_messages(batch)
    return too_large


def _added(batch: ServiceBusMessageBatch, message: ServiceBusMessage) -> bool:
    """Whether there was room for a message in the batch."""
    from azure.servicebus.exceptions import MessageSizeExceededError  # noqa: PLC0415 - heavy, loaded when used

    try:
        batch.add_message(message)
    except MessageSizeExceededError:
        return False
    return True


def _sdk_message(message: OutgoingMessage) -> ServiceBusMessage:
    from azure.servicebus import ServiceBusMessage  # noqa: PLC0415 - heavy, loaded when used

    properties: dict[str | bytes, int | float | bytes | bool | str | UUID] = {}
    properties.update(message.properties)
    return ServiceBusMessage(
        message.body,
        message_id=message.message_id,
        content_type="application/json",
        application_properties=properties,
        scheduled_enqueue_time_utc=message.due,
    )
