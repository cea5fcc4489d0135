"""Filters of OData queries, with every value escaped.

    and_(eq("statecode", 0), in_("contactid", ids))
    → "statecode eq 0 and Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=['…','…'])"

Text is quoted, ids are not: wrap an id in `guid`, which also makes sure that it is one.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from uuid import UUID

#: What can stand in a filter.
type Value = str | bool | int | float | Decimal | datetime | date | UUID | None

_COLUMN: Final = re.compile(r"[A-Za-z_@][\w.@/]*", re.ASCII)


def guid(text: str) -> UUID:
    """An id, to be written without quotes.

    Raises:
        ValueError: it is none.
    """
    return UUID(text)


def literal(value: Value) -> str:
    """The value as OData 4.0 writes it.

    Raises:
        ValueError: a date-time without a time zone, which would mean something else on another machine.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a date-time in a filter needs a time zone")
            return _in_utc(value.astimezone(UTC))
        case date():
            return value.isoformat()
        case _:
            return str(value)


@lru_cache(maxsize=256)
def _in_utc(value: datetime) -> str:
    """A moment in UTC; many rows are written with one of a few."""
    text = value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def quoted(text: str) -> str:
    """A string literal: in single quotes, with quotes inside doubled."""
    return "'" + text.replace("'", "''") + "'"


def eq(column: str, value: Value) -> str:
    """The column equals the value; None asks for an empty column."""
    return _compare(column, "eq", value)


def ne(column: str, value: Value) -> str:
    """The column differs from the value; None asks for a filled column."""
    return _compare(column, "ne", value)


def gt(column: str, value: Value) -> str:
    """The column is greater than the value."""
    return _compare(column, "gt", value)


def ge(column: str, value: Value) -> str:
    """The column is greater than the value or equals it."""
    return _compare(column, "ge", value)


def lt(column: str, value: Value) -> str:
    """The column is less than the value."""
    return _compare(column, "lt", value)


def le(column: str, value: Value) -> str:
    """The column is less than the value or equals it."""
    return _compare(column, "le", value)


def contains(column: str, text: str) -> str:
    """The text column has this text in it. Dataverse takes `%`, `_` and `[` for wildcards, so look at what comes."""
    return f"contains({_checked(column)},{quoted(text)})"


def in_(column: str, values: Iterable[Value]) -> str:
    """The column is one of the values, each given once, in their order.

    Raises:
        ValueError: there are no values; Dataverse refuses an empty list.
    """
    texts = dict.fromkeys(_bare(value) for value in values)
    if not texts:
        raise ValueError(f"no values for {column}")
    listed = ",".join(map(quoted, texts))
    return f"Microsoft.Dynamics.CRM.In(PropertyName='{_checked(column)}',PropertyValues=[{listed}])"


def and_(*filters: str) -> str:
    """All of them; empty ones are left out."""
    return " and ".join(filter(None, filters))


def or_(*filters: str) -> str:
    """Any of them, in brackets; empty ones are left out."""
    given = list(filter(None, filters))
    return f"({' or '.join(given)})" if len(given) > 1 else "".join(given)


def key(columns: Mapping[str, Value]) -> str:
    """An alternate key, as it stands between the brackets of an address: "dh_externalid='A''1'"."""
    return ",".join(f"{_checked(column)}={literal(value)}" for column, value in columns.items())


def _compare(column: str, operator: str, value: Value) -> str:
    return f"{_checked(column)} {operator} {literal(value)}"


def _bare(value: Value) -> str:
    """A value of a list, which holds everything as text."""
    return value if isinstance(value, str) else literal(value)


def _checked(column: str) -> str:
    """The name, if it can be one: a mapping may not smuggle in a filter of its own."""
    if not _COLUMN.fullmatch(column):
        raise ValueError(f"not the name of a column: {column!r}")
    return column
