"""How long Azure waits for the app to load: the import of `function_app` in a fresh process."""

import os
import subprocess
import sys
from statistics import median
from typing import Final

from sandbox.launch import ROOT
from tests.bench.observe import BenchFailed

#: Processes, of which the median counts: the first may find the files cold.
PROCESSES: Final = 5
#: Seconds that the import should take at most.
MOST_SECONDS: Final = 0.7

_CODE: Final = "import time; began = time.perf_counter(); import function_app; print(time.perf_counter() - began)"


def import_seconds() -> float:
    """Seconds of the import, without those of the interpreter itself.

    Raises:
        BenchFailed: when the app cannot be imported.
    """
    return median(_once() for _ in range(PROCESSES))


def _once() -> float:
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", _CODE],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"function_app cannot be imported:\n{done.stderr}")
    return float(done.stdout)
