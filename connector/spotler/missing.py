"""Which unpublished calls an account does not have: seen again and again, and believed for minutes only.

A single 404 proves nothing: a gateway gives one to every call while the service behind it is replaced.
"""

import threading
from dataclasses import dataclass
from typing import Final

from connector.http import Clock

#: How often a call has to be missing,
TIMES: Final = 3
#: and over how many seconds at least: a redeployment takes less.
OVER_SECONDS: Final = 120.0
#: Seconds for which jobs fail without a call; then it is tried again.
BELIEVED_SECONDS: Final = 600.0


@dataclass(slots=True)
class _Seen:
    """How often a call was missing, since when, and until when that is believed."""

    since: float
    times: int = 0
    until: float = 0.0


class MissingCalls:
    """Remembers calls, each by method and path, that were answered 404 or 405 without an error body."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], _Seen] = {}

    def holds(self, call: tuple[str, str]) -> bool:
        """Whether the account is known not to have the call."""
        seen = self._seen.get(call)
        return seen is not None and self._clock.monotonic() < seen.until

    def confirmed(self, call: tuple[str, str]) -> bool:
        """Count the call as missing once more; True once that has been seen often and for long enough."""
        with self._lock:
            now = self._clock.monotonic()
            seen = self._seen.setdefault(call, _Seen(now))
            seen.times += 1
            if seen.times < TIMES or now - seen.since < OVER_SECONDS:
                return False
            seen.until = now + BELIEVED_SECONDS
            return True

    def forget(self, call: tuple[str, str]) -> None:
        """The call has answered."""
        self._seen.pop(call, None)
