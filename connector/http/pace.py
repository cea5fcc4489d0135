"""How fast calls follow each other, where the other system allows so many in a window of time and says what is left.

    free ──── little is left, or a pause until the window is over ───► paced
      ▲                                                                 │
      └──── for a whole window, half of what is allowed was left ◄──────┘
            or nobody said what is left

While it is free, nothing but the number of calls at the same time counts. Paced calls are spaced evenly: at first as
many in the next window as got through in the last one, which is this process's share of what the system allows to all.
From then on they become slowly faster while more is left than the aim, and quickly slower while less is.

So many processes that do not know of each other share what is allowed: each measures its own share. Without this, all
would use up the window in its first seconds, again and again, and each would be refused each time.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

#: A process begins to pace itself when no more than this share of what is allowed is left.
LITTLE: Final = 0.05
#: The share that is to be left while calls are paced: room for what other processes do before they notice.
AIM: Final = 0.05
#: The share that is left when nobody needs pacing.
PLENTY: Final = 0.5
#: How fast the pace grows: its relative change in a window, for each unit of the share that is left above the aim.
#: Slow, because a change shows in what is left only over the next window.
FASTER: Final = 0.6
#: How fast it falls, likewise.
SLOWER: Final = 6.0
#: What a process begins with, as a part of its share of the last window.
CAUTION: Final = 0.95
#: Calls in a window that are always allowed.
FEWEST: Final = 15
#: Parts of a window that are counted together. A pause that is longer is about the window, and not about calls at the
#: same time.
PARTS: Final = 30


@dataclass(slots=True)
class _Part:
    """What happened in a part of the window.

    Attributes:
        begin: its first moment.
        good: calls that got through.
        low: the smallest share that was left.
    """

    begin: float
    good: int = 0
    low: float = 1.0


class Pace:
    """The pace of one process. Not safe for threads.

    Args:
        window: seconds of the window in which the other system counts.
    """

    def __init__(self, window: float) -> None:
        self.rate = math.inf  #: calls per second
        self._window = window
        self._fewest = FEWEST / window
        self._parts: deque[_Part] = deque()
        self._changed = self._scarce = -math.inf  # moments

    @property
    def spacing(self) -> float:
        """Seconds from the beginning of a call to the beginning of the next; 0 while calls are not paced."""
        return 1.0 / self.rate

    def observe(self, now: float, *, refused: bool, retry_after: float | None, left: float | None) -> None:
        """Learn from an answer.

        Args:
            now: seconds of a clock that never goes back.
            refused: whether the call was refused because there were too many.
            retry_after: seconds of pause that the system asked for.
            left: the share of what is allowed that is left, 0 to 1; None if the answer does not say.
        """
        ended = refused and self.is_about_window(retry_after)
        if left is None and not ended:
            if not refused and now - self._scarce > self._window:
                self.rate = math.inf  # nobody has said for a whole window that little is left
            return
        share = 0.0 if ended else min(max(left or 0.0, 0.0), 1.0)
        part = self._part(now)
        part.good += not refused
        part.low = min(part.low, share)
        if ended or (math.isinf(self.rate) and share <= LITTLE):
            measured = CAUTION * sum(each.good for each in self._parts) / self._window
            self.rate = min(self.rate, max(measured, self._fewest))
            self._changed = now
            self._scarce = now + (retry_after or 0.0)
        elif not math.isinf(self.rate):
            self._adapt(now, share)

    def is_about_window(self, retry_after: float | None) -> bool:
        """Whether a pause that was asked for lasts until the window has room, and says nothing of parallel calls."""
        return retry_after is not None and retry_after >= self._window / PARTS

    def _adapt(self, now: float, left: float) -> None:
        if left <= PLENTY:
            self._scarce = max(self._scarce, now)
        elif now - self._scarce > self._window:
            self.rate = math.inf
            return
        lowest = min(each.low for each in self._parts)
        change = FASTER * (lowest - AIM) if lowest > AIM else SLOWER * min(left - AIM, 0.0)
        windows = min((now - self._changed) / self._window, 1 / PARTS)
        self.rate = max(self.rate * math.exp(change * windows), self._fewest)
        self._changed = now

    def _part(self, now: float) -> _Part:
        if not self._parts or now - self._parts[-1].begin >= self._window / PARTS:
            self._parts.append(_Part(now))
        while now - self._parts[0].begin > self._window:
            self._parts.popleft()
        return self._parts[-1]
