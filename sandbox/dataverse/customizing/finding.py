"""From the address of a definition to the definition; what is too new is found only with `Consistency: Strong`."""

import re
from collections.abc import Mapping
from typing import Final

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customizing.definitions import (
    ChoiceDefinition,
    ColumnDefinition,
    Definitions,
    KeyDefinition,
    RelationshipDefinition,
    TableDefinition,
)
from sandbox.dataverse.customizing.knobs import Knobs
from sandbox.dataverse.customizing.refusals import no_definition
from sandbox.dataverse.errors import NOT_FOUND, ApiError, bad_query
from sandbox.dataverse.literals import unquote
from sandbox.dataverse.model import Catalog
from sandbox.dataverse.values import as_guid

_NAMED: Final = re.compile(r"(?P<name>\w+)=(?P<value>'(?:[^']|'')*'|[0-9a-fA-F-]{36})")


class Finder:
    """Finds definitions by name or id."""

    def __init__(self, definitions: Definitions, catalog: Catalog, clock: Clock, knobs: Knobs) -> None:
        self._definitions = definitions
        self._catalog = catalog
        self._clock = clock
        self._knobs = knobs

    def tables(self, *, strong: bool) -> list[TableDefinition]:
        """The tables that a caller sees."""
        return [each for each in self._definitions.tables.values() if self._is_visible(each, strong=strong)]

    def table(self, key: str, *, strong: bool = True) -> TableDefinition:
        """The table of `(guid)` or `(LogicalName='x')`.

        Raises:
            ApiError: 404 when there is none, or it is too new.
        """
        name, value = _read(key, "LogicalName", "MetadataId")
        found = _by(name, value, self._definitions.tables)
        if found is not None and self._is_visible(found, strong=strong):
            return found
        message = f"Could not find an entity with name '{value}' and MetadataId."
        raise ApiError(404, NOT_FOUND, message)

    def named(self, name: str) -> TableDefinition:
        """The table of a logical name.

        Raises:
            ApiError: 404 when there is none.
        """
        found = self._definitions.tables.get(name)
        if found is None or name in self._catalog.absent:
            raise ApiError(404, NOT_FOUND, f"Could not find an entity with name '{name}' and MetadataId.")
        return found

    def column(self, table: TableDefinition, key: str) -> ColumnDefinition:
        """The column of `(guid)` or `(LogicalName='x')`.

        Raises:
            ApiError: 404 when there is none.
        """
        name, value = _read(key, "LogicalName", "MetadataId")
        found = _by(name, value, table.columns)
        if found is not None and self._is_column(table, found):
            return found
        raise no_definition(f"an attribute with specified name {value} for entity {table.name}")

    def columns(self, table: TableDefinition) -> list[ColumnDefinition]:
        """The columns that a caller sees: none that could only point to tables that the environment lacks."""
        return [each for each in table.columns.values() if self._is_column(table, each)]

    def key(self, table: TableDefinition, key: str) -> KeyDefinition:
        """The alternate key of `(guid)` or `(LogicalName='x')`.

        Raises:
            ApiError: 404 when there is none.
        """
        name, value = _read(key, "LogicalName", "MetadataId")
        for each in table.keys.values():
            if value == (each.id if name == "MetadataId" else each.name):
                return each
        raise no_definition(f"an entity key {value} for entity {table.name}")

    def relationships(self) -> list[RelationshipDefinition]:
        """The relationships between tables that a caller sees."""
        absent, defined = self._catalog.absent, self._definitions.relationships.values()
        return [each for each in defined if not any(map(each.touches, absent))] if absent else list(defined)

    def relationship(self, key: str) -> RelationshipDefinition:
        """The relationship of `(guid)` or `(SchemaName='x')`.

        Raises:
            ApiError: 400 for another key, 404 when there is none.
        """
        name, value = _read(key, "SchemaName", "MetadataId", resource="RelationshipMetadataBase")
        for each in self.relationships():
            if value == (each.id if name == "MetadataId" else each.name):
                return each
        raise no_definition(f"a relationship {value}")

    def choice(self, key: str) -> ChoiceDefinition:
        """The global choice of `(guid)` or `(Name='x')`.

        Raises:
            ApiError: 404 when there is none.
        """
        name, value = _read(key, "Name", "MetadataId")
        for each in self._definitions.choices.values():
            if value == (each.id if name == "MetadataId" else each.name):
                return each
        raise no_definition(f"an optionset with name or id {value}")

    def _is_column(self, table: TableDefinition, column: ColumnDefinition) -> bool:
        return not column.visible or column.column.name in self._catalog.by_name[table.name].columns

    def _is_visible(self, table: TableDefinition, *, strong: bool) -> bool:
        if table.name in self._catalog.absent:
            return False
        if strong or table.made_at is None:
            return True
        return self._clock.timestamp() >= table.made_at + self._knobs.definition_seconds


def _by[D: (TableDefinition, ColumnDefinition)](name: str, value: str, known: Mapping[str, D]) -> D | None:
    """What a key names, of what is known by logical name."""
    if name == "MetadataId":
        return next((each for each in known.values() if each.id == value), None)
    return known.get(value)


def _read(key: str, named: str, by_id: str, resource: str = "") -> tuple[str, str]:
    """The name and the value of a key."""
    guid = as_guid(key)
    if guid is not None:
        return by_id, guid
    match = _NAMED.fullmatch(key)
    if match is None or match["name"] not in (named, by_id):
        name = match["name"] if match else key
        raise bad_query(f"The key '{name}' is not valid for resource {resource or 'MetadataBase'}.")
    value = match["value"]
    text = unquote(value) if value.startswith("'") else value.lower()
    return match["name"], text
