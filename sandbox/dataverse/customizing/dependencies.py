"""What needs a component, so that it cannot be deleted; and what `RetrieveDependenciesForDelete` tells of it."""

from collections.abc import Iterator
from uuid import uuid4

from sandbox.dataverse.customizing.definitions import RelationshipDefinition, TableDefinition
from sandbox.dataverse.customizing.parts import Dependant, Parts
from sandbox.dataverse.customizing.refusals import in_use
from sandbox.dataverse.customizing.solutions import CHOICE, COLUMN, KEY, RELATIONSHIP, TABLE
from sandbox.dataverse.values import Json, JsonObject

_NOBODY = "00000000-0000-0000-0000-000000000000"


def dependants_of(parts: Parts, kind: int, object_id: str) -> list[Dependant]:
    """Everything that needs a component."""
    found = list(_defined(parts, kind, object_id))
    for source in parts.dependants:
        found += source(kind, object_id)
    return found


def refuse_if_needed(parts: Parts, kind: int, object_id: str, name: str) -> None:
    """Refuse a deletion.

    Raises:
        ApiError: 400 `0x8004f01f` while something needs the component.
    """
    found = dependants_of(parts, kind, object_id)
    if found:
        raise in_use(name, object_id, len(found))


def listed(parts: Parts, kind: int, object_id: str) -> list[Json]:
    """The dependants as clients read them; the knob `hidden_dependants` leaves some out."""
    found = dependants_of(parts, kind, object_id)
    return [_row(each, kind, object_id) for each in found[parts.knobs.hidden_dependants :]]


def _defined(parts: Parts, kind: int, object_id: str) -> Iterator[Dependant]:
    for table in parts.definitions.tables.values():
        if kind == TABLE and table.id == object_id:
            yield from _of_table(parts, table)
        for column in table.columns.values():
            if kind == CHOICE and _is_of(column.properties.get("GlobalOptionSet"), object_id):
                yield Dependant(COLUMN, column.id, table.id)
            if kind == COLUMN and column.id == object_id:
                yield from _of_column(table, column.column.name)
    if kind == RELATIONSHIP:
        for each in parts.definitions.relationships.values():
            if each.id == object_id:
                yield from _of_relationship(parts, each)


def _of_table(parts: Parts, table: TableDefinition) -> Iterator[Dependant]:
    """The lookups of other tables that point to it."""
    for each in parts.definitions.of_table(table.name):
        if each.parent == table.name and each.child != table.name:
            child = parts.definitions.tables[each.child]
            yield Dependant(COLUMN, child.columns[each.lookup].id, child.id)


def _of_column(table: TableDefinition, column: str) -> Iterator[Dependant]:
    for key in table.keys.values():
        if column in key.columns:
            yield Dependant(KEY, key.id, table.id)


def _of_relationship(parts: Parts, relationship: RelationshipDefinition) -> Iterator[Dependant]:
    """What needs its lookup, if the lookup goes with it."""
    if relationship.child and len(parts.definitions.of_lookup(relationship.child, relationship.lookup)) == 1:
        yield from _of_column(parts.definitions.tables[relationship.child], relationship.lookup)


def _is_of(option_set: Json, object_id: str) -> bool:
    return isinstance(option_set, dict) and option_set.get("MetadataId") == object_id


def _row(dependant: Dependant, kind: int, object_id: str) -> JsonObject:
    return {
        "dependencyid": str(uuid4()),
        "dependencytype": 2,
        "dependentcomponenttype": dependant.kind,
        "dependentcomponentobjectid": dependant.object_id,
        "dependentcomponentparentid": dependant.parent_id or _NOBODY,
        "requiredcomponenttype": kind,
        "requiredcomponentobjectid": object_id,
        "requiredcomponentparentid": _NOBODY,
    }
