"""What views, forms and buttons need, so that it cannot be deleted while they are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sandbox.dataverse.customizing.parts import Dependant, Parts
from sandbox.dataverse.customizing.publishing import Layers
from sandbox.dataverse.customizing.solutions import COLUMN, COMMAND_BUTTON, RELATIONSHIP, TABLE
from sandbox.dataverse.installing.documents import guid_in, read_xml, texts_of
from sandbox.dataverse.installing.tables import (
    BUTTON_TABLE,
    FORM,
    FORM_TABLE,
    RESOURCE,
    RESOURCE_TABLE,
    VIEW,
    VIEW_TABLE,
)
from sandbox.dataverse.store import Row


def uses(parts: Parts, layers: Layers, kind: int, object_id: str) -> list[Dependant]:
    """The views, forms and buttons that need a component: as they were changed, or as they were published."""
    return [
        *_forms(parts, layers, kind, object_id),
        *_views(parts, layers, kind, object_id),
        *_buttons(parts, kind, object_id),
    ]


def _texts(layers: Layers, table: str, row: Row, column: str) -> Iterator[str]:
    """A column in both layers of a row."""
    yield str(row.values[column])
    published = layers.published(table, row.id)
    if published is not None and published is not row:
        yield str(published.values[column])


def _forms(parts: Parts, layers: Layers, kind: int, object_id: str) -> Iterator[Dependant]:
    for row in parts.store.tables[FORM_TABLE].rows.values():
        table = str(row.values.get("objecttypecode"))
        if any(
            _form_needs(parts, _named_in(text), table, kind, object_id)
            for text in _texts(layers, FORM_TABLE, row, "formxml")
        ):
            found = parts.definitions.tables.get(table)
            yield Dependant(FORM, row.id, found.id if found else "")


@dataclass(frozen=True, slots=True)
class _Named:
    """What a form names, by kind."""

    views: frozenset[str | None]
    libraries: frozenset[str | None]
    relationships: frozenset[str]
    columns: frozenset[str | None]
    tables: frozenset[str]


@lru_cache(maxsize=512)
def _named_in(text: str) -> _Named:
    """What a form names. Every deletion asks for all forms, which are long and seldom change."""
    root = read_xml(text, "formxml")
    return _Named(
        frozenset(guid_in(each) for each in texts_of(root, "ViewId")),
        frozenset(each.get("name") for each in root.iter("Library")),
        frozenset(each.lower() for each in texts_of(root, "RelationshipName")),
        frozenset(each.get("datafieldname") for each in root.iter("control")),
        frozenset(texts_of(root, "TargetEntityType")),
    )


def _form_needs(parts: Parts, named: _Named, table: str, kind: int, object_id: str) -> bool:
    if kind == VIEW:
        return object_id in named.views
    if kind == RESOURCE:
        resource = parts.store.get(RESOURCE_TABLE, object_id)
        return resource is not None and resource.values["name"] in named.libraries
    if kind == RELATIONSHIP:
        return any(
            each.id == object_id and each.name.lower() in named.relationships
            for each in parts.definitions.relationships.values()
        )
    if kind == COLUMN:
        definition = parts.definitions.tables.get(table)
        columns = definition.columns.values() if definition else ()
        return any(each.id == object_id and each.column.name in named.columns for each in columns)
    if kind == TABLE:
        return any(
            each.id == object_id and each.name in named.tables and each.name != table
            for each in parts.definitions.tables.values()
        )
    return False


def _views(parts: Parts, layers: Layers, kind: int, object_id: str) -> Iterator[Dependant]:
    if kind != COLUMN:
        return
    for row in parts.store.tables[VIEW_TABLE].rows.values():
        definition = parts.definitions.tables.get(str(row.values.get("returnedtypecode")))
        names = [
            each.column.name for each in (definition.columns.values() if definition else ()) if each.id == object_id
        ]
        texts = tuple(_texts(layers, VIEW_TABLE, row, "fetchxml")) if names else ()
        if definition and any(f'"{name}"' in text for name in names for text in texts):
            yield Dependant(VIEW, row.id, definition.id)


def _buttons(parts: Parts, kind: int, object_id: str) -> Iterator[Dependant]:
    if kind != RESOURCE:
        return
    for row in parts.store.tables[BUTTON_TABLE].rows.values():
        if object_id in (
            row.values.get("_onclickeventjavascriptwebresourceid_value"),
            row.values.get("_iconwebresourceid_value"),
        ):
            yield Dependant(COMMAND_BUTTON, row.id)
