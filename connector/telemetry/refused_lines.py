"""Says in the log of the app that Application Insights does not take its lines, because nobody else would say it there.

The exporter of Azure would log each request that fails, with the rows in it and the text of the answer, or nothing at
all, by the kind of failure. So it is silenced, and one line a minute says what was answered last.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, override

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult

from connector import telemetry
from connector.errors import Transient

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
from connector.words import Sentence

log = logging.getLogger(__name__)

#: The logger of the exporter that tells of its requests.
EXPORTER_LOGGER: Final = "azure.monitor.opentelemetry.exporter.export._base"
#: The name of the exporter in the log.
OPERATION: Final = "telemetry"


class LastAnswer:
    """What Application Insights answered to the last request of an exporter."""

    def __init__(self) -> None:
        self.status: int | None = None

    def note(self, answer: "PipelineResponse[Any, Any]") -> None:
        """Remember the status of an answer; for `raw_response_hook` of Azure's client."""
        self.status = answer.http_response.status_code


class ReportingExporter(LogRecordExporter):
    """Exports log records, and logs when they are not taken.

    Args:
        exporter: what sends them.
        answer: what it was answered.
    """

    def __init__(self, exporter: LogRecordExporter, answer: LastAnswer) -> None:
        self._exporter = exporter
        self._answer = answer
        logging.getLogger(EXPORTER_LOGGER).setLevel(logging.CRITICAL)

    @override
    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        self._answer.status = None
        result = self._exporter.export(batch)
        if result is not LogRecordExportResult.SUCCESS:
            status = self._answer.status
            what = (
                Sentence("Application Insights did not take log lines: it did not answer.")
                if status is None
                else Sentence("Application Insights did not take log lines: it answered HTTP {status}.", status=status)
            )
            error = Transient(
                what,
                advice="Lines may be lost. If this lasts, see the page of the alert telemetry-silent.",
            )
            telemetry.log_problem(log, error, operation=OPERATION)
        return result

    @override
    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    @override
    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
