"""Collection-valued navigation properties: the rows at the other side of a 1:N or N:N relationship."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.dataverse.names import lookup_value
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.relationships import ManyToMany
from sandbox.dataverse.store import Row, Store

#: For the collections of a table that belong to 1:N relationships: the table with the lookup, and its property.
type OneToMany = Callable[[str], Mapping[str, tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection of a table.

    Attributes:
        name: its case-sensitive name.
        table: the table of its rows.
        lookup: of 1:N, the property of its rows that points back; empty for N:N.
        pairs: of N:N, the relationship.
    """

    name: str
    table: str
    lookup: str = ""
    pairs: ManyToMany | None = None


class Collections:
    """The collections of all tables.

    Args:
        store: the rows.
        one_to_many: the collections of a table that belong to 1:N relationships.
    """

    def __init__(self, store: Store, one_to_many: OneToMany) -> None:
        self._store = store
        self._one_to_many = one_to_many

    def of(self, model: TableModel) -> dict[str, Collection]:
        """Those of a table, by name."""
        found = {
            name: Collection(name, table, lookup) for name, (table, lookup) in self._one_to_many(model.name).items()
        }
        return found | {
            name: Collection(name, each.other(model.name), pairs=each) for name, each in model.collections.items()
        }

    def tables(self, collection: Collection) -> list[TableModel]:
        """The tables that somebody must be allowed to read who reads a collection."""
        names = (collection.table, *((collection.pairs.intersect,) if collection.pairs else ()))
        return [self._store.catalog.by_name[name] for name in names]

    def ids(self, model: TableModel, row: Row, collection: Collection) -> set[str]:
        """The ids of the rows that belong to a row."""
        if collection.pairs is None:
            data = self._store.tables[collection.table]
            return {
                row_id
                for row_id in data.having(collection.lookup, row.id)
                if data.rows[row_id].targets.get(collection.lookup) == model.name
            }
        near, far = (lookup_value(collection.pairs.columns[name]) for name in (model.name, collection.table))
        pairs = self._store.tables[collection.pairs.intersect]
        return {
            str(pair.values[far])
            for pair in map(pairs.rows.__getitem__, pairs.having(near, row.id))
            if pair.targets[far] == collection.table
        }
