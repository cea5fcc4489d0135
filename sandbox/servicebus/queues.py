"""A queue, which is also what a subscription and a dead-letter queue are.

    accept ──► scheduled ──► active ──► locked ──► completed
                               ▲  │        │
              lock expired,    │  │ TTL    ├──► deferred (received by sequence number only)
              abandoned,       └──┼────────┤
              released            ▼        ▼
                            dead-letter queue: by the receiver, or after too many deliveries

A lock belongs to the message, not to the connection: when a receiver disappears, its messages stay locked until their
locks expire, and each of those expiries counts as a delivery.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sandbox.servicebus.delivery import Consumer, Outcome, QueuePolicy
from sandbox.servicebus.errors import MESSAGE_LOCK_LOST, MESSAGE_NOT_FOUND, NOT_ALLOWED, AmqpError
from sandbox.servicebus.intake import Intake
from sandbox.servicebus.message import Message, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from random import Random

    from sandbox.servicebus.clock import Alarm, Clock
    from sandbox.servicebus.message import Content
    from sandbox.servicebus.values import AmqpValue

#: What is counted since the start, as the side door shows it.
_COUNTED = ("completed", "incoming", "duplicates", "expired", "lock_expired", "lost")


class Queue(Intake):
    """Messages in the order in which they came, for competing receivers."""

    def __init__(
        self,
        path: str,
        policy: QueuePolicy,
        clock: Clock,
        alarm: Alarm,
        *,
        duplicate_window_ms: int | None = None,
        dead_letters: Queue | None = None,
    ) -> None:
        super().__init__(path, clock, alarm, duplicate_window_ms)
        self.dead_letters = dead_letters
        self._policy = policy
        self._messages: dict[int, Message] = {}  # by sequence number, and in that order; without scheduled ones
        self._ready: list[tuple[float, int, Message]] = []  # heap; those that expired meanwhile stay until popped
        self._locked: dict[UUID, Message] = {}  # all locks last equally long, so the first to expire is in front
        self._consumers: deque[Consumer] = deque()
        self._shuffle: Random | None = None
        self._next_expiry: int | None = None

    # ------------------------------------------------------------------------------------------- in

    def enqueue(self, content: Content, *, delivery_count: int = 0, ttl_ms: int | None = None) -> int:
        """Make a message available now; `ttl_ms` is a limit of the topic it came through."""
        now = self._clock()
        limits = [limit for limit in (content.ttl_ms, ttl_ms, self._policy.ttl_ms) if limit is not None]
        expires_at = now + min(limits) if limits else None
        message = Message(content, self.next_sequence_number(), now, expires_at, delivery_count=delivery_count)
        self._messages[message.sequence_number] = message
        self._make_ready(message)
        self.dispatch()
        return message.sequence_number

    def set_shuffle(self, rng: Random | None) -> None:
        """Deliver in random order from now on, or with None in the order of sequence numbers again."""
        self._shuffle = rng
        ready = [message for _, _, message in self._ready if message.state is State.ACTIVE]
        self._ready.clear()
        for message in ready:
            self._make_ready(message)

    def _make_ready(self, message: Message) -> None:
        message.state = State.ACTIVE
        order = self._shuffle.random() if self._shuffle else 0.0
        heapq.heappush(self._ready, (order, message.sequence_number, message))
        expires_at = message.expires_at
        if expires_at is not None and (self._next_expiry is None or expires_at < self._next_expiry):
            self._next_expiry = expires_at
            self._alarm.at(expires_at)

    # ------------------------------------------------------------------------------------------- out

    def attach(self, consumer: Consumer) -> None:
        """Add a receiver."""
        self._consumers.append(consumer)

    def detach(self, consumer: Consumer) -> None:
        """Remove a receiver; what it has locked stays locked."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def dispatch(self) -> None:
        """Push what is ready to receivers with credit, in turn."""
        self._expire_messages()
        while self._ready and (consumer := self._next_consumer()):
            _, _, message = heapq.heappop(self._ready)
            if message.state is not State.ACTIVE:
                continue
            if consumer.takes_for_good:
                self._remove(message)
                self.counts["completed"] += 1
            else:
                self._lock(message)
            consumer.deliver(message)

    def _next_consumer(self) -> Consumer | None:
        for _ in range(len(self._consumers)):
            self._consumers.rotate(-1)
            if self._consumers[-1].wants_message():
                return self._consumers[-1]
        return None

    def peek(self, from_sequence_number: int, limit: int) -> list[Message]:
        """Messages in any state, locked and scheduled ones included, without locking them."""
        self._expire_messages()
        present = [*self._messages.values(), *self._scheduled.values()]
        found = (message for message in present if message.sequence_number >= from_sequence_number)
        return sorted(found, key=lambda message: message.sequence_number)[:limit]

    def receive_deferred(self, sequence_numbers: Iterable[int]) -> list[Message]:
        """Lock deferred messages.

        Raises:
            AmqpError: one of the numbers is not that of a deferred message; none is locked then.
        """
        messages = [self._messages.get(number) for number in sequence_numbers]
        deferred = [message for message in messages if message and message.state is State.DEFERRED]
        if len(deferred) != len(messages):
            raise AmqpError(MESSAGE_NOT_FOUND, "A sequence number is not that of a deferred message.")
        for message in deferred:
            self._lock(message)
        return deferred

    # ------------------------------------------------------------------------------------------- locks

    def renew(self, token: UUID) -> int:
        """Start the lock anew; returns when it ends.

        Raises:
            AmqpError: the lock has been lost.
        """
        message = self._take_lock(token)
        self._hold(message, token)
        return message.locked_until

    def settle(self, token: UUID, outcome: Outcome, properties: Mapping[str, AmqpValue] | None = None) -> None:
        """End a lock; the message keeps the application properties that are given with the outcome.

        Raises:
            AmqpError: the lock has been lost, or a dead letter is to be dead-lettered again.
        """
        if outcome is Outcome.DEAD_LETTER and self.dead_letters is None:
            raise AmqpError(NOT_ALLOWED, "A message in a dead-letter queue cannot be dead-lettered.")
        message = self._take_lock(token)
        if properties:
            message.content = message.content.with_properties(properties)
        match outcome:
            case Outcome.COMPLETE:
                self._remove(message)
                self.counts["completed"] += 1
            case Outcome.ABANDON:
                self._failed(message)
            case Outcome.DEFER:
                message.deferred = True
                self._give_back(message)
            case Outcome.RELEASE:
                self._give_back(message)
            case Outcome.DEAD_LETTER:
                self._dead_letter(message)

    def _lock(self, message: Message) -> None:
        message.state = State.LOCKED
        self._hold(message, uuid4())

    def _hold(self, message: Message, token: UUID) -> None:
        message.lock_token = token
        message.locked_until = self._clock() + self._policy.lock_ms
        self._locked[token] = message
        self._alarm.at(message.locked_until)

    def _take_lock(self, token: UUID) -> Message:
        self._expire_locks()
        message = self._locked.pop(token, None)
        if message is None:
            raise AmqpError(
                MESSAGE_LOCK_LOST,
                "The lock supplied is invalid. Either the lock expired, or the message has already been removed from "
                "the queue.",
            )
        message.lock_token = None
        return message

    def _failed(self, message: Message) -> None:
        message.delivery_count += 1
        limit = self._policy.max_delivery_count
        if limit is None or message.delivery_count < limit:
            self._give_back(message)
        else:
            self._dead_letter(
                message,
                DeadLetterReason="MaxDeliveryCountExceeded",
                DeadLetterErrorDescription=f"Message could not be consumed after {message.delivery_count} delivery "
                "attempts.",
            )

    def _give_back(self, message: Message) -> None:
        if message.deferred:
            message.state = State.DEFERRED
            return
        self._make_ready(message)
        self.dispatch()

    # ------------------------------------------------------------------------------------------- time

    def advance(self) -> None:
        """Enqueue what was scheduled, end locks, and remove what has outlived its time."""
        super().advance()
        self._expire_locks()
        self.dispatch()

    def next_due(self) -> int | None:
        """When `advance` has something to do."""
        lock = next(iter(self._locked.values())).locked_until if self._locked else None
        return min((due for due in (super().next_due(), lock, self._next_expiry) if due is not None), default=None)

    def _expire_locks(self) -> None:
        now = self._clock()
        while self._locked:
            token, message = next(iter(self._locked.items()))
            if message.locked_until > now:
                return
            del self._locked[token]
            message.lock_token = None
            self.counts["lock_expired"] += 1
            self._failed(message)

    def _expire_messages(self) -> None:
        now = self._clock()
        if self._next_expiry is None or self._next_expiry > now:
            return
        waiting = [m for m in self._messages.values() if m.state is State.ACTIVE and m.expires_at is not None]
        self._next_expiry = min((m.expires_at for m in waiting if m.expires_at and m.expires_at > now), default=None)
        for message in waiting:
            if message.expires_at is not None and message.expires_at <= now:
                self._expire(message)

    def _expire(self, message: Message) -> None:
        self.counts["expired"] += 1
        if self._policy.dead_letter_on_expiration:
            self._dead_letter(
                message,
                DeadLetterReason="TTLExpiredException",
                DeadLetterErrorDescription="The message expired and was dead lettered.",
            )
        else:
            self._remove(message)

    def _dead_letter(self, message: Message, **properties: str) -> None:
        self._remove(message)
        if self.dead_letters is not None:
            content = message.content.with_properties(properties).dead_lettered(self.path)
            self.dead_letters.enqueue(content, delivery_count=message.delivery_count)

    def _remove(self, message: Message) -> None:
        message.state = State.GONE
        self._messages.pop(message.sequence_number, None)

    # ------------------------------------------------------------------------------------------- side door

    def stats(self) -> dict[str, int]:
        """How many messages stand where, and what happened since the start."""
        states = [message.state for message in self._messages.values()]
        return {
            "active": states.count(State.ACTIVE),
            "locked": len(self._locked),
            "scheduled": len(self._scheduled),
            "deferred": states.count(State.DEFERRED),
            "dead_lettered": self.dead_letters.depth() if self.dead_letters else 0,
            **{name: self.counts[name] for name in _COUNTED},
        }

    def depth(self) -> int:
        """How many messages are present, in whatever state."""
        return len(self._messages) + len(self._scheduled)
