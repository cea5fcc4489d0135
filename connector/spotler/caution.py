"""Calls that must not run twice, after an answer that was lost: one at a time, until one is answered clearly.

    normal ──answer lost──► cautious ──a call is answered clearly──► normal
                              │   ▲
                              └───┘ answer lost again: the pause doubles

When Spotler is away, the answer to every start is lost, and a person has to look into each. So after the first lost
answer such calls are made one at a time, each after a pause and after Spotler has answered a call that changes nothing.
The others are not sent: they are `Paused` and come back later. An outage then costs the calls that were under way, and
a few more.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from connector.errors import Refused, Transient, Unclear
from connector.http import Clock

#: Seconds of the first pause; it doubles with each lost answer.
FIRST_PAUSE: Final = 5.0
#: Seconds of the longest pause: an outage costs at most this much after its end.
LONGEST_PAUSE: Final = 300.0


class Paused(Transient):
    """Spotler left a call unanswered that must not run twice, so such calls are made one at a time."""

    code = "SPOTLER_UNANSWERED"


class AtMostOnceCall:
    """One such call.

    Attributes:
        is_stopped: whether it was ended before it was sent, so that Spotler has said nothing about it.
    """

    def __init__(self) -> None:
        self.is_stopped = False

    def before(self, check: Callable[[], None] | None) -> Callable[[], None] | None:
        """The same check, remembered when it ends the call."""
        if check is None:
            return None

        def checked() -> None:
            try:
                check()
            except BaseException:
                self.is_stopped = True
                raise

        return checked


class Caution:
    """How calls that must not run twice are made now. One per system and process, shared by all threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._lost = 0
        self._next = 0.0
        self._is_trying = False

    @contextmanager
    def one_call(self, probe: Callable[[], object]) -> Iterator[AtMostOnceCall]:
        """Make one such call inside.

        Args:
            probe: a call that changes nothing; raises when Spotler does not answer it.

        Raises:
            Paused: it is not this call's turn; nothing was sent.
            ConnectorError: of the probe; nothing was sent either.
            Exception: whatever the call inside raises.
        """
        cautious, turn = self._begin(), AtMostOnceCall()
        try:
            if cautious:
                probe()
            yield turn
        except Unclear:
            self._end(cautious=cautious, lost=True)
            raise
        except Refused:
            self._end(cautious=cautious, clear=not turn.is_stopped)
            raise
        except BaseException:
            self._end(cautious=cautious)
            raise
        self._end(cautious=cautious, clear=True)

    def _begin(self) -> bool:
        """Whether this call is the one that is tried; False in normal times."""
        with self._lock:
            if not self._lost:
                return False
            wait = self._next - self._clock.monotonic()
            if self._is_trying or wait > 0:
                raise Paused(retry_after=max(wait, FIRST_PAUSE))
            self._is_trying = True
            return True

    def _end(self, *, cautious: bool, lost: bool = False, clear: bool = False) -> None:
        with self._lock:
            if cautious:
                self._is_trying = False
            if clear and cautious:
                self._lost = 0
            elif lost and (cautious or not self._lost):  # calls that were under way together are one lost answer
                self._lost += 1
            if self._lost and (lost or cautious):
                pause = min(FIRST_PAUSE * 2 ** min(self._lost - 1, 10), LONGEST_PAUSE)
                self._next = self._clock.monotonic() + pause
