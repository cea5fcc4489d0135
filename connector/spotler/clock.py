"""Spotler's clock: when a contact was changed last, in the time of this machine.

Each answer of Spotler says in its header Date what time it is there. An opt-out of a clock that is minutes behind looks
older than the opt-in before it, and no rule can tell the two apart. So where that clock differs, the moment in which a
contact was changed last is read as a moment of this machine. Other dates stay as Spotler writes them: when a contact
was made shows which one it is, and the dates of bounces and interactions make the ids of rows.

That the header goes by the clock that contacts are dated with is assumed: see docs/to-verify.md.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import requests

#: Clocks that differ by less are taken for one.
LEAST: Final = timedelta(seconds=5)
#: Clocks that differ by more are not what the header shows: Spotler would have refused the signature of the call.
MOST: Final = timedelta(minutes=5)
#: The header has whole seconds.
_SECOND: Final = timedelta(seconds=1)


class SpotlerClock:
    """How far Spotler's clock is ahead of that of this machine, as its last answer shows it. Shared by all threads.

    Args:
        is_followed: whether answers are looked at; else both clocks are taken for one.
    """

    def __init__(self, *, is_followed: bool = True) -> None:
        self._is_followed = is_followed
        self._ahead = timedelta()

    def hear(self, answer: requests.Response, began: float, ended: float) -> None:
        """Look at the time of an answer; that of a slow one says too little.

        Args:
            answer: of Spotler.
            began: the time of this machine before the call, in seconds since 1970.
            ended: after it.
        """
        if not self._is_followed or ended - began > LEAST.total_seconds():
            return
        if (there := _date_of(answer)) is not None:
            self._ahead = _difference(there, datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(ended, UTC))

    def here(self, moment: datetime | None) -> datetime | None:
        """A moment of Spotler in the time of this machine."""
        return moment - self._ahead if moment is not None and self._ahead else moment


def _date_of(answer: requests.Response) -> datetime | None:
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _difference(there: datetime, began: datetime, ended: datetime) -> timedelta:
    """The smallest difference that explains what was seen: the header was written at any time of the call."""
    behind, ahead = began - (there + _SECOND), there - ended
    if LEAST < behind <= MOST:
        return -behind
    return ahead if LEAST < ahead <= MOST else timedelta()
