"""Rows in memory, with the indexes that make filters and alternate keys fast, and transactions that can be undone.

Rows are never changed in place: a write puts a new `Row` in the place of the old one. So an old row is at once the
pre-image of a message and the way back of a transaction, and another thread may read it without a lock.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice

from sandbox.dataverse.errors import duplicate_key
from sandbox.dataverse.guids import guid_key, guid_of
from sandbox.dataverse.model import Catalog, TableModel
from sandbox.dataverse.values import Scalar, fold

type Key = tuple[Scalar, ...]
#: What is known of the rows that a filter lets through: a property, and the folded values of which they have one.
type Candidates = tuple[str, frozenset[Scalar]]


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one row.

    Attributes:
        id: the primary key.
        order: the number of the row in the order of creation.
        version: grows with every write in the environment; the etag and `versionnumber`.
        values: the value of each property, in wire form; absent means null.
        targets: for each lookup property that is set, the table it points to.
    """

    id: str
    order: int
    version: int
    values: dict[str, Scalar]
    targets: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """The row version as HTTP carries it."""
        return f'W/"{self.version}"'


class TableData:
    """The rows of one table and their indexes."""

    def __init__(self, model: TableModel) -> None:
        self.model = model
        self.rows: dict[str, Row] = {}
        self._sorted: list[str] | None = None
        self._is_sorted = False
        self._indexes: dict[str, dict[Scalar, set[str]]] = {}
        self._keys: dict[str, dict[Key, str]] = {name: {} for name in model.table.keys}

    def copy(self, model: TableModel) -> "TableData":
        """The same rows, in a table of the same alternate keys."""
        other = TableData(model)
        other.rows = self.rows.copy()
        other._keys = {name: ids.copy() for name, ids in self._keys.items()}
        return other

    def put(self, row: Row) -> Row | None:
        """Insert or replace a row and return the one it replaces.

        Raises:
            ApiError: 412 when another row has the same alternate key; nothing is changed then.
        """
        old = self.rows.get(row.id)
        for key_name, columns in self.model.table.keys.items():
            key = _key_of(row, columns)
            if key is not None and self._keys[key_name].get(key, row.id) != row.id:
                raise duplicate_key(columns, key_name)
        if old is not None:
            self._forget(old, row)
        elif self._sorted is not None:
            self._sorted.append(guid_key(row.id))
            self._is_sorted = False
        self.rows[row.id] = row
        self._remember(row, old)
        return old

    def remove(self, row_id: str) -> Row:
        """Take a row out and return it."""
        row = self.rows.pop(row_id)
        self._sorted, self._is_sorted = None, False
        for key_name, columns in self.model.table.keys.items():
            key = _key_of(row, columns)
            if key is not None:
                del self._keys[key_name][key]
        for name, index in self._indexes.items():
            index[fold(row.values.get(name))].discard(row.id)
        return row

    def by_key(self, columns: Iterable[str], key: Key) -> Row | None:
        """The row with these values of an alternate key.

        Raises:
            KeyError: when the columns are no alternate key of the table.
        """
        wanted = dict(zip(columns, key, strict=True))
        for key_name, key_columns in self.model.table.keys.items():
            if set(key_columns) == set(wanted):
                row_id = self._keys[key_name].get(tuple(fold(wanted[column]) for column in key_columns))
                return None if row_id is None else self.rows[row_id]
        raise KeyError(tuple(wanted))

    def index_keys(self) -> None:
        """Read the alternate keys of the table anew, because they have changed; rows must not have one twice."""
        self._keys = {name: {} for name in self.model.table.keys}
        for row in self.rows.values():
            self._remember(row, row)

    def duplicates(self, columns: tuple[str, ...]) -> bool:
        """Whether two rows have the same values of these columns, so that they cannot be an alternate key."""
        keys = [key for row in self.rows.values() if (key := _key_of(row, columns)) is not None]
        return len(keys) != len(set(keys))

    def forget_property(self, name: str) -> None:
        """Take the values of a column that is gone out of all rows."""
        self._indexes.pop(name, None)
        for row_id, row in self.rows.items():
            if name in row.values:
                values = {key: value for key, value in row.values.items() if key != name}
                targets = {key: table for key, table in row.targets.items() if key != name}
                self.rows[row_id] = Row(row.id, row.order, row.version, values, targets)

    def where(self, name: str, values: Iterable[Scalar]) -> set[str]:
        """Ids of the rows whose property has one of these (folded) values.

        The first question about a property builds its index; writes keep it up to date from then on.
        """
        found: set[str] = set()
        for value in values:
            found |= self.having(name, value)
        return found

    def offered(self, name: str, values: Set[Scalar]) -> list[Row]:
        """The rows whose property has one of these (folded) values, found by their id or through an index."""
        if name == self.model.id_column:
            return [self.rows[str(value)] for value in values if value in self.rows]
        return [self.rows[row_id] for row_id in self.where(name, values)]

    def having(self, name: str, value: Scalar) -> Set[str]:
        """Ids of the rows whose property has this (folded) value, not to be changed."""
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = {}
            for row in self.rows.values():
                index.setdefault(fold(row.values.get(name)), set()).add(row.id)
        return index.get(value, _NOTHING)

    def in_order(self, after: str | None = None) -> Iterator[Row]:
        """The rows in the order of their ids, as SQL Server sorts them; only those after an id, if one is given."""
        if self._sorted is None:
            self._sorted = [guid_key(row_id) for row_id in self.rows]
        if not self._is_sorted:
            self._sorted.sort()
            self._is_sorted = True
        keys = self._sorted
        start = 0 if after is None else bisect_right(keys, guid_key(after))
        return (self.rows[guid_of(key)] for key in islice(keys, start, None))

    def sort(self) -> None:
        """Put the rows in the order of their creation; needed only when a deleted row has come back."""
        self.rows = dict(sorted(self.rows.items(), key=lambda item: item[1].order))

    def _forget(self, old: Row, new: Row) -> None:
        for key_name, columns in self.model.table.keys.items():
            key = _key_of(old, columns)
            if key is not None and key != _key_of(new, columns):
                del self._keys[key_name][key]
        for name, index in self._indexes.items():
            before = fold(old.values.get(name))
            if before != fold(new.values.get(name)):
                index[before].discard(old.id)

    def _remember(self, row: Row, old: Row | None) -> None:
        for key_name, columns in self.model.table.keys.items():
            key = _key_of(row, columns)
            if key is not None:
                self._keys[key_name][key] = row.id
        for name, index in self._indexes.items():
            value = fold(row.values.get(name))
            if old is None or fold(old.values.get(name)) != value:
                index.setdefault(value, set()).add(row.id)


_NOTHING: frozenset[str] = frozenset()


def _key_of(row: Row, columns: tuple[str, ...]) -> Key | None:
    """The alternate key of a row; a row with a null in it has none."""
    key = tuple(fold(row.values.get(column)) for column in columns)
    return None if None in key else key


class Store:
    """All rows of the environment and the counters that they share."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.tables = {name: TableData(model) for name, model in catalog.by_name.items()}
        #: The next number of the autonumber columns that have one of their own.
        self.sequences: dict[tuple[str, str], int] = {}

    def copied(self) -> dict[str, TableData]:
        """What the tables hold now, for `restore`."""
        return {name: data.copy(data.model) for name, data in self.tables.items()}

    def restore(self, copied: Mapping[str, TableData]) -> None:
        """Hold what the tables held then; the counters go on, as row versions never go back."""
        self.tables = {name: copied[name].copy(model) for name, model in self.catalog.by_name.items()}

    def refresh(self, name: str) -> None:
        """Follow the catalog: a table is new, has other keys, or is gone."""
        model = self.catalog.by_name.get(name)
        if model is None:
            self.tables.pop(name, None)
        elif name in self.tables:
            self.tables[name].index_keys()
        else:
            self.tables[name] = TableData(model)

    #: Row versions are shared by all tables.
    _version = 1_000_000
    _order = 0
    _sequence = 0

    def next_version(self) -> int:
        """The version of the next write."""
        self._version += 1
        return self._version

    def next_order(self) -> int:
        """The place of the next row in the order of creation."""
        self._order += 1
        return self._order

    def next_number(self, table: str, column: str) -> int:
        """The next autonumber; as in a database, a number is lost when its transaction fails."""
        own = self.sequences.get((table, column))
        if own is not None:
            self.sequences[table, column] = own + 1
            return own
        self._sequence += 1
        return self._sequence

    def get(self, table: str, row_id: str) -> Row | None:
        """The row of that id, if there is one."""
        return self.tables[table].rows.get(row_id)


class Transaction:
    """Writes that happen together or not at all.

    Writes are visible at once, as everything happens on one thread; `undo` takes them back.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._before: list[tuple[TableData, str, Row | None]] = []

    def put(self, table: str, row: Row) -> None:
        """Insert or replace a row."""
        data = self.store.tables[table]
        old = data.put(row)
        self._before.append((data, row.id, old))

    def remove(self, table: str, row_id: str) -> None:
        """Delete a row."""
        data = self.store.tables[table]
        self._before.append((data, row_id, data.remove(row_id)))

    def undo(self) -> None:
        """Put everything back as it was."""
        brought_back: set[str] = set()
        for data, row_id, old in reversed(self._before):
            if old is None:
                data.remove(row_id)
            elif data.put(old) is None:
                brought_back.add(data.model.name)
        for table in brought_back:
            self.store.tables[table].sort()
        self._before.clear()
