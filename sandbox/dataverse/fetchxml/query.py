"""What a query asks for, as `parsing` reads it: names only, nothing of the environment."""

from dataclasses import dataclass
from enum import StrEnum


class LinkType(StrEnum):
    """How rows of a linked table count."""

    INNER = "inner"
    NATURAL = "natural"
    OUTER = "outer"
    EXISTS = "exists"
    IN = "in"
    FIRST_ROW = "matchfirstrowusingcrossapply"
    ANY = "any"
    NOT_ANY = "not any"
    NOT_ALL = "not all"
    ALL = "all"

    @property
    def shows_columns(self) -> bool:
        """Whether the row of the linked table is part of the result."""
        return self in (LinkType.INNER, LinkType.NATURAL, LinkType.OUTER, LinkType.FIRST_ROW)


@dataclass(frozen=True, slots=True)
class FetchCondition:
    """One condition.

    Attributes:
        attribute: the column.
        operator: as written.
        values: the values it takes.
        value_of: the column that it is compared with, in place of values; empty for none.
        link: the alias of the link whose column it is; empty for the element that the filter is in.
        has_value: whether a value is given, which with `value_of` makes the condition always false.
    """

    attribute: str
    operator: str
    values: tuple[str, ...]
    value_of: str
    link: str
    has_value: bool


@dataclass(frozen=True, slots=True)
class FetchFilter:
    """Conditions, filters and related rows that all (`and`) or at least one (`or`) must hold."""

    any_of: bool
    parts: "tuple[FetchCondition | FetchFilter | FetchLink, ...]"
    quick_find: bool


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """One sort term: a column, of a link if one is named, or in aggregates an alias."""

    attribute: str
    alias: str
    descending: bool
    link: str


@dataclass(frozen=True, slots=True)
class FetchAttribute:
    """One column that is wanted.

    Attributes:
        name: the column.
        alias: what it is shown as; empty for its own name.
        aggregate: the function, in aggregates; else empty.
        grouped: whether rows are grouped by it.
        date_grouping: the part of a date by which rows are grouped; else empty.
        in_user_zone: whether that part is of the caller's time zone.
        distinct: whether only different values count.
    """

    name: str
    alias: str
    aggregate: str
    grouped: bool
    date_grouping: str
    in_user_zone: bool
    distinct: bool


@dataclass(frozen=True, slots=True)
class FetchEntity:
    """A table with what is wanted of it.

    Attributes:
        name: the logical name.
        attributes: the columns; None for all of them.
        orders: sort terms.
        filters: all of them must hold.
        links: joined tables.
    """

    name: str
    attributes: tuple[FetchAttribute, ...] | None
    orders: tuple[FetchOrder, ...]
    filters: tuple[FetchFilter, ...]
    links: "tuple[FetchLink, ...]"


@dataclass(frozen=True, slots=True)
class FetchLink:
    """Rows of another table whose `source` (`from`) equals the `target` (`to`) of the element that it is in."""

    entity: FetchEntity
    source: str
    target: str
    alias: str
    type: LinkType


@dataclass(frozen=True, slots=True)
class Fetch:
    """A whole query.

    Attributes:
        entity: the table whose set is asked.
        page: from 1 on.
        count: the size of a page.
        top: give so many and no pages, or None.
        cookie: the paging cookie, decoded; empty for none.
        distinct: whether equal rows come once.
        aggregate: whether rows are counted and not shown.
        aggregate_limit: rows that may be evaluated then, if the query lowers it.
        wants_total: whether to count the rows.
        raw_order: whether choices are sorted by number.
    """

    entity: FetchEntity
    page: int
    count: int
    top: int | None
    cookie: str
    distinct: bool
    aggregate: bool
    aggregate_limit: int | None
    wants_total: bool
    raw_order: bool
