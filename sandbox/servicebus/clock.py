"""Time, as the entities see it: a parameter, so that tests can move it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

#: Milliseconds since 1970-01-01 UTC.
type Clock = Callable[[], int]


def wall_clock() -> int:
    """The time of day."""
    return time.time_ns() // 1_000_000


class Alarm(Protocol):
    """Asks to be woken: entities act on time only when `advance` is called."""

    def at(self, when: int) -> None:
        """Call `advance` of every entity at `when`, or soon after."""
