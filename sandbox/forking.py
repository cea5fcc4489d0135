"""Parts of the sandbox as copies of one process, so that what they all load is loaded once.

`python -m sandbox.forking NUMBER` is that process. What it is asked for comes over the socket with this number, and it
ends when the other side does. It has one thread and runs no part itself; each copy does what `python -m MODULE` would.
A copy that needs a process of its own, as the Functions host does for its engine, asks the same process for it.

Copies differ from processes of their own in two ways: all have the same seed for hashes, and what was loaded for one is
there for those that are made later.
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
#: The variable with folders where modules are found; each copy has its own.
_PATH: Final = "PYTHONPATH"
#: With anything in this variable of the Functions host, its engines are copies too: tests start many. Without it they
#: start with nothing loaded, as in Azure.
WARM_ENGINES: Final = "SANDBOX_WARM_ENGINES"
#: Variables that choose a language. Python itself sets the second when it starts without any (PEP 538).
_LOCALES: Final = ("LC_ALL", "LC_CTYPE", "LANG")


class CopiesEnded(Exception):
    """The process that is copied has ended."""


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
        """Without a file for errors, they are in `stdout` too.

        Raises:
            CopiesEnded: when there is nothing to copy any more.
        """
        self.returncode: int | None = None
        self._lock = threading.Lock()
        reading, writing = os.pipe()
        self.stdout = os.fdopen(reading, encoding="utf-8", errors="replace")
        near, far = socket.socketpair()
        self._news = near.makefile("r", encoding="utf-8")
        weakref.finalize(self, self._news.close)  # not before: threads may be waiting for it
        with near, far, os.fdopen(writing, "wb") as output, suppress(OSError):  # it has ended, and tells no number
            _server.ask([output.fileno(), (errors or output).fileno(), far.fileno()])
            near.sendall(f"{json.dumps([module, list(arguments), dict(environment)])}\n".encode())
        number = self._told()
        if number is None:
            self.stdout.close()
            raise CopiesEnded("The process that is copied has ended. Read what it printed, and start again.")
        self.pid = number

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
                    self.returncode = self._told_end()
        return self.returncode

    def _told_end(self) -> int:
        code = self._told()
        if code is None:  # nobody can learn its end any more, so it ends here
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            code = -signal.SIGKILL
        return code

    def _told(self) -> int | None:
        """Its number, then its exit code; None when who tells them has ended."""
        try:
            line = self._news.readline()
        except ConnectionError:
            return None
        return int(line) if line else None


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
                env={name: value for name, value in os.environ.items() if name != _PATH},
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


class _Copied:
    """The process that is copied, as it sees itself."""

    def __init__(self, line: socket.socket) -> None:
        """It works for the other side of the line."""
        self._line = line
        self._lines = [line]  # of all who may ask: who started this process, and its copies
        self._copies: dict[int, socket.socket] = {}
        self._ends, self._signals = socket.socketpair()

    def serve(self) -> tuple[str, list[str]] | None:
        """Make copies until the other side ends; returns, in a copy, what it is to run."""
        self._signals.setblocking(False)
        signal.set_wakeup_fd(self._signals.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without one, nothing is written to that line
        try:
            while True:
                for each in cast("list[socket.socket]", wait([self._ends, *self._lines])):
                    if each is self._ends:
                        self._tell_ends()
                    elif files := socket.recv_fds(each, 1, _FILES)[1]:
                        if work := self._copy(files):
                            return work
                    elif each is self._line:
                        return None
                    else:
                        self._lines.remove(each)
                        each.close()
        finally:
            self._end_all()

    def _copy(self, files: list[int]) -> tuple[str, list[str]] | None:
        """Make a copy; returns None, and in the copy what it is to run."""
        output, errors, number = files
        news = socket.socket(fileno=number)
        with news.makefile("r", encoding="utf-8") as reader:
            request = reader.readline()
        if not request.endswith("\n"):  # who asked has ended
            _close({output, errors})
            news.close()
            return None
        module, arguments, environment = json.loads(request)
        _load(module)
        near, far = socket.socketpair()
        sys.stdout.flush()
        gc.freeze()
        copy = os.fork()
        if copy == 0:
            self._forget(near, news)
            _become(output, errors, environment)
            importlib.import_module("sandbox.forking")._server.reached_by(far)  # noqa: SLF001 - this module, as others know it
            return module, arguments
        self._copies[copy] = news
        self._lines.append(near)
        far.close()
        _close({output, errors})
        with suppress(OSError):  # who asked has ended
            news.sendall(f"{copy}\n".encode())
        return None

    def _forget(self, *more: socket.socket) -> None:
        """In a copy: what others ask and are told is none of its business."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        of_others = (self._ends, self._signals, *self._lines, *self._copies.values(), *more)
        self._copies.clear()
        for each in of_others:
            each.close()

    def _tell_ends(self) -> None:
        """Tell the ends of copies, which only their parent learns."""
        self._ends.recv(4096)
        with suppress(ChildProcessError):
            while (end := os.waitpid(-1, os.WNOHANG))[0]:
                copy, status = end
                with self._copies.pop(copy) as news, suppress(OSError):  # perhaps nobody wants to know any more
                    news.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())

    def _end_all(self) -> None:
        """End what still runs: nobody else can any more. A copy has none."""
        for copy in self._copies:
            os.kill(copy, signal.SIGKILL)
        for copy in self._copies:
            os.waitpid(copy, 0)


def _load(module: str) -> None:
    """Load what a module needs, and not the module itself, which runs in the copy."""
    with suppress(BaseException):  # the copy meets it too, and says so
        found = find_spec(module)
        name = f"{module}.__main__" if found and found.submodule_search_locations else module
        importlib.import_module(name)
        del sys.modules[name]


def _become(output: int, errors: int, environment: dict[str, str]) -> None:
    os.setsid()
    os.dup2(output, sys.stdout.fileno())
    os.dup2(errors, sys.stderr.fileno())
    _close({output, errors})
    os.environ.clear()
    os.environ.update(environment)
    if not any(name in environment for name in _LOCALES):
        os.environ[_LOCALES[1]] = "C.UTF-8"
    sys.path[1:1] = filter(None, environment.get(_PATH, "").split(os.pathsep))
    time.tzset()
    tempfile.tempdir = None  # to be found anew


def _close(files: set[int]) -> None:
    for file in files:
        os.close(file)


if __name__ == "__main__":
    _work = _Copied(socket.socket(fileno=int(sys.argv[1]))).serve()
    if _work:
        _module, sys.argv[1:] = _work
        runpy.run_module(_module, run_name="__main__", alter_sys=True)
