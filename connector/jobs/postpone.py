"""Putting a whole batch back, when the app is set up so wrongly that it cannot even begin: a setting or the mapping.

Without this the bus would deliver the messages ten times within a second and then give them up as dead letters.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.errors import Unreadable
from connector.jobs.putback import PutBack
from connector.routing.quarantine import quarantine
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import Bus

log = logging.getLogger(__name__)

#: How long the messages wait: an administrator needs minutes, and a look once a minute costs next to nothing.
PAUSE: Final = timedelta(minutes=1)


def postpone(bus: Bus, bodies: Iterable[bytes], error: Exception, *, operation: str, now: datetime) -> None:
    """Put the items back for a while, and tell operators why.

    Raises:
        Transient, Misconfigured: when the bus cannot take them either.
    """
    telemetry.log_problem(log, error, operation=operation)
    putback = PutBack()
    for body in bodies:
        try:
            putback.wait(WorkItem.from_body(body), now + PAUSE)
        except Unreadable as unreadable:
            quarantine(bus, body, unreadable, source=operation)
    putback.send(bus)
