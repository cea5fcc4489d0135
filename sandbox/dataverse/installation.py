"""Which tables an environment begins with: those of an installation, or those that every environment has."""

from collections.abc import Iterable
from dataclasses import replace

from connector.dataverse.schema import TABLES, Table
from sandbox.dataverse.customer_columns import with_own_columns
from sandbox.dataverse.customer_tables import CUSTOMER_TABLES

#: What the names of the connector's own tables and columns begin with.
OWN_PREFIX = "dh_"


def installed_tables() -> Iterable[Table]:
    """The standard tables with the customer's columns and ours, our tables, and the customer's."""
    return (*map(with_own_columns, TABLES.values()), *CUSTOMER_TABLES)


def standard_tables() -> Iterable[Table]:
    """The standard tables as they are without the connector."""
    return (_without_ours(table) for table in TABLES.values() if not table.own)


def _without_ours(table: Table) -> Table:
    columns = tuple(column for column in table.columns if not column.name.startswith(OWN_PREFIX))
    return replace(table, columns=columns)
