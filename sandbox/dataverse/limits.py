"""Service protection limits: per user, over a sliding window, as the Dataverse documentation describes them.

| facet              | default         | code       |
|--------------------|-----------------|------------|
| requests           | 6,000 in 300 s  | 0x80072322 |
| execution time     | 1,200 s in 300 s| 0x80072321 |
| requests at a time | 52              | 0x80072326 |

A batch is one request. Whether the requests in it count as well is not known of the real service (`batch_parts`).

A refused request has to wait, and one that comes earlier makes the wait longer. One that waited as
asked does not, even if others have made the wait longer meanwhile: else a few polite callers would block each other
forever.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.errors import ApiError

TOO_MANY_REQUESTS: Final = "0x80072322"
TOO_MUCH_TIME: Final = "0x80072321"
TOO_MANY_AT_A_TIME: Final = "0x80072326"

#: What an impatient request adds to the pause, as a part of the window: three seconds of the usual 300.
IMPATIENCE: Final = 0.01


@dataclass(slots=True)
class LimitSettings:
    """The limits; a short window makes short tests.

    Attributes:
        enabled: whether anything is refused.
        requests: requests in one window.
        seconds: execution time in one window.
        concurrency: requests at a time.
        window_seconds: the length of the window.
        batch_parts: whether each request within a batch counts as a request too.
    """

    enabled: bool = True
    requests: int = 6000
    seconds: float = 1200.0
    concurrency: int = 52
    window_seconds: float = 300.0
    batch_parts: bool = False


@dataclass(slots=True)
class _Usage:
    """What one user has used up.

    `returns` is a heap: when each caller that has to wait may come back.
    """

    starts: deque[float] = field(default_factory=deque)
    times: deque[tuple[float, float]] = field(default_factory=deque)
    busy_seconds: float = 0.0
    running: int = 0
    blocked_until: float = 0.0
    blocked_for: str = TOO_MANY_REQUESTS
    returns: list[float] = field(default_factory=list)


class Limiter:
    """Counts requests and their time, and refuses what is too much."""

    def __init__(self, settings: LimitSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._usage: dict[str, _Usage] = {}

    def reset(self) -> None:
        """Forget what was used up."""
        running = {user: usage.running for user, usage in self._usage.items()}
        self._usage = {user: _Usage(running=count) for user, count in running.items()}

    def enter(self, user_id: str) -> None:
        """A request begins; `leave` must follow unless it is refused.

        Raises:
            ApiError: 429 with `Retry-After`.
        """
        usage = self._usage.setdefault(user_id, _Usage())
        if self.settings.enabled and usage.running >= self.settings.concurrency:
            raise _refusal(TOO_MANY_AT_A_TIME, IMPATIENCE * self.settings.window_seconds, self.settings)
        self._count(usage)
        usage.running += 1

    def enter_part(self, user_id: str) -> None:
        """A request within a batch begins.

        Raises:
            ApiError: 429 with `Retry-After`, where such requests count.
        """
        if self.settings.batch_parts:
            self._count(self._usage[user_id])

    def leave(self, user_id: str, seconds: float) -> dict[str, str]:
        """A request ended after so many seconds of execution; returns the headers about what is left.

        Where nothing is refused, everything is left: clients slow down when they read that little is.
        """
        usage = self._usage[user_id]
        usage.running -= 1
        usage.times.append((self._clock.timestamp(), seconds))
        usage.busy_seconds += seconds
        requests, time = self.settings.requests, self.settings.seconds
        if self.settings.enabled:
            requests -= len(usage.starts)
            time -= usage.busy_seconds
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(max(0, requests)),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(0.0, time):,.2f}",
        }

    def _count(self, usage: _Usage) -> None:
        now = self._clock.timestamp()
        self._forget_old(usage, now)
        if self.settings.enabled:
            self._refuse_if_too_much(usage, now)
        usage.starts.append(now)

    def _forget_old(self, usage: _Usage, now: float) -> None:
        oldest = now - self.settings.window_seconds
        while usage.starts and usage.starts[0] <= oldest:
            usage.starts.popleft()
        while usage.times and usage.times[0][0] <= oldest:
            usage.busy_seconds -= usage.times.popleft()[1]

    def _refuse_if_too_much(self, usage: _Usage, now: float) -> None:
        if now < usage.blocked_until:
            if usage.returns and usage.returns[0] <= now:
                heappop(usage.returns)
            else:
                longest = now + self.settings.window_seconds
                usage.blocked_until = min(usage.blocked_until + IMPATIENCE * self.settings.window_seconds, longest)
            raise self._told_to_wait(usage, now)
        usage.returns.clear()
        if len(usage.starts) >= self.settings.requests:
            self._block(usage, TOO_MANY_REQUESTS, usage.starts[0], now)
        if usage.busy_seconds >= self.settings.seconds:
            self._block(usage, TOO_MUCH_TIME, usage.times[0][0], now)

    def _block(self, usage: _Usage, code: str, oldest: float, now: float) -> None:
        """Pause until the oldest entry has left the window."""
        usage.blocked_for = code
        usage.blocked_until = oldest + self.settings.window_seconds
        raise self._told_to_wait(usage, now)

    def _told_to_wait(self, usage: _Usage, now: float) -> ApiError:
        refusal = _refusal(usage.blocked_for, usage.blocked_until - now, self.settings)
        heappush(usage.returns, now + float(refusal.headers["Retry-After"]))
        return refusal


def _refusal(code: str, pause: float, settings: LimitSettings) -> ApiError:
    window = f"{settings.window_seconds:g}"
    messages = {
        TOO_MANY_REQUESTS: f"Number of requests exceeded the limit of {settings.requests} over time window of {window} "
        "seconds.",
        TOO_MUCH_TIME: f"Combined execution time of incoming requests exceeded limit of {settings.seconds * 1000:,.0f} "
        f"milliseconds over time window of {window} seconds. Decrease number of concurrent requests or reduce the "
        "duration of requests and try again later.",
        TOO_MANY_AT_A_TIME: f"Number of concurrent requests exceeded the limit of {settings.concurrency}.",
    }
    return ApiError(429, code, messages[code], {"Retry-After": str(max(1, math.ceil(pause)))})
