"""A Service Bus receiver for one thread, on the real SDK, that takes exactly what is asked for and soon.

The blocking SDK client is used because it settles about three times as many messages a second as the asyncio one.
A receiver belongs to one thread: the SDK does not support sharing one.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Self

from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver
from azure.servicebus.exceptions import MessageAlreadySettled, MessageLockLostError, MessageNotFoundError

from sandbox.functions import sdk_internals
from sandbox.functions.bell import Bell, Woken
from sandbox.functions.bindings import ServiceBusTrigger

#: How long the socket is waited on at a time. The SDK's 0.2 s would be added to every batch that is not full.
SOCKET_SECONDS = 0.02

#: After the first message, more are taken while they keep coming within this time. The SDK for .NET waits 20 ms.
GATHER_SECONDS = 0.02

#: A lock is renewed when this share of its time is left, at the latest at RENEW_SECONDS, as the SDK for .NET does.
RENEW_SHARE = 0.5
RENEW_SECONDS = 10.0

#: The SDK looks for a lost connection only while it tries; a stand-in answers at once or not at all.
RETRIES = 1


class Receiver:
    """Receives from the source of a trigger and settles what it received. Use as a context manager."""

    def __init__(self, trigger: ServiceBusTrigger, prefetch: int) -> None:
        self._client = ServiceBusClient.from_connection_string(trigger.connection_string, retry_total=RETRIES)
        self._prefetch = prefetch
        source = trigger.source
        if source.queue:
            self._receiver: ServiceBusReceiver = self._client.get_queue_receiver(
                source.queue, prefetch_count=prefetch, socket_timeout=SOCKET_SECONDS
            )
        else:
            self._receiver = self._client.get_subscription_receiver(
                source.topic, source.subscription, prefetch_count=prefetch, socket_timeout=SOCKET_SECONDS
            )
        sdk_internals.stop_keep_alive_thread(self._receiver)
        sdk_internals.keep_late_messages(self._receiver)

    def __enter__(self) -> Self:
        """Connects; a receive call by itself would have to connect within the time that it may wait."""
        self._receiver.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connection. The SDK releases what it received ahead; what was handed out keeps its lock."""
        self._receiver.close()
        self._client.close()

    def receive(self, limit: int, wait: float) -> list[ServiceBusReceivedMessage]:
        """Up to `limit` messages: waits up to `wait` seconds for the first, then takes what is there.

        Raises the ServiceBusErrors of the SDK where the connection cannot be had.
        """
        # Asked for one message, the SDK returns as soon as it is there; asked for more, it waits for the rest first.
        taken = self._receiver.receive_messages(max_message_count=1, max_wait_time=wait)
        while taken and len(taken) < limit:
            more = self._receiver.receive_messages(max_message_count=limit - len(taken), max_wait_time=GATHER_SECONDS)
            if not more:
                break
            taken += more
        if len(taken) < limit and not self._prefetch:
            sdk_internals.withdraw_credit(self._receiver)
        return taken

    def wait(self, bell: Bell, seconds: float | None = None, *, receiving: bool = True) -> bool:
        """Blocks, using no processor, until it is time to call `receive`, the bell rings, or `seconds` are over.

        It is time to receive when the bus has sent something, and now and then when it has not, which keeps the
        connection alive. Not `receiving`, the connection is kept alive here, and no messages are asked for.

        Returns:
            Whether to call `receive`.
        """
        socket = None
        if receiving:
            socket = sdk_internals.offer_credit(self._receiver)
            if socket is None:
                return True
        elif not self._prefetch:
            sdk_internals.withdraw_credit(self._receiver)
        heartbeat = sdk_internals.seconds_to_heartbeat(self._receiver)
        longest = heartbeat if seconds is None else min(heartbeat, seconds)
        woken = bell.wait(socket, longest)
        due = woken is Woken.BY_TIME and longest == heartbeat
        if due and not receiving:
            self.keep_alive()
        return receiving and (due or woken is Woken.BY_SOURCE)

    def gather(self, bell: Bell, least: int, limit: int, wait: float, within: float) -> list[ServiceBusReceivedMessage]:
        """As `receive`, but goes on for up to `within` seconds until `least` messages are there, or the bell rings."""
        taken = self.receive(limit, wait)
        deadline = time.monotonic() + within
        while taken and len(taken) < least and (left := deadline - time.monotonic()) > 0 and self.wait(bell, left):
            taken += self.receive(limit - len(taken), SOCKET_SECONDS)
        if not self._prefetch:
            sdk_internals.withdraw_credit(self._receiver)
        return taken

    def complete(self, message: ServiceBusReceivedMessage) -> bool:
        """Completes; False where the lock is lost, so the message will come again."""
        return _settle(self._receiver.complete_message, message)

    def abandon(self, message: ServiceBusReceivedMessage) -> bool:
        """Gives back for the next delivery; False where the lock is lost, so it is given back already."""
        return _settle(self._receiver.abandon_message, message)

    def renew(self, message: ServiceBusReceivedMessage) -> bool:
        """Renews the lock of a message; False where it is lost."""
        return _settle(self._receiver.renew_message_lock, message)

    def seconds_to_heartbeat(self) -> float:
        """How long the connection may be left alone before `keep_alive`."""
        return sdk_internals.seconds_to_heartbeat(self._receiver)

    def keep_alive(self) -> None:
        """Keeps the connection from being closed as idle while a function runs long."""
        sdk_internals.keep_alive(self._receiver)


def renewal_time(message: ServiceBusReceivedMessage, now: datetime) -> datetime:
    """When the lock of a message is to be renewed, judged at the moment it was received or renewed."""
    until = message.locked_until_utc or now
    left = (until - now).total_seconds()
    return until - timedelta(seconds=min(left * RENEW_SHARE, RENEW_SECONDS))


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)


def _settle(action: Callable[[ServiceBusReceivedMessage], object], message: ServiceBusReceivedMessage) -> bool:
    try:
        action(message)
    except (MessageLockLostError, MessageNotFoundError, MessageAlreadySettled):
        return False
    return True
