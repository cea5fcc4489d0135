"""What an error means for a job: ended, another attempt, or unknown. A decision from values, without any effect."""

from datetime import datetime, timedelta
from typing import Final

from connector import due, telemetry
from connector.errors import ConnectorError, GivenUp, Misconfigured, Transient, Unclear
from connector.operations.results import Done, Failed, OlderFirst, Retry, Unknown

#: An internal error is tried this often, in case it was a passing one, before the job is Failed.
INTERNAL_ATTEMPTS: Final = 3


def verdict(  # noqa: PLR0911 - one return per family reads best
    failed: Failed,
    *,
    tries: int,
    first_seen: datetime,
    first_attempt: datetime,
    now: datetime,
    give_up: timedelta,
    repeatable: bool,
) -> Done | Retry | Unknown:
    """What happens after an attempt ended with an error.

    Args:
        failed: the error, and whether the work was begun.
        tries: how often the job was attempted in this run, this time included.
        first_seen: when it was ordered.
        first_attempt: when this run began.
        now: the present, in UTC.
        give_up: how long problems that may pass are retried.
        repeatable: whether the operation may run twice.
    """
    error, once = failed.error, failed.begun and not repeatable
    match error:
        case OlderFirst():
            return Retry(due.after_older(first_seen, now), None)
        case Unclear() if once:
            return Unknown(error.sentence)
        case Transient() | Misconfigured():
            if now - first_attempt >= give_up:
                return Done.failed(GivenUp.after(give_up / timedelta(hours=1), error))
            return Retry(due.after_problem(error, tries=tries, now=now), error)
        case ConnectorError():
            return Done.failed(error)
        case _ if tries >= INTERNAL_ATTEMPTS or once:
            return Done.failed(telemetry.internal_error(error))
        case _:
            return Retry(due.after_problem(error, tries=tries, now=now), telemetry.internal_error(error))
