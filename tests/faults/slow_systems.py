"""Systems that take their time, in a time that goes on only while everybody waits: rates that no machine can spoil.

A simulated day usually runs with the clock of this machine, so a rate would be that of this machine. Here the clock
stands still while anybody works, and goes on to whoever has to wake first once all sleep. Calls under way at the
same time pass the same time, as they do in life.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import requests

from connector.http import Transport
from tests.faults.simulated_bus import SimulatedTime

#: Seconds of this machine in which nobody goes to sleep or wakes up before everybody counts as asleep: a thread that is
#: between two calls needs a fraction of it. On a busy machine it may have to wait for its turn for longer, which Linux
#: reports.
QUIET: Final = 0.01
#: The threads of this process, as Linux shows them; nothing on other systems.
THREADS: Final = Path("/proc/self/task")
SHOWS_THREADS: Final = THREADS.exists()
#: The states of a thread that has work in hand: it runs or waits for a processor, or it waits for the disk.
RUNNING: Final = (b"R", b"D")
#: The bus counts in whole ones: so much later, what is due at a moment is due without doubt.
MILLISECOND: Final = 0.001


class StandingTime(SimulatedTime):
    """Moves when all sleep, and by what they sleep."""

    def __init__(self) -> None:
        super().__init__()
        self._start = time.time()
        self._sleepers: list[float] = []
        self._busy = self._changes = 0
        self._condition = threading.Condition()

    def wall(self) -> float:
        return self._start + self._ahead

    def monotonic(self) -> float:
        return self._ahead

    def sleep(self, seconds: float) -> None:
        with self._condition:
            until = self._ahead + seconds
            self._sleepers.append(until)
            self._changes += 1
            while self._ahead < until:
                before, is_next = self._changes, until <= min(self._sleepers)
                self._condition.wait(QUIET if is_next else None)
                if is_next and self._is_quiet(before):
                    self._condition.wait(QUIET / 10)  # whoever was about to take the interpreter has it by now
                    if self._is_quiet(before):
                        self._ahead = until
                        self._condition.notify_all()
            self._sleepers.remove(until)
            self._changes += 1
            self._condition.notify_all()  # somebody else is the next

    def _is_quiet(self, changes: int) -> bool:
        return changes == self._changes and not self._busy and not somebody_runs()

    def move_to(self, moment: datetime) -> None:
        """By the one who decides what happens next, when nobody sleeps."""
        until = (moment - datetime.fromtimestamp(self._start, UTC)).total_seconds() + MILLISECOND
        self._ahead = max(self._ahead, until)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Nobody counts as asleep meanwhile."""
        with self._condition:
            self._busy += 1
        try:
            yield
        finally:
            with self._condition:
                self._busy -= 1
                self._changes += 1


def somebody_runs() -> bool:
    """Whether another thread of this process runs, or would if the machine had time for it or the disk had answered."""
    own = str(threading.get_native_id())
    threads = os.listdir(THREADS) if SHOWS_THREADS else []  # noqa: PTH208 - names are enough
    return any(_state_of(thread) in RUNNING for thread in threads if thread != own)


def _state_of(thread: str) -> bytes:
    """One letter; empty where the thread has just ended. Asked thousands of times, so it goes without `pathlib`."""
    try:
        file = os.open(f"{THREADS}/{thread}/stat", os.O_RDONLY)
    except OSError:
        return b""
    try:
        # The name of a thread may hold anything; what follows it is the state.
        return os.read(file, 1024).rpartition(b")")[2].split(maxsplit=1)[0]
    except OSError:
        return b""
    finally:
        os.close(file)


class SlowSession:
    """A session in which every call takes so many seconds."""

    def __init__(self, session: requests.Session, clock: StandingTime, seconds: float) -> None:
        self.headers = session.headers
        self._session = session
        self._clock = clock
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        with self._clock.working():
            response = self._session.send(request, **options)
        self._clock.sleep(self._seconds)
        return response

    def close(self) -> None:
        self._session.close()


def slow_down(transport: Transport, clock: StandingTime, seconds: float) -> None:
    """Let every call of a transport take so many seconds."""
    transport._session = SlowSession(transport._session, clock, seconds)
