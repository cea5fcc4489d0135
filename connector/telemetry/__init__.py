"""What is logged, and how: one sentence, plus fields of an allow-list. Never personal data, secrets or bodies.

The sentence says what an operator needs, because Azure's own log of functions keeps nothing else; the fields arrive as
custom dimensions where the exporter sends them. The id of a row says nothing about anybody by itself; names, addresses
and values do, and there is no field for them.

    names.py      every metric, every field of a log line
    measuring.py  counters, durations and gauges in memory
    pipeline.py   when the exporter starts, and what is sent when the process ends
    export.py     the exporter; rows.py: from a log record to a row; refused_lines.py: when rows are not taken
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connector import outcomes
from connector.errors import ConnectorError, InternalError, Misconfigured, OutcomeUnknown
from connector.problem_log import ProblemLog
from connector.telemetry import measuring
from connector.telemetry.names import JOB_DURATION, JOBS, LOG_DIMENSIONS, OUTCOME_UNKNOWN
from connector.words import Sentence

#: The only fields that may accompany a log line.
ALLOWED: Final = LOG_DIMENSIONS

#: Codes of jobs of which nothing more is to be said than their rows say.
UNEVENTFUL: Final = frozenset({outcomes.OK, outcomes.UNCHANGED})


@dataclass(frozen=True, slots=True)
class _Problem:
    """What a line about an error says; equal problems are one line a minute.

    Attributes:
        logger: the name of the logger.
        code: of the error; None for an internal error, which has a fingerprint.
        is_alert: whether it is an error once in an outage, and a warning otherwise.
    """

    logger: str
    operation: str
    text: str
    code: str | None = None
    fingerprint: str | None = None
    is_alert: bool = False


_problems = ProblemLog[_Problem]()
_clock = time.monotonic
_lock: Final = threading.Lock()
_is_brief = False


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
    for name in ("azure", "msal", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)


def set_brief(is_brief: bool) -> None:
    """Whether jobs that ended with a code of `UNEVENTFUL` get no line: these lines are most of what telemetry costs."""
    global _is_brief  # noqa: PLW0603 - a setting of the process
    _is_brief = is_brief


def log_problem(log: logging.Logger, error: BaseException, *, operation: str, job: str | None = None) -> None:
    """Log an error; its family decides the log level, and equal ones are one line a minute."""
    problem = _problem(log, error, operation)
    with _lock:
        now = _clock()
        if count := _problems.count(problem, now):
            _write(problem, now, count=count, job=job)


def log_repeated_problems() -> None:
    """Log how often problems were repeated that have not come back since their minute was over."""
    with _lock:
        now = _clock()
        for problem, count in _problems.overdue(now):
            _write(problem, now, count=count)


def log_alert(log: logging.Logger, text: str, *, code: str, operation: str, count: int, job: str | None = None) -> None:
    """Log an alert, unless it was logged a few minutes ago and the operation has not succeeded since."""
    with _lock:
        is_due = _problems.is_alert(code, operation, _clock())
    if is_due:
        log.error("%s", text, extra=fields(operation=operation, code=code, count=count, job=job))


def succeeded(operation: str) -> None:
    """The operation did its work, so the outages that it met are over: the next one is an alert again."""
    with _lock:
        _problems.succeeded(operation)


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
    is_counted: bool = True,
) -> None:
    """Log that a job is over, and count it, unless somebody else has written, and counted, its end."""
    seconds = round((now - since).total_seconds(), 3)
    if code == outcomes.OK:
        succeeded(operation)
    if is_counted:
        measuring.count(JOBS, operation=operation, status=status, code=code)
        measuring.record(JOB_DURATION, seconds, operation=operation, status=status)
        if code == OutcomeUnknown.code:
            measuring.count(OUTCOME_UNKNOWN, operation=operation)
    extra = fields(
        job=job,
        operation=operation,
        status=status,
        code=code,
        attempts=attempts,
        seconds=seconds,
    )
    level = logging.DEBUG if _is_brief and code in UNEVENTFUL else logging.INFO
    log.log(level, "Job %s %s: %s", job, status, code, extra=extra)


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
    return InternalError(
        Sentence("Internal error in the connector; fingerprint: {fingerprint}.", fingerprint=fingerprint(error))
    )


def _problem(log: logging.Logger, error: BaseException, operation: str) -> _Problem:
    if isinstance(error, ConnectorError):
        text = f"{error.sentence} {error.what_to_do}".rstrip()
        return _Problem(log.name, operation, text, error.result_code, is_alert=isinstance(error, Misconfigured))
    mark = fingerprint(error)
    return _Problem(log.name, operation, f"Internal error: {mark}", fingerprint=mark)


def _write(problem: _Problem, now: float, *, count: int, job: str | None = None) -> None:
    level = logging.WARNING
    if problem.code is None or (problem.is_alert and _problems.is_alert(problem.code, problem.operation, now)):
        level = logging.ERROR
    about = f"Job {job}: " if job else ""
    repeated = f" (This happened {count} times.)" if count > 1 else ""
    extra = fields(
        operation=problem.operation,
        job=job,
        code=problem.code,
        fingerprint=problem.fingerprint,
        count=count if count > 1 else None,
    )
    logging.getLogger(problem.logger).log(level, "%s%s%s", about, problem.text, repeated, extra=extra)
