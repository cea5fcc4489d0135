"""The touches of a process with other systems, numbered as they happen, and its death at one of them.

Every call over HTTP, those for tokens too, every send and every settlement is two touches: before anything has left the
process, and after the answer has arrived but before anybody has seen it. No call is listed by hand, so new ones are
killed as well.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver

from connector.dataverse.api.tokens import CachedTokens
from connector.http import Transport
from connector.servicebus.bus import Bus, OutgoingMessage


class Touches:
    """Counts touches from 1, reports each, and ends the process at one of them.

    Args:
        fatal: the number of the touch that the process does not survive; 0 for none.
        report: receives every touch before anything else happens.
    """

    def __init__(self, fatal: int, report: Callable[[str], None]) -> None:
        self._fatal = fatal
        self._report = report
        self._count = 0
        self._lock = threading.Lock()

    def touch(self, what: str) -> None:
        """One touch, perhaps the last."""
        with self._lock:
            self._count += 1
            self._report(what)
            if self._count == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """The two touches of one call; one that fails had no answer, so it has no second touch."""
        self.touch(f"before {what}")
        yield
        self.touch(f"after {what}")


def watch(touches: Touches) -> None:
    """Count the touches of this process from now on. It cannot be undone: the process is made to die."""
    _watch_calls(touches)
    _watch_tokens(touches)
    _watch_sends(touches)
    _watch_settlements(touches)


def _watch_calls(touches: Touches) -> None:
    send = Transport.send

    def watched(transport: Transport, method: str, path: str, *, route: str, **rest: object) -> object:
        with touches.around(f"{method} {route} at {transport._system}"):
            return send(transport, method, path, route=route, **rest)  # type: ignore[arg-type]

    _replace(Transport, "send", watched)


def _watch_tokens(touches: Touches) -> None:
    fetch = CachedTokens._fetch

    def watched(tokens: CachedTokens, scope: str) -> object:
        with touches.around("asking for a token"):
            return fetch(tokens, scope)

    _replace(CachedTokens, "_fetch", watched)


def _watch_sends(touches: Touches) -> None:
    for name in ("to_queue", "to_topic"):
        send: Callable[[Bus, str, list[OutgoingMessage]], None] = getattr(Bus, name)

        def watched(
            bus: Bus,
            entity: str,
            messages: Iterable[OutgoingMessage],
            send: Callable[[Bus, str, list[OutgoingMessage]], None] = send,
        ) -> None:
            batch = list(messages)
            if batch:  # nothing to send is no touch
                with touches.around(f"sending {len(batch)} to {entity}"):
                    send(bus, entity, batch)

        _replace(Bus, name, watched)


def _watch_settlements(touches: Touches) -> None:
    for name, what in (("complete_message", "completing a message"), ("abandon_message", "abandoning a message")):
        settle: Callable[[ServiceBusReceiver, ServiceBusReceivedMessage], None] = getattr(ServiceBusReceiver, name)

        def watched(
            receiver: ServiceBusReceiver,
            message: ServiceBusReceivedMessage,
            settle: Callable[[ServiceBusReceiver, ServiceBusReceivedMessage], None] = settle,
            what: str = what,
        ) -> None:
            with touches.around(what):
                settle(receiver, message)

        _replace(ServiceBusReceiver, name, watched)


def _replace(owner: type, name: str, function: Callable[..., object]) -> None:
    """Replace a method for the rest of the life of this process."""
    setattr(owner, name, function)
