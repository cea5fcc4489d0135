"""Spotler's clock, where it is behind: moments of a contact in the time of this machine.

Each answer of Spotler says in its header Date what time it is there. An opt-out of a clock that is minutes behind looks
older than the opt-in before it, and no rule can tell the two apart. So where that clock is behind, the moments in which
a contact was made and changed are read as moments of this machine. A clock that is ahead makes an opt-out later than it
was, which is the safe side: it is left alone. So are the dates of bounces and interactions, which make ids of rows.

Nobody has confirmed yet that the header and the dates of a contact come from the same clock: see docs/to-verify.md.
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
    """How far Spotler's clock is behind that of this machine, as its answers show it. Shared by all threads.

    Args:
        is_followed: whether answers are looked at; else both clocks are taken for one.
    """

    def __init__(self, *, is_followed: bool = True) -> None:
        self._is_followed = is_followed
        self._behind = timedelta()

    def hear(self, answer: requests.Response, began: float, ended: float) -> None:
        """Look at the time of an answer; that of a slow one says too little.

        Args:
            answer: of Spotler.
            began: the time of this machine before the call, in seconds since 1970.
            ended: after it.
        """
        if not self._is_followed or ended - began > LEAST.total_seconds() or (there := _date_of(answer)) is None:
            return
        # The header was written at any time of the call, and has whole seconds.
        least = datetime.fromtimestamp(began, UTC) - there - _SECOND
        most = datetime.fromtimestamp(ended, UTC) - there
        if least > MOST:
            self._behind = timedelta()
        elif not least - LEAST <= self._behind <= most + LEAST:  # else a moment would be another one with each answer
            self._behind = max(least, timedelta())

    def here(self, moment: datetime | None) -> datetime | None:
        """A moment of Spotler in the time of this machine."""
        try:
            return moment + self._behind if moment is not None and self._behind else moment
        except OverflowError:
            return moment


def _date_of(answer: requests.Response) -> datetime | None:
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
