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
    from collections.abc import Iterator, Mapping
    from uuid import UUID

HEADER = ULong(0x70)
DELIVERY_ANNOTATIONS = ULong(0x71)
MESSAGE_ANNOTATIONS = ULong(0x72)
PROPERTIES = ULong(0x73)
APPLICATION_PROPERTIES = ULong(0x74)
DATA = ULong(0x75)
SEQUENCE = ULong(0x76)
VALUE = ULong(0x77)
FOOTER = ULong(0x78)

#: `message-format` of a transfer that holds many messages, each in a data section.
BATCH_FORMAT = 0x80013700

SCHEDULED_ENQUEUE_TIME = Symbol("x-opt-scheduled-enqueue-time")

#: Names the entity behind the one that a message is sent through, in a transaction.
_VIA_PARTITION_KEY = Symbol("x-opt-via-partition-key")

#: Places in the header and in the properties (AMQP 1.0, part 3, 3.2.1 and 3.2.4).
_TTL = 2
_ABSOLUTE_EXPIRY_TIME = 8

_BODY = (DATA, SEQUENCE, VALUE, FOOTER)
#: What stands in front of the messages of a batch: the envelope of the first of them.
_ENVELOPE = (HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES)

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
        _check_body(raw, at)
        content = cls(header, annotations, properties, application_properties, encoded, raw[at:])
        content.check()
        return content

    def check(self) -> None:
        """Refuse what would have to be ignored.

        Raises:
            DecodeError: a field of the wrong type, or one that is not imitated.
        """
        if isinstance(self.message_id, list | dict | Described):
            raise DecodeError("a message id is not a simple value")
        ttl, scheduled = self._header_at(_TTL), self.annotations.get(SCHEDULED_ENQUEUE_TIME)
        if any(value is not None and not isinstance(value, int) for value in (ttl, scheduled)):
            raise DecodeError("a time to live or a scheduled time is not a number")
        if ttl is None and self.property_at(_ABSOLUTE_EXPIRY_TIME) is not None:
            raise DecodeError("an absolute expiry time without a time to live is not imitated")
        if self.annotations.get(_VIA_PARTITION_KEY) is not None:
            raise DecodeError("sending through another entity is not imitated")

    @property
    def message_id(self) -> AmqpValue:
        """What the sender calls the message; None without a name."""
        return self.property_at(0)

    @property
    def ttl_ms(self) -> int | None:
        """Milliseconds to live that the sender gave."""
        ttl = self._header_at(_TTL)
        return ttl if isinstance(ttl, int) else None

    @property
    def scheduled_for(self) -> int | None:
        """When the message is to appear, in milliseconds since the epoch; None for at once."""
        at = self.annotations.get(SCHEDULED_ENQUEUE_TIME)
        return at if isinstance(at, int) else None

    def property_at(self, index: int) -> AmqpValue:
        """A field of the properties section by its place in AMQP 1.0, part 3, 3.2.4."""
        return self.properties[index] if index < len(self.properties) else None

    def _header_at(self, index: int) -> AmqpValue:
        return self.header[index] if index < len(self.header) else None

    def read_value(self) -> AmqpValue:
        """The body, where it is a single AMQP value, as in requests; else None."""
        if not self.body or _descriptor(self.body, 0) != VALUE:
            return None
        return _section(self.body, 0).value

    def with_properties(self, changes: Mapping[str, AmqpValue]) -> Content:
        """The content with these application properties set."""
        if not changes:
            return self
        properties: AmqpMap = dict(self.application_properties)
        properties.update(changes.items())
        return replace(
            self,
            application_properties=properties,
            encoded_application_properties=encode(Described(APPLICATION_PROPERTIES, properties)),
        )

    def dead_lettered(self, source: str) -> Content:
        """The content as it stands in a dead-letter queue: with the entity that it left, without a time to live."""
        return replace(
            self,
            header=[*self.header[:2], None],
            annotations={**self.annotations, Symbol("x-opt-deadletter-source"): source},
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
    if not message_format:
        yield payload
        return
    if message_format != BATCH_FORMAT:
        raise DecodeError(f"the message format {message_format:#x} is not imitated")
    at = 0
    while at < len(payload):
        section = _descriptor(payload, at)
        if section == DATA:
            message = _section(payload, at).value
            if not isinstance(message, bytes):
                raise DecodeError("an item of a batch is not binary")
            yield message
        elif section not in _ENVELOPE:
            raise DecodeError(f"a batch with a section {section!r}")
        at = skip(payload, at)


def _check_body(raw: bytes, at: int) -> None:
    while at < len(raw):
        if (section := _descriptor(raw, at)) not in _BODY:
            raise DecodeError(f"a message with a section {section!r} where its body is")
        at = skip(raw, at)


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
