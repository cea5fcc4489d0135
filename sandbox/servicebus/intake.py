"""The way into a queue or topic: duplicate detection and scheduled messages."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING

from sandbox.servicebus.duplicates import DuplicateHistory
from sandbox.servicebus.errors import MESSAGE_NOT_FOUND, AmqpError
from sandbox.servicebus.message import Message, State

if TYPE_CHECKING:
    from sandbox.servicebus.clock import Alarm, Clock
    from sandbox.servicebus.message import Content


class Intake(ABC):
    """Something that can be sent to."""

    def __init__(self, path: str, clock: Clock, alarm: Alarm, duplicate_window_ms: int | None = None) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._alarm = alarm
        self._history = None if duplicate_window_ms is None else DuplicateHistory(duplicate_window_ms)
        self._scheduled: dict[int, Message] = {}
        self._schedule: list[tuple[int, int]] = []  # heap of (due, sequence number); cancelled ones stay until due
        self._last_sequence_number = 0

    def accept(self, content: Content, *, check_duplicates: bool = True) -> int:
        """Take a message from a sender; a duplicate is accepted and dropped, as the sender expects.

        Returns:
            The sequence number: of the message, or for a scheduled one the number by which it can be cancelled.
        """
        now = self._clock()
        self.counts["incoming"] += 1
        if check_duplicates and self._history and self._history.is_duplicate(content.message_id, now):
            self.counts["duplicates"] += 1
            return self.next_sequence_number()
        due = content.scheduled_for
        if due is None or due <= now:
            return self.enqueue(content)
        number = self.next_sequence_number()
        self._scheduled[number] = Message(content, number, now, None, State.SCHEDULED)
        heapq.heappush(self._schedule, (due, number))
        self._alarm.at(due)
        return number

    def cancel_scheduled(self, sequence_number: int) -> None:
        """Take a scheduled message back.

        Raises:
            AmqpError: there is none of that number, or it has been enqueued already.
        """
        if self._scheduled.pop(sequence_number, None) is None:
            raise AmqpError(MESSAGE_NOT_FOUND, f"No scheduled message has the sequence number {sequence_number}.")

    def advance(self) -> None:
        """Do what is due by now."""
        now = self._clock()
        while self._schedule and self._schedule[0][0] <= now:
            message = self._scheduled.pop(heapq.heappop(self._schedule)[1], None)
            if message is not None:
                self.enqueue(message.content)  # with a new sequence number, as if it had been sent now

    def next_due(self) -> int | None:
        """When `advance` has something to do; milliseconds since the epoch."""
        return self._schedule[0][0] if self._schedule else None

    def next_sequence_number(self) -> int:
        """A number that no message of this entity has had."""
        self._last_sequence_number += 1
        return self._last_sequence_number

    @abstractmethod
    def enqueue(self, content: Content) -> int:
        """Make a message available now; returns its sequence number."""

    @abstractmethod
    def stats(self) -> dict[str, int]:
        """Counts for the side door."""
