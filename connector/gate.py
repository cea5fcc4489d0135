"""When a call to another system may go out: the number of calls at a time, and pauses that the other system asked for.

`Governor` is the seam. `Gate` keeps to a fixed number; a governor that learns the number from the answers can take its
place without a change elsewhere.
"""

import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from connector.errors import Transient

#: Answers after which a call surely had no effect: throttled, or turned away at the door. Both may name a pause.
NO_EFFECT: Final = (429, 503)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, as parameters: tests put in their own."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


#: The time and chance of this machine.
SYSTEM_CLOCK: Final = Clock()


class Governor(Protocol):
    """Decides when a call may go out. `Gate` is the simple one; one that adapts to the answers fits the same holes."""

    def slot(self, patience: float) -> AbstractContextManager[None]:
        """A place for one call; raises Transient if it would have to wait longer than `patience` seconds."""

    def observe(self, status: int | None, seconds: float, retry_after: float | None) -> None:
        """Learn from one attempt."""


class Gate:
    """So many calls at a time, and none at all while the other system has asked for a pause."""

    def __init__(self, system: str, parallel: int, clock: Clock) -> None:
        self._system = system
        self._clock = clock
        self._free = threading.BoundedSemaphore(parallel)
        self._lock = threading.Lock()
        self._closed_until = -math.inf

    @contextmanager
    def slot(self, patience: float) -> Iterator[None]:
        """Wait for a free place, then for the end of a pause; every call ahead ends by its own time-out."""
        with self._free:
            deadline = self._clock.monotonic() + patience
            while (wait := self._closed_until - (now := self._clock.monotonic())) > 0:
                if now + wait > deadline:
                    raise Transient(f"{self._system} asked to wait before the next call.", retry_after=wait)
                self._clock.sleep(wait)
            yield

    def observe(self, status: int | None, seconds: float, retry_after: float | None) -> None:  # noqa: ARG002 - for others
        """Close the gate for everybody when the other system asks for it: going on would lengthen the pause."""
        if status in NO_EFFECT and retry_after is not None:
            with self._lock:
                self._closed_until = max(self._closed_until, self._clock.monotonic() + retry_after)
