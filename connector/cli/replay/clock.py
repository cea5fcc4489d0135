"""The time of a replay, and Ctrl-C, which ends it between two portions."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Seconds after which a pause looks whether Ctrl-C was pressed.
SLICE: Final = 0.25


class ReplayClock:
    """Seconds that never go back, and pauses that Ctrl-C ends.

    Attributes:
        stopped: whether Ctrl-C was pressed.
    """

    def __init__(self) -> None:
        self.stopped = False

    def now(self) -> float:
        """Seconds."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait, unless Ctrl-C is or was pressed."""
        end = self.now() + seconds
        while not self.stopped and (left := end - self.now()) > 0:
            time.sleep(min(left, SLICE))

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """The first Ctrl-C only sets `stopped`, so that nothing is left half done; a second one ends the process."""

        def stop(*_: object) -> None:
            self.stopped = True
            signal.signal(signal.SIGINT, before)

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
