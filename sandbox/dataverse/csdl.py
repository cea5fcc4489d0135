"""`$metadata`: the entity types, their properties and the entity sets as CSDL, in XML.

It has what the stand-in answers: every table with its columns, its lookups and its collections. Actions, functions and
complex types are not in it.
"""

from typing import Final
from xml.etree import ElementTree as ET

from connector.dataverse.schema import Kind
from sandbox.dataverse import errors
from sandbox.dataverse.calls import Answer, Call
from sandbox.dataverse.errors import ApiError, not_supported
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.related import Collections
from sandbox.dataverse.store import Store

METADATA: Final = "$metadata"
_EDMX: Final = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM: Final = "http://docs.oasis-open.org/odata/ns/edm"
_NAMESPACE: Final = "Microsoft.Dynamics.CRM"
_ALIAS: Final = "mscrm"
_BASE: Final = "crmbaseentity"
_TYPES: Final = {
    Kind.ID: "Guid",
    Kind.INTEGER: "Int32",
    Kind.BIG_INTEGER: "Int64",
    Kind.DECIMAL: "Decimal",
    Kind.MONEY: "Decimal",
    Kind.YES_NO: "Boolean",
    Kind.DATE: "Date",
    Kind.DATE_TIME: "DateTimeOffset",
    Kind.DATE_TIME_NO_ZONE: "DateTimeOffset",
    Kind.CHOICE: "Int32",
    Kind.STATE: "Int32",
    Kind.STATUS: "Int32",
    Kind.LOOKUP: "Guid",
    Kind.CUSTOMER: "Guid",
}


def metadata_document(call: Call, store: Store, collections: Collections) -> Answer:
    """`GET $metadata`.

    Raises:
        ApiError: 405 for another method, 400 for query options and for another format than XML.
    """
    if call.method != "GET":
        message = f"The requested resource does not support http method '{call.method}'."
        raise ApiError(405, errors.BAD_QUERY, message)
    if call.query:
        raise not_supported(f"{METADATA} takes no query options here.")
    accepted = call.headers.get("accept", "*/*").lower()
    if "application/xml" not in accepted and "*/*" not in accepted:
        raise not_supported(f"The stand-in writes {METADATA} in XML only.")
    root = ET.Element(f"{{{_EDMX}}}Edmx", Version="4.0")
    services = ET.SubElement(root, f"{{{_EDMX}}}DataServices")
    schema = ET.SubElement(services, f"{{{_EDM}}}Schema", Namespace=_NAMESPACE, Alias=_ALIAS)
    ET.SubElement(schema, f"{{{_EDM}}}EntityType", Name=_BASE, Abstract="true")
    tables = sorted(store.catalog.present(), key=lambda each: each.name)
    present = {each.name: each for each in tables}
    for table in tables:
        _entity_type(schema, table, present, collections)
    container = ET.SubElement(schema, f"{{{_EDM}}}EntityContainer", Name="System")
    for table in tables:
        _entity_set(container, table, present, collections)
    ET.register_namespace("edmx", _EDMX)
    ET.register_namespace("", _EDM)
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Answer(200, {"Content-Type": "application/xml", "OData-Version": "4.0"}, body)


def _entity_type(
    schema: ET.Element, table: TableModel, present: dict[str, TableModel], collections: Collections
) -> None:
    element = ET.SubElement(schema, f"{{{_EDM}}}EntityType", Name=table.name, BaseType=f"{_ALIAS}.{_BASE}")
    key = ET.SubElement(element, f"{{{_EDM}}}Key")
    ET.SubElement(key, f"{{{_EDM}}}PropertyRef", Name=table.id_column)
    for name, column in table.properties.items():
        ET.SubElement(element, f"{{{_EDM}}}Property", Name=name, Type=f"Edm.{_TYPES.get(column.kind, 'String')}")
    for name, navigation in table.navigations.items():
        for target in (present[each] for each in navigation.targets if each in present):
            shown = ET.SubElement(element, f"{{{_EDM}}}NavigationProperty", Name=name, Type=f"{_ALIAS}.{target.name}")
            ET.SubElement(
                shown, f"{{{_EDM}}}ReferentialConstraint", Property=navigation.property_name,
                ReferencedProperty=target.id_column,
            )  # fmt: skip
            break  # a name has one type
    for name, target in _collections(table, present, collections).items():
        kind = f"Collection({_ALIAS}.{target.name})"
        ET.SubElement(element, f"{{{_EDM}}}NavigationProperty", Name=name, Type=kind)


def _entity_set(
    container: ET.Element, table: TableModel, present: dict[str, TableModel], collections: Collections
) -> None:
    kind = f"{_NAMESPACE}.{table.name}"
    element = ET.SubElement(container, f"{{{_EDM}}}EntitySet", Name=table.set_name, EntityType=kind)
    targets = {name: present[each.targets[0]] for name, each in table.navigations.items() if each.targets[0] in present}
    for name, target in {**targets, **_collections(table, present, collections)}.items():
        ET.SubElement(element, f"{{{_EDM}}}NavigationPropertyBinding", Path=name, Target=target.set_name)


def _collections(table: TableModel, present: dict[str, TableModel], collections: Collections) -> dict[str, TableModel]:
    """The table of each collection, by its name."""
    return {name: present[each.table] for name, each in collections.of(table).items() if each.table in present}
