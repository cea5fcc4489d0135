"""What customers added to a view or a tab of ours, kept where ours is written anew: columns, sections and fields."""

from collections.abc import Iterator, Set
from xml.etree import ElementTree as ET

from connector.setup.interface.xml_compare import child, plain, read_xml, text_of


def with_columns(fetch: str, layout: str, found_fetch: object, found_layout: object) -> tuple[str, str]:
    """The query and the layout of a view of ours, with the columns of its table that somebody added to both.

    Args:
        fetch: our query.
        layout: our layout.
        found_fetch: the query that there is; anything that cannot be read counts as empty.
        found_layout: the layout that there is.
    """
    query, grid, there, shown = read_xml(fetch), read_xml(layout), read_xml(found_fetch), read_xml(found_layout)
    if query is None or grid is None or there is None or shown is None:
        return fetch, layout
    entity, row, other = query.find("entity"), grid.find("row"), there.find("entity")
    if entity is None or row is None or other is None:
        return fetch, layout
    asked = {each.get("name") for each in other.findall("attribute")}
    ours = {each.get("name") for each in entity.findall("attribute")}
    for cell in shown.findall("row/cell"):
        name = cell.get("name")
        if name in asked - ours:
            entity.insert(0, ET.Element("attribute", {"name": str(name)}))
            row.append(cell)
    return text_of(query), text_of(grid)


def keep_additions(tab: ET.Element, found: ET.Element) -> None:
    """Put what customers added to a tab of ours into the new one: their sections, and below ours their fields.

    What shows a column or a list of ours once more is left out, because a form shows each control once. What an older
    version of ours had, and this one has not, stays too.
    """
    own = _ids(tab)
    ours = {plain(each.get("id")): each for each in tab.iter("section")}
    columns = tab.findall("columns/column/sections")
    for place, column in enumerate(found.findall("columns/column/sections")):
        for section in column:
            known = ours.get(plain(section.get("id")))
            if known is not None:
                _keep_fields(known, section, own)
            elif columns and not _ids(section) & own:
                columns[min(place, len(columns) - 1)].append(section)


def _keep_fields(ours: ET.Element, found: ET.Element, own: Set[str]) -> None:
    rows = ours.find("rows")
    for row in found.iterfind("rows/row"):
        cells = [cell for cell in row if cell.find("control") is not None and not _ids(cell) & own]
        if cells and rows is not None:
            child(rows, "row").extend(cells)
            for _ in range(max(map(_height, cells)) - 1):
                child(rows, "row")


def _height(cell: ET.Element) -> int:
    text = cell.get("rowspan", "1")
    return int(text) if text.isdigit() else 1


def _ids(element: ET.Element) -> set[str]:
    return set(_each_id(element))


def _each_id(element: ET.Element) -> Iterator[str]:
    for each in element.iter():
        for name in ("id", "datafieldname"):
            if each.get(name):
                yield plain(each.get(name))
