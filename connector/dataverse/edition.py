"""Which tables of Dynamics 365 Sales the environment has: Marketing Lists and leads come with its licence.

An environment without such a table cannot have lookups to it either, so our tables have no columns for it there.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

from connector.dataverse.api import Dataverse, Forbidden, UnknownName
from connector.dataverse.names import (
    Consent,
    Info,
    Interaction,
    Job,
    Lead,
    MarketingList,
    Permission,
    Visitor,
    lookup_value,
)

#: How long it counts that a table is missing, because the licence may be bought later. Seconds.
MAX_AGE: Final = 300.0

#: The tables that not every environment has, with their names in addresses and their keys.
_TABLES: Final = {
    MarketingList.TABLE: (MarketingList.SET, MarketingList.ID),
    Lead.TABLE: (Lead.SET, Lead.ID),
}
#: The lookups of our tables to them.
_LOOKUPS: Final = {
    lookup_value(Job.LIST): MarketingList.TABLE,
    **dict.fromkeys(
        (lookup_value(table.LEAD) for table in (Job, Info, Permission, Consent, Interaction, Visitor)), Lead.TABLE
    ),
}

#: When an environment last said that it has none of a table.
_missing: WeakKeyDictionary[Dataverse, dict[str, float]] = WeakKeyDictionary()


def has_lists(dataverse: Dataverse) -> bool:
    """Ask the environment whether it has the table of Marketing Lists.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    return _has(dataverse, MarketingList.TABLE)


def has_leads(dataverse: Dataverse) -> bool:
    """Ask the environment whether it has the table of leads; raises as `has_lists` does."""
    return _has(dataverse, Lead.TABLE)


def had_no_lists(dataverse: Dataverse) -> bool:
    """Whether the environment said a few minutes ago that it has none. This takes no call."""
    return _was_missing(dataverse, MarketingList.TABLE)


def read_columns[T](dataverse: Dataverse, columns: Sequence[str], read: Callable[[Sequence[str]], T]) -> T:
    """Read columns, but for the lookups to tables that the environment does not have.

    Args:
        dataverse: the environment.
        columns: names of properties.
        read: reads those that it is given; it is called again where one of them is not there.

    Raises:
        UnknownName: another column is missing.
        ConnectorError: Dataverse cannot be asked.
    """
    optional = {_LOOKUPS[column] for column in columns if column in _LOOKUPS}
    missing = {table for table in optional if _was_missing(dataverse, table)}
    try:
        return read(_without(columns, missing))
    except UnknownName:
        found = {table for table in sorted(optional) if not _has(dataverse, table)}
        if found <= missing:
            raise  # a column of the connector's solution is missing
    return read(_without(columns, found))


def _without(columns: Sequence[str], tables: set[str]) -> Sequence[str]:
    return tuple(column for column in columns if _LOOKUPS.get(column) not in tables)


def _has(dataverse: Dataverse, table: str) -> bool:
    set_name, key = _TABLES[table]
    missing = _missing.setdefault(dataverse, {})
    try:
        dataverse.query(set_name, select=(key,), top=1)
    except UnknownName:
        if table == MarketingList.TABLE:  # jobs that lack their list are read again, so this may be remembered
            missing[table] = monotonic()
        return False
    except Forbidden:
        pass  # it has the table
    missing.pop(table, None)
    return True


def _was_missing(dataverse: Dataverse, table: str) -> bool:
    since = _missing.get(dataverse, {}).get(table)
    return since is not None and monotonic() - since < MAX_AGE
