"""How well the connector is, in one short answer: from the state alone, which costs two reads.

{"status": "ok", "version": "1.0.0", "sweepSecondsAgo": 42}
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import connector
from connector import telemetry
from connector.state import StateStore
from connector.state.pause import PauseWatch
from connector.state.successes import last_success

log = logging.getLogger(__name__)

#: The endpoint in the log, where the state cannot be read.
OPERATION: Final = "health"
#: The timer whose success shows that the app, Dataverse and the bus work.
SWEEP: Final = "sweep-jobs"
#: Without a successful sweep for so long the connector is not well: the alert has the same threshold.
SWEEP_LATE: Final = timedelta(minutes=15)


class HealthStatus(StrEnum):
    """The short answer."""

    OK = "ok"
    PAUSED = "paused"
    #: There was no successful sweep for `SWEEP_LATE`.
    LATE = "late"
    #: The state cannot be read.
    UNKNOWN = "unknown"


#: The HTTP status of those that are no cause for alarm.
_WELL: Final = (HealthStatus.OK, HealthStatus.PAUSED)


def health_of(open_state: Callable[[], StateStore], pause: PauseWatch, now: datetime) -> tuple[int, str]:
    """The HTTP status and the body of the answer."""
    swept, readable = None, True
    try:
        swept = last_success(open_state(), SWEEP, now)
    except Exception as error:  # noqa: BLE001 - the host would log its text; whoever asks here need not know why
        telemetry.log_problem(log, error, operation=OPERATION)
        readable = False
    ago = None if swept is None else max(int((now - swept).total_seconds()), 0)
    if pause.is_on():
        status = HealthStatus.PAUSED
    elif not readable:
        status = HealthStatus.UNKNOWN
    else:
        status = HealthStatus.OK if ago is not None and ago <= SWEEP_LATE.total_seconds() else HealthStatus.LATE
    return _answer(status, ago)


def health_unknown() -> tuple[int, str]:
    """The answer while the state does not answer in time."""
    return _answer(HealthStatus.UNKNOWN, None)


def _answer(status: HealthStatus, ago: int | None) -> tuple[int, str]:
    body = {"status": status, "version": connector.__version__, "sweepSecondsAgo": ago}
    return 200 if status in _WELL else 503, json.dumps(body)
