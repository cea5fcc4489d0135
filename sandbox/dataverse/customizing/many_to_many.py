"""Relationships N:N: their definitions only. The stand-in has no rows of those that clients make."""

from uuid import uuid4

from sandbox.dataverse.customizing.bodies import check_relationship
from sandbox.dataverse.customizing.definitions import RelationshipDefinition
from sandbox.dataverse.customizing.parts import Parts, check_plain_name
from sandbox.dataverse.customizing.refusals import RELATIONSHIP_TAKEN, invalid
from sandbox.dataverse.customizing.relating import menu
from sandbox.dataverse.customizing.shapes import object_in, text_in
from sandbox.dataverse.customizing.solutions import RELATIONSHIP
from sandbox.dataverse.values import JsonObject

_KIND = "ManyToManyRelationshipMetadata"


def create_many_to_many(parts: Parts, body: JsonObject, solution: str) -> RelationshipDefinition:
    """Define a relationship.

    Raises:
        ApiError: 400 when something is wrong with it, 404 for unknown tables.
    """
    check_relationship(body)
    name, intersect = text_in(body, "SchemaName"), text_in(body, "IntersectEntityName") or text_in(body, "SchemaName")
    for each in (name, intersect):
        check_plain_name(each)
    if name.lower() in parts.definitions.relationships or intersect.lower() in parts.definitions.tables:
        raise invalid(f"A relationship with the name {name} already exists.", RELATIONSHIP_TAKEN)
    tables = [parts.finder.named(text_in(body, f"Entity{number}LogicalName")) for number in (1, 2)]
    properties: JsonObject = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{_KIND}",
        "MetadataId": str(uuid4()),
        "SchemaName": name,
        "RelationshipType": "ManyToManyRelationship",
        "IntersectEntityName": intersect.lower(),
        "IsCustomRelationship": True,
        "IsManaged": False,
        "SecurityTypes": "None",
    }
    for number, table in enumerate(tables, 1):
        parts.check_settled(table)
        sent = object_in(body, f"Entity{number}AssociatedMenuConfiguration")
        properties[f"Entity{number}LogicalName"] = table.name
        properties[f"Entity{number}IntersectAttribute"] = table.table.id_column
        properties[f"Entity{number}NavigationPropertyName"] = name
        properties[f"Entity{number}AssociatedMenuConfiguration"] = menu(sent, parts.labels.read(sent.get("Label")))
    found = RelationshipDefinition(str(properties["MetadataId"]), _KIND, properties)
    parts.definitions.relationships[name.lower()] = found
    parts.solutions.add(RELATIONSHIP, found.id, solution)
    return found


def delete_many_to_many(parts: Parts, found: RelationshipDefinition) -> None:
    """Take a definition away."""
    del parts.definitions.relationships[found.name.lower()]
    parts.solutions.remove(found.id)
