"""What is defined in the environment: tables with their columns and keys, relationships, and global choices."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from connector.dataverse.schema import Column, Table
from sandbox.dataverse.values import JsonObject


@dataclass(slots=True)
class ColumnDefinition:
    """A column.

    Attributes:
        id: its MetadataId.
        column: how rows are written and read by it.
        properties: the definition as clients read it, whole.
        custom: whether a client made it, or may have made it.
        visible: whether rows can be read and written by it; a new one is known by its definition before.
    """

    id: str
    column: Column
    properties: JsonObject
    custom: bool = True
    visible: bool = True


@dataclass(slots=True)
class KeyDefinition:
    """An alternate key.

    Attributes:
        id: its MetadataId.
        name: the logical name.
        columns: the logical names of its columns.
        properties: the definition as clients read it.
    """

    id: str
    name: str
    columns: tuple[str, ...]
    properties: JsonObject

    @property
    def status(self) -> str:
        """`EntityKeyIndexStatus`."""
        return str(self.properties["EntityKeyIndexStatus"])

    @status.setter
    def status(self, value: str) -> None:
        self.properties["EntityKeyIndexStatus"] = value


@dataclass(slots=True)
class TableDefinition:
    """A table.

    Attributes:
        id: its MetadataId.
        table: names, as rows are addressed; columns and keys are brought up to date by `current`.
        properties: the definition as clients read it, without columns, keys and relationships.
        columns: by logical name.
        keys: by logical name.
        custom: whether a client made it, or may have made it.
        made_at: when a client made it; None for a table that was always there.
        published: whether it has been published since it was made.
    """

    id: str
    table: Table
    properties: JsonObject
    columns: dict[str, ColumnDefinition]
    keys: dict[str, KeyDefinition] = field(default_factory=dict)
    custom: bool = True
    made_at: float | None = None
    published: bool = False

    @property
    def name(self) -> str:
        """The logical name."""
        return self.table.name

    def current(self) -> Table:
        """The table as rows are written and read by it: only active keys can be used."""
        return replace(
            self.table,
            columns=tuple(each.column for each in self.columns.values() if each.visible),
            keys={each.name: each.columns for each in self.keys.values() if each.status == "Active"},
        )


@dataclass(slots=True)
class RelationshipDefinition:
    """A relationship.

    Attributes:
        id: its MetadataId.
        kind: the name of its type.
        properties: the definition as clients read it.
        custom: whether a client made it, or may have made it.
    """

    id: str
    kind: str
    properties: JsonObject
    custom: bool = True

    @property
    def name(self) -> str:
        """The schema name."""
        return str(self.properties["SchemaName"])

    @property
    def child(self) -> str:
        """The table with the lookup; empty for N:N."""
        return str(self.properties.get("ReferencingEntity", ""))

    @property
    def parent(self) -> str:
        """The table that the lookup points to; empty for N:N."""
        return str(self.properties.get("ReferencedEntity", ""))

    @property
    def lookup(self) -> str:
        """The logical name of the lookup; empty for N:N."""
        return str(self.properties.get("ReferencingAttribute", ""))

    def touches(self, table: str) -> bool:
        """Whether a table takes part."""
        properties = self.properties
        return table in (
            properties.get("ReferencingEntity"),
            properties.get("ReferencedEntity"),
            properties.get("Entity1LogicalName"),
            properties.get("Entity2LogicalName"),
        )


@dataclass(slots=True)
class ChoiceDefinition:
    """A global choice.

    Attributes:
        id: its MetadataId.
        properties: the definition as clients read it, with its options.
    """

    id: str
    properties: JsonObject

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.properties["Name"])


@dataclass(slots=True)
class Definitions:
    """Everything that is defined.

    Attributes:
        tables: by logical name.
        relationships: by schema name in lower case.
        choices: the global ones, by name in lower case.
        next_code: the object type code of the next table.
    """

    tables: dict[str, TableDefinition] = field(default_factory=dict)
    relationships: dict[str, RelationshipDefinition] = field(default_factory=dict)
    choices: dict[str, ChoiceDefinition] = field(default_factory=dict)
    next_code: int = 10_000

    def of_table(self, table: str) -> Iterator[RelationshipDefinition]:
        """The relationships in which a table takes part."""
        return (each for each in self.relationships.values() if each.touches(table))

    def of_lookup(self, table: str, column: str) -> list[RelationshipDefinition]:
        """The relationships behind a lookup column."""
        return [each for each in self.relationships.values() if each.child == table and each.lookup == column]

    def clear(self) -> None:
        """Forget everything."""
        self.tables.clear()
        self.relationships.clear()
        self.choices.clear()
        self.next_code = 10_000
