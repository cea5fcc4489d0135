"""Where this host reaches into the Service Bus SDK, which offers no public way. Nothing else does.

Seen in azure-servicebus 7.15, which is pinned, without them: every five seconds a thread of the SDK reads from the
socket beside ours, so that frames are torn apart; credit that a receive call did not use draws messages that nobody
takes, which lie locked while a function runs; what arrives between two receive calls is released and comes again;
closing takes a second; and a receiver that waits for a message asks the socket many times a second. If these names go,
the contract tests fail.
"""

import contextlib
import threading
import time

from azure.servicebus import ServiceBusReceiver
from azure.servicebus._pyamqp.error import AMQPException

from sandbox.functions.bell import Readable

# ruff: noqa: SLF001 - that is what this file is for

#: An idle connection is looked after at least so often: its token may have to be renewed.
LOOK_AFTER_SECONDS = 120.0

#: The SDK sends a heartbeat when it is overdue, not when it is due.
_OVERDUE_SECONDS = 0.01


def stop_keep_alive_thread(receiver: ServiceBusReceiver) -> None:
    """Keeps the SDK from starting its keep-alive thread, now and after each reconnect; call `keep_alive` instead."""
    create = receiver._create_handler

    def create_without_thread(auth: object) -> None:
        create(auth)
        receiver._handler._keep_alive_interval = 0

    vars(receiver)["_create_handler"] = create_without_thread


def keep_late_messages(receiver: ServiceBusReceiver) -> None:
    """Keeps messages that arrive between two receive calls for the next one.

    The SDK releases them at once. A batch that takes longer to arrive than one receive call lasts would be torn into
    pieces, and every piece would make the bus send the rest again.
    """
    receiver._receive_context = _AlwaysReceiving()


class _AlwaysReceiving(threading.Event):
    """What the SDK looks at to see whether a receive call is under way."""

    def is_set(self) -> bool:
        """As if one were."""
        return True


def keep_alive(receiver: ServiceBusReceiver) -> None:
    """Exchanges heartbeats on an idle connection; to be called now and then from the thread that owns the receiver.

    A connection that is lost shows with the next real operation, which can reconnect.
    """
    handler = receiver._handler
    if handler and handler._connection:
        with contextlib.suppress(AMQPException):
            handler._connection.listen(wait=False)


def withdraw_credit(receiver: ServiceBusReceiver) -> None:
    """Takes back the credit that a receive call left unused. Only for receivers that do not prefetch."""
    handler = receiver._handler
    link = handler._link if handler else None
    if link and link.current_link_credit:
        with contextlib.suppress(AMQPException):
            link.flow(link_credit=0)


def offer_credit(receiver: ServiceBusReceiver) -> Readable | None:
    """Sees to it that the bus may send, and returns the socket on which that will show.

    None where waiting would be wrong: a message is there already, or only a receive call can repair the connection.
    """
    handler = receiver._handler
    if not (handler and handler._link and handler._received_messages.empty()):
        return None
    try:
        if not handler._client_ready():
            return None
        if handler._link.current_link_credit <= 0:
            handler._link.flow(link_credit=handler._link_credit)
    except AMQPException:
        return None
    connection = handler._connection
    socket: Readable | None = connection._transport.sock if connection else None
    return socket


def seconds_to_heartbeat(receiver: ServiceBusReceiver) -> float:
    """How long the connection may be left alone before `keep_alive` or a receive call has to look after it."""
    handler = receiver._handler
    connection = handler._connection if handler else None
    if connection is None or not connection._remote_idle_timeout_send_frame:
        return LOOK_AFTER_SECONDS
    due: float = connection._last_frame_sent_time + connection._remote_idle_timeout_send_frame + _OVERDUE_SECONDS
    return min(max(due - time.time(), 0.0), LOOK_AFTER_SECONDS)
