"""How rows are shown: which columns under which names, nulls left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema import Column
from sandbox.dataverse.annotations import annotate_as
from sandbox.dataverse.fetchxml.links import Combination, Joined
from sandbox.dataverse.fetchxml.planning import Plan
from sandbox.dataverse.fetchxml.query import FetchAttribute, FetchEntity, LinkType
from sandbox.dataverse.fetchxml.refusals import INVALID_NODE, NEEDS_AGGREGATE, refuse, unknown_column
from sandbox.dataverse.model import TableModel, property_name
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import JsonObject, Scalar, fold

_ID_SUFFIX: Final = "id"


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """One column: the place of its table, its property, and the name under which it is shown."""

    place: int
    model: TableModel
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Display:
    """How the rows of a query are shown.

    Attributes:
        store: names behind lookups.
        columns: what is shown.
        root: the table of the query, whose id comes unasked; None in distinct queries.
        annotations: what is added.
    """

    store: Store
    columns: tuple[ShownColumn, ...]
    root: TableModel | None
    annotations: frozenset[str]

    def show(self, combination: Combination) -> JsonObject:
        """One row as JSON."""
        found: dict[str, Scalar] = {}
        if self.root is not None and (row := combination[0]) is not None:
            found = {"@odata.etag": row.etag, self.root.id_column: row.id}
        for column, row in self._present(combination):
            found[column.title] = row.values[column.name]
            if self.annotations:
                annotate_as(self.store, column.model, row, column.name, column.title, self.annotations, found)
        return {**found}

    def key(self, combination: Combination) -> tuple[tuple[str, Scalar], ...]:
        """What makes a row equal to another one: text without case."""
        return tuple((column.title, fold(row.values[column.name])) for column, row in self._present(combination))

    def _present(self, combination: Combination) -> Iterator[tuple[ShownColumn, Row]]:
        for column in self.columns:
            row = combination[column.place]
            if row is not None and row.values.get(column.name) is not None:
                yield column, row


def make_display(store: Store, plan: Plan, annotations: frozenset[str]) -> Display:
    """What a query wants to see.

    Raises:
        ApiError: 400 for an unknown column, and for columns of a link that has none.
    """
    columns: list[ShownColumn] = []
    for table, entity in zip(plan.tables, plan.entities, strict=True):
        columns += _columns(table, entity)
    return Display(store, tuple(columns), None if plan.fetch.distinct else plan.root.model, annotations)


def _columns(table: Joined, entity: FetchEntity) -> list[ShownColumn]:
    model = table.model
    if entity.attributes and not table.is_shown:
        raise refuse(INVALID_NODE, f"The link '{table.alias}' of type '{table.type}' has no columns.")
    if entity.attributes is None:
        return [
            ShownColumn(table.place, model, name, _title(table, column)) for name, column in model.properties.items()
        ]
    return [_column(table, each) for each in entity.attributes]


def _column(table: Joined, attribute: FetchAttribute) -> ShownColumn:
    if attribute.aggregate or attribute.grouped:
        raise refuse(NEEDS_AGGREGATE, f"The attribute '{attribute.name}' needs a query with aggregate='true'.")
    column = table.model.columns.get(attribute.name)
    if column is None:
        raise unknown_column(table.model.name, attribute.name)
    title = attribute.alias or _title(table, column)
    return ShownColumn(table.place, table.model, property_name(column), title)


def _title(table: Joined, column: Column) -> str:
    if table.parent is None:
        return property_name(column)
    if table.type is LinkType.FIRST_ROW:
        return _schema_name(column.name)
    return f"{table.alias}.{column.name}"


def _schema_name(name: str) -> str:
    """The schema name of a column, which the manifest does not have: a capital for each word that can be told."""
    if "_" in name:
        return name
    if name.endswith(_ID_SUFFIX) and name != _ID_SUFFIX:
        return f"{name.removesuffix(_ID_SUFFIX).capitalize()}Id"
    return name.capitalize()
