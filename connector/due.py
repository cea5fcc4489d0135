"""All due times: of retries, of looks at an older job, and of wake-ups by the sweep."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from connector.errors import Transient

#: The first back-off; it doubles with every attempt. Short, because most faults of web services pass in seconds.
BACKOFF_FIRST: Final = timedelta(seconds=5)
#: The longest back-off: an outage of an hour costs at most this much after its end.
BACKOFF_LONGEST: Final = timedelta(minutes=5)
#: The longest pause of an item whose claim or outcome Dataverse could not take, or not read: the sweep sees a claim
#: whose lease has passed, and must not give it up before the item had several chances to come back.
BACKOFF_CLAIMED: Final = timedelta(minutes=1)
#: When a job whose row changed under our claim is looked at again.
CONTENDED: Final = timedelta(seconds=2)
#: How soon an item looks again whether the older job of its record is done; it looks less often as it waits longer.
OLDER_FIRST: Final = timedelta(seconds=2)
OLDER_LONGEST: Final = timedelta(seconds=60)
#: How long a batch waits when the app is not set up: an administrator needs minutes, and looking once a minute costs
#: next to nothing.
NOT_SET_UP: Final = timedelta(minutes=1)
#: How long work waits that arrives during a pause: it then arrives again, which costs a message each time.
PAUSED: Final = timedelta(minutes=1)
#: How long a message waits that was posted before its change was saved: Dataverse ends a transaction after two minutes.
UNSAVED: Final = timedelta(minutes=3)
#: The part of the lock of its messages after which a batch begins nothing new: the rest is for writing outcomes.
WORKING_SHARE: Final = 0.6
#: Leases for which the sweep waits for the holder of a claim: one for its pause, the rest for its backlog.
HOLDER_GRACE: Final = 1.5
#: Between two sweeps, as in local.settings.json.
SWEEP_INTERVAL: Final = timedelta(minutes=2)
#: How often at least the sweep wakes up a row that does not change; and one that has not changed for a day.
WAKE_UP_LONGEST: Final = timedelta(hours=1)
WAKE_UP_OLD: Final = timedelta(days=1)


def backoff(tries: int) -> timedelta:
    """5 s, 10 s, 20 s … 5 min."""
    return min(BACKOFF_FIRST * (1 << min(max(tries - 1, 0), 10)), BACKOFF_LONGEST)


def after_problem(error: Exception, *, tries: int, now: datetime) -> datetime:
    """The next attempt after a problem that may pass: the back-off, or what the other system asked for if longer."""
    return now + max(backoff(tries), _asked(error))


def after_older(first_seen: datetime, now: datetime) -> datetime:
    """The next look whether an older job is done: half of the time waited so far, within bounds."""
    return now + min(max((now - first_seen) / 2, OLDER_FIRST), OLDER_LONGEST)


def after_dataverse(error: Exception, *, since: datetime, now: datetime, claimed: bool) -> datetime:
    """The next attempt of an item that Dataverse keeps waiting: half of the time waited so far, within bounds."""
    longest = BACKOFF_CLAIMED if claimed else BACKOFF_LONGEST
    return now + max(_asked(error), min(max((now - since) / 2, BACKOFF_FIRST), longest))


def wake_up_ages(oldest: timedelta) -> Iterator[tuple[timedelta, timedelta]]:
    """The ages at which a row that does not change is woken up, from and to, for rows no older than `oldest`.

    At once, at 2, 4, 8, 16 and 32 minutes, every hour, and after a day every day: so a backlog is not multiplied by
    its own wake-ups. Two sweeps fall into each span, in case one fails; the bus drops the second message, which has the
    same id (`wake_up_number`). The spans of the first minutes touch.
    """
    age = timedelta(0)
    while age <= oldest:
        yield age, age + 2 * SWEEP_INTERVAL
        age = _following(age)


def wake_up_number(age: timedelta) -> int:
    """Which of its wake-ups a row of this age is due for: the same for two sweeps within one span."""
    for every in (WAKE_UP_OLD, WAKE_UP_LONGEST):
        if age >= every:
            return age // every * every // SWEEP_INTERVAL
    number, following = 0, _following(timedelta(0))
    while following <= age:
        number, following = following // SWEEP_INTERVAL, _following(following)
    return number


def _following(age: timedelta) -> timedelta:
    """When a row is woken up next after the wake-up at this age."""
    for every in (WAKE_UP_OLD, WAKE_UP_LONGEST):
        if age >= every:
            return age + every
    return min(max(2 * age, SWEEP_INTERVAL), WAKE_UP_LONGEST)


def _asked(error: Exception) -> timedelta:
    """The pause that the other system asked for."""
    return timedelta(seconds=(error.retry_after or 0) if isinstance(error, Transient) else 0)
