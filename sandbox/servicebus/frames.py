"""Frames: how performatives travel over a TCP connection (OASIS AMQP 1.0, part 2, 2.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.servicebus.performatives import encode_performative
from sandbox.servicebus.values import DecodeError

if TYPE_CHECKING:
    from sandbox.servicebus.performatives import Performative

AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
SASL_HEADER = b"AMQP\x03\x01\x00\x00"

AMQP_FRAME = 0
SASL_FRAME = 1

#: The largest frame we take and send; what Azure Service Bus announces.
MAX_FRAME_SIZE = 65536

#: size (4 bytes), data offset in words of 4 bytes, type, channel
_HEADER = struct.Struct(">IBBH")
_DATA_OFFSET = 2
_WORD = 4

#: Keeps the peer from closing an idle connection.
EMPTY_FRAME = _HEADER.pack(_HEADER.size, _DATA_OFFSET, AMQP_FRAME, 0)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; an empty body only says that the peer is alive."""

    channel: int
    body: bytes


def encode_frame(channel: int, performative: Performative, payload: bytes = b"", kind: int = AMQP_FRAME) -> bytes:
    """A frame as bytes; `kind` is AMQP_FRAME or SASL_FRAME."""
    body = encode_performative(performative)
    size = _HEADER.size + len(body) + len(payload)
    return _HEADER.pack(size, _DATA_OFFSET, kind, channel) + body + payload


class FrameBuffer:
    """Cuts the incoming stream into protocol headers and frames."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Append what arrived; forget what has been taken."""
        del self._data[: self._at]
        self._at = 0
        self._data += data

    def take_header(self) -> bytes | None:
        """The next 8 bytes, or None while they are incomplete."""
        if len(self._data) - self._at < len(AMQP_HEADER):
            return None
        start, self._at = self._at, self._at + len(AMQP_HEADER)
        return bytes(self._data[start : self._at])

    def take_frame(self) -> Frame | None:
        """The next frame, or None while it is incomplete.

        Raises:
            DecodeError: a frame larger than announced, or one whose sizes contradict each other.
        """
        if len(self._data) - self._at < _HEADER.size:
            return None
        size, offset, _, channel = _HEADER.unpack_from(self._data, self._at)
        if not _HEADER.size <= offset * _WORD <= size <= MAX_FRAME_SIZE:
            raise DecodeError(f"a frame of {size} bytes with its data at {offset * _WORD}")
        if len(self._data) - self._at < size:
            return None
        start, self._at = self._at, self._at + size
        return Frame(channel, bytes(self._data[start + offset * _WORD : self._at]))
