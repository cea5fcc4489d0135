"""Parts of the sandbox as copies of one process, so that what they all load is loaded once.

`python -m sandbox.forking NUMBER` is that process. What it is asked for comes over the socket with this number, and it
ends when the other side does. It has one thread and runs no part itself; each copy does what `python -m MODULE` would.
A copy that needs a process of its own, as the Functions host does for its engine, asks the same process for it.
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
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Final, cast

_ROOT: Final = Path(__file__).resolve().parent.parent
#: What it writes, what it says of its problems, and the socket over which its number and its end are told.
_FILES: Final = 3
#: Variables that choose a language. Python itself sets the second when it starts without any (PEP 538).
_LOCALES: Final = ("LC_ALL", "LC_CTYPE", "LANG")


class Forked:
    """A process that runs a module; its methods are those of `subprocess.Popen` that the sandbox and its tests need.

    Attributes:
        pid: its number.
        returncode: its exit code, negative for a signal; None while it is not known to have ended.
        stdout: what it writes.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        errors: IO[str] | None = None,
    ) -> None:
        """Without a file for errors, they are in `stdout` too."""
        self.returncode: int | None = None
        self._lock = threading.Lock()
        reading, writing = os.pipe()
        self.stdout = os.fdopen(reading, encoding="utf-8", errors="replace")
        near, far = socket.socketpair()
        self._news = near.makefile("r", encoding="utf-8")
        weakref.finalize(self, self._news.close)  # not before: threads may be waiting for it
        with near, far:
            _server.ask([writing, errors.fileno() if errors else writing, far.fileno()])
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
        if self.returncode is None and wait([self._news.fileno()], seconds):
            with self._lock:
                if self.returncode is None:
                    self.returncode = int(self._news.readline())
        return self.returncode


class _Server:
    """The process that is copied: in a copy, the one that this was made by; else one that is started when needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: socket.socket | None = None

    def ask(self, files: Sequence[int]) -> None:
        """Hand it the files of a new copy."""
        with self._lock:
            line = self._line or self._start()
            socket.send_fds(line, [b"."], files)

    def reached_by(self, line: socket.socket) -> None:
        """In a copy: ask over this line."""
        self._line = line

    def _start(self) -> socket.socket:
        self._line, far = socket.socketpair()
        with far:
            process = subprocess.Popen(  # noqa: S603 - this module
                [sys.executable, "-m", "sandbox.forking", str(far.fileno())],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
                start_new_session=True,
            )
        atexit.register(self._stop, process, self._line)
        return self._line

    @staticmethod
    def _stop(process: "subprocess.Popen[bytes]", line: socket.socket) -> None:
        line.close()
        process.wait()


_server: Final = _Server()


def _serve(line: socket.socket) -> tuple[str, list[str]]:
    """Make copies until the other side ends; returns, in a copy, what it is to run."""
    lines = [line]  # of all who may ask: who started this process, and its copies
    copies: dict[int, socket.socket] = {}
    signal.signal(signal.SIGCHLD, lambda *_: _tell_ends(copies))
    while True:
        for asking in cast("list[socket.socket]", wait(lines)):
            files = socket.recv_fds(asking, 1, _FILES)[1]
            if not files and asking is line:
                _end(copies)
                sys.exit()
            if not files:
                lines.remove(asking)
                asking.close()
            elif work := _copy(files, lines, copies):
                return work


def _copy(
    files: list[int], lines: list[socket.socket], copies: dict[int, socket.socket]
) -> tuple[str, list[str]] | None:
    """Make a copy; returns None, and in the copy what it is to run."""
    output, errors, number = files
    news = socket.socket(fileno=number)
    with news.makefile("r", encoding="utf-8") as reader:
        request = reader.readline()
    if not request.endswith("\n"):  # who asked has ended
        for file in {output, errors}:
            os.close(file)
        news.close()
        return None
    module, arguments, environment = json.loads(request)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # what is loaded may run a program and wait for it
    _load(module)
    near, far = socket.socketpair()
    gc.freeze()
    copy = os.fork()
    copies[copy] = news
    if copy == 0:
        for each in (near, *lines, *copies.values()):
            each.close()
        _become(output, errors, environment)
        importlib.import_module("sandbox.forking")._server.reached_by(far)  # noqa: SLF001 - this module, as others know it
        return module, arguments
    with suppress(OSError):  # who asked has ended
        news.sendall(f"{copy}\n".encode())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    lines.append(near)
    far.close()
    for file in {output, errors}:
        os.close(file)
    return None


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
        found = find_spec(module)
        name = f"{module}.__main__" if found and found.submodule_search_locations else module
        importlib.import_module(name)
        del sys.modules[name]


def _become(output: int, errors: int, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.setsid()
    os.dup2(output, sys.stdout.fileno())
    os.dup2(errors, sys.stderr.fileno())
    for file in {output, errors}:
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    if not any(name in environment for name in _LOCALES):
        os.environ[_LOCALES[1]] = "C.UTF-8"
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    time.tzset()
    tempfile.tempdir = None  # to be found anew


if __name__ == "__main__":
    _module, _arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv[1:] = _arguments
    runpy.run_module(_module, run_name="__main__", alter_sys=True)
