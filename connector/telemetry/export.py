"""The exporter: log lines and metrics to Azure Monitor, and nothing else.

There are no spans of ours, so there is no row and no bill for each HTTP call. What the exporter would say about itself
is switched off: its statistics would stand among our metrics, and its settings service would be asked every hour.
Imported by `connector.telemetry.pipeline` only, in a thread, because it loads half a second of packages.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from connector.telemetry.measuring import MetricTally, Values
from connector.telemetry.names import METRICS, Metric, MetricKind
from connector.telemetry.pipeline import CONNECTION
from connector.telemetry.refused_lines import LastAnswer, ReportingExporter
from connector.telemetry.rows import RowHandler

if TYPE_CHECKING:
    from opentelemetry.util.types import Attributes

#: What the exporter would send about itself, and where it would ask for its settings.
_ABOUT_ITSELF: Final = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
)
#: Milliseconds for which a line stays in memory at most, and from one row of a metric to the next. The settings of
#: OpenTelemetry for both count where they are there.
LOG_DELAY: Final = 2000
METRIC_INTERVAL: Final = 60_000
#: Seconds to connect and to wait. No request is tried again at once: what fails is kept on disk and sent later, and the
#: client of Azure would first sleep for as long as the answer says (Retry-After), even for days.
_PATIENCE: Final = {"timeout": 5.0, "read_timeout": 10.0, "retry_total": 0}
#: Characters of the id of an instance: the exporter sends it twice with each row, and Azure's has 64.
INSTANCE_LENGTH: Final = 16
#: The name of the app where Azure gives none.
NAME: Final = "spotler-connector"


@dataclass(frozen=True, slots=True)
class Exporting:
    """Both providers, and the handler that feeds the first."""

    logs: LoggerProvider
    metrics: MeterProvider
    handler: RowHandler

    def flush(self) -> None:
        """Send what is in memory. Takes as long as the requests do."""
        self.logs.force_flush()
        self.metrics.force_flush()


def to_azure_monitor(tally: MetricTally, environment: Mapping[str, str]) -> Exporting:
    """Export to the component that the connection string names.

    Raises:
        ValueError: the connection string is not one.
        ImportError: a package is missing.
    """
    for name in _ABOUT_ITSELF:
        os.environ.setdefault(name, "true")
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415 - reads these settings
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
    )

    connection, answer = environment[CONNECTION], LastAnswer()
    lines = AzureMonitorLogExporter(connection_string=connection, raw_response_hook=answer.note, **_PATIENCE)
    return exporting(
        tally,
        ReportingExporter(lines, answer),
        periodic_reader(AzureMonitorMetricExporter(connection_string=connection, **_PATIENCE), environment),
        environment,
    )


def periodic_reader(exporter: MetricExporter, environment: Mapping[str, str]) -> MetricReader:
    """What collects the metrics, once a minute."""
    interval = environment.get("OTEL_METRIC_EXPORT_INTERVAL", METRIC_INTERVAL)
    return PeriodicExportingMetricReader(exporter, export_interval_millis=float(interval))


def exporting(
    tally: MetricTally, exporter: LogRecordExporter, reader: MetricReader, environment: Mapping[str, str]
) -> Exporting:
    """Both providers over these two ends."""
    instance = environment.get("WEBSITE_INSTANCE_ID") or f"{os.getpid()}-{os.uname().nodename}"
    resource = Resource(
        {
            "service.name": environment.get("WEBSITE_SITE_NAME") or NAME,
            "service.instance.id": instance[:INSTANCE_LENGTH],
        }
    )
    logs = LoggerProvider(resource)
    delay = environment.get("OTEL_BLRP_SCHEDULE_DELAY", LOG_DELAY)
    logs.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=float(delay)))
    metrics = MeterProvider([reader], resource, exemplar_filter=AlwaysOffExemplarFilter())
    Instruments(tally, metrics.get_meter("connector"))
    return Exporting(logs, metrics, RowHandler(logs))


class Instruments:
    """The metrics of `names`, as instruments of OpenTelemetry that are filled from the tally when rows are due.

    Of a gauge there is a row only where it was set since the last one: an instance that no longer sweeps must not go on
    reporting what it saw.
    """

    def __init__(self, tally: MetricTally, meter: Meter) -> None:
        self._tally = tally
        self._gauges: dict[Metric, dict[Values, float]] = {}
        self._counters: dict[Metric, Counter] = {}
        self._histograms: dict[Metric, Histogram] = {}
        for metric in METRICS.values():
            match metric.kind:
                case MetricKind.COUNTER:
                    self._counters[metric] = meter.create_counter(metric.name, metric.unit, metric.meaning)
                case MetricKind.HISTOGRAM:
                    self._histograms[metric] = meter.create_histogram(metric.name, metric.unit, metric.meaning)
        # Observed before anything is collected, in this order: the first takes the tally away.
        meter.create_observable_gauge("spotler.collected", [self._take])
        for metric in METRICS.values():
            if metric.kind is MetricKind.GAUGE:
                meter.create_observable_gauge(metric.name, [self._observer(metric)], metric.unit, metric.meaning)

    def _take(self, _: CallbackOptions) -> Iterable[Observation]:
        measured = self._tally.take()
        for metric, counts in measured.counts.items():
            for values, number in counts.items():
                self._counters[metric].add(number, _attributes(metric, values))
        for metric, samples in measured.samples.items():
            for values, found in samples.items():
                attributes = _attributes(metric, values)
                for value in found:
                    self._histograms[metric].record(value, attributes)
        self._gauges = dict(measured.gauges)
        return ()

    def _observer(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [
                Observation(value, _attributes(metric, values))
                for values, value in self._gauges.get(metric, {}).items()
            ]

        return observe


def _attributes(metric: Metric, values: Values) -> "Attributes":
    return dict(zip(metric.dimensions, values, strict=True))
