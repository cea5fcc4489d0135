"""Forms without the rows of a table, and without a script, so that these can be removed while the form stays."""

from collections.abc import Set
from typing import Final
from xml.etree import ElementTree as ET

from connector.dataverse.schema.interface import Form, SubGrid
from connector.setup.interface.xml_compare import plain, read_xml, text_of

_TABLE_OF_GRID: Final = "TargetEntityType"


def shown_on(found: object) -> frozenset[str]:
    """The full names of the tables whose rows a form lists, and of the web resources that it runs."""
    root = read_xml(found)
    if root is None:
        return frozenset()
    tables = {f"table {plain(each.text)}" for each in root.iter(_TABLE_OF_GRID)}
    return frozenset(tables | {f"web resource {each.get('name')}" for each in root.iter("Library")})


def grids_of(form: Form) -> list[SubGrid]:
    """The lists on a form of ours."""
    return [
        cell for tab in form.tabs for section in tab.sections for cell in section.cells if isinstance(cell, SubGrid)
    ]


def without(found: object, form: Form, names: Set[str]) -> str:
    """A form of ours without our lists of these tables, and without our script if it is named. All else stays.

    Args:
        found: the XML of the form.
        form: as the manifest has it.
        names: full names of tables and web resources.
    """
    root = read_xml(found)
    if root is None:
        return str(found)
    for grid in grids_of(form):
        if f"table {grid.table}" in names:
            _take_grid(root, grid)
    if form.script is not None and f"web resource {form.script.resource}" in names:
        _take_script(root, form.script.resource)
    return text_of(root)


def _take_grid(root: ET.Element, grid: SubGrid) -> None:
    """Take the cell away; with it a section that has nothing else."""
    for sections in root.iter("sections"):
        for section in list(sections):
            cells = list(section.iter("cell"))
            ours = [cell for cell in cells if any(control.get("id") == grid.name for control in cell.iter("control"))]
            if ours and len(ours) == len(cells):
                sections.remove(section)
                continue
            for row in section.iter("row"):
                for cell in [each for each in row if each in ours]:
                    row.remove(cell)


def _take_script(root: ET.Element, resource: str) -> None:
    for libraries in root.iterfind("formLibraries"):
        for library in [each for each in libraries if each.get("name") == resource]:
            libraries.remove(library)
    for events in root.iterfind("events"):
        for event in list(events):
            for handlers in event.iter("Handlers"):
                for handler in [each for each in handlers if each.get("libraryName") == resource]:
                    handlers.remove(handler)
            if not any(True for _ in event.iter("Handler")):
                events.remove(event)
    for part in [each for each in root if each.tag in ("formLibraries", "events") and not len(each)]:
        root.remove(part)
