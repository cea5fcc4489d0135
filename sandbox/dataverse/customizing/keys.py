"""Alternate keys: their index is built for a while, and rows are found by them only when it is active."""

from typing import Final
from uuid import uuid4

from connector.dataverse.schema import Kind
from sandbox.dataverse.customizing.bodies import check_key
from sandbox.dataverse.customizing.definitions import KeyDefinition, TableDefinition
from sandbox.dataverse.customizing.parts import KEY_KINDS, Parts
from sandbox.dataverse.customizing.refusals import KEY_OF_SAME_COLUMNS, KEY_TAKEN, invalid
from sandbox.dataverse.customizing.shapes import text_in, texts_in
from sandbox.dataverse.customizing.solutions import KEY
from sandbox.dataverse.model import property_name
from sandbox.dataverse.values import Json, JsonObject

_MOST_COLUMNS: Final = 16
_MOST_KEYS: Final = 10
_MOST_BYTES: Final = 900
#: Bytes of a value in the index; text takes two for each character.
_BYTES: Final = {Kind.INTEGER: 4, Kind.CHOICE: 4, Kind.DECIMAL: 17, Kind.LOOKUP: 16, Kind.CUSTOMER: 16}


def create_key(parts: Parts, table: TableDefinition, body: JsonObject, solution: str) -> KeyDefinition:
    """Make an alternate key, whose index is then built.

    Raises:
        ApiError: 400 when something is wrong with it.
    """
    check_key(body)
    parts.check_settled(table)
    name, columns = text_in(body, "SchemaName"), tuple(texts_in(body, "KeyAttributes"))
    parts.check_name(name, "EntityKey")
    _check(table, name, columns)
    attributes: list[Json] = list(columns)
    properties: JsonObject = {
        "MetadataId": str(uuid4()),
        "LogicalName": name.lower(),
        "SchemaName": name,
        "EntityLogicalName": table.name,
        "DisplayName": parts.labels.read(body.get("DisplayName")),
        "KeyAttributes": attributes,
        "EntityKeyIndexStatus": "Pending",
        "IsManaged": False,
    }
    key = KeyDefinition(str(properties["MetadataId"]), name.lower(), columns, properties)
    table.keys[key.name] = key
    parts.solutions.add(KEY, key.id, solution, table=table.name)
    parts.apply(table)
    _build(parts, table, key)
    return key


def reactivate_key(parts: Parts, table: TableDefinition, name: str) -> None:
    """Build the index of a key anew, after it failed.

    Raises:
        ApiError: 400 when there is no such key, or it did not fail.
    """
    key = table.keys.get(name.lower())
    if key is None or key.status != "Failed":
        raise invalid(f"The key {name} of {table.name} did not fail, so it cannot be activated again.")
    key.status = "Pending"
    _build(parts, table, key)


def delete_key(parts: Parts, table: TableDefinition, key: KeyDefinition) -> None:
    """Delete a key; one that is still built is not built any more."""
    del table.keys[key.name]
    parts.solutions.remove(key.id)
    parts.apply(table)


def _build(parts: Parts, table: TableDefinition, key: KeyDefinition) -> None:
    parts.schedule.after(parts.knobs.key_seconds, lambda: _finish(parts, table, key))


def _finish(parts: Parts, table: TableDefinition, key: KeyDefinition) -> None:
    if table.keys.get(key.name) is not key or parts.definitions.tables.get(table.name) is not table:
        return
    if parts.store.tables[table.name].duplicates(_properties(table, key.columns)):
        key.status = "Failed"
        return
    key.status = "Active"
    parts.apply(table)


def _properties(table: TableDefinition, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(property_name(table.columns[name].column) for name in columns)


def _check(table: TableDefinition, name: str, columns: tuple[str, ...]) -> None:
    if not columns or len(columns) > _MOST_COLUMNS or len(set(columns)) != len(columns):
        raise invalid(f"An alternate key has 1 to {_MOST_COLUMNS} different columns.")
    if len(table.keys) >= _MOST_KEYS:
        raise invalid(f"A table has at most {_MOST_KEYS} alternate keys.")
    if name.lower() in table.keys:
        raise invalid(f"An entity key with the name {name} already exists.", KEY_TAKEN)
    if any(set(each.columns) == set(columns) for each in table.keys.values()):
        raise invalid("Another entity key has the same attributes.", KEY_OF_SAME_COLUMNS)
    size = 0
    for each in columns:
        definition = table.columns.get(each)
        if definition is None:
            raise invalid(f"The attribute {each} does not exist on {table.name}.")
        column = definition.column
        if column.kind not in KEY_KINDS or definition.properties.get("IsSecured") is True:
            raise invalid(f"The attribute {each} cannot be part of an entity key.")
        if not column.writable:
            raise invalid(f"The attribute {each} must be valid for create and update.", "0x80090110")
        size += 2 * column.length if column.kind is Kind.TEXT else _BYTES.get(column.kind, 8)
    if size > _MOST_BYTES:
        raise invalid(f"The attributes of an entity key have at most {_MOST_BYTES} bytes; these have {size}.")
