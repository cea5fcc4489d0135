"""When a call to another system may go out: in the order of asking, so many at a time, and never during a pause.

    slot ─► join the queue ─► a place is free, and it is this call's turn ─► the pause is over ─► the call ─► leave
                 │                                                              │
                 └─ the other system asked for a pause that is longer than the call may wait ─► Transient, at once

Where calls are spaced (`connector.http.pace`), a call also waits until it may follow the last one.

A gate keeps to a number of places; `connector.http.limiter` adjusts the number to what the other system accepts.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from connector.errors import Transient
from connector.http.clock import Clock
from connector.words import Sentence

#: Answers that may ask for a pause before the next call.
MAY_ASK_TO_WAIT: Final = (429, 503)
#: Seconds to wait for a place. Calls ahead end by their time-outs. After a minute without a turn the other system is as
#: good as down, and the work is better rescheduled while the lock of its message (300 s) still holds.
LONGEST_TURN: Final = 60.0
#: The spacing of two calls varies by this part, so that processes do not call in step.
JITTER: Final = 0.3


@dataclass(slots=True, eq=False)
class Turn:
    """A call on its way through the gate.

    Attributes:
        deadline: the moment (monotonic) until which the call waits for the end of a pause.
        wake: is called once, when `admitted` is decided after some waiting; must be quick.
        admitted: True: it has a place, and must leave it; False: turned away by a pause; None: it waits.
    """

    deadline: float
    wake: Callable[[], None]
    admitted: bool | None = None


class Gate:
    """So many calls at a time, first come first served, and none while the other system has asked for a pause.

    Args:
        system: its name in sentences.
        places: calls at the same time; readable as an attribute, changed by `resize`.
        clock: time.
        longest_turn: seconds to wait for a place.
    """

    def __init__(self, system: str, places: int, clock: Clock, *, longest_turn: float = LONGEST_TURN) -> None:
        self._system = system
        self.places = places
        self._clock = clock
        self._longest_turn = longest_turn
        self._lock = threading.Lock()
        self._busy = 0
        self._queue: deque[Turn] = deque()
        self._closed_until = self._next_start = -math.inf
        #: Seconds from the beginning of a call to the beginning of the next; 0: as they come.
        self.spacing = 0.0

    @contextmanager
    def slot(self, longest_pause: float) -> Iterator[None]:
        """Wait for a turn, then for the end of a pause.

        Raises:
            Transient: the pause is longer than `longest_pause` seconds, or no place became free for a minute.
        """
        deadline = self._clock.monotonic() + longest_pause
        awake = threading.Lock()
        awake.acquire()
        turn = Turn(deadline, awake.release)
        self.join(turn)
        if turn.admitted is None and not awake.acquire(timeout=self._longest_turn):
            self.give_up(turn)
        if turn.admitted is None:
            raise Transient(
                Sentence(
                    "No call to {system} could begin for {count} second.",
                    plural="No call to {system} could begin for {count} seconds.",
                    system=self._system,
                    count=self._longest_turn,
                )
            )
        if not turn.admitted:
            raise self._asked_to_wait()
        try:
            self._wait_for_pause(deadline)
            if (wait := self.start(deadline)) is None:
                raise self._asked_to_wait()
            if wait > 0:
                self._clock.sleep(wait)
                self._wait_for_pause(deadline)
            yield
        finally:
            self.leave()

    def observe(self, status: int | None, retry_after: float | None) -> None:
        """Close the gate for all calls if the other system asks for a pause: going on would lengthen it."""
        if status in MAY_ASK_TO_WAIT and retry_after is not None:
            self.close(retry_after)

    def start(self, deadline: float) -> float | None:
        """Seconds until this call may begin after those that began before it; None if that is beyond its deadline."""
        if not self.spacing:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            begin = max(now, self._next_start)
            if begin > max(deadline, now):
                return None
            self._next_start = begin + self.spacing * (1 + JITTER * (2 * self._clock.random() - 1))
            return begin - now

    def _wait_for_pause(self, deadline: float) -> None:
        while (wait := self.pause) > 0:
            if self._clock.monotonic() + wait > deadline:
                raise self._asked_to_wait()
            self._clock.sleep(wait)

    @property
    def pause(self) -> float:
        """Seconds until calls may go out again; not above 0 where they may now."""
        return self._closed_until - self._clock.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether every place is taken."""
        return self._busy >= self.places

    def join(self, turn: Turn) -> None:
        """Take a place, join the queue, or be turned away; `turn.admitted` says which."""
        with self._lock:
            if self._closed_until > max(turn.deadline, self._clock.monotonic()):
                turn.admitted = False
            elif self._busy < self.places and not self._queue:
                self._busy += 1
                turn.admitted = True
            else:
                self._queue.append(turn)

    def give_up(self, turn: Turn) -> None:
        """Leave the queue. A turn that has been decided meanwhile stays as it is."""
        with self._lock:
            if turn.admitted is None:
                self._queue.remove(turn)

    def leave(self) -> None:
        """Free a place."""
        with self._lock:
            self._busy -= 1
            self._admit()

    def resize(self, places: int) -> None:
        """Change the number of places. Where more are taken already, they are freed one by one."""
        with self._lock:
            self.places = places
            self._admit()

    def close(self, seconds: float) -> None:
        """Let no call out for so many seconds, and turn away at once those that may not wait so long."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)
            waiting = list(self._queue)
            self._queue.clear()
            for turn in waiting:
                if turn.deadline < self._closed_until:
                    turn.admitted = False
                    turn.wake()
                else:
                    self._queue.append(turn)

    def _admit(self) -> None:
        while self._queue and self._busy < self.places:
            turn = self._queue.popleft()
            self._busy += 1
            turn.admitted = True
            turn.wake()

    def _asked_to_wait(self) -> Transient:
        spaced = self._next_start - self._clock.monotonic()
        return Transient(
            Sentence("{system} asked to wait before the next call.", system=self._system),
            retry_after=max(self.pause, spaced, 0.0),
        )
