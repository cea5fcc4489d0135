"""What every kind of component needs to be made, changed and deleted."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customizing.definitions import ColumnDefinition, Definitions, TableDefinition
from sandbox.dataverse.customizing.finding import Finder
from sandbox.dataverse.customizing.knobs import Knobs
from sandbox.dataverse.customizing.labels import Labels
from sandbox.dataverse.customizing.refusals import bad_prefix, invalid, not_settled
from sandbox.dataverse.customizing.schedule import Schedule
from sandbox.dataverse.customizing.solutions import Solutions
from sandbox.dataverse.model import Catalog
from sandbox.dataverse.options import forget_options
from sandbox.dataverse.store import Store

_SCHEMA_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z]\w*")

_PLAIN_NAME: Final = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, slots=True)
class Dependant:
    """A component that needs another one.

    Attributes:
        kind: its component type.
        object_id: its id.
        parent_id: the id of the table that it belongs to; empty where there is none.
    """

    kind: int
    object_id: str
    parent_id: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts.

    Attributes:
        definitions: what is defined.
        catalog: the tables as rows are addressed.
        store: the rows.
        clock: what time it is.
        knobs: what tests make of the environment.
        labels: reads labels.
        solutions: who is in which solution.
        schedule: what happens later.
        finder: finds definitions.
        dependants: further sources of dependants: given a component type and an id, what needs it.
        when_settled: called with every table that can be reached, so that others complete it.
        when_removed: called with every table that is deleted, so that what others added goes with it.
    """

    definitions: Definitions
    catalog: Catalog
    store: Store
    clock: Clock
    knobs: Knobs
    labels: Labels
    solutions: Solutions
    schedule: Schedule
    finder: Finder
    dependants: list[Callable[[int, str], list[Dependant]]] = field(default_factory=list)
    when_settled: list[Callable[[TableDefinition], None]] = field(default_factory=list)
    when_removed: list[Callable[[TableDefinition], None]] = field(default_factory=list)

    def check_name(self, name: str, kind: str) -> None:
        """Refuse a schema name that does not begin with the prefix of a publisher.

        Raises:
            ApiError: 400.
        """
        prefix = name.partition("_")[0].lower()
        if not _SCHEMA_NAME.fullmatch(name) or prefix not in self.solutions.prefixes():
            raise bad_prefix(name, kind)

    def check_settled(self, table: TableDefinition) -> None:
        """Refuse writes to a table that is too new.

        Raises:
            ApiError: 400 `0x80040216`.
        """
        if table.made_at is not None and self.clock.timestamp() < table.made_at + self.knobs.write_seconds:
            raise not_settled(table.name)

    def apply(self, table: TableDefinition) -> None:
        """Let rows be written by the definition as it is now."""
        model = self.catalog.put(table.current())
        model.building = frozenset(frozenset(each.columns) for each in table.keys.values() if each.status != "Active")
        self.store.refresh(table.name)
        forget_options()

    def add_column(self, table: TableDefinition, column: ColumnDefinition) -> None:
        """Let a table have one column more; rows have it a while later."""
        if column.column.name not in table.columns:
            table.columns[column.column.name] = column
            column.visible = self.knobs.column_seconds <= 0
            self.schedule.after(self.knobs.column_seconds, lambda: self._show(table, column))

    def _show(self, table: TableDefinition, column: ColumnDefinition) -> None:
        if table.columns.get(column.column.name) is column and not column.visible:
            column.visible = True
            if self.definitions.tables.get(table.name) is table:
                self.apply(table)

    def is_activity(self, name: str) -> bool:
        """Whether a table is one of activities."""
        found = self.definitions.tables.get(name)
        return found is not None and found.properties.get("IsActivity") is True


def check_plain_name(name: str) -> None:
    """Refuse what cannot be the name of a relationship; it needs no prefix.

    Raises:
        ApiError: 400.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise invalid(f"'{name}' is not a valid name of a relationship: letters, digits and underscores.")


#: Kinds of columns of which an alternate key can consist.
KEY_KINDS: Final = frozenset(
    {
        Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE, Kind.LOOKUP,
        Kind.CUSTOMER, Kind.CHOICE,
    }
)  # fmt: skip
