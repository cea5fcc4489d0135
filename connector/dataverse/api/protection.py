"""What Dataverse says about its service protection limits: how much of them is left for this user.

Every good answer has two headers: the requests that are left in the window, and the seconds of work. How many there are
in all depends on the environment; 6,000 and 1,200 are usual (Microsoft's page on service protection API limits). So the
largest numbers that were seen count as all. A process that starts while little is left takes that for all at first, and
learns by a refusal.
"""

import math
import threading
from collections.abc import Mapping
from typing import Final

REQUESTS: Final = "x-ms-ratelimit-burst-remaining-xrm-requests"
SECONDS: Final = "x-ms-ratelimit-time-remaining-xrm-requests"

#: The largest number that is believed, ten times what is usual. A single absurd one would count as all that is allowed
#: from then on, and the process would call as if nothing were left until it ends.
BELIEVED: Final = {REQUESTS: 60_000.0, SECONDS: 12_000.0}


class Protection:
    """Remembers how much is allowed. Safe for threads."""

    def __init__(self) -> None:
        self._most: dict[str, float] = {}
        self._lock = threading.Lock()

    def left(self, headers: Mapping[str, str]) -> float | None:
        """The share that is left of what is scarcer, 0 to 1; None if the headers do not say."""
        shares = [share for name in (REQUESTS, SECONDS) if (share := self._share(name, headers.get(name))) is not None]
        return min(shares, default=None)

    def _share(self, name: str, text: str | None) -> float | None:
        value = _number(text)
        if value is None or value > BELIEVED[name]:
            return None
        with self._lock:
            most = self._most[name] = max(value, self._most.get(name, 0.0))
        return value / most if most else 0.0


def _number(text: str | None) -> float | None:
    """A number with or without separators of thousands; None for what is not one."""
    try:
        value = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return max(value, 0.0) if math.isfinite(value) else None
