"""Links: each carries messages in one direction. Roles are named from the server's side."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from sandbox.servicebus.errors import DECODE_ERROR, NOT_IMPLEMENTED, AmqpError
from sandbox.servicebus.namespace import MAX_MESSAGE_SIZE, too_large
from sandbox.servicebus.outcomes import ACCEPTED, rejected
from sandbox.servicebus.performatives import RECEIVER, SETTLED, Disposition, Flow, Transfer
from sandbox.servicebus.values import DecodeError, UInt

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sandbox.servicebus.message import Message
    from sandbox.servicebus.performatives import Attach, Performative
    from sandbox.servicebus.queues import Queue

#: Credit for senders, as Azure grants it; topped up when half of it is used.
_CREDIT = 1000

#: What a link does with a message: its bytes and its message format. Raises AmqpError or DecodeError to reject it.
type Handler = Callable[[bytes, int | None], None]


class Channel(Protocol):
    """What a link needs of the session it belongs to."""

    def write(self, performative: Performative) -> None:
        """Send a performative."""

    def flow(self, handle: UInt, delivery_count: int, credit: int, *, drain: bool = False) -> None:
        """Tell the peer the state of a link, and of the session with it."""

    def transfer(self, handle: UInt, tag: bytes, payload: bytes, *, settled: bool) -> int:
        """Send a message, as soon as the peer's window allows; returns its delivery id."""

    def remember(self, delivery_id: int, queue: Queue, token: UUID) -> None:
        """Note which lock a later disposition of the delivery is about."""


class SenderLink:
    """Carries messages to the peer, never more than it has given credit for.

    The link of a receiver on a queue, or the way back for answers to requests (then without a queue).
    """

    def __init__(self, channel: Channel, attach: Attach, address: str, queue: Queue | None) -> None:
        self.handle = attach.handle
        self.address = address
        self.queue = queue
        self._channel = channel
        self._takes_for_good = attach.snd_settle_mode == SETTLED
        self._credit = 0
        self._delivery_count = 0
        self._answers: deque[bytes] = deque()

    @property
    def takes_for_good(self) -> bool:
        """Whether messages are gone once delivered (receive-and-delete)."""
        return self._takes_for_good

    def wants_message(self) -> bool:
        """Whether the peer has given credit for one more."""
        return self._credit > 0

    def deliver(self, message: Message) -> None:
        """Send a message of the queue; its delivery tag is the lock token, as a GUID in little-endian bytes."""
        token = message.lock_token
        if token is None or self.queue is None:
            self._send(uuid4().bytes_le, message.encode(), settled=True)
        else:
            delivery_id = self._send(token.bytes_le, message.encode(), settled=False)
            self._channel.remember(delivery_id, self.queue, token)

    def answer(self, response: bytes) -> None:
        """Send the answer to a request, as soon as there is credit."""
        self._answers.append(response)
        self._send_answers()

    def on_flow(self, flow: Flow) -> None:
        """Take the credit; with `drain`, use up what no message is there for."""
        if flow.link_credit is not None:
            self._credit = (flow.delivery_count or 0) + flow.link_credit - self._delivery_count
        if self.queue is not None:
            self.queue.dispatch()
        self._send_answers()
        if flow.drain:
            self._delivery_count += max(self._credit, 0)
            self._credit = 0
        if flow.drain or flow.echo:
            self._channel.flow(self.handle, self._delivery_count, max(self._credit, 0), drain=bool(flow.drain))

    def on_detached(self) -> None:
        """Stop getting messages. What is locked stays locked."""
        if self.queue is not None:
            self.queue.detach(self)

    def _send_answers(self) -> None:
        while self._answers and self._credit > 0:
            self._send(uuid4().bytes_le, self._answers.popleft(), settled=True)

    def _send(self, tag: bytes, payload: bytes, *, settled: bool) -> int:
        self._credit -= 1
        self._delivery_count += 1
        return self._channel.transfer(self.handle, tag, payload, settled=settled)


class ReceiverLink:
    """Takes messages from the peer, puts transfers together, and says what became of each message."""

    def __init__(self, channel: Channel, attach: Attach, handler: Handler) -> None:
        self.handle = attach.handle
        self._channel = channel
        self._handler = handler
        self._delivery_count = attach.initial_delivery_count or 0
        self._credit = 0
        self._first: Transfer | None = None
        self._payload = bytearray()
        self._size = 0

    def grant_credit(self) -> None:
        """Allow the peer to send."""
        self._credit = _CREDIT
        self._channel.flow(self.handle, self._delivery_count, self._credit)

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Take a message or a part of one."""
        first = self._first or transfer
        self._first = first
        self._size += len(payload)
        if self._size <= MAX_MESSAGE_SIZE:  # more than that is counted, but not kept
            self._payload += payload
        if transfer.more:
            return
        message, size = bytes(self._payload), self._size
        self._forget()
        self._delivery_count += 1
        self._credit -= 1
        if not transfer.aborted:
            self._handle(first, message, size)
        if self._credit <= _CREDIT // 2:
            self.grant_credit()

    def on_flow(self, flow: Flow) -> None:
        """A sender's flow needs an answer only when it asks for one."""
        if flow.echo:
            self._channel.flow(self.handle, self._delivery_count, self._credit)

    def on_detached(self) -> None:
        """Forget a message of which only a part arrived."""
        self._forget()

    def _forget(self) -> None:
        self._first = None
        self._size = 0
        self._payload.clear()

    def _handle(self, first: Transfer, message: bytes, size: int) -> None:
        state = ACCEPTED
        try:
            if size > MAX_MESSAGE_SIZE:
                raise too_large(size)
            _check(first)
            self._handler(message, first.message_format)
        except AmqpError as error:
            state = rejected(error)
        except DecodeError as error:
            state = rejected(AmqpError(DECODE_ERROR, str(error)))
        if not first.settled and first.delivery_id is not None:
            number = UInt(first.delivery_id)
            self._channel.write(Disposition(RECEIVER, number, number, settled=True, state=state))


def _check(transfer: Transfer) -> None:
    if transfer.state is not None or transfer.resume:
        raise AmqpError(NOT_IMPLEMENTED, "A transfer with a state, as in a transaction, is not imitated.")
