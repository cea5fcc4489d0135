"""The timer of the entities, on asyncio: one for whatever is due first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.servicebus.clock import Clock

#: Timers run on another clock than the time of day; waking a moment late is better than waking twice.
_LATE_MS = 1


class LoopAlarm:
    """Calls `ring` when something is due. `ring` does it, and returns when it wants to be called next."""

    def __init__(self, clock: Clock, ring: Callable[[], int | None]) -> None:
        self._clock = clock
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._armed_for: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def at(self, when: int) -> None:
        """Ring at `when` (milliseconds since the epoch) or before."""
        if self._armed_for is not None and self._armed_for <= when:
            return
        self.cancel()
        self._armed_for = when
        delay_ms = max(when - self._clock(), 0) + _LATE_MS
        self._timer = self._loop.call_later(delay_ms / 1000, self._wake)

    def cancel(self) -> None:
        """Do not ring any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._armed_for = None

    def _wake(self) -> None:
        self.cancel()
        due = self._ring()
        if due is not None:
            self.at(due)
