"""Where an address leads: what stands at the other end of a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.servicebus import cbs, management
from sandbox.servicebus.errors import NOT_ALLOWED, NOT_FOUND, AmqpError
from sandbox.servicebus.links import ReceiverLink, SenderLink
from sandbox.servicebus.message import unbatch
from sandbox.servicebus.queues import Queue
from sandbox.servicebus.terminus import Terminus

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.servicebus.claims import Claims
    from sandbox.servicebus.links import Channel, Handler
    from sandbox.servicebus.namespace import Namespace
    from sandbox.servicebus.performatives import Attach
    from sandbox.servicebus.topics import Topic

type Link = SenderLink | ReceiverLink

#: Sends the answer to a request back over the session's link from the address.
type Answer = Callable[[str, bytes], None]


class Nodes:
    """Makes the links of one connection, as far as its claims allow."""

    def __init__(self, namespace: Namespace, claims: Claims) -> None:
        self._namespace = namespace
        self._claims = claims

    def link_for(self, attach: Attach, channel: Channel, answer: Answer) -> Link:
        """The server's end of a link; it does nothing before the attach has been answered.

        Raises:
            AmqpError: there is no such entity, or the client may not do this with it.
        """
        peer_receives = attach.role
        terminus = Terminus.of(attach)
        address = terminus.path
        if address.lower() == cbs.ADDRESS:
            handler: Handler = lambda payload, _: answer(address, cbs.put_token(self._claims, payload))  # noqa: E731
        elif address.lower().endswith(management.ADDRESS_SUFFIX):
            handler = self._management(address, answer)
        elif peer_receives:
            queue = self._queue(address)
            terminus.require_no_session()
            return SenderLink(channel, attach, address, queue)
        else:
            handler = self._intake(address)
        terminus.require_no_session()
        return SenderLink(channel, attach, address, None) if peer_receives else ReceiverLink(channel, attach, handler)

    def _management(self, address: str, answer: Answer) -> Handler:
        path = address[: -len(management.ADDRESS_SUFFIX)]
        entity = self._entity(path)
        self._claims.require(address, "Listen", "Send", "Manage")
        node = management.Management(entity, self._namespace, self._claims)
        return lambda payload, _: answer(address, node.handle(payload))

    def _queue(self, path: str) -> Queue:
        entity = self._entity(path)
        self._claims.require(path, "Listen")
        if not isinstance(entity, Queue):
            raise AmqpError(NOT_ALLOWED, f"'{path}' is a topic: only its subscriptions can be received from.")
        return entity

    def _intake(self, path: str) -> Handler:
        entity = self._entity(path)
        self._claims.require(path, "Send")
        if "/" in path:
            raise AmqpError(NOT_ALLOWED, f"Messages cannot be sent to '{path}', only to queues and topics.")

        def send(payload: bytes, message_format: int | None) -> None:
            self._namespace.send(entity, unbatch(payload, message_format))

        return send

    def _entity(self, path: str) -> Queue | Topic:
        entity = self._namespace.find(path)
        if entity is None:
            raise AmqpError(NOT_FOUND, f"The messaging entity '{path}' could not be found.")
        return entity
