"""The four places where this host reaches into the Service Bus SDK, which offers no public way. Nothing else does.

Seen in azure-servicebus 7.15, which is pinned, without them: every five seconds a thread of the SDK reads from the
socket beside ours, so that frames are torn apart; credit that a receive call did not use draws messages that nobody
takes, which lie locked while a function runs; what arrives between two receive calls is released and comes again; and
closing takes a second. If these names go, the contract tests fail.
"""

import contextlib
import threading

from azure.servicebus import ServiceBusReceiver
from azure.servicebus._pyamqp.error import AMQPException

# ruff: noqa: SLF001 - that is what this file is for


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
