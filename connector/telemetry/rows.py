"""From a log record of Python to one of OpenTelemetry: the sentence, and the fields of the allow-list.

Whatever else a record has stays behind: attributes that are not on the list, file names and line numbers (they would be
a third of what a line costs), and the text of an exception, which may quote anything. Of an exception its type and the
places in the code are sent.
"""

import logging
import traceback
from typing import Final, override

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import get_current
from opentelemetry.sdk._logs import LoggerProvider

from connector.telemetry.names import LOG_DIMENSIONS

#: The severity of OpenTelemetry, by the least level of Python; Azure Monitor shows 1, 2, 3 and 4 for the last four.
_SEVERITIES: Final = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
)


#: The names that OpenTelemetry gives to the parts of an exception.
_EXCEPTION_TYPE: Final = "exception.type"
_EXCEPTION_STACKTRACE: Final = "exception.stacktrace"


class RowHandler(logging.Handler):
    """Sends log records to a provider of OpenTelemetry, with the operation id of the context that logs them."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__(logging.INFO)
        self._provider = provider

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._provider.get_logger(record.name).emit(_row(record))
        except Exception:  # noqa: BLE001 - telemetry never stops work
            self.handleError(record)


def _row(record: logging.LogRecord) -> LogRecord:
    attributes: dict[str, str | int | float] = {
        name: value
        for name in LOG_DIMENSIONS & record.__dict__.keys()
        if isinstance(value := record.__dict__[name], str | int | float)
    }
    if record.exc_info and record.exc_info[0] is not None:
        kind, _, trace = record.exc_info
        attributes[_EXCEPTION_TYPE] = kind.__name__
        frames = traceback.extract_tb(trace)
        attributes[_EXCEPTION_STACKTRACE] = "\n".join(f"{each.filename}:{each.lineno} {each.name}" for each in frames)
    severity = next((severity for level, severity in _SEVERITIES if record.levelno >= level), SeverityNumber.DEBUG)
    return LogRecord(
        timestamp=int(record.created * 1e9),
        context=get_current(),
        severity_number=severity,
        severity_text=record.levelname,
        body=record.getMessage(),
        attributes=attributes,
    )
