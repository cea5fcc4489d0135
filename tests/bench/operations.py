"""The second table: all operations, beside the naive connector where it can do them, and beside the floor."""

from collections.abc import Sequence
from typing import Final

from connector.dataverse.choices import Operation
from tests.bench.cases import CONNECTOR, NAIVE, NO_LIMITS, Case
from tests.bench.floor import floor_seconds
from tests.bench.report import Expectation, Measured, engine_share_of, ratio_of
from tests.bench.work import is_about_contact

#: Jobs that come at the steady pace: enough for a p95, in ten seconds.
PACED: Final = 50
#: The least part of the time that has to be waiting that cannot be avoided.
LEAST_EFFICIENCY: Final = 0.7
#: Milliseconds of processor time of the engine per job.
MOST_CPU_MS: Final = 2.0

_ROW: Final = "{:<21} {:>13} {:>11} {:>7} {:>7} {:>7} {:>8} {:>8} {:>10} {:>10} {:>8} {:>6} {:>6} {:>8}"
_HEADINGS: Final = (
    *("Operation", "Dataverse/job", "Spotler/job", "Jobs/s", "Naive", "Ratio"),
    *("Seconds", "Floor s", "Efficiency", "CPU ms/job", "of naive", "p50 s", "p95 s", "Peak MB"),
)


def cases(operations: Sequence[Operation], jobs: int, latency_ms: int, *, alone: bool = False) -> list[Case]:
    """What is measured: of each operation the naive connector first, where it can do it; of a refresh one job.

    Args:
        alone: leave the naive connector out.
    """
    found = []
    for operation in operations:
        if operation in NAIVE.functions and not alone:
            found.append(Case(NAIVE, operation, NO_LIMITS, jobs, latency_ms))
        if is_about_contact(operation):
            found.append(Case(CONNECTOR, operation, NO_LIMITS, jobs, latency_ms, warm_up=jobs, paced=min(jobs, PACED)))
        else:
            found.append(Case(CONNECTOR, operation, NO_LIMITS, 1, latency_ms))
    return found


def headings() -> str:
    """The first line of the table."""
    return _ROW.format(*_HEADINGS)


def row(each: Measured, measured: Sequence[Measured]) -> str | None:
    """A line of the table; None for the naive connector, whose rate stands in the line of the operation."""
    if each.case.contender is NAIVE:
        return None
    figures, ratio, cpu = each.figures, ratio_of(each, measured), engine_share_of(each, measured)
    latency = figures.latency
    return _ROW.format(
        each.case.operation.label,
        f"{figures.dataverse_per_job:.3f}",
        f"{figures.spotler_per_job:.3f}",
        f"{figures.jobs_per_second:.1f}",
        "-" if ratio is None else f"{figures.jobs_per_second / ratio:.1f}",
        "-" if ratio is None else f"{ratio:.1f} x",
        f"{figures.seconds:.2f}",
        f"{_floor(each):.2f}",
        f"{efficiency(each):.0%}",
        f"{figures.cpu_ms_per_job['engine']:.1f}",
        "-" if cpu is None else f"{cpu:.0%}",
        "-" if latency is None else f"{latency.p50:.2f}",
        "-" if latency is None else f"{latency.p95:.2f}",
        "-" if figures.peak_memory_mb is None else f"{figures.peak_memory_mb:.0f}",
    )


def efficiency(each: Measured) -> float:
    """The part of the time that could not be avoided: the seconds of the floor by those that were needed."""
    return _floor(each) / each.figures.seconds


def expectations(measured: Sequence[Measured]) -> list[Expectation]:
    """What is expected of the operations of the connector; a single job is not judged, because it shares no batch."""
    found = []
    for each in measured:
        if each.case.contender is not CONNECTOR or each.case.jobs == 1:
            continue
        name, share, cpu = each.case.operation.label, efficiency(each), each.figures.cpu_ms_per_job["engine"]
        found.append(
            Expectation(f"{name}: {share:.0%} of the floor, at least {LEAST_EFFICIENCY:.0%}", share >= LEAST_EFFICIENCY)
        )
        found.append(
            Expectation(f"{name}: {cpu:.1f} ms of the engine per job, at most {MOST_CPU_MS:g}", cpu <= MOST_CPU_MS)
        )
    return found


def _floor(each: Measured) -> float:
    return floor_seconds(each.case.operation, each.case.jobs, each.case.latency_ms)
