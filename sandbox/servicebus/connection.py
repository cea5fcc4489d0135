"""A connection: negotiates, cuts the stream into frames, and hands each performative to its session.

    SASL header ─► mechanisms ─► init ─► outcome ─► AMQP header ─► open ─► frames … ─► close

Frames that are written while one batch of input is handled leave in one write. A peer that does not read is not read
from either, and one that says nothing for the idle time is cut off.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from sandbox.servicebus.errors import CONNECTION_FORCED, DECODE_ERROR, INTERNAL_ERROR, NOT_ALLOWED, AmqpError
from sandbox.servicebus.frames import (
    AMQP_FRAME,
    AMQP_HEADER,
    EMPTY_FRAME,
    MAX_FRAME_SIZE,
    SASL_FRAME,
    SASL_HEADER,
    FrameBuffer,
    encode_frame,
)
from sandbox.servicebus.performatives import (
    Attach,
    Begin,
    Close,
    Detach,
    Disposition,
    End,
    Flow,
    Open,
    SaslInit,
    SaslMechanisms,
    SaslOutcome,
    Transfer,
    decode_performative,
)
from sandbox.servicebus.session import Session
from sandbox.servicebus.values import Array, DecodeError, Symbol, UByte, UInt, UShort

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.servicebus.frames import Frame
    from sandbox.servicebus.nodes import Nodes
    from sandbox.servicebus.performatives import Performative

_log = logging.getLogger(__name__)

#: What Azure announces: a peer silent for so long is taken for dead.
IDLE_SECONDS = 240.0

#: Claims come over `$cbs` afterwards, so the connection itself is anonymous.
_MECHANISMS: Array = Array([Symbol("ANONYMOUS"), Symbol("EXTERNAL"), Symbol("MSSBCBS")])
_SASL_OK = UByte(0)
_SASL_AUTH = UByte(1)
_CHANNEL_MAX = UShort(4999)


class Connection(asyncio.Protocol):
    """One client. `on_lost` is called when it is gone, however that came about."""

    def __init__(self, nodes: Nodes, on_lost: Callable[[Connection], None], idle_seconds: float = IDLE_SECONDS) -> None:
        self._nodes = nodes
        self._on_lost = on_lost
        self._idle_seconds = idle_seconds
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._input = FrameBuffer()
        self._output: list[bytes] = []
        self._expects_header = True
        self._negotiated = False
        self._max_frame_size = MAX_FRAME_SIZE
        self._sessions: dict[int, Session] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._last_heard = self._loop.time()

    # ------------------------------------------------------------------------------------------- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has the methods but not the base class
        self._watch_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone. Its links are released; the locks it held run on."""
        self._transport = None
        for timer in self._timers:
            timer.cancel()
        for session in self._sessions.values():
            session.on_end()
        self._sessions.clear()
        self._on_lost(self)
        if exc is not None:
            _log.debug("connection lost: %s", exc)

    def pause_writing(self) -> None:
        """The client does not read fast enough, so take nothing more from it."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Handle every complete frame."""
        self._last_heard = self._loop.time()
        self._input.feed(data)
        try:
            self._handle_input()
        except DecodeError as error:
            self._close(AmqpError(DECODE_ERROR, str(error)))
        except AmqpError as error:
            self._close(error)
        except Exception:  # noqa: BLE001 - such as a field of the wrong type: ends this connection, not the server
            _log.exception("a frame could not be handled")
            self._close(AmqpError(INTERNAL_ERROR, "The frame could not be handled."))

    def close(self) -> None:
        """Close the connection, as when the service is restarted."""
        self._close(AmqpError(CONNECTION_FORCED, "The service is going down."))

    # ------------------------------------------------------------------------------------------- input

    def _handle_input(self) -> None:
        while self._transport is not None and not self._transport.is_closing():
            if self._expects_header:
                header = self._input.take_header()
                if header is None:
                    return
                self._on_header(header)
            else:
                frame = self._input.take_frame()
                if frame is None:
                    return
                if frame.body:
                    self._on_frame(frame)

    def _on_header(self, header: bytes) -> None:
        if header == SASL_HEADER:
            self._put(SASL_HEADER)
            self._put(encode_frame(0, SaslMechanisms(_MECHANISMS), kind=SASL_FRAME))
        elif header == AMQP_HEADER:
            self._put(AMQP_HEADER)
        else:  # not our protocol: the specification asks to answer with ours and to disconnect
            self._put(SASL_HEADER)
            self._hang_up()
        self._expects_header = False

    def _on_frame(self, frame: Frame) -> None:
        performative, payload = decode_performative(frame.body)
        match performative:
            case SaslInit(mechanism):
                offered = mechanism in _MECHANISMS
                self._put(encode_frame(0, SaslOutcome(_SASL_OK if offered else _SASL_AUTH), kind=SASL_FRAME))
                self._expects_header = True
                if not offered:
                    self._hang_up()
            case Open():
                self._on_open(performative)
            case Close():
                self._close()
            case _ if not self._negotiated:
                raise AmqpError(NOT_ALLOWED, "The first performative of a connection is open.")
            case Begin():
                self._on_begin(frame.channel, performative)
            case End():
                self._on_end(frame.channel)
            case _:
                session = self._sessions.get(frame.channel)
                if session is not None:  # clients detach the links of a session after they have ended it
                    self._on_session_frame(session, performative, payload)

    def _on_session_frame(self, session: Session, performative: Performative, payload: bytes) -> None:
        match performative:
            case Transfer():
                session.on_transfer(performative, payload)
            case Disposition():
                session.on_disposition(performative)
            case Flow():
                session.on_flow(performative)
            case Attach():
                session.on_attach(performative)
            case Detach():
                session.on_detach(performative)
            case _:
                raise AmqpError(NOT_ALLOWED, f"A {type(performative).__name__} has no place in a session.")

    def _on_open(self, peer: Open) -> None:
        self._negotiated = True
        self._max_frame_size = min(peer.max_frame_size or MAX_FRAME_SIZE, MAX_FRAME_SIZE)
        idle_ms = UInt(int(self._idle_seconds * 1000))
        self._write(0, Open("sandbox", None, UInt(MAX_FRAME_SIZE), _CHANNEL_MAX, idle_ms))
        if peer.idle_time_out:
            self._keep_alive(peer.idle_time_out / 2000)  # twice as often as the peer needs it

    def _on_begin(self, channel: int, begin: Begin) -> None:
        def write(performative: Performative, payload: bytes) -> None:
            self._write(channel, performative, payload)

        self._sessions[channel] = Session(channel, begin, self._nodes, write, self._max_frame_size)

    def _on_end(self, channel: int) -> None:
        session = self._sessions.pop(channel, None)
        if session is not None:
            session.on_end()
            self._write(channel, End())

    # ------------------------------------------------------------------------------------------- output

    def _write(self, channel: int, performative: Performative, payload: bytes = b"") -> None:
        self._put(encode_frame(channel, performative, payload, AMQP_FRAME))

    def _put(self, data: bytes) -> None:
        if not self._output:
            self._loop.call_soon(self._flush)
        self._output.append(data)

    def _flush(self) -> None:
        if self._transport is not None and self._output:
            self._transport.write(b"".join(self._output))
        self._output.clear()

    def _close(self, error: AmqpError | None = None) -> None:
        if error is not None:
            _log.warning("closing a connection: %s", error)
        self._write(0, Close(error.described() if error else None))
        self._hang_up()

    def _hang_up(self) -> None:
        self._flush()
        if self._transport is not None:
            self._transport.close()

    # ------------------------------------------------------------------------------------------- time

    def _watch_idle(self) -> None:
        silent_for = self._loop.time() - self._last_heard
        if silent_for >= self._idle_seconds:
            _log.warning("a client has been silent for %.0f s", silent_for)
            if self._transport is not None:
                self._transport.abort()
            return
        self._timers = [self._loop.call_later(self._idle_seconds - silent_for, self._watch_idle), *self._timers[1:]]

    def _keep_alive(self, seconds: float) -> None:
        self._put(EMPTY_FRAME)
        self._timers = [self._timers[0], self._loop.call_later(seconds, self._keep_alive, seconds)]
