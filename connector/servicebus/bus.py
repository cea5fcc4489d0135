"""Service Bus: the queue, topic and subscriptions, and sending to them.

`entities.json` beside this module is the one definition of the entities; the infrastructure and the stand-in read the
same file. Receiving is the business of the Functions host; `connector.servicebus.mailbox` is for people.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from connector.errors import Misconfigured, Refused, Transient

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender

    from connector.settings import BusSettings

QUEUE_DATAVERSE: Final = "dataverse"
QUEUE_QUARANTINE: Final = "quarantine"
TOPIC_JOBS: Final = "spotler-jobs"

#: The application property on which the subscriptions of the topic filter.
OPERATION_PROPERTY: Final = "operation"

#: The application setting that holds the connection; `ServiceBus__fullyQualifiedNamespace` for an identity.
CONNECTION: Final = "ServiceBus"

#: Seconds for all that one call may take, the wait for its turn included: far below the lock of a message (300 s).
PATIENCE: Final = 20.0

#: Seconds for one attempt of the SDK, which makes several.
ATTEMPT: Final = PATIENCE / 2

#: Bytes of one message, and of all that are sent together, in the Standard tier; properties count.
LARGEST: Final = 256 * 1024


class TooLarge(Refused):
    """A message is larger than the bus takes; what was to be sent with it was sent."""

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

    The senders of the SDK are not, so calls take turns. A connection that broke while nothing was sent is opened again
    by the SDK itself; one on which a call failed is given up. A bus that takes connections and then says nothing would
    hold the SDK for ever, so a call is left to itself when its time is over.
    """

    def __init__(self, connect: Callable[[], ServiceBusClient]) -> None:
        self._connect = connect
        self._client: ServiceBusClient | None = None
        self._senders: dict[tuple[str, str], ServiceBusSender] = {}
        self._lock = threading.Lock()

    def to_queue(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """Send to a queue.

        Raises:
            Transient: when the bus cannot be reached, or does not take them in time.
            Misconfigured: when it refuses our credentials or does not know the queue.
            TooLarge: when a message is; the others are sent.
        """
        self._send(("queue", name), list(messages))

    def to_topic(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """Send to a topic; raises as `to_queue` does."""
        self._send(("topic", name), list(messages))

    def close(self) -> None:
        """Close the connection; the next send opens a new one."""
        with suppress(TimeoutError), _turn(self._lock, PATIENCE):
            _aside(self._forget()).result(PATIENCE)

    def _send(self, entity: tuple[str, str], messages: Sequence[OutgoingMessage]) -> None:
        if not messages:
            return
        kind, name = entity
        with translated(f"take a message for the {kind} {name}"), _turn(self._lock, PATIENCE) as seconds:
            sender = self._sender(kind, name)
            sending = _aside(lambda: _send_in_blocks(sender, messages))
            try:
                too_large = sending.result(seconds)
            except BaseException:
                close = self._forget()
                sending.add_done_callback(lambda _: _aside(close))
                raise
        if too_large:
            raise TooLarge(f"{too_large} of {len(messages)} messages for the {kind} {name} are larger than it takes.")

    def _sender(self, kind: str, name: str) -> ServiceBusSender:
        sender = self._senders.get((kind, name))
        if sender is None:
            if self._client is None:
                self._client = self._connect()
            get = self._client.get_queue_sender if kind == "queue" else self._client.get_topic_sender
            sender = self._senders[kind, name] = get(name)
        return sender

    def _forget(self) -> Callable[[], None]:
        """Let the next send open a new connection. What is returned closes the old one, which may take for ever too."""
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


def client_from(settings: BusSettings) -> ServiceBusClient:
    """The SDK's client: by connection string, else by the identity of the app. Nothing is connected yet.

    Raises:
        Misconfigured: the connection string is none.
    """
    from azure.servicebus import ServiceBusClient  # noqa: PLC0415 - heavy, loaded when used

    if settings.service_bus is not None:
        try:
            return ServiceBusClient.from_connection_string(settings.service_bus.get_secret_value(), try_timeout=ATTEMPT)
        except ValueError:
            raise Misconfigured(
                "The setting ServiceBus is not a connection string.",
                advice="Set it to the connection string of a policy of the namespace: Endpoint=sb://…;SharedAccessKey=….",
            ) from None
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415

    assert settings.service_bus_namespace is not None  # noqa: S101 - checked by Settings
    return ServiceBusClient(settings.service_bus_namespace, DefaultAzureCredential(), try_timeout=ATTEMPT)


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn the SDK's errors into ours; `action` completes "Service Bus did not …".

    Raises:
        Transient: when the bus cannot be reached.
        Misconfigured: when it refuses our credentials or does not know the entity.
    """
    from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415 - heavy, loaded when used
    from azure.servicebus.exceptions import (  # noqa: PLC0415
        MessagingEntityNotFoundError,
        ServiceBusAuthenticationError,
        ServiceBusAuthorizationError,
        ServiceBusError,
    )

    try:
        yield
    except (
        ServiceBusAuthenticationError,
        ServiceBusAuthorizationError,
        MessagingEntityNotFoundError,
        ClientAuthenticationError,
    ) as error:
        raise Misconfigured(
            f"Service Bus refused to {action} ({type(error).__name__}).",
            advice="Check the connection setting ServiceBus, its rights and the entities of the namespace.",
        ) from error
    except (ServiceBusError, OSError) as error:
        raise Transient(f"Service Bus did not {action}.") from error


@cache
def lock_durations() -> Mapping[str, timedelta]:
    """How long the bus keeps a message for one receiver, for each subscription of the topic of jobs."""
    definition = json.loads(Path(__file__).with_name("entities.json").read_text(encoding="utf-8"))
    return {
        entry["name"]: _minutes_and_seconds(entry["lockDuration"])
        for topic in definition["topics"]
        for entry in topic["subscriptions"]
    }


def lock_duration(subscription: str) -> timedelta:
    """How long the bus keeps a message of this subscription for one receiver.

    Raises:
        KeyError: when there is no such subscription.
    """
    return lock_durations()[subscription]


def _minutes_and_seconds(iso: str) -> timedelta:
    """A duration such as `PT5M` or `PT30S`, the only forms that Service Bus allows for locks (at most 5 minutes)."""
    minutes, _, seconds = iso.removeprefix("PT").rpartition("M")
    return timedelta(minutes=int(minutes or 0), seconds=int(seconds.removesuffix("S") or 0))


@contextmanager
def _turn(lock: threading.Lock, seconds: float) -> Iterator[float]:
    """Hold the lock, and say how many of the seconds are left.

    Raises:
        TimeoutError: others held it for all of them.
    """
    began = time.monotonic()
    if not lock.acquire(timeout=seconds):
        raise TimeoutError
    try:
        yield seconds - (time.monotonic() - began)
    finally:
        lock.release()


def _aside[T](work: Callable[[], T]) -> Future[T]:
    """Do the work in a thread of its own, which does not keep the process alive."""
    outcome = Future[T]()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where the outcome is asked for
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome


def _send_in_blocks(sender: ServiceBusSender, messages: Sequence[OutgoingMessage]) -> int:
    """Send as much at once as the link takes; returns how many messages are too large even by themselves."""
    too_large = 0
    block = sender.create_message_batch()
    for message in map(_sdk_message, messages):
        if _added(block, message):
            continue
        if len(block):
            sender.send_messages(block)
            block = sender.create_message_batch()
        if not _added(block, message):
            too_large += 1
    if len(block):
        sender.send_messages(block)
    return too_large


def _added(block: ServiceBusMessageBatch, message: ServiceBusMessage) -> bool:
    """Whether a message had room in the block."""
    from azure.servicebus.exceptions import MessageSizeExceededError  # noqa: PLC0415 - heavy, loaded when used

    try:
        block.add_message(message)
    except MessageSizeExceededError:
        return False
    return True


def _sdk_message(message: OutgoingMessage) -> ServiceBusMessage:
    from azure.servicebus import ServiceBusMessage  # noqa: PLC0415 - heavy, loaded when used

    return ServiceBusMessage(
        message.body,
        message_id=message.message_id,
        content_type="application/json",
        application_properties=dict[str | bytes, int | float | bytes | bool | str | UUID](message.properties.items()),
        scheduled_enqueue_time_utc=message.due,
    )
