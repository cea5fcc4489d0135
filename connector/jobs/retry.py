"""When work that met an obstacle is tried again, and when it is given up: a decision with a time, not control flow."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.errors import ConnectorError, GivenUp, Misconfigured, OutcomeUnknown, Transient, Unclear
from connector.operations.attempt import Outcome

#: The first back-off; it doubles with every attempt. Short, because most faults of web services pass in seconds.
BACKOFF_FIRST: Final = timedelta(seconds=5)
#: The longest back-off: an outage of an hour costs at most this much after its end.
BACKOFF_LONGEST: Final = timedelta(minutes=5)
#: The longest pause of an item whose claim or outcome Dataverse could not take, or not read: the sweep sees a claim
#: without a sign of life, and must not give it up before the item had several chances to come back.
BACKOFF_CLAIMED: Final = timedelta(minutes=1)
#: A mistake of ours is tried this often, in case it was a passing one, before the job is Failed.
INTERNAL_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at this time."""

    due: datetime


def after(
    error: Exception, *, tries: int, first_attempt: datetime, now: datetime, give_up: timedelta, repeatable: bool
) -> Retry | Outcome:
    """What happens after an attempt ended with an error.

    Args:
        error: what was raised.
        tries: how often the job was attempted in this run, this time included.
        first_attempt: when that began.
        now: the present, in UTC.
        give_up: how long transient faults are put up with.
        repeatable: whether the operation may run again after an unclear end.
    """
    match error:
        case Unclear() if not repeatable:
            return Outcome.failed(OutcomeUnknown(error.sentence))
        case Transient() | Misconfigured():
            if now - first_attempt >= give_up:
                return Outcome.failed(GivenUp.after(give_up / timedelta(hours=1), error))
            wait = backoff(tries)
            if isinstance(error, Transient) and error.retry_after:
                wait = max(wait, timedelta(seconds=error.retry_after))
            return Retry(now + wait)
        case ConnectorError():
            return Outcome.failed(error)
        case _ if tries >= INTERNAL_ATTEMPTS or not repeatable:
            return Outcome.failed(telemetry.internal_error(error))
        case _:
            return Retry(now + backoff(tries))


def backoff(tries: int) -> timedelta:
    """5 s, 10 s, 20 s … 5 min."""
    return min(BACKOFF_FIRST * (1 << min(max(tries - 1, 0), 10)), BACKOFF_LONGEST)


def patience(age: timedelta, *, claimed: bool) -> timedelta:
    """The pause of an item that Dataverse keeps waiting: half of the time waited so far, within bounds."""
    return min(max(age / 2, BACKOFF_FIRST), BACKOFF_CLAIMED if claimed else BACKOFF_LONGEST)
