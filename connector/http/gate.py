"""When a call to another system may go out: one after the other in the order of asking, so many at a time.

    slot ─► join the queue ─► a place is free, and it is this call's turn ─► the pause is over ─► the call ─► leave
                 │                                                              │
                 └─ the pause that the other system asked for outlasts the patience of the call ─► Transient, at once

`Governor` is what the transport needs. `Gate` keeps to a number; `connector.http.governor` adjusts the
number of a gate to what the other system bears.
"""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from connector.errors import Transient

#: Answers after which a call surely had no effect: throttled, or turned away at the door. Both may name a pause.
NO_EFFECT: Final = (429, 503)
#: Seconds to wait for a place. Calls ahead end by their time-outs; a minute without a turn means that the other system
#: is as good as down, and the work is better put back while the lock of its message (300 s) still holds.
LONGEST_TURN: Final = 60.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, as parameters: tests put in their own."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


#: The time and chance of this machine.
SYSTEM_CLOCK: Final = Clock()


class Governor(Protocol):
    """Decides when a call may go out."""

    def slot(self, patience: float) -> AbstractContextManager[None]:
        """A place for one call; raises Transient at once if a pause lasts longer than `patience` seconds."""

    def observe(self, status: int | None, seconds: float, retry_after: float | None, kind: str) -> None:
        """Learn from one attempt, before its slot ends.

        Args:
            status: of the answer; None where no answer came.
            seconds: that the attempt took.
            retry_after: seconds of pause that the other system asked for, if it did.
            kind: which calls take about as long as this one on a quiet day.
        """


@dataclass(slots=True, eq=False)
class Turn:
    """A call on its way through the gate.

    Attributes:
        deadline: the moment (monotonic) until which the call would wait for the end of a pause.
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
        self._closed_until = -math.inf

    @contextmanager
    def slot(self, patience: float) -> Iterator[None]:
        """Wait for a turn, then for the end of a pause.

        Raises:
            Transient: the pause lasts longer than `patience` seconds, or no place became free for a minute.
        """
        deadline = self._clock.monotonic() + patience
        awake = threading.Lock()
        awake.acquire()
        turn = Turn(deadline, awake.release)
        self.join(turn)
        if turn.admitted is None and not awake.acquire(timeout=self._longest_turn):
            self.give_up(turn)
        if turn.admitted is None:
            raise Transient(f"No call to {self._system} could begin for {self._longest_turn:g} seconds.")
        if not turn.admitted:
            raise self._asked_to_wait()
        try:
            while (wait := self.pause) > 0:
                if self._clock.monotonic() + wait > deadline:
                    raise self._asked_to_wait()
                self._clock.sleep(wait)
            yield
        finally:
            self.leave()

    def observe(self, status: int | None, seconds: float, retry_after: float | None, kind: str) -> None:  # noqa: ARG002 - for others
        """Close the gate for everybody when the other system asks for it: going on would lengthen the pause."""
        if status in NO_EFFECT and retry_after is not None:
            self.close(retry_after)

    @property
    def pause(self) -> float:
        """Seconds until calls may go out again; not above 0 where they may now."""
        return self._closed_until - self._clock.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether every place is taken."""
        return self._busy >= self.places

    def join(self, turn: Turn) -> None:
        """Take a place, or stand in the queue, or be turned away: `turn.admitted` tells."""
        with self._lock:
            if self._closed_until > max(turn.deadline, self._clock.monotonic()):
                turn.admitted = False
            elif self._busy < self.places and not self._queue:
                self._busy += 1
                turn.admitted = True
            else:
                self._queue.append(turn)

    def give_up(self, turn: Turn) -> None:
        """Leave the queue. A turn that was decided meanwhile stays as it is."""
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
        """Let no call out for so many seconds, and turn away at once whoever would not wait that long."""
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
        return Transient(f"{self._system} asked to wait before the next call.", retry_after=max(self.pause, 0.0))
