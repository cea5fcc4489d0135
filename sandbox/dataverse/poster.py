"""Posts messages to Service Bus from a thread of its own, many at a time, and tries again when that fails.

The real asynchronous service does the same: a failed post waits, at first shortly, then longer, until it is given up.
"""

import heapq
import itertools
import logging
import queue
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusError,
)

from sandbox.dataverse.context import BusMessage, ContextWriter, MessageTooLargeError
from sandbox.dataverse.endpoints import Destination
from sandbox.dataverse.posting import Posting

log = logging.getLogger(__name__)

#: Postings taken from the backlog at once.
LARGEST_BACKLOG_SLICE: Final = 500
#: Seconds between looks at the stop flag while there is nothing to do.
IDLE_SECONDS: Final = 0.5


class PostFailedError(Exception):
    """A post failed; the sentence goes into the system job."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed post is tried again; the real service publishes no numbers.

    Attributes:
        first_seconds: the wait after the first failure; it doubles from then on.
        longest_seconds: no wait is longer.
        attempts: after so many the job has failed.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    attempts: int = 12

    def wait(self, attempt: int) -> float:
        """Seconds to wait after this attempt (1 is the first)."""
        return min(self.first_seconds * 2.0 ** (attempt - 1), self.longest_seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a posting.

    Attributes:
        job_id: its system job.
        message: why it failed; None when it was posted.
        attempts: how often it was tried.
        final: whether it will not be tried again.
    """

    job_id: str
    message: str | None
    attempts: int
    final: bool


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A posting on its way: which try it is, and before how many resets it was submitted."""

    number: int
    era: int
    posting: Posting


class Poster:
    """The thread that posts.

    Args:
        destination: where a service endpoint posts to; None where it is gone.
        writer: makes the messages.
        report: called with what became of the postings; called on this thread.
        retry: when failed posts are tried again.
    """

    def __init__(
        self,
        destination: Callable[[str], Destination | None],
        writer: ContextWriter,
        report: Callable[[list[Outcome]], None],
        *,
        retry: RetryPolicy,
    ) -> None:
        self.shuffled = False
        self._destination = destination
        self._writer = writer
        self._report = report
        self._retry = retry
        self._fresh: queue.SimpleQueue[_Attempt] = queue.SimpleQueue()
        self._delayed: list[tuple[float, int, _Attempt]] = []
        self._numbers = itertools.count()
        self._era = 0
        self._stopping = threading.Event()
        self._connected: dict[Destination, tuple[ServiceBusClient, ServiceBusSender]] = {}
        self._thread = threading.Thread(target=self._run, name="poster", daemon=True)

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after what is being posted right now."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def submit(self, posting: Posting) -> None:
        """Post this soon."""
        self._fresh.put(_Attempt(1, self._era, posting))

    def forget_everything(self) -> None:
        """Drop what waits, for a reset."""
        self._era += 1

    def _run(self) -> None:
        while not self._stopping.is_set():
            of_endpoint: defaultdict[str, list[_Attempt]] = defaultdict(list)
            for attempt in self._take():
                of_endpoint[attempt.posting.endpoint_id].append(attempt)
            for endpoint_id, due in of_endpoint.items():
                self._post(endpoint_id, due)
        self._close()

    def _take(self) -> list[_Attempt]:
        """What is due; waits a little when that is nothing."""
        due: list[_Attempt] = []
        now = time.monotonic()
        while self._delayed and self._delayed[0][0] <= now:
            due.append(heapq.heappop(self._delayed)[2])
        wait = 0.0 if due else IDLE_SECONDS
        if self._delayed:
            wait = min(wait, max(0.0, self._delayed[0][0] - now))
        try:
            while len(due) < LARGEST_BACKLOG_SLICE:
                due.append(self._fresh.get(timeout=wait))
                wait = 0.0
        except queue.Empty:
            pass
        due = [attempt for attempt in due if attempt.era == self._era]
        if self.shuffled:
            random.shuffle(due)
        return due

    def _post(self, endpoint_id: str, due: list[_Attempt]) -> None:
        outcomes: list[Outcome] = []
        batch: list[_Attempt] = []
        try:
            sender = self._connect(endpoint_id)
            content = sender.create_message_batch()
            for attempt in due:
                try:
                    message = _to_bus(self._writer.message(attempt.posting))
                except MessageTooLargeError as error:
                    outcomes.append(Outcome(attempt.posting.job_id, str(error), attempt.number, final=True))
                    continue
                try:
                    content.add_message(message)
                except MessageSizeExceededError:
                    self._send(sender, content, batch, outcomes)
                    content, batch = sender.create_message_batch(), []
                    content.add_message(message)
                batch.append(attempt)
            self._send(sender, content, batch, outcomes)
        except Exception as error:  # noqa: BLE001 - whatever it was, the thread lives on and tries again
            done = {outcome.job_id for outcome in outcomes}
            outcomes += self._failed([attempt for attempt in due if attempt.posting.job_id not in done], error)
            self._close()
        self._report(outcomes)

    def _send(
        self,
        sender: ServiceBusSender,
        content: ServiceBusMessageBatch,
        batch: list[_Attempt],
        outcomes: list[Outcome],
    ) -> None:
        if batch:
            sender.send_messages(content)
            outcomes += [Outcome(attempt.posting.job_id, None, attempt.number, final=True) for attempt in batch]

    def _failed(self, entries: list[_Attempt], error: Exception) -> list[Outcome]:
        log.warning("posting of %d messages failed: %s", len(entries), type(error).__name__)
        outcomes: list[Outcome] = []
        said = _said(error)
        for attempt in entries:
            final = attempt.number >= self._retry.attempts
            outcomes.append(Outcome(attempt.posting.job_id, said, attempt.number, final))
            if not final:
                due = time.monotonic() + self._retry.wait(attempt.number)
                heapq.heappush(self._delayed, (due, next(self._numbers), replace(attempt, number=attempt.number + 1)))
        return outcomes

    def _connect(self, endpoint_id: str) -> ServiceBusSender:
        destination = self._destination(endpoint_id)
        if destination is None:
            raise PostFailedError(f"The service endpoint {endpoint_id} does not exist.")
        if not destination.key:
            raise PostFailedError(destination.missing_key)
        if destination not in self._connected:
            client = ServiceBusClient.from_connection_string(destination.connection_string, retry_total=0)
            self._connected[destination] = client, client.get_queue_sender(destination.queue)
        return self._connected[destination][1]

    def _close(self) -> None:
        connected, self._connected = self._connected, {}
        for closing in (each for client, sender in connected.values() for each in (sender, client)):
            try:
                closing.close()
            except (ServiceBusError, OSError) as error:
                log.warning("closing the connection failed: %s", type(error).__name__)


def _said(error: Exception) -> str:
    """What a system job says: in the words of the bus, of which the SDK for Python shows only the class of an error."""
    match error:
        case ServiceBusAuthenticationError():
            return "Put token failed. status-code: 401, status-description: The token has an invalid signature."
        case ServiceBusAuthorizationError():
            return "Unauthorized access. 'Send' claim(s) are required to perform this operation."
        case MessagingEntityNotFoundError():
            return "Put token failed. status-code: 404, status-description: The messaging entity could not be found."
    return str(error)


def _to_bus(message: BusMessage) -> ServiceBusMessage:
    properties: dict[str | bytes, int | float | bytes | bool | str | UUID] = {}
    properties.update(message.properties.items())
    return ServiceBusMessage(
        message.body,
        application_properties=properties,
        content_type="application/json",
        message_id=message.message_id,
        correlation_id=message.correlation_id,
    )
