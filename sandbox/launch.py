"""Starts a part of the sandbox as a process of its own and reads the line that says it is ready."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sandbox.forking import Forked
from sandbox.patience import START_SECONDS

#: Seconds that a part may take to end before it is killed.
STOP_SECONDS = 10.0

ROOT = Path(__file__).resolve().parent.parent


class DidNotStart(Exception):
    """A part of the sandbox did not start; the text holds the end of what it logged."""


@dataclass(frozen=True, slots=True)
class Part:
    """A running part of the sandbox.

    Attributes:
        ready: what its ready line says: addresses, keys.
        log: the file that its standard error goes to.
    """

    name: str
    process: Forked
    ready: Mapping[str, object]
    log: Path

    def get(self, key: str) -> str:
        """A text of the ready line."""
        return str(self.ready[key])

    def stop(self) -> None:
        """End it: politely first."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


def launch(
    module: str, arguments: Sequence[str] = (), *, logs: Path, environment: Mapping[str, str] | None = None
) -> Part:
    """Run `python -m module` until it is ready.

    Raises:
        DidNotStart: when it ends before, or takes too long.
    """
    name = module.rpartition(".")[2]
    log = logs / f"{name}.log"
    with log.open("w", encoding="utf-8") as errors:
        process = Forked(module, arguments, {**os.environ, **(environment or {})}, errors)
    line = ""
    try:
        line = _first_line(process.stdout)
    finally:
        part = Part(name, process, json.loads(line) if line else {}, log)
        if not line:  # after Ctrl-C too: nobody else knows the process yet
            part.stop()
    if not line:
        raise DidNotStart(f"{module} did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
    return part


def end_on_sigterm() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that the parts that it has started are ended too.

    They run in sessions of their own, where no signal of a terminal or of a process group reaches them.
    """

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # the parts are being ended; once is enough
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)


def _first_line(stream: IO[str]) -> str:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    try:
        return lines.get(timeout=START_SECONDS)
    except queue.Empty:
        return ""
