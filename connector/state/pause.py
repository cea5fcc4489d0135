"""The pause: a value in the state that tells the functions to begin nothing, for a release in which nothing is cut off.

    python -m connector pause  ─► pause.json {since, until} ─► read by every instance within CACHED seconds
    python -m connector resume ─► no pause.json

While it lasts, functions put back what they get and timers do nothing; what was begun is finished. It ends by itself at
`until`, so that a forgotten one does not stop the connector for ever.

A second order never ends it earlier: whoever gave the first one still counts on it. A pause begins when it is ordered:
one whose times lie so far ahead that somebody's clock must be wrong is not obeyed. The instance that reads it logs that
and ends it, so that it does not begin by itself on that day.

The connector must not depend on it: while the state cannot be read, what was last known holds, and at first that is
"not paused". A read takes no function longer than PATIENCE.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from connector import due, telemetry
from connector.errors import Misconfigured
from connector.state.model import StateConflict, StateStore, StoredValueUnreadable
from connector.state.values import CLOCK_LEEWAY, StoredMoment, StoredValue
from connector.threads import start_thread
from connector.words import Sentence, marked

log = logging.getLogger(__name__)

#: The name of the value.
PAUSE: Final = "pause"
#: Seconds for which an instance remembers what it has read: a pause is obeyed after so long at the latest.
CACHED: Final = 5.0
#: Seconds that a function waits for the state before it goes on with what was last known.
PATIENCE: Final = 2.0
#: Seconds after which a read that has not come back is given up, and the state is read again.
GIVEN_UP: Final = 120.0
#: The longest pause that is obeyed: what waits for a retry is given up hours after its first attempt, and a pause does
#: not stop that clock.
MOST: Final = timedelta(minutes=120)
#: How often a value that others write at the same time is written again.
_ATTEMPTS: Final = 5


class Pause(StoredValue):
    """A pause.

    Attributes:
        since: when it was ordered.
        until: when it ends by itself.
    """

    since: StoredMoment
    until: StoredMoment


def read_pause(state: StateStore, now: datetime) -> Pause | None:
    """The pause that lasts now, if there is one.

    Raises:
        StoredValueUnreadable: its times lie too far ahead.
        Transient, Misconfigured: the state cannot be read.
    """
    stored = state.read(PAUSE)
    pause = Pause.of(PAUSE, stored.value) if stored else None
    if pause is None or pause.until <= now:
        return None
    if wrong := _wrong_times(pause, now):
        raise StoredValueUnreadable.of(PAUSE, Sentence("{wrong}, so it is not obeyed", wrong=Sentence.of(wrong)))
    return pause


def _wrong_times(pause: Pause, now: datetime) -> str:
    """What is wrong with a pause whose times lie too far ahead; empty for any other."""
    if pause.since > now + CLOCK_LEEWAY:
        return marked("begins in the future")
    return marked("ends later than a pause may last") if pause.until > now + MOST + CLOCK_LEEWAY else ""


def end_wrongly_dated(state: StateStore, now: datetime) -> None:
    """End the stored pause if its times lie too far ahead; one that was ordered in the meantime stays.

    Raises:
        Transient, Misconfigured: the state cannot be read or written.
    """
    stored = state.read(PAUSE)
    if stored and _wrong_times(Pause.of(PAUSE, stored.value), now):
        with suppress(StateConflict):
            state.write(PAUSE, _value(now, now), version=stored.version)


def _value(since: datetime, until: datetime) -> Mapping[str, object]:
    return {"since": since.isoformat(), "until": until.isoformat()}


def set_pause(state: StateStore, now: datetime, lasting: timedelta) -> Pause:
    """Begin a pause, or let the one that lasts end so much later than now; it never ends earlier than it would have.

    Raises:
        Transient, Misconfigured: the state cannot be written.
    """
    for _ in range(_ATTEMPTS):
        stored = state.read(PAUSE)
        present = read_pause(state, now) if stored else None
        since, until = (present.since, max(present.until, now + lasting)) if present else (now, now + lasting)
        value = _value(since, until)
        try:
            state.write(PAUSE, value, version=stored.version if stored else None)
        except StateConflict:
            continue
        return Pause.of(PAUSE, value)
    raise StateConflict(Sentence("The stored value {pause} was written by others again and again.", pause=PAUSE))


class PauseWatch:
    """What this process knows of the pause; safe to use from several threads.

    Args:
        open_state: makes the state; it may raise, as for settings that are wrong.
        now: the present, in UTC.
        clock: seconds, for the time that an answer is remembered.
    """

    def __init__(
        self,
        open_state: Callable[[], StateStore],
        now: Callable[[], datetime],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_state
        self._now = now
        self._clock = clock
        self._state: StateStore | None = None
        self._lock = threading.Lock()
        self._pause: Pause | None = None
        self._asked_at: float | None = None
        self._reading: threading.Event | None = None
        self._logged: datetime | None = None

    def is_on(self) -> bool:
        """Whether nothing is to be begun now."""
        with self._lock:
            now = self._clock()
            age = math.inf if self._asked_at is None else now - self._asked_at
            if age >= (CACHED if self._reading is None else GIVEN_UP):
                begun = threading.Event()
                start_thread(lambda: self._read(begun))
                self._asked_at, self._reading = now, begun
            reading = self._reading
        if reading is not None:
            reading.wait(PATIENCE)
        pause = self._pause
        return pause is not None and pause.until > self._now()

    def again(self) -> datetime:
        """When work that arrives now is to arrive again: the pause may be over by then."""
        return self._now() + due.PAUSED

    def log_once(self) -> None:
        """Log that this process obeys the pause, once for each."""
        with self._lock:
            pause = self._pause
            if pause is None or self._logged == pause.since:
                return
            self._logged = pause.since
        log.warning("Paused since %s: nothing is begun.", f"{pause.since:%Y-%m-%d %H:%M:%SZ}")

    def _read(self, reading: threading.Event) -> None:
        pause = self._pause
        try:
            if self._state is None:
                self._state = self._open()
            pause = self._obeyed(self._state)
        except Misconfigured as error:
            # Whoever needs the state says what is wrong with its settings; only a wrong value is known nowhere else.
            if self._state is not None:
                telemetry.log_problem(log, error, operation=PAUSE)
        except Exception as error:  # noqa: BLE001 - whatever it is, the work goes on
            telemetry.log_problem(log, error, operation=PAUSE)
        finally:
            with self._lock:
                if self._reading is reading:  # one that was given up says nothing any more
                    self._pause, self._reading = pause, None
            reading.set()

    def _obeyed(self, state: StateStore) -> Pause | None:
        """The pause that lasts now; one that cannot be obeyed is logged, and ended if its times are wrong."""
        try:
            return read_pause(state, self._now())
        except StoredValueUnreadable as error:
            telemetry.log_problem(log, error, operation=PAUSE)
            with suppress(StoredValueUnreadable):
                end_wrongly_dated(state, self._now())
            return self._pause
