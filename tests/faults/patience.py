"""Waiting for as long as something happens, so that no test fails because the machine is slow or busy."""

import time
from typing import Final

#: Seconds in which nothing at all happens, after which a system stands still: no machine is so slow.
STANDSTILL: Final = 120.0


class Patience:
    """Lasts as long as what is seen changes."""

    def __init__(self) -> None:
        self._seen: object = None
        self._until = 0.0

    def lasts(self, seen: object) -> bool:
        """Whether to wait for more than what is seen now."""
        if seen != self._seen:
            self._seen, self._until = seen, time.monotonic() + STANDSTILL
        return time.monotonic() < self._until
