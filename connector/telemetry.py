"""What is logged, and how: one sentence, plus fields of an allow-list. Never personal data, secrets or bodies.

Fields become custom dimensions in Application Insights. The id of a row says nothing about anybody by itself; names,
addresses and values do, and there is no field for them.
"""

import logging
import threading
import time
from datetime import datetime
from typing import Final

import stamina

from connector.errors import ConnectorError, InternalError, Misconfigured

#: The only fields that may accompany a log line.
ALLOWED: Final = frozenset(
    {"job", "operation", "record_table", "status", "code", "attempts", "seconds", "count", "source", "fingerprint"}
)

#: A misconfiguration is one alert, not one per job: the same code is an error once in so many seconds.
ALERT_INTERVAL: Final = 600.0

_alerted: dict[str, float] = {}
_lock = threading.Lock()


def fields(**values: str | float | None) -> dict[str, str | float]:
    """The fields of a log line, for `extra=`.

    Raises:
        ValueError: for a field that is not on the allow-list.
    """
    unknown = values.keys() - ALLOWED
    if unknown:
        raise ValueError(f"not on the allow-list of log fields: {', '.join(sorted(unknown))}")
    return {key: value for key, value in values.items() if value is not None}


def silence_loggers() -> None:
    """Silence what libraries log by themselves: addresses with queries, and texts of failed sign-ins."""
    stamina.instrumentation.set_on_retry_hooks([])
    for name in ("azure", "msal", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)


def log_problem(log: logging.Logger, error: BaseException, *, operation: str, job: str | None = None) -> None:
    """Log an error; its family decides the log level."""
    about = f"Job {job}: " if job else ""
    if not isinstance(error, ConnectorError):
        mark = fingerprint(error)
        log.error(
            "%sInternal error: %s",
            about,
            mark,
            extra=fields(operation=operation, job=job, fingerprint=mark),
        )
        return
    level = logging.WARNING
    if isinstance(error, Misconfigured) and alert_is_due(error.result_code):
        level = logging.ERROR
    extra = fields(operation=operation, job=job, code=error.result_code)
    log.log(level, "%s%s %s", about, error.sentence, error.what_to_do, extra=extra)


def job_ended(
    log: logging.Logger,
    *,
    job: str,
    operation: str,
    status: str,
    code: str,
    attempts: int,
    since: datetime,
    now: datetime,
) -> None:
    """A job is over."""
    extra = fields(
        job=job,
        operation=operation,
        status=status,
        code=code,
        attempts=attempts,
        seconds=round((now - since).total_seconds(), 3),
    )
    log.info("Job %s %s: %s", job, status, code, extra=extra)


def fingerprint(error: BaseException) -> str:
    """Type and place of an error, without its text: the same bug has the same fingerprint, without personal data."""
    trace, place = error.__traceback__, "unknown"
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if "/connector/" in path:
            place = f"{path.rpartition('/connector/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}@{place}"


def internal_error(error: BaseException) -> InternalError:
    """The error for people to read: the fingerprint of an unexpected error, without its text."""
    return InternalError(f"{InternalError.default_sentence()} Fingerprint: {fingerprint(error)}.")


def alert_is_due(code: str) -> bool:
    """Whether an alert with this code may be raised now, or was raised already a short while ago."""
    now = time.monotonic()
    with _lock:
        if now - _alerted.get(code, -ALERT_INTERVAL) < ALERT_INTERVAL:
            return False
        _alerted[code] = now
        return True
