"""From AMQP values to bytes (OASIS AMQP 1.0, part 1, 1.6)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from uuid import UUID

from sandbox.servicebus.values import (
    AmqpValue,
    Array,
    Byte,
    Described,
    Float,
    Int,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_U8 = struct.Struct(">B")
_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_I8 = struct.Struct(">b")
_I16 = struct.Struct(">h")
_I32 = struct.Struct(">i")
_I64 = struct.Struct(">q")
_F32 = struct.Struct(">f")
_F64 = struct.Struct(">d")

#: Values below this fit the constructors that keep sizes, counts and small numbers in one byte.
_ONE_BYTE = 256


def encode(value: AmqpValue) -> bytes:
    """The shortest encoding of the value.

    Raises:
        TypeError: a value that has no AMQP type.
        struct.error: a number that does not fit its type.
    """
    try:
        write = _WRITERS[type(value)]
    except KeyError:
        raise TypeError(f"{type(value).__name__} has no AMQP type") from None
    return write(value)


def _write_uint(value: int) -> bytes:
    if value == 0:
        return b"\x43"
    return bytes((0x52, value)) if 0 < value < _ONE_BYTE else b"\x70" + _U32.pack(value)


def _write_ulong(value: int) -> bytes:
    if value == 0:
        return b"\x44"
    return bytes((0x53, value)) if 0 < value < _ONE_BYTE else b"\x80" + _U64.pack(value)


def _write_sized(raw: bytes, short: int, long: int) -> bytes:
    if len(raw) < _ONE_BYTE:
        return bytes((short, len(raw))) + raw
    return bytes((long,)) + _U32.pack(len(raw)) + raw


def _write_compound(items: Iterable[AmqpValue], short: int, long: int) -> bytes:
    encoded = [encode(item) for item in items]
    body = b"".join(encoded)
    if len(body) + 1 < _ONE_BYTE and len(encoded) < _ONE_BYTE:
        return bytes((short, len(body) + 1, len(encoded))) + body
    return bytes((long,)) + _U32.pack(len(body) + 4) + _U32.pack(len(encoded)) + body


def _write_array(items: Array) -> bytes:
    code, write_item = _ARRAY_ITEMS[type(items[0]) if items else str]
    body = bytes((code,)) + b"".join(write_item(item) for item in items)
    return b"\xf0" + _U32.pack(len(body) + 4) + _U32.pack(len(items)) + body


def _with_length(raw: bytes) -> bytes:
    return _U32.pack(len(raw)) + raw


#: Items of an array share their constructor, so it has to be the widest of the type.
_ARRAY_ITEMS: dict[type, tuple[int, Callable[[object], bytes]]] = {
    int: (0x81, _I64.pack),
    Timestamp: (0x83, _I64.pack),
    UInt: (0x70, _U32.pack),
    UUID: (0x98, lambda item: item.bytes),  # type: ignore[attr-defined]
    str: (0xB1, lambda item: _with_length(str(item).encode())),
    Symbol: (0xB3, lambda item: _with_length(str(item).encode("ascii"))),
}

_WRITERS: dict[type, Callable[..., bytes]] = {
    type(None): lambda _: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    UByte: lambda value: b"\x50" + _U8.pack(value),
    UShort: lambda value: b"\x60" + _U16.pack(value),
    UInt: _write_uint,
    ULong: _write_ulong,
    Byte: lambda value: b"\x51" + _I8.pack(value),
    Short: lambda value: b"\x61" + _I16.pack(value),
    Int: lambda value: b"\x71" + _I32.pack(value),
    int: lambda value: b"\x81" + _I64.pack(value),
    Float: lambda value: b"\x72" + _F32.pack(value),
    float: lambda value: b"\x82" + _F64.pack(value),
    Timestamp: lambda value: b"\x83" + _I64.pack(value),
    UUID: lambda value: b"\x98" + value.bytes,
    bytes: lambda value: _write_sized(value, 0xA0, 0xB0),
    str: lambda value: _write_sized(value.encode(), 0xA1, 0xB1),
    Symbol: lambda value: _write_sized(value.encode("ascii"), 0xA3, 0xB3),
    Described: lambda value: b"\x00" + encode(value.descriptor) + encode(value.value),
    list: lambda value: _write_compound(value, 0xC0, 0xD0) if value else b"\x45",
    dict: lambda value: _write_compound((part for pair in value.items() for part in pair), 0xC1, 0xD1),
    Array: _write_array,
}
