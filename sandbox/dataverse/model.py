"""The manifest, prepared for serving: what each table's properties, navigation properties and defaults are."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from connector.dataverse.names import lookup_value
from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.errors import unknown_segment
from sandbox.dataverse.relationships import ManyToMany
from sandbox.dataverse.values import Scalar

LOOKUP_KINDS = frozenset({Kind.LOOKUP, Kind.CUSTOMER})


@dataclass(frozen=True, slots=True)
class Navigation:
    """A single-valued navigation property: the way to write or expand a lookup.

    Attributes:
        name: its case-sensitive name.
        column: the lookup column.
        property_name: the property that shows the id, `_x_value`.
        targets: the tables that it may point to.
    """

    name: str
    column: Column
    property_name: str
    targets: tuple[str, ...]


def property_name(column: Column) -> str:
    """Under which name the Web API shows a column."""
    return lookup_value(column.name) if column.kind in LOOKUP_KINDS else column.name


def _without(columns: Iterable[Column], absent: Set[str]) -> Iterable[Column]:
    """These columns in an environment without some tables: a lookup that could only point to them does not exist."""
    for column in columns:
        if absent.isdisjoint(column.targets):
            yield column
        elif targets := tuple(target for target in column.targets if target not in absent):
            navigation = {target: name for target, name in column.navigation.items() if target not in absent}
            yield replace(column, targets=targets, navigation=navigation)


def _audit_columns(table: Table) -> tuple[Column, ...]:
    """Who made and last changed a row: on every table that has the dates, and not worth listing in a manifest."""
    present = {column.name for column in table.columns}
    if "createdon" not in present:
        return ()
    return tuple(
        Column(name, Kind.LOOKUP, targets=("systemuser",), navigation={"systemuser": name}, writable=False)
        for name in ("createdby", "modifiedby")
        if name not in present
    )


class TableModel:
    """One table, prepared.

    Attributes:
        table: the manifest's entry.
        stored: every column by the name under which the Web API shows it, also if clients do not see it at present.
        columns: the columns that clients see by logical name, those that the platform adds included.
        properties: the same columns by the name under which the Web API shows them.
        navigations: the navigation properties by name.
        defaults: the value of each property that a new row gets.
        default_status: the `statuscode` of a row that only has a `statecode`.
        auto_numbers: the autonumber columns.
        collections: the N:N relationships by the name of their collection.
        building: the columns of alternate keys that cannot be used, because their index is not active.
        is_intersect: whether its rows are the pairs of such a relationship: they go with either of the two rows, and
            are never read or updated one by one.
    """

    def __init__(self, table: Table) -> None:
        self.name = table.name
        self._relationships: list[ManyToMany] = []
        self.is_intersect = False
        self.building: frozenset[frozenset[str]] = frozenset()
        self.redefine(table, frozenset())

    def redefine(self, table: Table, absent: Set[str]) -> None:
        """Take over another definition of this table."""
        self.table = table
        self.set_name = table.set_name
        self.id_column = table.id_column
        self.stored: dict[str, Column] = {property_name(c): c for c in (*table.columns, *_audit_columns(table))}
        self.see(absent)
        self.default_status: dict[int, int] = {}
        for status, state in table.status_state.items():
            self.default_status.setdefault(state, status)
        self.auto_numbers = tuple(column for column in table.columns if column.auto_number)
        self.has_state = "statecode" in self.columns
        self.has_owner = "ownerid" in self.columns
        self.has_dates = "createdon" in self.columns
        self.has_audit = "createdby" in self.columns
        self.has_version = "versionnumber" in self.columns
        self.has_full_name = {"firstname", "lastname", "fullname"} <= set(self.columns)

    def relate(self, relationship: ManyToMany) -> None:
        """Add the collection of an N:N relationship."""
        self._relationships.append(relationship)
        self.collections[relationship.name] = relationship

    def see(self, absent: Set[str]) -> None:
        """Show what this table has in an environment without some other tables."""
        self.properties: dict[str, Column] = {
            property_name(column): column for column in _without(self.stored.values(), absent)
        }
        self.columns: dict[str, Column] = {column.name: column for column in self.properties.values()}
        self.kinds: dict[str, Kind] = {name: column.kind for name, column in self.properties.items()}
        self.navigations = self._read_navigations()
        self.collections: dict[str, ManyToMany] = {
            each.name: each for each in self._relationships if absent.isdisjoint((each.intersect, *each.columns))
        }
        self.defaults: dict[str, Scalar] = {
            name: column.default for name, column in self.properties.items() if column.default is not None
        }
        self.required = tuple(name for name, column in self.properties.items() if column.required)

    def _read_navigations(self) -> dict[str, Navigation]:
        targets: dict[str, tuple[Column, list[str]]] = {}
        for column in self.columns.values():
            for target, name in column.navigation.items():
                targets.setdefault(name, (column, []))[1].append(target)
        return {
            name: Navigation(name, column, property_name(column), tuple(tables))
            for name, (column, tables) in targets.items()
        }


class Catalog:
    """All tables of the environment.

    Attributes:
        by_name: every table by its logical name.
        unsettled: new tables whose rows cannot be reached yet.
        referencing: for each table, the lookups that may point to it.
    """

    def __init__(self, tables: Iterable[Table], relationships: Iterable[ManyToMany] = ()) -> None:
        self.by_name: dict[str, TableModel] = {table.name: TableModel(table) for table in tables}
        self._by_set: dict[str, TableModel] = {model.set_name: model for model in self.by_name.values()}
        self._absent: frozenset[str] = frozenset()
        self.unsettled: set[str] = set()
        self.referencing = self._read_referencing()
        for relationship in relationships:
            self.relate(relationship)

    def relate(self, relationship: ManyToMany) -> None:
        """Add an N:N relationship between tables that are there."""
        self.by_name[relationship.intersect].is_intersect = True
        for table in relationship.columns:
            self.by_name[table].relate(relationship)

    def tables(self) -> tuple[Table, ...]:
        """The tables as they are defined."""
        return tuple(model.table for model in self.by_name.values())

    def restore(self, tables: Iterable[Table]) -> None:
        """Have these tables and no others; N:N relationships are those of the start."""
        wanted = {table.name: table for table in tables}
        for name in [name for name in self.by_name if name not in wanted]:
            self.drop(name)
        for table in wanted.values():
            self.put(table).building = frozenset()
        self.unsettled.clear()

    def put(self, table: Table) -> TableModel:
        """Add a table, or define it anew."""
        model = self.by_name.get(table.name)
        if model is None:
            model = self.by_name[table.name] = TableModel(table)
        else:
            model.redefine(table, self._absent)
        self._by_set[table.set_name] = model
        self.referencing = self._read_referencing()
        return model

    def drop(self, name: str) -> None:
        """Take a table away."""
        model = self.by_name.pop(name)
        del self._by_set[model.set_name]
        self.unsettled.discard(name)
        self.referencing = self._read_referencing()

    @property
    def absent(self) -> frozenset[str]:
        """The tables that the environment does not have at present, though it has rows of them to come back to."""
        return self._absent

    @absent.setter
    def absent(self, tables: frozenset[str]) -> None:
        if tables == self._absent:
            return
        self._absent = tables
        for model in self.by_name.values():
            model.see(tables)

    def present(self) -> list[TableModel]:
        """The tables that clients see."""
        return [model for model in self.by_name.values() if model.name not in self.absent]

    def table(self, name: str) -> TableModel | None:
        """The table of that name, if the environment has it."""
        return None if name in self.absent or name in self.unsettled else self.by_name.get(name)

    def _read_referencing(self) -> Mapping[str, tuple[tuple[TableModel, str], ...]]:
        pointing: dict[str, list[tuple[TableModel, str]]] = {}
        for model in self.by_name.values():
            for name, column in model.properties.items():
                for target in column.targets:
                    pointing.setdefault(target, []).append((model, name))
        return {target: tuple(lookups) for target, lookups in pointing.items()}

    def entity_set(self, set_name: str) -> TableModel:
        """The table behind an entity set.

        Raises:
            ApiError: 404 when there is no such set.
        """
        model = self._by_set.get(set_name)
        if model is None or model.name in self.absent or model.name in self.unsettled:
            raise unknown_segment(set_name)
        return model
