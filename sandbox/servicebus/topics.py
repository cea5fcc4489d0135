"""A topic: every message goes to each subscription whose filter it passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.servicebus.intake import Intake

if TYPE_CHECKING:
    from sandbox.servicebus.clock import Alarm, Clock
    from sandbox.servicebus.filters import CorrelationFilter
    from sandbox.servicebus.message import Content
    from sandbox.servicebus.queues import Queue


@dataclass(frozen=True, slots=True)
class Subscription:
    """A queue behind a filter; without a filter it gets everything."""

    queue: Queue
    filter: CorrelationFilter | None


class Topic(Intake):
    """Sent to like a queue; received from through its subscriptions."""

    def __init__(
        self,
        path: str,
        subscriptions: tuple[Subscription, ...],
        clock: Clock,
        alarm: Alarm,
        *,
        duplicate_window_ms: int | None = None,
        ttl_ms: int | None = None,
    ) -> None:
        super().__init__(path, clock, alarm, duplicate_window_ms)
        self._subscriptions = subscriptions
        self._ttl_ms = ttl_ms

    def enqueue(self, content: Content) -> int:
        """Hand the message out; one that passes no filter is dropped, as in Azure."""
        matching = [sub for sub in self._subscriptions if sub.filter is None or sub.filter.matches(content)]
        for subscription in matching:
            subscription.queue.counts["incoming"] += 1
            subscription.queue.enqueue(content, ttl_ms=self._ttl_ms)
        if not matching:
            self.counts["unmatched"] += 1
        return self.next_sequence_number()

    def stats(self) -> dict[str, int]:
        """What happened since the start, and how many messages wait for their time."""
        return {
            "scheduled": len(self._scheduled),
            **{name: self.counts[name] for name in ("incoming", "duplicates", "unmatched", "lost")},
        }
