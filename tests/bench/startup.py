"""How long Azure waits for the app to load: the import of `function_app` in a fresh process.

And what telemetry costs at the first invocation: the call on the main thread, and what its own thread loads beside the
work.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from typing import Final

from sandbox.launch import ROOT
from tests.bench.observe import BenchFailed

#: Processes, of which the median counts: the first may find the files cold.
PROCESSES: Final = 5
#: Seconds that the import should take at most.
MOST_SECONDS: Final = 0.7

_CODE: Final = "import time; began = time.perf_counter(); import function_app; print(time.perf_counter() - began)"


_TELEMETRY: Final = """
import json, os, time
from connector.telemetry import pipeline
key, url = "InstrumentationKey=00000000-0000-0000-0000-000000000001", "IngestionEndpoint=http://127.0.0.1:9/"
os.environ[pipeline.CONNECTION] = f"{key};{url}"
def resident():
    with open("/proc/self/statm") as figures:
        return int(figures.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
before, began, busy = resident(), time.perf_counter(), time.process_time()
pipeline.start()
started = time.perf_counter() - began
pipeline.FLUSH_SECONDS = 120
pipeline.flush()
loaded = time.perf_counter() - began
print(json.dumps([started, loaded, time.process_time() - busy, resident() - before]), flush=True)
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class TelemetryStart:
    """What the start of telemetry takes.

    Attributes:
        main_thread: seconds that the first invocation waits.
        loaded: seconds until the exporter is there, in a thread beside the work.
        processor: seconds of processor time of that.
        megabytes: memory that the process needs for it (on Linux).
    """

    main_thread: float
    loaded: float
    processor: float
    megabytes: float

    @property
    def line(self) -> str:
        """For people."""
        return (
            f"telemetry: the first invocation waits {self.main_thread * 1000:.0f} ms; the exporter is loaded after "
            f"{self.loaded:.2f} s ({self.processor:.2f} s of processor time, {self.megabytes:.0f} MB)"
        )


def telemetry_start() -> TelemetryStart:
    """The median of each figure; raises as `import_seconds` does."""
    runs = [json.loads(_output(_TELEMETRY)) for _ in range(PROCESSES)]
    return TelemetryStart(*(median(values) for values in zip(*runs, strict=True)))


def import_seconds() -> float:
    """Seconds of the import, without those of the interpreter itself.

    Raises:
        BenchFailed: when the app cannot be imported.
    """
    return median(_once() for _ in range(PROCESSES))


def _once() -> float:
    return float(_output(_CODE))


def _output(code: str) -> str:
    """What the code prints in a fresh process, without any setting."""
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"The app cannot be started:\n{done.stderr}")
    return done.stdout
