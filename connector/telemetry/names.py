"""The one list of what the connector measures, and of the fields that a log line may have.

Workbook, alerts and queries may use these names and no other; a test compares them. A name is never changed: whoever
built a chart on it would see a line that ends. Every dimension has few values (operations, codes, timers, entities),
because each combination of values is a row a minute, and none has a value that says anything about a person.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: The only fields that may accompany a log line; they arrive as custom dimensions, all of them as text.
LOG_DIMENSIONS: Final = frozenset(
    {
        "attempts",
        "check",
        "code",
        "count",
        "feed",
        "fingerprint",
        "job",
        "operation",
        "record_table",
        "seconds",
        "source",
        "status",
        "system",
        "timer",
    }
)


class MetricKind(StrEnum):
    """How the values of a metric are put together."""

    COUNTER = "counter"
    """What was counted since the last row; no row means nothing was counted."""
    HISTOGRAM = "histogram"
    """Sum, count, lowest and highest since the last row; Azure Monitor keeps no percentiles."""
    GAUGE = "gauge"
    """The last value that was seen; each row repeats it or brings a newer one."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the connector.

    Attributes:
        name: as it stands in AppMetrics (Name) and customMetrics (name).
        unit: of UCUM, as OpenTelemetry writes units: `s` for seconds, `{job}` for what is counted.
        dimensions: the names of all dimensions that a value may have.
        meaning: one sentence for operators.
    """

    name: str
    unit: str
    kind: MetricKind
    dimensions: tuple[str, ...]
    meaning: str


JOBS: Final = Metric(
    "spotler.jobs",
    "{job}",
    MetricKind.COUNTER,
    ("operation", "status", "code"),
    "Jobs that reached their last status, counted once each, however often they were tried.",
)
JOB_DURATION: Final = Metric(
    "spotler.job.duration",
    "s",
    MetricKind.HISTOGRAM,
    ("operation", "status"),
    "Seconds from when the router, or the sweep, first saw a job to its last status.",
)
JOBS_WAITING: Final = Metric(
    "spotler.jobs.waiting",
    "{job}",
    MetricKind.GAUGE,
    (),
    "Jobs that have not ended, counted in Dataverse by the sweep, up to 5,000.",
)
JOBS_OLDEST: Final = Metric(
    "spotler.jobs.oldest",
    "s",
    MetricKind.GAUGE,
    (),
    "Age of the oldest job that has not ended, read from Dataverse by the sweep; 0 when there is none.",
)
BACKLOG: Final = Metric(
    "spotler.backlog",
    "{message}",
    MetricKind.GAUGE,
    ("entity",),
    "Messages in a queue or subscription, locked ones too, counted by the sweep up to 500; no row means none.",
)
DEAD_LETTERS: Final = Metric(
    "spotler.dead_letters",
    "{message}",
    MetricKind.GAUGE,
    ("entity",),
    "Messages in the dead letters of a queue or subscription, counted by the sweep up to 500; no row means none.",
)
QUARANTINE: Final = Metric(
    "spotler.quarantine", "{message}", MetricKind.GAUGE, (), "Messages in quarantine, counted by the sweep up to 500."
)
CALLS: Final = Metric(
    "spotler.calls",
    "{call}",
    MetricKind.COUNTER,
    ("system", "outcome"),
    "Requests sent to a system, by outcome: ok, refused (4xx), throttled (429), failed (5xx or no answer).",
)
LIMITER_PARALLEL: Final = Metric(
    "spotler.limiter.parallel",
    "{call}",
    MetricKind.GAUGE,
    ("system",),
    "Calls at the same time that the limiter allows now; it falls when the system throttles.",
)
CONSENT_CHANGES: Final = Metric(
    "spotler.consent.changes",
    "{change}",
    MetricKind.COUNTER,
    ("source", "state"),
    "Permissions that were switched on or off, by who wanted it.",
)
TIMER_RUNS: Final = Metric(
    "spotler.timer.runs",
    "{run}",
    MetricKind.COUNTER,
    ("timer", "outcome"),
    "Runs of a timer, by outcome: ok, failed, or paused.",
)
TIMER_LAST_SUCCESS: Final = Metric(
    "spotler.timer.last_success",
    "s",
    MetricKind.GAUGE,
    ("timer",),
    "Seconds since a timer last did its work, on whatever instance, reported by the sweep every ten minutes.",
)
CHECKPOINT_AGE: Final = Metric(
    "spotler.checkpoint.age",
    "s",
    MetricKind.GAUGE,
    ("feed",),
    "Seconds between now and the checkpoint of a feed, reported by the sweep every ten minutes.",
)
BRAKE_HELD: Final = Metric(
    "spotler.brake.held", "{plan}", MetricKind.GAUGE, (), "Plans that wait for approval, read by the sweep."
)
RECONCILE_REMAINDER: Final = Metric(
    "spotler.reconcile.remainder",
    "{difference}",
    MetricKind.GAUGE,
    (),
    "Records that the last comparison of both sides could not put in a class, repeated by each sweep.",
)
OUTCOME_UNKNOWN: Final = Metric(
    "spotler.outcome_unknown",
    "{job}",
    MetricKind.COUNTER,
    ("operation",),
    "Jobs that ended with OUTCOME_UNKNOWN: somebody has to look.",
)
DOCTOR: Final = Metric(
    "spotler.doctor",
    "1",
    MetricKind.GAUGE,
    ("check",),
    "Result of a check of the doctor: 0 ok, 1 warning, 2 failed.",
)

#: All metrics, by name.
METRICS: Final = {
    metric.name: metric
    for metric in (
        JOBS,
        JOB_DURATION,
        JOBS_WAITING,
        JOBS_OLDEST,
        BACKLOG,
        DEAD_LETTERS,
        QUARANTINE,
        CALLS,
        LIMITER_PARALLEL,
        CONSENT_CHANGES,
        TIMER_RUNS,
        TIMER_LAST_SUCCESS,
        CHECKPOINT_AGE,
        BRAKE_HELD,
        RECONCILE_REMAINDER,
        OUTCOME_UNKNOWN,
        DOCTOR,
    )
}
