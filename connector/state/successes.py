"""When each timer last did its work, for everybody who asks from outside: the instance that did it may be gone.

successes/sweep-jobs {"on": "2026-03-01T10:00:00+00:00"}
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from connector import telemetry
from connector.errors import ConnectorError
from connector.state.model import StateConflict, StateStore, StoredValueUnreadable
from connector.state.values import CLOCK_LEEWAY, StoredMoment, StoredValue

log = logging.getLogger(__name__)

PREFIX: Final = "successes/"


class Success(StoredValue):
    """The last success of a timer."""

    on: StoredMoment


def record_success(open_state: Callable[[], StateStore], timer: str, now: datetime) -> None:
    """Remember that a timer did its work; what keeps that from being written is logged and does not undo the work."""
    name = PREFIX + timer
    try:
        state = open_state()
        try:
            stored = state.read(name)
        except StoredValueUnreadable:
            state.delete(name)
            stored = None
        state.write(name, {"on": now.isoformat()}, version=stored.version if stored else None)
    except StateConflict:
        return  # another instance has written a success of the same moment
    except ConnectorError as error:
        telemetry.log_problem(log, error, operation=timer)


def last_success(state: StateStore, timer: str, now: datetime) -> datetime | None:
    """When a timer last did its work; None if it never did.

    Raises:
        Transient, Misconfigured: the state cannot be read, or what it says lies in the future: a timer that stands
            still since then would look well.
    """
    name = PREFIX + timer
    stored = state.read(name)
    if stored is None:
        return None
    on = Success.of(name, stored.value).on
    if on > now + CLOCK_LEEWAY:
        raise StoredValueUnreadable.of(name, "lies in the future")
    return on
