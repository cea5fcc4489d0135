"""A bell: lets other threads wake one that waits for a socket, so that neither has to look again and again."""

import select
import signal
import socket
import threading
from contextlib import suppress
from enum import Enum, auto
from typing import Protocol

_MILLISECONDS = 1000


class Readable(Protocol):
    """A socket, or whatever else can be waited for."""

    def fileno(self) -> int:
        """The file descriptor."""


class Woken(Enum):
    """What ended a wait."""

    BY_BELL = auto()
    BY_SOURCE = auto()
    BY_TIME = auto()


class Bell:
    """Belongs to one thread, which waits; any thread may ring it. Stays rung until it is silenced."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._guard = threading.Lock()
        self._closed = False

    def ring(self) -> None:
        """Wakes the thread that waits, now or when it waits next. Does nothing once the bell is closed."""
        with self._guard:
            if not self._closed:
                with suppress(BlockingIOError):  # it has been rung so often that nobody can miss it
                    self._writer.send(b"\0")

    def ring_on(self, *signals: signal.Signals) -> None:
        """Rings for these signals instead of what they did. For a bell of the main thread, once in a process.

        The interpreter's own handler, which is not Python code, rings: a handler in Python runs only once the wait is
        over, so a signal that comes just before the wait begins would be noticed at the next one only.
        """
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for each in signals:
            signal.signal(each, lambda *_: None)

    def silence(self) -> None:
        """Forgets that it was rung. Look for what it may have been rung for afterwards, not before."""
        with suppress(BlockingIOError):
            while self._reader.recv(4096):
                pass

    def wait(self, source: Readable | None = None, seconds: float | None = None) -> Woken:
        """Blocks until the bell rings, `source` can be read (also where its connection has ended), or time is over."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        if source is not None:
            poll.register(source, select.POLLIN)
        # Rounded up: waking a moment early would mean waking twice.
        longest = None if seconds is None else int(max(seconds, 0.0) * _MILLISECONDS) + 1
        ready = [file for file, _ in poll.poll(longest)]
        if self._reader.fileno() in ready:
            return Woken.BY_BELL
        return Woken.BY_SOURCE if ready else Woken.BY_TIME

    def close(self) -> None:
        """Frees the sockets."""
        with self._guard:
            self._closed = True
            self._reader.close()
            self._writer.close()
