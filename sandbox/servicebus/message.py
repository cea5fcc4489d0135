"""Messages: what a sender sent, and what the bus knows about it (OASIS AMQP 1.0, part 3, 3.2).

`Content` is what came from the sender and never changes; all subscriptions of a topic share it. `Message` is one copy
in one queue, with the broker's own facts about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Self

from sandbox.servicebus.decoding import decode, skip
from sandbox.servicebus.encoding import encode
from sandbox.servicebus.values import AmqpMap, AmqpValue, DecodeError, Described, Int, Symbol, Timestamp, UInt, ULong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

HEADER = ULong(0x70)
DELIVERY_ANNOTATIONS = ULong(0x71)
MESSAGE_ANNOTATIONS = ULong(0x72)
PROPERTIES = ULong(0x73)
APPLICATION_PROPERTIES = ULong(0x74)
DATA = ULong(0x75)
VALUE = ULong(0x77)

#: `message-format` of a transfer that holds many messages, each in a data section.
BATCH_FORMAT = 0x80013700

SCHEDULED_ENQUEUE_TIME = Symbol("x-opt-scheduled-enqueue-time")

_MAX_UINT = 2**32 - 1


class State(IntEnum):
    """Where a message stands. The numbers up to 2 are those of `x-opt-message-state`."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2
    LOCKED = 3
    GONE = 4


@dataclass(frozen=True, slots=True)
class Content:
    """A message as its sender wrote it."""

    header: list[AmqpValue]
    annotations: AmqpMap
    properties: list[AmqpValue]
    application_properties: AmqpMap
    encoded_application_properties: bytes
    """The section as it came, or empty; most messages pass through unchanged."""
    body: bytes
    """Everything behind the application properties, as it came."""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read an encoded message.

        Raises:
            DecodeError: not a well-formed message.
        """
        header: list[AmqpValue] = []
        annotations: AmqpMap = {}
        properties: list[AmqpValue] = []
        application_properties: AmqpMap = {}
        encoded = b""
        at = 0
        while at < len(raw):
            section, end = _descriptor(raw, at), skip(raw, at)
            if section == HEADER:
                header = _list(raw, at)
            elif section == DELIVERY_ANNOTATIONS:
                pass  # meant for the next hop, which is the bus itself
            elif section == MESSAGE_ANNOTATIONS:
                annotations = _map(raw, at)
            elif section == PROPERTIES:
                properties = _list(raw, at)
            elif section == APPLICATION_PROPERTIES:
                application_properties, encoded = _map(raw, at), raw[at:end]
            else:
                break
            at = end
        if properties and isinstance(properties[0], list | dict | Described):
            raise DecodeError("a message id is not a simple value")
        return cls(header, annotations, properties, application_properties, encoded, raw[at:])

    @property
    def message_id(self) -> AmqpValue:
        """What the sender calls the message; None without a name."""
        return self.property_at(0)

    @property
    def ttl_ms(self) -> int | None:
        """Milliseconds to live that the sender gave."""
        ttl = self.header[2] if len(self.header) > 2 else None
        return ttl if isinstance(ttl, int) else None

    @property
    def scheduled_for(self) -> int | None:
        """When the message is to appear, in milliseconds since the epoch; None for at once."""
        at = self.annotations.get(SCHEDULED_ENQUEUE_TIME)
        return at if isinstance(at, int) else None

    def property_at(self, index: int) -> AmqpValue:
        """A field of the properties section by its place in AMQP 1.0, part 3, 3.2.4."""
        return self.properties[index] if index < len(self.properties) else None

    def read_value(self) -> AmqpValue:
        """The body, where it is a single AMQP value, as in requests; else None."""
        if not self.body or _descriptor(self.body, 0) != VALUE:
            return None
        return _section(self.body, 0).value

    def dead_lettered(self, source: str, reason: str | None, description: str | None) -> Content:
        """The content as it stands in a dead-letter queue: with the reason, and without a time to live."""
        told = {"DeadLetterReason": reason, "DeadLetterErrorDescription": description}
        properties: AmqpMap = {
            **self.application_properties,
            **{name: text for name, text in told.items() if text is not None},
        }
        return replace(
            self,
            header=[*self.header[:2], None],
            annotations={**self.annotations, Symbol("x-opt-deadletter-source"): source},
            application_properties=properties,
            encoded_application_properties=encode(Described(APPLICATION_PROPERTIES, properties)),
        )


@dataclass(slots=True, eq=False)
class Message:
    """One copy of a message in one queue. Times are milliseconds since the epoch."""

    content: Content
    sequence_number: int
    enqueued_at: int
    expires_at: int | None
    state: State = State.ACTIVE
    delivery_count: int = 0
    deferred: bool = False
    """Set aside: can only be received by its sequence number, also after a lock on it ends."""
    lock_token: UUID | None = None
    locked_until: int = 0

    def encode(self) -> bytes:
        """The message as a receiver gets it, with the broker's annotations."""
        content = self.content
        durable, priority = (*content.header[:2], None, None)[:2]
        ttl = None if self.expires_at is None else UInt(min(self.expires_at - self.enqueued_at, _MAX_UINT))
        annotations: AmqpMap = {
            **content.annotations,
            Symbol("x-opt-enqueued-time"): Timestamp(self.enqueued_at),
            Symbol("x-opt-sequence-number"): self.sequence_number,
            Symbol("x-opt-message-state"): Int(self._reported_state()),
        }
        sections = [
            encode(Described(HEADER, [durable, priority, ttl, self.delivery_count == 0, UInt(self.delivery_count)]))
        ]
        if self.lock_token is not None:
            annotations[Symbol("x-opt-locked-until")] = Timestamp(self.locked_until)
            sections.append(encode(Described(DELIVERY_ANNOTATIONS, {Symbol("x-opt-lock-token"): self.lock_token})))
        sections.append(encode(Described(MESSAGE_ANNOTATIONS, annotations)))
        if content.properties:
            sections.append(encode(Described(PROPERTIES, content.properties)))
        return b"".join((*sections, content.encoded_application_properties, content.body))

    def _reported_state(self) -> State:
        if self.deferred:
            return State.DEFERRED
        return State.SCHEDULED if self.state is State.SCHEDULED else State.ACTIVE


def encode_response(correlation_id: AmqpValue, properties: AmqpMap, value: AmqpValue) -> bytes:
    """The answer to a request: its id, the status as application properties, and a value."""
    message_properties: list[AmqpValue] = [None, None, None, None, None, correlation_id]
    return b"".join(
        (
            encode(Described(PROPERTIES, message_properties)),
            encode(Described(APPLICATION_PROPERTIES, properties)),
            encode(Described(VALUE, value)),
        )
    )


def unbatch(payload: bytes, message_format: int | None) -> Iterator[bytes]:
    """The encoded messages of one transfer.

    Raises:
        DecodeError: a batch that is not well formed.
    """
    if message_format != BATCH_FORMAT:
        yield payload
        return
    at = 0
    while at < len(payload):
        if _descriptor(payload, at) == DATA:
            message = _section(payload, at).value
            if not isinstance(message, bytes):
                raise DecodeError("an item of a batch is not binary")
            yield message
        at = skip(payload, at)


def _descriptor(raw: bytes, at: int) -> AmqpValue:
    if raw[at] != 0:
        raise DecodeError("a section of a message has no descriptor")
    return decode(raw, at + 1)[0]


def _section(raw: bytes, at: int) -> Described:
    section, _ = decode(raw, at)
    if not isinstance(section, Described):
        raise DecodeError("a section of a message has no descriptor")
    return section


def _list(raw: bytes, at: int) -> list[AmqpValue]:
    value = _section(raw, at).value
    if not isinstance(value, list):
        raise DecodeError("a section of a message is not a list")
    return value


def _map(raw: bytes, at: int) -> AmqpMap:
    value = _section(raw, at).value
    if not isinstance(value, dict):
        raise DecodeError("a section of a message is not a map")
    return value
