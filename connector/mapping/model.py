"""A mapping: which Dataverse column belongs to which Spotler field, and in which direction.

    row:  contact | lead | account | entity   ->  <-  <->   Spotler field [: item]   filter   items

A row's table columns hold an expression (see `columns`) or nothing, which leaves the field unmapped for that table. A
row with a filter and no Spotler field only limits which records are synced. `entity` is a table that new subscribers
can become rows of (Membership Entry of iFunds Engage 365); its rows never go to Spotler.
"""

from collections import abc
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from connector.dataverse.names import Account, Contact, Lead
from connector.errors import Misconfigured
from connector.mapping.columns import KEPT_AS_ROWS, Expression, standard_navigation
from connector.words import Sentence

if TYPE_CHECKING:
    from connector.dataverse.schema.model import Column

#: The tables whose records become Spotler contacts, in the order of a mapping's columns.
TABLES: Final = (Contact.TABLE, Lead.TABLE, Account.TABLE)

#: The key of a mapping row for the table that new subscribers can become rows of; the mapping names that table.
ENTITY: Final = "entity"

#: The keys of a mapping row that hold a column.
COLUMN_KEYS: Final = (*TABLES, ENTITY)

#: The Spotler field of the address that mail goes to. A table is synced if something is mapped to it.
EMAIL: Final = "email"

#: The list field that Spotler reserves for permissions; it holds some also where another field is mapped.
PERMISSIONS: Final = "permissions"

#: What `$CustomerType` writes, unless the mapping says otherwise.
CUSTOMER_TYPES: Final = {Contact.TABLE: "Contact", Lead.TABLE: "Lead", Account.TABLE: "Account"}


class Direction(StrEnum):
    """Which way values may travel."""

    TO_SPOTLER = "->"
    TO_DATAVERSE = "<-"
    BOTH = "<->"

    @property
    def outward(self) -> bool:
        """Whether values go to Spotler."""
        return self is not Direction.TO_DATAVERSE

    @property
    def inward(self) -> bool:
        """Whether values come from Spotler."""
        return self is not Direction.TO_SPOTLER


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One row of a mapping.

    Attributes:
        columns: the expression per table; a table without one is absent.
        direction: which way values may travel.
        field: the internal name of the Spotler field; empty for a row that only filters, and for a constant.
        item: the one item of a list field that the row is about (`field:item`); empty for the whole field.
        filter: only records whose column has this value are synced; empty for all.
        items: the items of a list field that the connector may touch; empty for all that Spotler has.
        constant: what is written to the columns of a record that is created for a new subscriber, instead of a field.
    """

    columns: abc.Mapping[str, Expression]
    direction: Direction
    field: str = ""
    item: str = ""
    filter: str = ""
    items: tuple[str, ...] = ()
    constant: str = ""


def no_definitions(table: str) -> "abc.Mapping[str, Column]":
    """The definitions of columns where no environment is known."""
    raise Misconfigured(Sentence("The columns of the table {table} are not known here.", table=table))


def no_column(_table: str, _column: str) -> bool:
    """Date-times have a time zone and are shown with their time, as those of the standard tables are."""
    return False


@dataclass(frozen=True, slots=True)
class Times:
    """How times of the environment are read.

    Attributes:
        zone: in which a moment becomes a day.
        is_wall_clock: whether the date-times of a column (table, column) have no time zone.
        is_day: whether the moments of a column are shown to people as days.
    """

    zone: tzinfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    is_wall_clock: abc.Callable[[str, str], bool] = no_column
    is_day: abc.Callable[[str, str], bool] = no_column


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A whole mapping, checked; compared by identity, because a process loads it once.

    Attributes:
        rows: in the order of the file.
        customer_types: what `$CustomerType` writes, per table.
        navigation: navigation property of a lookup, by (column, table), where it is not the standard one.
        triggers: per table, the columns whose change starts a sync, instead of all mapped ones.
        entity_table: the logical name of the table of `entity` columns; empty if there are none.
        times: how times of the environment are read; not part of the file.
        definitions: the columns of a table of the environment by name; not part of the file.
    """

    rows: tuple[MappingRow, ...]
    customer_types: abc.Mapping[str, str] = field(default_factory=lambda: CUSTOMER_TYPES)
    navigation: abc.Mapping[tuple[str, str], str] = field(default_factory=dict)
    triggers: abc.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entity_table: str = ""
    times: Times = field(default_factory=Times)
    definitions: "abc.Callable[[str], abc.Mapping[str, Column]]" = no_definitions

    def syncs(self, table: str) -> bool:
        """Whether records of that table become Spotler contacts: something of it is mapped to the e-mail address."""
        return any(
            row.field.casefold() == EMAIL and row.direction.outward and table in row.columns for row in self.rows
        )

    def navigation_property(self, column: str, table: str) -> str:
        """The navigation property that follows a lookup to a row of that table."""
        return self.navigation.get((column, table)) or standard_navigation(column, table)

    def rows_of(self, table: str, field: str, item: str = "") -> tuple[MappingRow, ...]:
        """The rows that map a Spotler field for a table, ignoring case.

        Args:
            table: the logical name; a row without a column for it does not count.
            field: the internal name of the field.
            item: leaves only the rows about the whole field or that item of it.
        """
        name, wanted = field.casefold(), item.casefold()
        return tuple(
            row
            for row in self.rows
            if table in row.columns
            and row.field.casefold() == name
            and (not wanted or row.item.casefold() in ("", wanted))
        )

    def direction_of(self, table: str, field: str, item: str = "") -> frozenset[Direction]:
        """The directions in which a Spotler field (or one item of it) is mapped for a table; empty if it is not."""
        return frozenset(row.direction for row in self.rows_of(table, field, item))

    def may_be_set(self, table: str, field: str, item: str = "") -> bool:
        """Whether a job may set or clear the field by hand, for a record of that table.

        A field that is mapped to Spotler only may not: the next sync of the record would overwrite it.
        """
        return Direction.TO_SPOTLER not in self.direction_of(table, field, item)

    def items_of(self, table: str, field: str) -> tuple[str, ...] | None:
        """The items of a list field that the mapping defines for a table; None if it leaves them to Spotler."""
        items = {item.casefold(): item for row in self.rows_of(table, field) for item in row.items}
        return tuple(items.values()) or None

    def permission_fields(self, table: str) -> tuple[str, ...]:
        """The Spotler fields with permissions of a table's records: the mapped one, and always the reserved one."""
        mapped = (row.field for row in self.rows if row.columns.get(table) in KEPT_AS_ROWS)
        return tuple({field.casefold(): field for field in (PERMISSIONS, *mapped)}.values())
