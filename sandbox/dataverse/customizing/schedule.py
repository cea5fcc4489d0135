"""What happens later on the clock of the stand-in: it is done when the next request finds that its time has come."""

import heapq
from collections.abc import Callable
from itertools import count

from sandbox.dataverse.clock import Clock


class Schedule:
    """Actions with a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after so many seconds; at once when there are none."""
        if seconds <= 0:
            action()
        else:
            heapq.heappush(self._waiting, (self._clock.timestamp() + seconds, next(self._numbers), action))

    def run_due(self) -> None:
        """Do what is due."""
        while self._waiting and self._waiting[0][0] <= self._clock.timestamp():
            heapq.heappop(self._waiting)[2]()

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
