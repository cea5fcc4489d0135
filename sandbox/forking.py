"""Parts of the sandbox as copies of one process, so that what they all load is loaded once.

`python -m sandbox.forking NUMBER` is that process. What it is asked for comes over the socket with this number, and it
ends when the other side does. It has one thread and runs no part itself; each copy does what `python -m MODULE` would.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Final

_ROOT: Final = Path(__file__).resolve().parent.parent
#: What it writes, what it says of its problems, and the socket over which its number and its end are told.
_FILES: Final = 3


class Forked:
    """A process that runs a module; its methods are those of `subprocess.Popen` that the sandbox and its tests need.

    Attributes:
        pid: its number.
        returncode: its exit code, negative for a signal; None while it is not known to have ended.
        stdout: what it writes.
    """

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], errors: IO[str]) -> None:
        self.returncode: int | None = None
        self._lock = threading.Lock()
        reading, writing = os.pipe()
        self.stdout = os.fdopen(reading, encoding="utf-8")
        near, far = socket.socketpair()
        self._news = near.makefile("r", encoding="utf-8")
        with near, far:
            _server.ask([writing, errors.fileno(), far.fileno()])
            os.close(writing)
            near.sendall(f"{json.dumps([module, list(arguments), dict(environment)])}\n".encode())
        self.pid = int(self._news.readline())

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        return self._end(0)

    def wait(self, seconds: float | None = None) -> int:
        """Wait for its end, and return its exit code.

        Raises:
            TimeoutExpired: when it has not ended by then.
        """
        code = self._end(seconds)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), seconds or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _end(self, seconds: float | None) -> int | None:
        with self._lock:
            if self.returncode is None and wait([self._news.fileno()], seconds):
                self.returncode = int(self._news.readline())
                self._news.close()
            return self.returncode


class _Server:
    """The process that is copied, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket

    def ask(self, files: Sequence[int]) -> None:
        """Hand it the files of a new copy."""
        with self._lock:
            if self._process is None:
                self._start()
            socket.send_fds(self._line, [b"."], files)

    def _start(self) -> None:
        self._line, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(  # noqa: S603 - this module
                [sys.executable, "-m", "sandbox.forking", str(far.fileno())],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
                start_new_session=True,
            )
        atexit.register(self._stop)

    def _stop(self) -> None:
        self._line.close()
        if self._process is not None:
            self._process.wait()


_server: Final = _Server()


def _serve(line: socket.socket) -> tuple[str, list[str]]:
    """Make copies until the other side ends; returns, in a copy, what it is to run."""
    copies: dict[int, socket.socket] = {}
    signal.signal(signal.SIGCHLD, lambda *_: _tell_ends(copies))
    while files := socket.recv_fds(line, 1, _FILES)[1]:
        output, errors, number = files
        news = socket.socket(fileno=number)
        with news.makefile("r", encoding="utf-8") as request:
            module, arguments, environment = json.loads(request.readline())
        _load(module)
        gc.freeze()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        copy = os.fork()
        copies[copy] = news
        if copy == 0:
            for each in (line, *copies.values()):
                each.close()
            _become(output, errors, environment)
            return module, arguments
        news.sendall(f"{copy}\n".encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.close(output)
        os.close(errors)
    _end(copies)
    sys.exit()


def _tell_ends(copies: dict[int, socket.socket]) -> None:
    """Tell the ends of copies, which only their parent learns."""
    with suppress(ChildProcessError):
        while (end := os.waitpid(-1, os.WNOHANG))[0]:
            _tell_end(copies, *end)


def _tell_end(copies: dict[int, socket.socket], copy: int, status: int) -> None:
    with copies.pop(copy) as news, suppress(OSError):  # perhaps nobody wants to know any more
        news.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _end(copies: dict[int, socket.socket]) -> None:
    """End what still runs: nobody else can any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for copy in copies:
        os.kill(copy, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _load(module: str) -> None:
    """Load what a module needs, and not the module itself, which runs in the copy."""
    with suppress(ImportError):  # the copy says so
        importlib.import_module(f"{module}.__main__")
        del sys.modules[f"{module}.__main__"]


def _become(output: int, errors: int, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.setsid()
    os.dup2(output, sys.stdout.fileno())
    os.dup2(errors, sys.stderr.fileno())
    os.close(output)
    os.close(errors)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()


if __name__ == "__main__":
    _module, _arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv[1:] = _arguments
    runpy.run_module(_module, run_name="__main__", alter_sys=True)
