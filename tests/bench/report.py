"""The table, what is expected of it, and the same as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from connector.dataverse.choices import Operation
from tests.bench.cases import CONNECTOR, LIMITS, NAIVE, NO_LIMITS, Case
from tests.bench.measure import Figures
from tests.bench.startup import MOST_SECONDS

#: Dataverse HTTP calls per Sync Contact job that are allowed when batches are full.
MOST_CALLS: Final = 0.1
#: How many times faster than the naive connector, in the same run on the same machine.
LEAST_RATIO: Final = {NO_LIMITS.name: 3.0, LIMITS.name: 10.0}

#: The most processor time of the engine per job, as a part of the naive connector's in the same run without limits. It
#: holds on any machine; milliseconds do not.
MOST_ENGINE_SHARE: Final = {Operation.ADD_TAG: 0.25, Operation.SYNC_CONTACT: 0.12}

_ROW: Final = "{:<24} {:<10} {:>8} {:>7} {:>14} {:>12} {:>12} {:>8} {:>11} {:>10} {:>9} {:>12} {:>10}"
_HEADINGS: Final = (
    *("Jobs", "Connector", "Jobs/s", "Ratio", "Dataverse/job", "of them 429", "Spotler/job"),
    *("Peak MB", "CPU ms/job", "Engine ms", "of naive", "First job s", "One job s"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A case and its figures."""

    case: Case
    figures: Figures


@dataclass(frozen=True, slots=True)
class Expectation:
    """What should be so, and whether it is."""

    sentence: str
    met: bool


def headings() -> str:
    """The first line of the table."""
    return _ROW.format(*_HEADINGS)


def row(each: Measured, measured: Sequence[Measured]) -> str:
    """A line of the table; ratio and share are those to the naive connector under the same conditions."""
    case, figures, ratio, share = each.case, each.figures, ratio_of(each, measured), engine_share_of(each, measured)
    return _ROW.format(
        case.title,
        case.contender.name,
        f"{figures.jobs_per_second:.1f}",
        "" if ratio is None else f"{ratio:.1f} x",
        f"{figures.dataverse_per_job:.3f}",
        f"{figures.refused_per_job:.3f}",
        f"{figures.spotler_per_job:.3f}",
        "-" if figures.peak_memory_mb is None else f"{figures.peak_memory_mb:.0f}",
        f"{sum(figures.cpu_ms_per_job.values()):.1f}",
        f"{figures.cpu_ms_per_job['engine']:.2f}",
        "" if share is None else f"{share:.0%}",
        f"{figures.first_job_seconds:.2f}",
        f"{figures.single_job_seconds:.2f}",
    )


def expectations(measured: Sequence[Measured]) -> list[Expectation]:
    """What is expected of these measurements; those that lack their counterpart are not judged."""
    found = []
    for each in measured:
        case, figures = each.case, each.figures
        if case.contender is not CONNECTOR:
            continue
        if case.operation is Operation.SYNC_CONTACT:
            sentence = f"{case.title}: {figures.dataverse_per_job:.3f} Dataverse calls per job, at most {MOST_CALLS}"
            found.append(Expectation(sentence, figures.dataverse_per_job <= MOST_CALLS))
        ratio = ratio_of(each, measured)
        if ratio is not None:
            least = LEAST_RATIO[case.limits.name]
            found.append(
                Expectation(f"{case.title}: {ratio:.1f} times the naive rate, at least {least:g}", ratio >= least)
            )
        share = engine_share_of(each, measured)
        if share is not None and case.limits is NO_LIMITS:
            most = MOST_ENGINE_SHARE[case.operation]
            sentence = f"{case.title}: {share:.0%} of the naive engine's processor time per job, at most {most:.0%}"
            found.append(Expectation(sentence, share <= most))
    return found


def ratio_of(one: Measured, measured: Sequence[Measured]) -> float | None:
    """The rate of the connector as a multiple of the naive one; None for the naive one, or where that is missing."""
    naive = _counterpart(one, measured)
    return None if naive is None else one.figures.jobs_per_second / naive.figures.jobs_per_second


def engine_share_of(one: Measured, measured: Sequence[Measured]) -> float | None:
    """The engine's processor time per job as a part of the naive one; None where `ratio_of` is, or none is known."""
    naive = _counterpart(one, measured)
    if naive is None or not naive.figures.cpu_ms_per_job["engine"]:
        return None
    return one.figures.cpu_ms_per_job["engine"] / naive.figures.cpu_ms_per_job["engine"]


def as_json(measured: Sequence[Measured], expected: Sequence[Expectation], import_seconds: float) -> dict[str, object]:
    """Everything, for machines."""
    return {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "load": os.getloadavg(),
        "import_seconds": import_seconds,
        "measurements": [
            {
                "connector": each.case.contender.name,
                "operation": each.case.operation.slug,
                "limits": each.case.limits.name,
                "latency_ms": each.case.latency_ms,
                **asdict(each.figures),
                "ratio": ratio_of(each, measured),
                "engine_share_of_naive": engine_share_of(each, measured),
            }
            for each in measured
        ],
        "expectations": [asdict(each) for each in expected],
    }


def import_expectation(seconds: float) -> Expectation:
    """What is expected of the start of the app."""
    return Expectation(
        f"import of function_app: {seconds:.2f} s in a fresh process, at most {MOST_SECONDS}", seconds <= MOST_SECONDS
    )


def heading(jobs: int, latency_ms: int) -> str:
    """What was run, and where."""
    return f"{jobs:,} jobs per line, {latency_ms} ms per call to Dataverse and Spotler; {machine()}"


def machine() -> str:
    """Where it was run."""
    return (
        f"{os.cpu_count()} cores, a load of {os.getloadavg()[0]:.1f} at the start, "
        f"Python {platform.python_version()}, {platform.platform()}"
    )


def _counterpart(one: Measured, measured: Sequence[Measured]) -> Measured | None:
    """The naive connector under the same conditions; None for the naive one itself."""
    if one.case.contender is NAIVE:
        return None
    return next((each for each in measured if _is_counterpart(each.case, one.case)), None)


def _is_counterpart(naive: Case, case: Case) -> bool:
    return naive.contender is NAIVE and (naive.operation, naive.limits) == (case.operation, case.limits)
