"""Relationships 1:N and the lookups that they make: one target, a further target, or several at once."""

from dataclasses import replace
from uuid import uuid4

from connector.dataverse.schema import Column, Kind
from sandbox.dataverse.customizing.bodies import check_column, check_relationship
from sandbox.dataverse.customizing.definitions import ColumnDefinition, RelationshipDefinition, TableDefinition
from sandbox.dataverse.customizing.dependencies import refuse_if_needed
from sandbox.dataverse.customizing.describing import common
from sandbox.dataverse.customizing.labels import shown_text
from sandbox.dataverse.customizing.parts import Parts, check_plain_name
from sandbox.dataverse.customizing.refusals import (
    COLUMN_TAKEN,
    LAST_RELATIONSHIP,
    RELATIONSHIP_TAKEN,
    RELATIONSHIP_WITHOUT_NAME,
    SECOND_PARENT,
    TARGET_TWICE,
    invalid,
)
from sandbox.dataverse.customizing.relating import cascades, is_parental, menu
from sandbox.dataverse.customizing.shapes import object_in, text_in, texts_in, value_of
from sandbox.dataverse.customizing.solutions import COLUMN, RELATIONSHIP
from sandbox.dataverse.model import property_name
from sandbox.dataverse.values import JsonObject

_KIND = "OneToManyRelationshipMetadata"
_CUSTOMERS = frozenset({"account", "contact"})


def create_one_to_many(parts: Parts, body: JsonObject, solution: str) -> RelationshipDefinition:
    """Make a relationship, and the lookup on its child, or a further target of a lookup that points to several tables.

    Raises:
        ApiError: 400 when something is wrong with it, 404 for unknown tables.
    """
    child, parent = _tables(parts, body)
    _check_new(parts, body)
    lookup = object_in(body, "Lookup")
    check_column(lookup)
    name = text_in(lookup, "SchemaName")
    existing = child.columns.get(name.lower())
    if existing is not None:
        _check_further(existing, parent.name)
        navigation = f"{existing.properties['SchemaName']}_{parent.name}"
        column = existing
    else:
        parts.check_name(name, "Attribute")
        navigation = name
        column = _lookup_column(child, lookup, parts)
    found = _relationship(parts, body, child, parent, column, navigation)
    _register(parts, child, column, [found], solution)
    return found


def create_several(
    parts: Parts, body: JsonObject, solution: str, *, customer: bool
) -> tuple[list[RelationshipDefinition], ColumnDefinition]:
    """Make a lookup that points to several tables, with a relationship for each.

    Raises:
        ApiError: 400 when something is wrong with it, 404 for unknown tables.
    """
    lookup = object_in(body, "Lookup")
    if text_in(lookup, "@odata.type").rpartition(".")[2] != "ComplexLookupAttributeMetadata":
        raise invalid("Lookup must be a ComplexLookupAttributeMetadata.", "0x80048d19")
    check_column(lookup)
    sent = [each for each in _objects(body) if not _is_wrong(each)]
    if len(sent) != len(_objects(body)) or not sent:
        raise invalid("OneToManyRelationships must be ComplexOneToManyRelationshipMetadata.", "0x80048d19")
    ends = [_tables(parts, each) for each in sent]
    targets = [parent.name for _, parent in ends]
    child = ends[0][0]
    if any(each is not child for each, _ in ends):
        raise invalid("All relationships of a lookup must have the same ReferencingEntity.")
    if len(set(targets)) != len(targets):
        raise invalid("A lookup cannot have the same target twice.", TARGET_TWICE)
    if customer and set(targets) != _CUSTOMERS:
        raise invalid("A customer column points to account and contact.")
    if texts_in(lookup, "Targets") and set(texts_in(lookup, "Targets")) != set(targets):
        raise invalid("Targets of the lookup differ from its relationships.")
    name = text_in(lookup, "SchemaName")
    parts.check_name(name, "Attribute")
    for each in sent:
        _check_new(parts, each)
    if len({text_in(each, "SchemaName").lower() for each in sent}) != len(sent):
        raise invalid("The name of a relationship is there twice.", RELATIONSHIP_TAKEN)
    column = _lookup_column(child, lookup, parts)
    found = [
        _relationship(parts, each, child, parent, column, f"{name}_{parent.name}", customer=customer)
        for each, (_, parent) in zip(sent, ends, strict=True)
    ]
    _register(parts, child, column, found, solution)
    return found, column


def change_relationship(parts: Parts, found: RelationshipDefinition, body: JsonObject, *, merge: bool) -> None:
    """Take over a PUT: cascades and the menu.

    Raises:
        ApiError: 400 when something is wrong with it.
    """
    if check_relationship(body) != found.kind:
        raise invalid("The type of a relationship cannot be changed.")
    for name in ("SchemaName", "ReferencingEntity", "ReferencedEntity", "ReferencingAttribute"):
        if name in body and name in found.properties and body[name] != found.properties[name]:
            raise invalid(f"{name} of a relationship cannot be changed.")
    if found.kind != _KIND:
        return
    sent = object_in(body, "AssociatedMenuConfiguration")
    old = object_in(object_in(found.properties, "AssociatedMenuConfiguration"), "Label")
    configuration = cascades(object_in(body, "CascadeConfiguration"))
    if is_parental(configuration):
        _check_only_parent(parts, found.child, found)
    found.properties["CascadeConfiguration"] = configuration
    found.properties["AssociatedMenuConfiguration"] = menu(
        sent, parts.labels.read(sent.get("Label"), old if merge else None)
    )


def delete_relationship(parts: Parts, found: RelationshipDefinition) -> None:
    """Delete a relationship; its lookup goes with it, if it points to this one table.

    Raises:
        ApiError: 400 for what is not custom, `0x8004f01f` while something needs it, `0x80090420` for the last one of a
            lookup that points to several tables.
    """
    if not found.custom:
        raise invalid(f"The relationship {found.name} cannot be deleted.")
    table = parts.definitions.tables[found.child]
    column = table.columns[found.lookup]
    siblings = parts.definitions.of_lookup(found.child, found.lookup)
    if len(siblings) == 1 and _is_polymorphic(found, column):
        raise invalid("The last relationship of a polymorphic lookup cannot be deleted.", LAST_RELATIONSHIP)
    refuse_if_needed(parts, RELATIONSHIP, found.id, "EntityRelationship")
    del parts.definitions.relationships[found.name.lower()]
    parts.solutions.remove(found.id)
    if len(siblings) == 1:
        remove_column(parts, table, column)
        return
    targets = tuple(each for each in column.column.targets if each != found.parent)
    navigation = {name: value for name, value in column.column.navigation.items() if name != found.parent}
    column.column = replace(column.column, targets=targets, navigation=navigation)
    parts.apply(table)


def delete_column(parts: Parts, table: TableDefinition, column: ColumnDefinition) -> None:
    """Delete a column; of a lookup, its relationships too.

    Raises:
        ApiError: 400 for what is not custom, is the primary name or comes with another column, `0x8004f01f` while
            something needs it.
    """
    names = ("IsPrimaryName", "IsPrimaryId", "AttributeOf")
    if not column.custom or any(column.properties.get(name) for name in names):
        raise invalid(f"The attribute {column.column.name} cannot be deleted.")
    refuse_if_needed(parts, COLUMN, column.id, "Attribute")
    siblings = parts.definitions.of_lookup(table.name, column.column.name)
    if len(siblings) == 1 and not _is_polymorphic(siblings[0], column):
        raise invalid("A lookup of one target is deleted with its relationship.")
    for each in siblings:
        del parts.definitions.relationships[each.name.lower()]
        parts.solutions.remove(each.id)
    added = [each for each in table.columns.values() if each.properties.get("AttributeOf") == column.column.name]
    for one in (*added, column):
        remove_column(parts, table, one)


def remove_column(parts: Parts, table: TableDefinition, column: ColumnDefinition) -> None:
    """Take a column away, with the values that rows have."""
    del table.columns[column.column.name]
    parts.solutions.remove(column.id)
    parts.apply(table)
    parts.store.tables[table.name].forget_property(property_name(column.column))


def _objects(body: JsonObject) -> list[JsonObject]:
    value = body.get("OneToManyRelationships")
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _is_wrong(body: JsonObject) -> bool:
    return text_in(body, "@odata.type").rpartition(".")[2] != f"Complex{_KIND}"


def _is_polymorphic(relationship: RelationshipDefinition, column: ColumnDefinition) -> bool:
    return relationship.properties["ReferencingEntityNavigationPropertyName"] != column.properties["SchemaName"]


def _tables(parts: Parts, body: JsonObject) -> tuple[TableDefinition, TableDefinition]:
    """Child and parent, both settled.

    Raises:
        ApiError: 400 for unknown properties and tables that are too new, 404 for unknown tables.
    """
    check_relationship(body)
    child = parts.finder.named(text_in(body, "ReferencingEntity"))
    parent = parts.finder.named(text_in(body, "ReferencedEntity"))
    for each in (child, parent):
        parts.check_settled(each)
    attribute = text_in(body, "ReferencedAttribute")
    if attribute not in ("", parent.table.id_column):
        raise invalid(f"ReferencedAttribute must be {parent.table.id_column}, the primary key of {parent.name}.")
    return child, parent


def _check_new(parts: Parts, body: JsonObject) -> None:
    name = text_in(body, "SchemaName")
    if not name:
        raise invalid("A relationship needs a SchemaName.", RELATIONSHIP_WITHOUT_NAME)
    check_plain_name(name)
    if name.lower() in parts.definitions.relationships:
        raise invalid(f"A relationship with the name {name} already exists.", RELATIONSHIP_TAKEN)


def _check_further(column: ColumnDefinition, target: str) -> None:
    """Only a lookup that was made for several tables takes a further one.

    Raises:
        ApiError: 400.
    """
    navigation = column.column.navigation
    if not navigation or column.properties["SchemaName"] in navigation.values() or not column.custom:
        raise invalid(f"An attribute with the specified name {column.column.name} already exists.", COLUMN_TAKEN)
    if target in navigation:
        raise invalid("A lookup cannot have the same target twice.", TARGET_TWICE)


def _check_only_parent(parts: Parts, child: str, relationship: RelationshipDefinition | None = None) -> None:
    for each in parts.definitions.of_table(child):
        if each is relationship or each.child != child:
            continue
        if is_parental(object_in(each.properties, "CascadeConfiguration")):
            raise invalid(f"The table {child} is the child of another parental relationship.", SECOND_PARENT)


def _lookup_column(child: TableDefinition, lookup: JsonObject, parts: Parts) -> ColumnDefinition:
    name = text_in(lookup, "SchemaName")
    if name.lower() in child.columns:
        raise invalid(f"An attribute with the specified name {name} already exists.", COLUMN_TAKEN)
    label = parts.labels.read(lookup.get("DisplayName"))
    column = Column(name.lower(), Kind.LOOKUP, shown_text(label))
    level = value_of(lookup, "RequiredLevel") or "None"
    properties: JsonObject = {
        **common(column, name, child.name, is_id=False, is_name=False, custom=True),
        "Format": "None",
        "DisplayName": label,
        "Description": parts.labels.read(lookup.get("Description")),
        "MetadataId": str(uuid4()),
    }
    object_in(properties, "RequiredLevel")["Value"] = level
    return ColumnDefinition(str(properties["MetadataId"]), column, properties)


def _relationship(
    parts: Parts, body: JsonObject, child: TableDefinition, parent: TableDefinition, column: ColumnDefinition,
    navigation: str, *, customer: bool = False,
) -> RelationshipDefinition:  # fmt: skip
    name = text_in(body, "SchemaName")
    configuration = cascades(object_in(body, "CascadeConfiguration"), customer=customer)
    if is_parental(configuration):
        _check_only_parent(parts, child.name)
    sent = object_in(body, "AssociatedMenuConfiguration")
    properties: JsonObject = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{_KIND}",
        "MetadataId": str(uuid4()),
        "SchemaName": name,
        "RelationshipType": "OneToManyRelationship",
        "IsCustomRelationship": True,
        "IsManaged": False,
        "IsValidForAdvancedFind": True,
        "SecurityTypes": "Append",
        "ReferencingEntity": child.name,
        "ReferencingAttribute": column.column.name,
        "ReferencedEntity": parent.name,
        "ReferencedAttribute": parent.table.id_column,
        "ReferencingEntityNavigationPropertyName": navigation,
        "ReferencedEntityNavigationPropertyName": name,
        "RelationshipBehavior": 1,
        "CascadeConfiguration": configuration,
        "AssociatedMenuConfiguration": menu(sent, parts.labels.read(sent.get("Label"))),
    }
    return RelationshipDefinition(str(properties["MetadataId"]), _KIND, properties)


def _register(
    parts: Parts, child: TableDefinition, column: ColumnDefinition, found: list[RelationshipDefinition], solution: str
) -> None:
    parts.add_column(child, column)
    targets, navigation = column.column.targets, dict(column.column.navigation)
    for each in found:
        parts.definitions.relationships[each.name.lower()] = each
        targets = (*targets, each.parent)
        navigation[each.parent] = str(each.properties["ReferencingEntityNavigationPropertyName"])
        parts.solutions.add(RELATIONSHIP, each.id, solution, table=child.name)
    column.column = replace(column.column, targets=targets, navigation=navigation)
    parts.solutions.add(COLUMN, column.id, solution, table=child.name)
    parts.apply(child)
