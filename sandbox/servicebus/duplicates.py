"""Duplicate detection: message ids that an entity has accepted within a window of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.servicebus.values import AmqpValue


class DuplicateHistory:
    """Remembers ids for `window_ms`, counted from the first time each was seen."""

    def __init__(self, window_ms: int) -> None:
        self._window = window_ms
        self._seen_at: dict[AmqpValue, int] = {}  # in the order of time, so that the oldest are in front

    def is_duplicate(self, message_id: AmqpValue, now: int) -> bool:
        """Whether the id was seen before; if not, it is from now on. Messages without an id are never duplicates."""
        if message_id is None:
            return False
        self._forget(now)
        if message_id in self._seen_at:
            return True
        self._seen_at[message_id] = now
        return False

    def _forget(self, now: int) -> None:
        while self._seen_at:
            oldest = next(iter(self._seen_at))
            if self._seen_at[oldest] + self._window > now:
                return
            del self._seen_at[oldest]
