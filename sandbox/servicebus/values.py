"""The part of the AMQP 1.0 type system that Service Bus speaks (OASIS AMQP 1.0, part 1).

Python's own types stand for the AMQP types where there is one obvious choice (`int` is `long`, `float` is `double`,
`bytes` is `binary`); the small subclasses below stand for the rest, so that a decoded value encodes to the same type.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


class DecodeError(ValueError):
    """The bytes are not a well-formed AMQP value of a type that is supported here."""


class Symbol(str):
    """ASCII names from a constrained domain."""

    __slots__ = ()


class UByte(int):
    """Unsigned, 8 bits."""


class UShort(int):
    """Unsigned, 16 bits."""


class UInt(int):
    """Unsigned, 32 bits."""


class ULong(int):
    """Unsigned, 64 bits."""


class Byte(int):
    """Signed, 8 bits."""


class Short(int):
    """Signed, 16 bits."""


class Int(int):
    """Signed, 32 bits. A plain `int` is a signed `long` of 64 bits."""


class Float(float):
    """IEEE 754, 32 bits. A plain `float` is a `double`."""

    __slots__ = ()


class Timestamp(int):
    """Milliseconds since 1970-01-01 UTC."""


class Array(list["AmqpValue"]):
    """Values of one type that share one constructor byte on the wire."""


@dataclass(frozen=True, slots=True)
class Described:
    """A value with a descriptor in front, such as a performative or a section of a message."""

    descriptor: AmqpValue
    value: AmqpValue


type AmqpMap = dict[AmqpValue, AmqpValue]
type AmqpValue = bool | int | float | str | bytes | UUID | Described | list[AmqpValue] | AmqpMap | None
