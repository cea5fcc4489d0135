"""How many calls the other system gets at the same time, found out from its answers.

    at first                 the limit doubles with every half second of use, until the first overload
    a second with overload   limit x (1 - share / 2), where that share of its answers was overload; at least a tenth
                             less if the other system asked for a pause, because such a pause is expensive
    every place is in use    the limit grows, and grows faster the longer no overload was met: from one call to all in
                             GROWTH_SECONDS of use; a pause of less than a second between two calls is use as well

Overload is 429, 502, 503, 504 or no answer at all. The cut by share makes a stray refusal cheap, while a storm halves
the limit every second. The growth that begins slowly keeps the limit for long just below a fixed ceiling. It counts
time and not answers, so the way back takes equally long in a fast and in a slow system, and where others take turns
with the calls: Dataverse is asked before and after Spotler works.

A fraction of a call counts as one more call for that part of every second: at 4.5 it is 4 in the first half of every
second, and 5 in the second.
"""

import math
import threading
from contextlib import AbstractContextManager
from typing import Final

from connector.http.clock import Clock
from connector.http.gate import Gate
from connector.http.pace import Pace

#: The answer to a call that is one too many. It proves that the call had no effect.
THROTTLED: Final = 429
#: Answers that mean overload: slow down, or a gateway gets nothing through it.
OVERLOAD: Final = (THROTTLED, 502, 503, 504)
#: Calls at the same time to begin with, so that a cold start is not a burst.
FIRST: Final = 4
#: Seconds of use in which the limit doubles at first.
DOUBLING_SECONDS: Final = 0.5
#: Seconds of use in which the limit grows from one call to all. The rate must be back within a minute of an outage.
GROWTH_SECONDS: Final = 40.0
#: The part of the limit that is given up at least if a pause is asked for.
ASKED: Final = 0.1
#: Seconds of answers that are judged together. Limits are mostly counted by the second.
JUDGED_SECONDS: Final = 1.0
#: A pause between two calls that is shorter counts as use, in seconds, once there was an overload.
SHORT_PAUSE: Final = 1.0


class Limiter:
    """Lets as many calls out at a time as the other system accepts; one per system and process, shared by all threads.

    Args:
        system: its name in sentences.
        most: calls at the same time that are never exceeded.
        clock: time.
        pace: for a system that allows so many calls in a window and says what is left.
    """

    def __init__(self, system: str, most: int, clock: Clock, pace: Pace | None = None) -> None:
        self.gate: Final = Gate(system, min(FIRST, most), clock)
        self._most = most
        self._pace = pace
        self._clock = clock
        self._lock = threading.Lock()
        self._value = float(min(FIRST, most))
        self._starting = True
        self._age = 0.0  # seconds of use since the last cut
        self._answers = self._overloads = 0  # since the last judgement
        self._judged = self._cut = self._last_good = -math.inf  # moments

    @property
    def limit(self) -> int:
        """Calls at the same time, at present."""
        return int(self._value + self._clock.monotonic() % 1.0)

    def slot(self, longest_pause: float) -> AbstractContextManager[None]:
        """A place for one call, in the order of asking; see `Gate.slot`."""
        return self.gate.slot(longest_pause)

    def observe(self, status: int | None, seconds: float, retry_after: float | None, left: float | None = None) -> None:
        """Learn from one attempt, before its slot ends.

        Args:
            status: of the answer; None if no answer came.
            seconds: that the attempt took.
            retry_after: seconds of pause that the other system asked for, if it did.
            left: the share of what it allows in a window that is left, if it says so.
        """
        self.gate.observe(status, retry_after)
        overload = status is None or status in OVERLOAD
        with self._lock:
            now = self._clock.monotonic()
            if self._pace is not None:
                self._pace.observe(now, refused=status == THROTTLED, retry_after=retry_after, left=left)
                self.gate.spacing = self._pace.spacing
                if status == THROTTLED and self._pace.is_about_window(retry_after):
                    return
            if now - seconds >= self._cut:  # a call that began before a cut says nothing about the limit after it
                self._judge(now, overload=overload, asked=overload and retry_after is not None)
            if status is not None and status < 500 and not overload:
                if self.gate.is_full:
                    since = now - self._last_good
                    pause = 0.0 if self._starting else SHORT_PAUSE  # a cold start is not a burst
                    self._grow(since if since < seconds + pause else seconds)
                self._last_good = now
            if self.limit != self.gate.places:
                self.gate.resize(self.limit)

    def _judge(self, now: float, *, overload: bool, asked: bool) -> None:
        self._answers += 1
        self._overloads += overload
        if not asked and now - self._judged < JUDGED_SECONDS:
            return
        if self._overloads:
            share = max(self._overloads / self._answers / 2, ASKED if asked else 0.0)
            self._value = max(self._value * (1 - share), 1.0)
            self._cut, self._age, self._starting = now, 0.0, False
        self._judged, self._answers, self._overloads = now, 0, 0

    def _grow(self, seconds: float) -> None:
        self._age += seconds
        if self._starting:
            grown = self._value * 2 ** min(seconds / DOUBLING_SECONDS, 10)
        else:
            grown = self._value + 2 * self._most / GROWTH_SECONDS**2 * self._age * seconds
        self._value = min(grown, self._most)
