"""What a process has used, as Linux reports it under /proc; nothing on other systems."""

import os
from collections.abc import Iterable
from pathlib import Path


def peak_memory_mb(pids: Iterable[int]) -> float | None:
    """The largest resident memory that these processes had at any time, together, in megabytes."""
    peaks = [_peak_kb(pid) for pid in pids]
    known = [peak for peak in peaks if peak is not None]
    return sum(known) / 1024 if len(known) == len(peaks) else None


def cpu_seconds(pids: Iterable[int]) -> float:
    """The processor time of these processes so far; 0 where it is not known."""
    return sum(_cpu_seconds(pid) for pid in pids)


def _peak_kb(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


def _cpu_seconds(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    # After the name, which may hold blanks: the 14th and 15th field of the line are user and system time in ticks.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
