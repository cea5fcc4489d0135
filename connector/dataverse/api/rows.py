"""Rows as the Web API shows and takes them, and the addresses of rows.

A row is a mapping of columns to JSON values: text, numbers, booleans, None. Beside a column `x` stand annotations
`x@…`, if they were asked for; a lookup `x` is shown as `_x_value`.
"""

import re
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import quote

from connector.dataverse.names import lookup_value

#: One row, or the changes to one.
type Row = Mapping[str, object]

ETAG: Final = "@odata.etag"
FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE: Final = "Microsoft.Dynamics.CRM.lookuplogicalname"

_CREATED_ID: Final = re.compile(r"\(([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\)\s*$")


class TableNames(Protocol):
    """The names of a table, as the classes in `connector.dataverse.names` hold them."""

    @property
    def TABLE(self) -> str:  # noqa: N802 - a constant there
        """Its logical name: "contact"."""

    @property
    def SET(self) -> str:  # noqa: N802 - a constant there
        """Its name in addresses: "contacts"."""

    @property
    def ID(self) -> str:  # noqa: N802 - a constant there
        """Its primary key: "contactid"."""


def etag(row: Row) -> str:
    """The version of the row, for `if_match`.

    Raises:
        KeyError: the row came from an aggregation, which has none.
    """
    return str(row[ETAG])


def text(row: Row, column: str) -> str | None:
    """The value of a text column, or of any other as text; None where it is empty or was not asked for."""
    value = row.get(column)
    return None if value is None else str(value)


def lookup_id(row: Row, column: str) -> str | None:
    """The id that a lookup points to."""
    return text(row, lookup_value(column))


def lookup_table(row: Row, column: str) -> str | None:
    """The table that a lookup points to; only where annotations were asked for."""
    return text(row, f"{lookup_value(column)}@{LOOKUP_TABLE}")


def formatted(row: Row, column: str) -> str | None:
    """The value as people see it: the label of a choice, the name behind a lookup; only with annotations."""
    return text(row, f"{column}@{FORMATTED}")


def address(set_name: str, key: str) -> str:
    """The address of a row, below the root of the Web API.

    Args:
        set_name: of its table.
        key: its id, or an alternate key as `filters.key` writes it.
    """
    return f"{set_name}({quote(key, safe=_SAFE_IN_KEY, errors='replace')})"


def bind(set_name: str, row_id: str) -> str:
    """The value of `"<navigation property>@odata.bind"`: what a lookup points to."""
    return f"/{set_name}({row_id})"


def created_id(entity_id: str) -> str:
    """The id at the end of the header OData-EntityId of a created row; empty where there is none."""
    found = _CREATED_ID.search(entity_id)
    return found[1] if found else ""


#: Characters that keep their meaning between the brackets of an address.
_SAFE_IN_KEY: Final = "'=,"
