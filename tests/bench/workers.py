"""Processes that sync records without the bus: for the bench of records, and to make contacts known before a bench."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sandbox.launch import ROOT
from sandbox.system import Surroundings
from tests.bench.observe import BenchFailed


@dataclass(frozen=True, slots=True)
class Worker:
    """One process that does one phase of `tests.bench.record_worker`.

    Attributes:
        name: of the phase.
        done: the file with the number of records that are done.
        log: what it has logged.
    """

    name: str
    process: subprocess.Popen[str]
    done: Path
    log: Path

    @classmethod
    def start(cls, around: Surroundings, kind: str, name: str) -> Self:
        """Start it; a worker of the same name goes on where the one before has ended."""
        slug = "-".join(name.replace(",", "").replace("%", "percent").split())
        done, log = around.folder / f"{slug}.done", around.folder / f"{slug}.log"
        with log.open("a", encoding="utf-8") as file:
            process = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, "-m", "tests.bench.record_worker", kind, str(done)],
                cwd=ROOT,
                env={**os.environ, **around.settings},
                stdout=subprocess.PIPE,
                stderr=None if sys.stderr.isatty() else file,  # on a terminal the bar is shown
                text=True,
            )
        return cls(name, process, done, log)

    @property
    def count(self) -> int:
        """How many records are done."""
        return int(self.done.read_text(encoding="ascii")) if self.done.exists() else 0

    def end(self, longest: float) -> dict[str, float]:
        """Wait for its figures.

        Raises:
            BenchFailed: when it failed.
        """
        try:
            text, _ = self.process.communicate(timeout=longest)
        finally:
            self.process.kill()
        if self.process.returncode:
            raise BenchFailed(f"{self.name}: the worker failed; see {self.log}")
        return dict(json.loads(text))
