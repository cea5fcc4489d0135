"""Which date columns of the environment have no time zone.

A date column has a behaviour: UserLocal (a moment, in UTC), DateOnly (a day) or TimeZoneIndependent (a time on
everybody's clock). The Web API shows a day without a time, but writes the other two alike, with a `Z`: only the
metadata distinguishes them.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from connector.dataverse.api import Dataverse, Row, UnknownName, filters
from connector.errors import Refused

#: A behaviour is changed once in years. Seconds.
MAX_AGE: Final = 24 * 3600.0
WALL_CLOCK: Final = "TimeZoneIndependent"
_TYPE: Final = "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"


class DateColumns:
    """Reads the metadata of a table when the first date-time of it is sent, and again after a day."""

    def __init__(self, dataverse: Dataverse, clock: Callable[[], float] = time.monotonic) -> None:
        self._dataverse = dataverse
        self._clock = clock
        self._lock = Lock()
        self._read: dict[str, tuple[float, frozenset[str]]] = {}

    def is_wall_clock(self, table: str, column: str) -> bool:
        """Whether the date-times of a column have no time zone.

        Where the metadata may not be read, none has: the columns of the standard tables are all UserLocal or DateOnly.

        Raises:
            Transient, Misconfigured: Dataverse cannot be asked now.
        """
        with self._lock:
            when, found = self._read.get(table, (0.0, None))
            if found is None or self._clock() - when >= MAX_AGE:
                found = self._ask(table)
                self._read[table] = (self._clock(), found)
        return column in found

    def _ask(self, table: str) -> frozenset[str]:
        try:
            rows = self._dataverse.query(
                f"EntityDefinitions(LogicalName={filters.quoted(table)})/Attributes/{_TYPE}",
                select=("LogicalName", "DateTimeBehavior"),
            )
        except (Refused, UnknownName):
            return frozenset()
        return frozenset(str(row["LogicalName"]) for row in rows if _behaviour(row) == WALL_CLOCK)


def _behaviour(row: Row) -> object:
    behaviour = row.get("DateTimeBehavior")
    return behaviour.get("Value") if isinstance(behaviour, dict) else None
