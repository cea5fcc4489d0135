"""Waiting for what was made: rows know a new table and a new column some time after their definitions are there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from connector.dataverse.schema import Column, Kind, Table
from connector.setup.columns import ColumnPart
from connector.setup.component import Component
from connector.setup.errors import SetupIncomplete
from connector.setup.lookups import LookupPart
from connector.setup.patience import Patience
from connector.setup.target import SetupTarget
from connector.words import Sentence

_LOOKUPS: Final = (Kind.LOOKUP, Kind.CUSTOMER)


def await_tables(tables: Iterable[Table], target: SetupTarget, patience: Patience) -> None:
    """Wait until every table can be read, by definition and by row.

    Raises:
        SetupIncomplete: one cannot for long.
    """
    for table in tables:
        paths = (f"EntityDefinitions(LogicalName='{table.name}')?$select=EntitySetName", f"{table.set_name}?$top=1")
        if not patience.until(partial(_are_there, target, paths)):
            raise SetupIncomplete(Sentence("The table {name} cannot be read yet.", name=table.name))


def await_columns(parts: Iterable[Component], target: SetupTarget, patience: Patience) -> None:
    """Wait until rows show the columns that were made: views, forms and keys name them.

    Args:
        parts: what was made; all else than columns and lookups is passed over.
        target: the environment.
        patience: waits.

    Raises:
        SetupIncomplete: a table does not show one for long.
    """
    for set_name, columns in _by_table(parts).items():
        path = f"{set_name}?$top=1&$select={','.join(columns)}"
        if not patience.until(partial(_are_there, target, (path,))):
            raise SetupIncomplete(Sentence("The table {name} does not show its new columns yet.", name=set_name))


def _by_table(parts: Iterable[Component]) -> Mapping[str, list[str]]:
    """The columns as reads of rows name them, by the set of their table."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for part in parts:
        if isinstance(part, ColumnPart | LookupPart):
            found[part.table.set_name].append(_property(part.column))
    return found


def _property(column: Column) -> str:
    return f"_{column.name}_value" if column.kind in _LOOKUPS else column.name


def _are_there(target: SetupTarget, paths: Iterable[str]) -> bool:
    return all(target.calls.find(path) is not None for path in paths)
