"""The query and the layout of a view as XML, and whether what Dataverse has is as the manifest says."""

from typing import Final
from xml.etree import ElementTree as ET

from connector.dataverse.schema import TABLES, Kind
from connector.dataverse.schema.interface import View
from connector.setup.interface.xml_compare import child, holds, plain, read_xml, shape, text_of

#: Widths in pixels.
_NARROW: Final = 110
_USUAL: Final = 150
_WIDE: Final = 250


def fetch_xml(view: View) -> str:
    """The query: its columns and id, its order and its conditions."""
    table = TABLES[view.table]
    root = ET.Element("fetch", {"version": "1.0", "output-format": "xml-platform", "mapping": "logical"})
    entity = child(root, "entity", name=view.table)
    for name in dict.fromkeys((table.id_column, *view.columns)):
        child(entity, "attribute", name=name)
    child(entity, "order", attribute=view.order, descending=str(view.descending).lower())
    if view.conditions:
        conditions = child(entity, "filter", type="and")
        for each in view.conditions:
            condition = child(conditions, "condition", attribute=each.column, operator=each.operator)
            if each.operator == "in":
                for value in each.values:
                    child(condition, "value", value)
            elif each.values:
                (condition.attrib["value"],) = each.values
    return text_of(root)


def layout_xml(view: View, code: int) -> str:
    """The columns and their widths; `code` is the object type code that the table has in the environment."""
    table = TABLES[view.table]
    root = ET.Element(
        "grid",
        {
            "name": "resultset",
            "object": str(code),
            "jump": table.name_column,
            "select": "1",
            "icon": "1",
            "preview": "1",
        },
    )
    row = child(root, "row", name="result", id=table.id_column)
    for name in view.columns:
        child(row, "cell", name=name, width=str(_width(view, name)))
    return text_of(root)


def same_fetch(ours: str, found: object) -> bool:
    """Whether a query has our columns, and exactly our order and conditions."""
    expected, there = read_xml(ours), read_xml(found)
    if expected is None or there is None:
        return False
    entity, other = expected.find("entity"), there.find("entity")
    if entity is None or other is None or entity.get("name") != other.get("name"):
        return False
    if not _attributes(entity) <= _attributes(other):
        return False
    return all(_shapes(entity, tag) == _shapes(other, tag) for tag in ("order", "filter", "link-entity"))


def same_layout(ours: str, found: object) -> bool:
    """Whether a layout has our columns in our order; the code of the table and the widths do not count."""
    expected, there = read_xml(ours), read_xml(found)
    return expected is not None and there is not None and holds(there, expected, ("object", "width", "preview", "icon"))


def _shapes(entity: ET.Element, tag: str) -> list[object]:
    """The elements of a name; a filter without conditions is none."""
    return [shape(each) for each in entity.findall(tag) if len(each) or tag == "order"]


def _attributes(entity: ET.Element) -> set[str]:
    return {plain(each.get("name")) for each in entity.findall("attribute")}


def _width(view: View, name: str) -> int:
    table = TABLES[view.table]
    if name == table.name_column:
        return _WIDE
    kind = next((each.kind for each in table.columns if each.name == name), Kind.DATE_TIME)
    if kind in (Kind.YES_NO, Kind.INTEGER):
        return _NARROW
    return _WIDE if kind is Kind.MEMO else _USUAL
