"""Child processes that are forked from a server which has imported everything; safe to use from several threads."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Final, Self

from sandbox.launch import ROOT

#: What the server imports once, so that its children need not: also what the connector imports when it first needs it.
PRELOADED: Final = ["tests.faults.kill_points.worker", "azure.identity", "jsonschema"]

#: Seconds of silence after which a child has hung: more than any of its calls may take.
SILENCE: Final = 90.0

_context = multiprocessing.get_context("forkserver")
#: Starting a process reaps those of other threads, and a status can be read only once.
_lock = threading.Lock()


class Child:
    """A child process with a pipe to it. As a context manager, it is ended when the context ends."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self.pipe, far_end = _context.Pipe()
        with _lock:
            _preload()
            self._process = _context.Process(target=target, args=(*arguments, far_end), daemon=True)
            self._process.start()
        far_end.close()

    def __enter__(self) -> Self:
        """Nothing to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ask it to end, and wait."""
        self.pipe.close()
        if self.wait(10.0) is None:
            self._process.kill()
            self.wait(10.0)

    @property
    def was_killed(self) -> bool:
        """Whether it died of SIGKILL."""
        return self.wait(10.0) == -signal.SIGKILL

    def wait(self, seconds: float) -> int | None:
        """Its exit code, negative for a signal; None if it is still running then."""
        wait([self._process.sentinel], seconds)
        with _lock:
            return self._process.exitcode

    def touched(self) -> list[str]:
        """Everything that it sent until it ended, or was silent for too long."""
        return list(iter(lambda: _receive(self.pipe), None))


def _receive(pipe: Connection) -> str | None:
    try:
        return str(pipe.recv()) if pipe.poll(SILENCE) else None
    except (EOFError, ConnectionResetError):
        return None


def _preload() -> None:
    """Effective with the first process. The server takes its search path from the environment and from nowhere else."""
    path = os.environ.get("PYTHONPATH", "")
    if str(ROOT) not in path.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), path)))
    _context.set_forkserver_preload(PRELOADED)
