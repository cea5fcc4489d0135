"""From bytes to AMQP values (OASIS AMQP 1.0, part 1, 1.6)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from uuid import UUID

from sandbox.servicebus.values import (
    AmqpValue,
    Array,
    Byte,
    DecodeError,
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
_16_BYTES = struct.Struct("16s")

_DESCRIBED = 0x00

type _Reader = Callable[[bytes, int], tuple[AmqpValue, int]]


def decode(data: bytes, at: int = 0) -> tuple[AmqpValue, int]:
    """The value that starts at `at`, and the position after it.

    Raises:
        DecodeError: the bytes are cut short, contradict themselves, or hold a type that Service Bus does not use.
    """
    try:
        return _read(data, at)
    except DecodeError:
        raise
    except (struct.error, IndexError, UnicodeDecodeError, RecursionError, TypeError) as error:
        raise DecodeError(f"not a well-formed AMQP value: {type(error).__name__}") from error


def skip(data: bytes, at: int) -> int:
    """The position after the value that starts at `at`, without building the value.

    Raises:
        DecodeError: the bytes are cut short.
    """
    try:
        code = data[at]
        if code == _DESCRIBED:
            return skip(data, skip(data, at + 1))
        end = at + 1 + _WIDTH_OF_CATEGORY[code >> 4](data, at + 1)
    except (struct.error, IndexError, KeyError, RecursionError) as error:
        raise DecodeError("not a well-formed AMQP value") from error
    if end > len(data):
        raise DecodeError("the value is cut short")
    return end


#: The high half of a constructor byte says how to find the end of a value (AMQP 1.0, part 1, 1.2).
_WIDTH_OF_CATEGORY: dict[int, Callable[[bytes, int], int]] = {
    0x4: lambda _, __: 0,
    0x5: lambda _, __: 1,
    0x6: lambda _, __: 2,
    0x7: lambda _, __: 4,
    0x8: lambda _, __: 8,
    0x9: lambda _, __: 16,
    **dict.fromkeys((0xA, 0xC, 0xE), lambda data, at: 1 + data[at]),
    **dict.fromkeys((0xB, 0xD, 0xF), lambda data, at: 4 + _U32.unpack_from(data, at)[0]),
}


def _read(data: bytes, at: int) -> tuple[AmqpValue, int]:
    code = data[at]
    if code == _DESCRIBED:
        descriptor, at = _read(data, at + 1)
        value, at = _read(data, at)
        return Described(descriptor, value), at
    return _reader(code)(data, at + 1)


def _reader(code: int) -> _Reader:
    try:
        return _READERS[code]
    except KeyError:
        raise DecodeError(f"unknown constructor {code:#04x}") from None


def _constant(value: AmqpValue) -> _Reader:
    return lambda _, at: (value, at)


def _fixed[Raw](layout: struct.Struct, make: Callable[[Raw], AmqpValue]) -> _Reader:
    unpack, size = layout.unpack_from, layout.size
    return lambda data, at: (make(unpack(data, at)[0]), at + size)


def _variable(length: struct.Struct, make: Callable[[bytes], AmqpValue]) -> _Reader:
    def read(data: bytes, at: int) -> tuple[AmqpValue, int]:
        start = at + length.size
        end = start + length.unpack_from(data, at)[0]
        if end > len(data):
            raise DecodeError("the value is cut short")
        return make(data[start:end]), end

    return read


def _compound(width: struct.Struct, make: Callable[[list[AmqpValue]], AmqpValue]) -> _Reader:
    def read(data: bytes, at: int) -> tuple[AmqpValue, int]:
        end = at + width.size + width.unpack_from(data, at)[0]
        count: int = width.unpack_from(data, at + width.size)[0]
        at += 2 * width.size
        items: list[AmqpValue] = []
        for _ in range(count):
            item, at = _read(data, at)
            items.append(item)
        if at != end:
            raise DecodeError("the size of a list or map contradicts its items")
        return make(items), end

    return read


def _array(width: struct.Struct) -> _Reader:
    def read(data: bytes, at: int) -> tuple[AmqpValue, int]:
        size: int = width.unpack_from(data, at)[0]
        end = at + width.size + size
        count: int = width.unpack_from(data, at + width.size)[0]
        at += 2 * width.size
        if count > size:  # only items without bytes of their own could; nobody sends them, and they would eat memory
            raise DecodeError("an array has more items than bytes")
        read_item = _reader(data[at])
        at += 1
        items = Array()
        for _ in range(count):
            item, at = read_item(data, at)
            items.append(item)
        if at != end:
            raise DecodeError("the size of an array contradicts its items")
        return items, end

    return read


def _pairs(items: list[AmqpValue]) -> AmqpValue:
    if len(items) % 2:
        raise DecodeError("a map has a key without a value")
    return dict(zip(items[::2], items[1::2], strict=True))


def _boolean(raw: int) -> bool:
    return raw == 1


def _text(raw: bytes) -> str:
    return raw.decode()


def _symbol(raw: bytes) -> Symbol:
    return Symbol(raw.decode("ascii"))


def _uuid(raw: bytes) -> UUID:
    return UUID(bytes=raw)


_READERS: dict[int, _Reader] = {
    0x40: _constant(None),
    0x41: _constant(True),
    0x42: _constant(False),
    0x43: _constant(UInt(0)),
    0x44: _constant(ULong(0)),
    0x45: lambda _, at: ([], at),  # a new list each time
    0x50: _fixed(_U8, UByte),
    0x51: _fixed(_I8, Byte),
    0x52: _fixed(_U8, UInt),
    0x53: _fixed(_U8, ULong),
    0x54: _fixed(_I8, Int),
    0x55: _fixed(_I8, int),
    0x56: _fixed(_U8, _boolean),
    0x60: _fixed(_U16, UShort),
    0x61: _fixed(_I16, Short),
    0x70: _fixed(_U32, UInt),
    0x71: _fixed(_I32, Int),
    0x72: _fixed(_F32, Float),
    0x80: _fixed(_U64, ULong),
    0x81: _fixed(_I64, int),
    0x82: _fixed(_F64, float),
    0x83: _fixed(_I64, Timestamp),
    0x98: _fixed(_16_BYTES, _uuid),
    0xA0: _variable(_U8, bytes),
    0xA1: _variable(_U8, _text),
    0xA3: _variable(_U8, _symbol),
    0xB0: _variable(_U32, bytes),
    0xB1: _variable(_U32, _text),
    0xB3: _variable(_U32, _symbol),
    0xC0: _compound(_U8, list),
    0xC1: _compound(_U8, _pairs),
    0xD0: _compound(_U32, list),
    0xD1: _compound(_U32, _pairs),
    0xE0: _array(_U8),
    0xF0: _array(_U32),
}
