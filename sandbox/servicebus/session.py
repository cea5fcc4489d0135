"""A session: the links of one channel, the windows that pace them, and the deliveries that are not settled yet."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.servicebus.errors import HANDLE_IN_USE, MESSAGE_LOCK_LOST, AmqpError
from sandbox.servicebus.links import ReceiverLink, SenderLink
from sandbox.servicebus.namespace import MAX_MESSAGE_SIZE
from sandbox.servicebus.outcomes import echo, rejected, settlement_of
from sandbox.servicebus.performatives import RECEIVER, SENDER, Attach, Begin, Detach, Disposition, Flow, Transfer
from sandbox.servicebus.values import UInt, ULong, UShort

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sandbox.servicebus.nodes import Link, Nodes
    from sandbox.servicebus.performatives import Performative
    from sandbox.servicebus.queues import Queue

#: We take transfers as they come: the credit of links is what holds senders back.
_WINDOW = UInt(2**31 - 1)
_HANDLE_MAX = UInt(255)
#: Sequence numbers of the protocol wrap here (RFC 1982).
_WRAP = 2**32
#: Room for the frame header and the transfer performative before the payload.
_TRANSFER_OVERHEAD = 128

type Write = Callable[[Performative, bytes], None]


class Session:
    """One channel of a connection."""

    def __init__(self, channel: int, begin: Begin, nodes: Nodes, write: Write, max_frame_size: int) -> None:
        self._nodes = nodes
        self._write = write
        self._room = max_frame_size - _TRANSFER_OVERHEAD
        self._links: dict[int, Link] = {}
        self._unsettled: dict[int, tuple[Queue, UUID]] = {}
        self._next_delivery_id = 0
        self._next_outgoing_id = 0
        self._next_incoming_id: int = begin.next_outgoing_id
        self._peer_window: int = begin.incoming_window
        self._held: deque[tuple[Transfer, bytes]] = deque()  # transfers that wait for the peer's window
        self.write(Begin(UShort(channel), UInt(0), _WINDOW, _WINDOW, _HANDLE_MAX))

    # ------------------------------------------------------------------------------------------- for links

    def write(self, performative: Performative) -> None:
        """Send a performative."""
        self._write(performative, b"")

    def flow(self, handle: UInt, delivery_count: int, credit: int, *, drain: bool = False) -> None:
        """Tell the peer the state of a link, and of the session with it."""
        self.write(
            replace(
                self._state(), handle=handle, delivery_count=UInt(delivery_count), link_credit=UInt(credit), drain=drain
            )
        )

    def transfer(self, handle: UInt, tag: bytes, payload: bytes, *, settled: bool) -> int:
        """Send a message, in as many frames as it takes; returns its delivery id."""
        delivery_id = self._next_delivery_id
        self._next_delivery_id += 1
        for start in range(0, len(payload), self._room):
            end = start + self._room
            frame = Transfer(handle, UInt(delivery_id), tag, UInt(0), settled, more=end < len(payload))
            self._held.append((frame, payload[start:end]))
        self._send_held()
        return delivery_id

    def remember(self, delivery_id: int, queue: Queue, token: UUID) -> None:
        """Note which lock a later disposition of the delivery is about."""
        self._unsettled[delivery_id] = (queue, token)

    def answer(self, address: str, response: bytes) -> None:
        """Send the answer to a request over the link that the client opened for answers."""
        for link in self._links.values():
            if isinstance(link, SenderLink) and link.queue is None and link.address == address:
                link.answer(response)
                return

    # ------------------------------------------------------------------------------------------- from the peer

    def on_attach(self, attach: Attach) -> None:
        """Open a link, or answer with one that has no end and is detached at once.

        Raises:
            AmqpError: the handle is taken.
        """
        if attach.handle in self._links:
            raise AmqpError(HANDLE_IN_USE, f"The handle {attach.handle} belongs to another link.")
        reply = Attach(
            attach.name,
            attach.handle,
            not attach.role,
            attach.snd_settle_mode,
            attach.rcv_settle_mode,
            attach.source,
            attach.target,
            initial_delivery_count=UInt(0) if attach.role == RECEIVER else None,
            max_message_size=ULong(MAX_MESSAGE_SIZE),
        )
        try:
            link = self._nodes.link_for(attach, self, self.answer)
        except AmqpError as error:
            refused = replace(reply, source=None) if attach.role == RECEIVER else replace(reply, target=None)
            self.write(refused)
            self.write(Detach(attach.handle, closed=True, error=error.described()))
            return
        self._links[attach.handle] = link
        self.write(reply)
        if isinstance(link, ReceiverLink):
            link.grant_credit()
        elif link.queue is not None:
            link.queue.attach(link)

    def on_flow(self, flow: Flow) -> None:
        """Take the peer's window and, for a link, its credit."""
        seen = flow.next_incoming_id or 0
        self._peer_window = (seen + flow.incoming_window - self._next_outgoing_id) % _WRAP
        self._send_held()
        link = None if flow.handle is None else self._links.get(flow.handle)
        if link is not None:
            link.on_flow(flow)
        elif flow.echo:
            self.write(self._state())

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Hand a message, or a part of one, to its link."""
        self._next_incoming_id += 1
        link = self._links.get(transfer.handle)
        if isinstance(link, ReceiverLink):  # else it was under way when the link was detached
            link.on_transfer(transfer, payload)

    def on_disposition(self, disposition: Disposition) -> None:
        """Settle deliveries, and confirm each one if the peer waits for it."""
        if disposition.role != RECEIVER:
            return
        last = disposition.first if disposition.last is None else disposition.last
        for delivery_id in range(disposition.first, min(last, self._next_delivery_id - 1) + 1):
            try:
                self._settle(delivery_id, disposition)
                state = echo(disposition.state)
            except AmqpError as error:
                state = rejected(error)
            if not disposition.settled:
                number = UInt(delivery_id)
                self.write(Disposition(SENDER, number, number, settled=True, state=state))

    def on_detach(self, detach: Detach) -> None:
        """Close a link."""
        if self._drop(detach.handle):
            self.write(Detach(detach.handle, closed=True))

    def on_end(self) -> None:
        """Close all links."""
        for handle in list(self._links):
            self._drop(handle)

    # ------------------------------------------------------------------------------------------- inside

    def _settle(self, delivery_id: int, disposition: Disposition) -> None:
        outcome, properties = settlement_of(disposition.state)
        queue, token = self._unsettled.pop(delivery_id, (None, None))
        if queue is None or token is None:
            raise AmqpError(MESSAGE_LOCK_LOST, "The delivery has been settled already.")
        queue.settle(token, outcome, properties)

    def _drop(self, handle: int) -> bool:
        link = self._links.pop(handle, None)
        if link is not None:
            link.on_detached()
        return link is not None

    def _send_held(self) -> None:
        while self._held and self._peer_window > 0:
            transfer, payload = self._held.popleft()
            self._next_outgoing_id = (self._next_outgoing_id + 1) % _WRAP
            self._peer_window -= 1
            self._write(transfer, payload)

    def _state(self) -> Flow:
        return Flow(UInt(self._next_incoming_id % _WRAP), _WINDOW, UInt(self._next_outgoing_id), _WINDOW)
