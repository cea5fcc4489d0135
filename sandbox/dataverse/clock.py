"""The clock of the stand-in: runs with the machine's, and can be moved by tests."""

import time
from datetime import UTC, datetime


class Clock:
    """A clock that tests can move forwards and backwards."""

    def __init__(self) -> None:
        self.offset = 0.0

    def timestamp(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def move(self, seconds: float) -> None:
        """Let this many seconds pass at once."""
        self.offset += seconds

    def reset(self) -> None:
        """Run with the machine's clock again."""
        self.offset = 0.0
