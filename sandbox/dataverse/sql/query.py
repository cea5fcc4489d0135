"""A query in SQL, as values; and how it is refused."""

from dataclasses import dataclass, field
from typing import Final

from sandbox.dataverse.errors import BAD_QUERY, ApiError

#: A literal of SQL: a text, a number, or null.
type Literal = str | int | float | None


def refuse(message: str) -> ApiError:
    """The query is no SQL, or not of the subset."""
    return ApiError(400, BAD_QUERY, f"The SQL query is not supported: {message}")


@dataclass(frozen=True, slots=True)
class Name:
    """A column; `table` is the alias or name before the dot, or empty."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the select list.

    Attributes:
        name: the column; None for `COUNT(*)`.
        function: in small letters; empty for a plain column.
        distinct: of `COUNT(DISTINCT x)`.
        alias: behind `AS`; empty for none.
    """

    name: Name | None
    function: str = ""
    distinct: bool = False
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A table, and the name that the query gives it."""

    table: str
    alias: str


@dataclass(frozen=True, slots=True)
class Join:
    """A joined table: `left` is a column of it, `right` one of a table before it."""

    source: Source
    outer: bool
    left: Name
    right: Name


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition: an operator of SQL in capitals, and the values that it compares with."""

    name: Name
    operator: str
    values: tuple[Literal, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all or one must hold."""

    any_of: bool
    parts: "tuple[Comparison | Group, ...]"


@dataclass(frozen=True, slots=True)
class Select:
    """The query.

    Attributes:
        items: the select list.
        source: the first table.
        joins: the others.
        where: the conditions; None for none.
        groups: of `GROUP BY`.
        order: the columns or aliases of `ORDER BY`, each with whether it is descending.
        distinct: whether equal rows are shown once.
        top: of `TOP n`; None for none.
        offset: of `OFFSET n ROWS`.
        fetch: of `FETCH NEXT n ROWS ONLY`; None for none.
    """

    items: tuple[Item, ...]
    source: Source
    joins: tuple[Join, ...] = ()
    where: Comparison | Group | None = None
    groups: tuple[Name, ...] = ()
    order: tuple[tuple[Name, bool], ...] = field(default=())
    distinct: bool = False
    top: int | None = None
    offset: int = 0
    fetch: int | None = None


#: The most rows that `TOP` may ask for.
MOST_ROWS: Final = 5000
