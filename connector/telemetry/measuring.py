"""Counters, durations and gauges, put together in memory until the exporter takes them away.

Recording is one dictionary access under a lock, because it happens for every call and every job; OpenTelemetry sees
each value only when a row is due. Nothing is kept before `collect` was called, so a command line or a test that exports
nothing pays nothing.
"""

import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from connector.telemetry.names import Metric, MetricKind

#: The values of the dimensions of a metric, in its order.
type Values = tuple[str, ...]

#: What a value may look like: names and codes. Nothing of this form is an address.
_VALUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,79}")
#: What stands for any other value, and for all values once a metric has this many combinations.
OTHER: Final = "other"
MOST_COMBINATIONS: Final = 500
#: Durations that are kept of one combination until the next row.
MOST_SAMPLES: Final = 100_000


@dataclass(slots=True)
class Measured:
    """What was recorded since the last row, by metric and values."""

    counts: defaultdict[Metric, dict[Values, float]] = field(default_factory=lambda: defaultdict(dict))
    samples: defaultdict[Metric, dict[Values, list[float]]] = field(default_factory=lambda: defaultdict(dict))
    gauges: defaultdict[Metric, dict[Values, float]] = field(default_factory=lambda: defaultdict(dict))


class MetricTally:
    """Adds up what is recorded; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured = Measured()

    def count(self, metric: Metric, number: float, values: Values) -> None:
        """Add to a counter."""
        with self._lock:
            counts = self._measured.counts[metric]
            key = values if values in counts else _checked(values, len(counts))
            counts[key] = counts.get(key, 0) + number

    def record(self, metric: Metric, value: float, values: Values) -> None:
        """Add a value to a histogram."""
        with self._lock:
            samples = self._measured.samples[metric]
            key = values if values in samples else _checked(values, len(samples))
            kept = samples.setdefault(key, [])
            if len(kept) < MOST_SAMPLES:
                kept.append(value)

    def set(self, metric: Metric, value: float, values: Values) -> None:
        """Set a gauge."""
        with self._lock:
            gauges = self._measured.gauges[metric]
            gauges[values if values in gauges else _checked(values, len(gauges))] = value

    def take(self) -> Measured:
        """What was recorded since the last call."""
        with self._lock:
            measured, self._measured = self._measured, Measured()
        return measured


def _checked(values: Values, known: int) -> Values:
    if known >= MOST_COMBINATIONS:
        return (OTHER,) * len(values)
    return tuple(value if _VALUE.fullmatch(value) else OTHER for value in values)


_tally: MetricTally | None = None


def collect(tally: MetricTally | None) -> None:
    """Let this tally have whatever is recorded from now on; None for nobody."""
    global _tally  # noqa: PLW0603 - one per process, as the exporter is
    _tally = tally


def is_collecting() -> bool:
    """Whether anybody wants to know what is recorded; what is expensive to find out need not be asked otherwise."""
    return _tally is not None


def count(metric: Metric, number: float = 1, **dimensions: str) -> None:
    """Add to a counter.

    Args:
        metric: the counter.
        number: what to add.
        dimensions: all dimensions of the metric, in its order.

    Raises:
        ValueError: when the metric is no counter or has other dimensions.
    """
    values = _values(metric, MetricKind.COUNTER, dimensions)
    if _tally is not None:
        _tally.count(metric, number, values)


def record(metric: Metric, value: float, **dimensions: str) -> None:
    """Add a value to a histogram; arguments and errors are those of `count`."""
    values = _values(metric, MetricKind.HISTOGRAM, dimensions)
    if _tally is not None:
        _tally.record(metric, value, values)


def set_gauge(metric: Metric, value: float, **dimensions: str) -> None:
    """Set a gauge; arguments and errors are those of `count`."""
    values = _values(metric, MetricKind.GAUGE, dimensions)
    if _tally is not None:
        _tally.set(metric, value, values)


def _values(metric: Metric, kind: MetricKind, dimensions: dict[str, str]) -> Values:
    if metric.kind is not kind or tuple(dimensions) != metric.dimensions:
        raise ValueError(f"{metric.name} is a {metric.kind} with the dimensions {', '.join(metric.dimensions) or '-'}")
    return tuple(dimensions.values())
