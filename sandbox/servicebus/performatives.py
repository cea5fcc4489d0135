"""The AMQP performatives (OASIS AMQP 1.0, part 2, 2.7) and SASL frames (part 5, 5.3) as values.

The fields of each class stand in the order of the wire. They are written out in full, nulls included: the
specification lets a sender leave out trailing nulls, but some clients read every field by its position.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar

from sandbox.servicebus.decoding import decode
from sandbox.servicebus.encoding import encode
from sandbox.servicebus.values import AmqpMap, AmqpValue, DecodeError, Described, UByte, UInt, ULong, UShort

if TYPE_CHECKING:
    from collections.abc import Callable

#: `role` of a peer that receives on the link, in attach and disposition.
RECEIVER = True
SENDER = False

#: `snd-settle-mode` of a receiver that takes messages for good, without a lock (receive-and-delete).
SETTLED = UByte(1)


@dataclass(frozen=True, slots=True)
class SaslMechanisms:
    """The mechanisms the server offers."""

    CODE: ClassVar = ULong(0x40)
    mechanisms: list[AmqpValue]


@dataclass(frozen=True, slots=True)
class SaslInit:
    """The mechanism the client picked."""

    CODE: ClassVar = ULong(0x41)
    mechanism: str
    initial_response: bytes | None = None
    hostname: str | None = None


@dataclass(frozen=True, slots=True)
class SaslOutcome:
    """0 is success."""

    CODE: ClassVar = ULong(0x44)
    code: UByte
    additional_data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """The first performative on a connection."""

    CODE: ClassVar = ULong(0x10)
    container_id: str
    hostname: str | None = None
    max_frame_size: UInt | None = None
    channel_max: UShort | None = None
    idle_time_out: UInt | None = None
    outgoing_locales: AmqpValue = None
    incoming_locales: AmqpValue = None
    offered_capabilities: AmqpValue = None
    desired_capabilities: AmqpValue = None
    properties: AmqpMap | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """Starts a session on a channel."""

    CODE: ClassVar = ULong(0x11)
    remote_channel: UShort | None
    next_outgoing_id: UInt
    incoming_window: UInt
    outgoing_window: UInt
    handle_max: UInt | None = None
    offered_capabilities: AmqpValue = None
    desired_capabilities: AmqpValue = None
    properties: AmqpMap | None = None


@dataclass(frozen=True, slots=True)
class Attach:
    """Starts a link on a session."""

    CODE: ClassVar = ULong(0x12)
    name: str
    handle: UInt
    role: bool
    snd_settle_mode: UByte | None = None
    rcv_settle_mode: UByte | None = None
    source: Described | None = None
    target: Described | None = None
    unsettled: AmqpMap | None = None
    incomplete_unsettled: bool | None = None
    initial_delivery_count: UInt | None = None
    max_message_size: ULong | None = None
    offered_capabilities: AmqpValue = None
    desired_capabilities: AmqpValue = None
    properties: AmqpMap | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """Windows of a session and, with a handle, credit of a link."""

    CODE: ClassVar = ULong(0x13)
    next_incoming_id: UInt | None
    incoming_window: UInt
    next_outgoing_id: UInt
    outgoing_window: UInt
    handle: UInt | None = None
    delivery_count: UInt | None = None
    link_credit: UInt | None = None
    available: UInt | None = None
    drain: bool | None = None
    echo: bool | None = None
    properties: AmqpMap | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A message, or a part of one when `more` is set; the payload follows the performative."""

    CODE: ClassVar = ULong(0x14)
    handle: UInt
    delivery_id: UInt | None = None
    delivery_tag: bytes | None = None
    message_format: UInt | None = None
    settled: bool | None = None
    more: bool | None = None
    rcv_settle_mode: UByte | None = None
    state: Described | None = None
    resume: bool | None = None
    aborted: bool | None = None
    batchable: bool | None = None


@dataclass(frozen=True, slots=True)
class Disposition:
    """What became of the deliveries from `first` to `last`."""

    CODE: ClassVar = ULong(0x15)
    role: bool
    first: UInt
    last: UInt | None = None
    settled: bool | None = None
    state: Described | None = None
    batchable: bool | None = None


@dataclass(frozen=True, slots=True)
class Detach:
    """Ends a link."""

    CODE: ClassVar = ULong(0x16)
    handle: UInt
    closed: bool | None = None
    error: Described | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Ends a session."""

    CODE: ClassVar = ULong(0x17)
    error: Described | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Ends a connection."""

    CODE: ClassVar = ULong(0x18)
    error: Described | None = None


type Performative = (
    SaslMechanisms
    | SaslInit
    | SaslOutcome
    | Open
    | Begin
    | Attach
    | Flow
    | Transfer
    | Disposition
    | Detach
    | End
    | Close
)

_CLASSES = (
    SaslMechanisms,
    SaslInit,
    SaslOutcome,
    Open,
    Begin,
    Attach,
    Flow,
    Transfer,
    Disposition,
    Detach,
    End,
    Close,
)
_BY_CODE: dict[AmqpValue, Callable[..., Performative]] = {cls.CODE: cls for cls in _CLASSES}


def _values_of(cls: type[Performative]) -> Callable[[Performative], list[AmqpValue]]:
    names = [field.name for field in fields(cls)]
    if len(names) == 1:
        return lambda performative: [getattr(performative, names[0])]
    read = attrgetter(*names)
    return lambda performative: list(read(performative))


_VALUES = {cls: _values_of(cls) for cls in _CLASSES}


def encode_performative(performative: Performative) -> bytes:
    """The described list that opens the body of a frame."""
    return encode(Described(performative.CODE, _VALUES[type(performative)](performative)))


def decode_performative(body: bytes) -> tuple[Performative, bytes]:
    """The performative of a frame and the payload behind it.

    Raises:
        DecodeError: not a performative, or one without a mandatory field.
    """
    described, end = decode(body)
    if not isinstance(described, Described) or not isinstance(described.value, list):
        raise DecodeError("a frame does not begin with a performative")
    make = _BY_CODE.get(described.descriptor)
    if make is None:
        raise DecodeError(f"unknown performative {described.descriptor!r}")
    try:
        return make(*described.value), body[end:]
    except TypeError as error:
        raise DecodeError(f"a performative has the wrong number of fields: {error}") from error
