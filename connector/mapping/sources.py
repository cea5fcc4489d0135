"""Where a mapped value is found in a row as the Web API shows it, and what the query must ask for to have it there."""

from collections import abc
from dataclasses import dataclass, field
from typing import Final, Protocol

from connector.dataverse.api.rows import FORMATTED, LOOKUP_TABLE, Row
from connector.dataverse.names import lookup_value
from connector.mapping.columns import Constant, CustomerType, Expression, Mapped, Name, Path, Plain
from connector.mapping.model import Mapping, Times
from connector.mapping.values.cells import Cell
from connector.mapping.values.times import is_moment

_EMPTY: Final = Cell(None)


class Source(Protocol):
    """Where the value of one mapping row comes from."""

    @property
    def select(self) -> tuple[str, ...]:
        """The properties that `$select` must name."""
        ...

    @property
    def expand(self) -> abc.Mapping[str, str]:
        """The column of a referred row that `$expand` must ask for, by navigation property."""
        ...

    def read(self, row: Row) -> Cell | None:
        """The value; None when the row was read without it, which says nothing about the record."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """A column of the row itself."""

    table: str
    key: str
    times: Times

    @property
    def select(self) -> tuple[str, ...]:  # noqa: D102 - see Source
        return (self.key,)

    @property
    def expand(self) -> abc.Mapping[str, str]:  # noqa: D102 - see Source
        return {}

    def read(self, row: Row) -> Cell | None:  # noqa: D102 - see Source
        return _cell(row, self.table, self.key, self.times)


@dataclass(frozen=True, slots=True)
class NameSource:
    """The name of the row that a lookup refers to: the formatted value of the lookup."""

    key: str
    label_key: str
    table_key: str
    table: str

    @property
    def select(self) -> tuple[str, ...]:  # noqa: D102 - see Source
        return (self.key,)

    @property
    def expand(self) -> abc.Mapping[str, str]:  # noqa: D102 - see Source
        return {}

    def read(self, row: Row) -> Cell | None:  # noqa: D102 - see Source
        if self.key not in row:
            return None
        if row[self.key] is None or (self.table and row.get(self.table_key) != self.table):
            return _EMPTY
        name = row.get(self.label_key)
        return Cell(name) if isinstance(name, str) else None


@dataclass(frozen=True, slots=True)
class PathSource:
    """A column of the row that a lookup refers to."""

    navigation: str
    table: str
    key: str
    times: Times

    @property
    def select(self) -> tuple[str, ...]:  # noqa: D102 - see Source
        return ()

    @property
    def expand(self) -> abc.Mapping[str, str]:  # noqa: D102 - see Source
        return {self.navigation: self.key}

    def read(self, row: Row) -> Cell | None:  # noqa: D102 - see Source
        if self.navigation not in row:
            return None
        referred = row[self.navigation]
        if referred is None:  # the lookup is empty, or refers to a row of another table
            return _EMPTY
        return _cell(referred, self.table, self.key, self.times) if isinstance(referred, dict) else None


@dataclass(frozen=True, slots=True)
class FixedSource:
    """The same value for every row."""

    cell: Cell
    select: tuple[str, ...] = ()
    expand: abc.Mapping[str, str] = field(default_factory=dict)

    def read(self, _row: Row) -> Cell | None:  # noqa: D102 - see Source
        return self.cell


def source_of(expression: Expression, mapping: Mapping, table: str) -> Source | None:
    """The source of an expression for records of a table; None for `@map(...)`, whose values are rows of their own."""
    match expression:
        case Plain(column):
            return ColumnSource(table, column, mapping.times)
        case Name(column, target):
            key = lookup_value(column)
            return NameSource(key, _label_key(key), f"{key}@{LOOKUP_TABLE}", target)
        case Path(column, target_table, target):
            navigation = mapping.navigation_property(column, target_table)
            return PathSource(navigation, target_table, target, mapping.times)
        case Constant(text):
            return FixedSource(Cell(text))
        case CustomerType():
            return FixedSource(Cell(mapping.customer_types[table]))
        case Mapped():
            return None


def _label_key(column: str) -> str:
    return f"{column}@{FORMATTED}"


def _cell(row: Row, table: str, key: str, times: Times) -> Cell | None:
    if key not in row:
        return None
    value, label = row[key], row.get(_label_key(key))
    label = label if isinstance(label, str) else None
    if not is_moment(value):  # only a value with a time needs to know the behaviour of its column
        return Cell(value, label)
    return Cell(value, label, times.is_wall_clock(table, key), times.is_day(table, key))
