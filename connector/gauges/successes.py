"""When each timer last did its work: `timers/NAME` in the state, because the instance that ran it may be gone.

{"at": "2026-03-01T10:00:00+00:00"}
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from connector.state import StateConflict, StateStore, StoredMoment, StoredValue, StoredValueUnreadable

#: Where these values are.
TIMERS: Final = "timers"


class SuccessValue(StoredValue):
    """What is stored of a timer."""

    at: StoredMoment


def remember_success(state: StateStore, timer: str, now: datetime) -> None:
    """Remember that a timer did its work now.

    Raises:
        ConnectorError: the state cannot be used.
    """
    name = f"{TIMERS}/{timer}"
    try:
        stored = state.read(name)
    except StoredValueUnreadable:
        state.delete(name)
        stored = None
    try:
        state.write(name, {"at": now.isoformat()}, version=stored.version if stored else None)
    except StateConflict:
        return  # another instance has written a success of the same moment


def last_successes(state: StateStore) -> Mapping[str, datetime]:
    """When each timer last did its work, by its name; one that never did is missing.

    Raises:
        ConnectorError: the state cannot be used.
    """
    found = {}
    for name in state.names(f"{TIMERS}/"):
        try:
            stored = state.read(name)
            if stored is not None:
                found[name.removeprefix(f"{TIMERS}/")] = SuccessValue.of(name, stored.value).at
        except StoredValueUnreadable:
            continue  # its next success writes it anew
    return found
