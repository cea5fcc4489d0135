"""What the Service Bus extension does around a function: receives, calls, settles. One thread per function.

    one message at a time   up to maxConcurrentCalls calls side by side; locks are renewed while a function runs;
                            completed on success, abandoned at once on failure
    many (a batch)          one batch at a time; locks are NOT renewed; the batch is completed, or abandoned, as a whole

When the engine dies under a call, its messages are not settled at all: they come again when their locks expire, as they
do when an instance in Azure is lost. The connection is closed then and opened anew.
"""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Literal, Protocol

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.exceptions import ServiceBusError

from sandbox.functions import trigger_data
from sandbox.functions.bell import Bell
from sandbox.functions.bindings import ServiceBusTrigger
from sandbox.functions.host_json import ServiceBusOptions
from sandbox.functions.invocation import EngineDied, Invocation, Outcome, PendingOutcome
from sandbox.functions.receiver import Receiver, renewal_time, utc_now
from sandbox.functions.statistics import Statistics

#: How long to take what the bus has announced, connecting anew included. While nothing is announced, nothing is done.
TAKE_SECONDS = 0.1

#: The same while calls are under way whose end has to be noticed too.
BUSY_SECONDS = 0.01

#: How long to wait for an engine that is being started again before a stop is noticed.
ENGINE_SECONDS = 0.1

#: Wait before a lost connection is tried again.
RECONNECT_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Invoker(Protocol):
    """Whatever can run a function: the engines, or a test's own."""

    def invoke(self, invocation: Invocation) -> PendingOutcome:
        """Runs a function; the future raises EngineDied where the outcome will never be known."""

    def wait_until_ready(self, timeout: float) -> bool:
        """Waits until functions can be run."""


class Listener(ABC):
    """Listens for one function in a thread of its own, from `start` until `stop`."""

    def __init__(
        self, trigger: ServiceBusTrigger, options: ServiceBusOptions, invoker: Invoker, statistics: Statistics
    ) -> None:
        self._trigger = trigger
        self._options = options
        self._invoker = invoker
        self._statistics = statistics
        self._completes = trigger.auto_complete if trigger.auto_complete is not None else options.auto_complete_messages
        self._stopping = threading.Event()
        self._bell = Bell()
        self._thread = threading.Thread(target=self._listen, name=f"listen-{trigger.function}", daemon=True)
        statistics.know(trigger.function)

    def start(self) -> None:
        """Begins to receive."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Receives no more; calls under way are waited for and settled."""
        self._stopping.set()
        self._bell.ring()

    def join(self, timeout: float) -> bool:
        """Waits for the end after `ask_to_stop`; False where calls are still under way after `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _listen(self) -> None:
        with closing(self._bell):
            while not self._stopping.is_set():
                if self._invoker.wait_until_ready(ENGINE_SECONDS):
                    self._listen_once()

    def _listen_once(self) -> None:
        try:
            with Receiver(self._trigger, self._options.prefetch_count) as receiver:
                self._pump(receiver)
        except EngineDied:
            _log.warning("%s: the engine died; listening anew", self._trigger.function)
        except ServiceBusError as error:
            _log.warning("%s: %s from the bus; listening anew", self._trigger.function, type(error).__name__)
            self._stopping.wait(RECONNECT_SECONDS)
        except Exception:  # noqa: BLE001 - a listener that gives up would leave its messages to nobody
            _log.exception("%s: listening failed; listening anew", self._trigger.function)
            self._stopping.wait(RECONNECT_SECONDS)

    @abstractmethod
    def _pump(self, receiver: Receiver) -> None:
        """Receives, calls and settles until stopped. Raises EngineDied after a call whose outcome is unknown."""

    def _settle(
        self, receiver: Receiver, messages: Sequence[ServiceBusReceivedMessage], outcome: Outcome | None
    ) -> None:
        """Completes or abandons, as the outcome says; without an outcome leaves the messages to their locks."""
        name = self._trigger.function
        self._statistics.ended(name, succeeded=bool(outcome and outcome.succeeded))
        if outcome is None:
            self._statistics.settled(name, unsettled=len(messages))
        elif not outcome.succeeded:
            # The first line only: the app itself logs what it wants known of an error.
            _log.error("%s failed: %s", name, outcome.error.splitlines()[0])
            self._settle_each(messages, receiver.abandon, "abandoned")
        elif self._completes:
            self._settle_each(messages, receiver.complete, "completed")

    def _settle_each(
        self,
        messages: Sequence[ServiceBusReceivedMessage],
        settle: Callable[[ServiceBusReceivedMessage], bool],
        done: Literal["completed", "abandoned"],
    ) -> None:
        count = 0
        try:
            for message in messages:
                count += settle(message)
        finally:
            lost = len(messages) - count
            self._statistics.settled(self._trigger.function, **{done: count}, unsettled=lost)
            if lost:
                _log.error("%s: %d of %d messages lost their locks", self._trigger.function, lost, len(messages))


@dataclass(slots=True)
class _Call:
    message: ServiceBusReceivedMessage
    pending: PendingOutcome
    renew_at: datetime
    renew_until: datetime


class SingleListener(Listener):
    """One message per call, several calls side by side."""

    def _pump(self, receiver: Receiver) -> None:
        calls: dict[int, _Call] = {}
        try:
            self._pump_calls(receiver, calls)
        finally:
            # After a lost connection, calls still run that nobody here can settle any more.
            for call in calls.values():
                self._settle(receiver, [call.message], None)

    def _pump_calls(self, receiver: Receiver, calls: dict[int, _Call]) -> None:
        ended: SimpleQueue[_Call] = SimpleQueue()
        died = False
        while calls or not (self._stopping.is_set() or died):
            free = self._options.max_concurrent_calls - len(calls)
            receiving = free > 0 and not (self._stopping.is_set() or died)
            if receiver.wait(self._bell, _until_renewal(calls), receiving=receiving):
                for message in receiver.receive(free, BUSY_SECONDS if calls else TAKE_SECONDS):
                    self._call(message, receiver, calls, ended)
            self._bell.silence()
            while (call := _next(ended)) is not None:
                del calls[id(call)]
                died |= self._finish(call, receiver)
            self._renew(receiver, calls)
        if died:
            raise EngineDied

    def _call(
        self,
        message: ServiceBusReceivedMessage,
        receiver: Receiver,
        calls: dict[int, _Call],
        ended: "SimpleQueue[_Call]",
    ) -> None:
        self._statistics.began(self._trigger.function, 1)
        try:
            body = trigger_data.one_body(message, binary=self._trigger.binary)
        except ValueError as error:
            self._settle(receiver, [message], Outcome(f"{type(error).__name__}: {error}"))
            return
        inputs = {self._trigger.parameter: body}
        pending = self._invoker.invoke(Invocation(self._trigger.function, inputs, trigger_data.one_metadata(message)))
        now = utc_now()
        call = _Call(message, pending, renewal_time(message, now), now + self._options.max_auto_lock_renewal_duration)
        calls[id(call)] = call

        def end(_: PendingOutcome) -> None:
            ended.put(call)
            self._bell.ring()

        pending.add_done_callback(end)

    def _finish(self, call: _Call, receiver: Receiver) -> bool:
        """Settles; True where the engine died."""
        died = isinstance(call.pending.exception(), EngineDied)
        self._settle(receiver, [call.message], None if died else call.pending.result())
        return died

    def _renew(self, receiver: Receiver, calls: dict[int, _Call]) -> None:
        now = utc_now()
        for call in calls.values():
            if call.renew_at <= now < call.renew_until:
                if not receiver.renew(call.message):
                    _log.error("%s: the lock of a message was lost while it ran", self._trigger.function)
                    call.renew_until = now
                call.renew_at = renewal_time(call.message, now)


class BatchListener(Listener):
    """Many messages per call, one call at a time."""

    def _pump(self, receiver: Receiver) -> None:
        options = self._options
        within = options.max_batch_wait_time.total_seconds()
        least, most = options.min_message_batch_size, options.max_message_batch_size
        while not self._stopping.is_set():
            if receiver.wait(self._bell) and (batch := receiver.gather(self._bell, least, most, TAKE_SECONDS, within)):
                self._statistics.began(self._trigger.function, len(batch))
                self._settle(receiver, batch, self._run(batch, receiver))

    def _run(self, batch: Sequence[ServiceBusReceivedMessage], receiver: Receiver) -> Outcome:
        try:
            bodies = trigger_data.many_bodies(batch, binary=self._trigger.binary)
        except ValueError as error:
            return Outcome(f"{type(error).__name__}: {error}")
        pending = self._invoker.invoke(
            Invocation(self._trigger.function, {self._trigger.parameter: bodies}, trigger_data.many_metadata(batch))
        )
        try:
            while not wait([pending], receiver.seconds_to_heartbeat()).done:
                receiver.keep_alive()
            return pending.result()
        except EngineDied:
            self._settle(receiver, batch, None)
            raise


def listener(
    trigger: ServiceBusTrigger, options: ServiceBusOptions, invoker: Invoker, statistics: Statistics
) -> Listener:
    """The listener that the cardinality of the trigger asks for."""
    kind = BatchListener if trigger.many else SingleListener
    return kind(trigger, options, invoker, statistics)


def stop_all(listeners: Sequence[Listener], grace: float) -> int:
    """Stops listeners together, within `grace` seconds; returns how many still had calls under way."""
    for each in listeners:
        each.ask_to_stop()
    deadline = time.monotonic() + grace
    return sum(not each.join(max(0.0, deadline - time.monotonic())) for each in listeners)


def _next(ended: "SimpleQueue[_Call]") -> _Call | None:
    try:
        return ended.get_nowait()
    except Empty:
        return None


def _until_renewal(calls: Mapping[int, _Call]) -> float | None:
    """Seconds until the first lock has to be renewed; None where there is none."""
    now = utc_now()
    due = [call.renew_at for call in calls.values() if max(call.renew_at, now) < call.renew_until]
    return (min(due) - now).total_seconds() if due else None
