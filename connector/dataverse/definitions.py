"""What the environment says of its columns, read when it is first needed, and again after a day.

    DateColumns(dataverse).is_wall_clock(table, column)     whether its date-times have no time zone; a small question
    DateColumns(dataverse).is_day(table, column)            whether its moments are shown to people as days
    ColumnDefinitions(dataverse).of(table)                  everything that a value has to fit, by column

A date column has a behaviour: UserLocal (a moment, in UTC), DateOnly (a day) or TimeZoneIndependent (a time on
everybody's clock). The Web API shows a day without a time, but writes the other two alike, with a `Z`: only the
metadata distinguishes them. A UserLocal column may be shown as a day (format DateOnly): its moments are the midnights
of whoever typed the day.
"""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Final

from connector.dataverse.api import Dataverse, Forbidden, NotFound, Row, UnknownName, filters
from connector.errors import Misconfigured, Refused
from connector.words import Sentence

if TYPE_CHECKING:
    from connector.dataverse.schema.model import Column, Table

#: A definition is changed a few times in a year. Seconds.
MAX_AGE: Final = 24 * 3600.0
WALL_CLOCK: Final = "TimeZoneIndependent"
USER_LOCAL: Final = "UserLocal"
DAY_FORMAT: Final = "DateOnly"
_TYPE: Final = "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"


class _Daily[T]:
    """What was read for each table, for a day; what could not be read is asked for again."""

    def __init__(self, read: Callable[[str], T], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, tuple[float, T]] = {}

    def __call__(self, table: str) -> T:
        with self._lock:
            known = self._known.get(table)
            if known is None or self._clock() - known[0] >= MAX_AGE:
                known = self._known[table] = (self._clock(), self._read(table))
        return known[1]


class DateColumns:
    """Reads the dates of a table when the first date-time of it is sent, and again after a day."""

    def __init__(self, dataverse: Dataverse, clock: Callable[[], float] = time.monotonic) -> None:
        self._dataverse = dataverse
        self._dates = _Daily(self._ask, clock)

    def is_wall_clock(self, table: str, column: str) -> bool:
        """Whether the date-times of a column have no time zone.

        Where the metadata may not be read, none has: the columns of the standard tables are all UserLocal or DateOnly.

        Raises:
            Transient, Misconfigured: Dataverse cannot be asked now.
        """
        behaviour, _ = self._dates(table).get(column, (None, False))
        return behaviour == WALL_CLOCK

    def is_day(self, table: str, column: str) -> bool:
        """Whether the moments of a column are shown as days; otherwise as `is_wall_clock`."""
        return self._dates(table).get(column) == (USER_LOCAL, True)

    def _ask(self, table: str) -> Mapping[str, tuple[object, bool]]:
        try:
            rows = self._dataverse.query(
                f"EntityDefinitions(LogicalName={filters.quoted(table)})/Attributes/{_TYPE}",
                select=("LogicalName", "DateTimeBehavior", "Format"),
            )
        except (Refused, UnknownName):
            return {}
        return {str(row["LogicalName"]): (_behaviour(row), row.get("Format") == DAY_FORMAT) for row in rows}


class ColumnDefinitions:
    """Reads the columns of a table when the first value is to be written into it, and again after a day."""

    def __init__(self, dataverse: Dataverse, clock: Callable[[], float] = time.monotonic) -> None:
        self._dataverse = dataverse
        self._tables = _Daily(self._ask, clock)

    def of(self, table: str) -> "Mapping[str, Column]":
        """The columns of a table by their logical names; the errors are those of `table`."""
        return self._tables(table)[1]

    def table(self, table: str) -> "Table":
        """The table with its names and columns.

        Raises:
            Misconfigured: the environment has no such table, or the connector's user may not read definitions.
            Transient: Dataverse cannot be asked now.
        """
        return self._tables(table)[0]

    def _ask(self, name: str) -> "tuple[Table, Mapping[str, Column]]":
        # Loaded when used: what only goes to Spotler does not need it.
        from connector.dataverse.schema.reading import read_table  # noqa: PLC0415

        try:
            table = read_table(self._dataverse, name)
        except (NotFound, UnknownName):
            raise Misconfigured(
                Sentence("The table {name} does not exist in this environment.", name=name),
                advice="Correct the name of the table in the settings or in the mapping.",
            ) from None
        except Forbidden as error:
            raise Misconfigured(
                Sentence(
                    "The connector's user may not read the definition of the table {name}. {problem}",
                    name=name,
                    problem=error.sentence,
                ),
                on_row=Sentence("The connector's user may not read the definition of the table {name}.", name=name),
                advice="Give the application user of the connector the role Spotler Service.",
            ) from None
        return table, {column.name: column for column in table.columns}


def _behaviour(row: Row) -> object:
    behaviour = row.get("DateTimeBehavior")
    return behaviour.get("Value") if isinstance(behaviour, dict) else None
