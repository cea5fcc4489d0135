"""Forms as XML: the tabs of ours, the script that a form runs, and both put into a form that is there.

A form of Dataverse keeps whatever others have on it. Ours are the tabs with our ids, and the handlers of our libraries.
"""

from collections.abc import Iterable, Set
from copy import deepcopy
from typing import Final
from xml.etree import ElementTree as ET

from connector.dataverse.schema import TABLES, Kind
from connector.dataverse.schema.forms import record_tab
from connector.dataverse.schema.interface import Dashboard, Form, FormField, FormScript, Section, SubGrid, Tab
from connector.dataverse.schema.labels import Text, label
from connector.setup.interface.additions import keep_additions
from connector.setup.interface.views import view_id
from connector.setup.interface.xml_compare import child, holds, plain, read_xml, text_of
from connector.setup.labels import Languages
from connector.setup.row_parts import fixed_id

#: Which control shows a kind of column; ids are the same in every environment.
_CONTROLS: Final[dict[Kind, str]] = {
    Kind.TEXT: "{4273EDBD-AC1D-40d3-9FB2-095C621B552D}",
    Kind.MEMO: "{E0DECE4B-6FC8-4a8f-A065-082708572369}",
    Kind.CHOICE: "{3EF39988-22BB-4f0b-BBBE-64B5A3748AEE}",
    Kind.STATUS: "{5D68B988-0661-4db2-BC3E-17598AD3BE6C}",
    Kind.LOOKUP: "{270BD3DB-D9AF-4782-9025-509E298DEC0A}",
    Kind.CUSTOMER: "{270BD3DB-D9AF-4782-9025-509E298DEC0A}",
    Kind.DATE: "{5B773807-9FB2-42db-97C3-7A91EFF8ADFF}",
    Kind.DATE_TIME: "{5B773807-9FB2-42db-97C3-7A91EFF8ADFF}",
    Kind.INTEGER: "{C6D124CA-7EDA-4a60-AEA9-7FB8D318B68F}",
    Kind.YES_NO: "{67FAC785-CD58-4f9f-ABB3-4B7DDC6ED5ED}",
}
_SUB_GRID: Final = "{E7A81278-8635-4d9e-8D4D-59480B391C5B}"
#: Columns of every table, whose labels are the platform's.
_PLATFORM_LABELS: Final = {"statuscode": Text("Status", "Status"), "ownerid": Text("Owner", "Eigenaar")}
#: What a new table has on its form: a tab with nothing else is replaced by ours.
_FRESH: Final = frozenset({"ownerid"})


class FormWriter:
    """Writes the elements of forms.

    Args:
        languages: that labels can have.
        path: the table or dashboard, from which ids follow.
        absent: columns that the environment does not have.
    """

    def __init__(self, languages: Languages, path: str, absent: Set[str] = frozenset()) -> None:
        self._languages = languages
        self._path = path
        self._absent = absent

    def tab(self, tab: Tab, **attributes: str) -> ET.Element:
        """One tab."""
        element = ET.Element(
            "tab", {"name": tab.name, "id": self._id(tab.name), "expanded": "true", "showlabel": "true", **attributes}
        )
        self._labels(element, tab.title)
        column = child(child(element, "columns"), "column", width="100%")
        sections = child(column, "sections")
        for section in tab.sections:
            self._section(sections, section, f"{tab.name}/{section.name}", attributes)
        return element

    def _section(self, parent: ET.Element, section: Section, path: str, attributes: dict[str, str]) -> None:
        width = 1 if section.wide else 2
        element = child(
            parent, "section", name=section.name, id=self._id(path), showlabel="true", showbar="false",
            columns="1" * width, **attributes,
        )  # fmt: skip
        self._labels(element, section.title)
        rows = child(element, "rows")
        row: ET.Element | None = None
        for cell in section.cells:
            if isinstance(cell, FormField) and cell.column in self._absent:
                continue
            span = width if isinstance(cell, SubGrid) or cell.rows > 1 else 1
            if row is None or span > 1 or len(row) == width:
                row = child(rows, "row")
            self._cell(row, cell, span, f"{path}/{cell.name if isinstance(cell, SubGrid) else cell.column}")
            if span > 1 or cell.rows > 1:
                for _ in range(cell.rows - 1):
                    child(rows, "row")
                row = None

    def _cell(self, row: ET.Element, cell: FormField | SubGrid, span: int, path: str) -> None:
        element = child(row, "cell", id=self._id(path), showlabel="true")
        if span > 1:
            element.set("colspan", str(span))
        if cell.rows > 1:
            element.set("rowspan", str(cell.rows))
        if isinstance(cell, SubGrid):
            element.set("auto", "false")
            self._labels(element, cell.title)
            control = child(
                element, "control", id=cell.name, classid=_SUB_GRID, indicationOfSubgrid="true",
                uniqueid=self._id(f"{path}/control"),
            )  # fmt: skip
            parameters = child(control, "parameters")
            for name, value in _grid_parameters(cell).items():
                child(parameters, name, value)
            return
        column = TABLES[self._path].column(cell.column)
        self._labels(element, _PLATFORM_LABELS.get(column.name) or label(column.label))
        control = child(element, "control", id=column.name, classid=_CONTROLS[column.kind], datafieldname=column.name)
        if cell.locked:
            control.set("disabled", "true")

    def _labels(self, parent: ET.Element, text: Text) -> None:
        labels = child(parent, "labels")
        for language, each in self._languages.texts(text).items():
            child(labels, "label", description=each, languagecode=str(language))

    def _id(self, path: str) -> str:
        return f"{{{fixed_id('form', f'{self._path}/{path}')}}}"


def _grid_parameters(grid: SubGrid) -> dict[str, str]:
    """All of them, also those without a value: a dashboard must have them."""
    return {
        "ViewId": f"{{{view_id(grid.table, grid.view)}}}",
        "IsUserView": "false",
        "RelationshipName": grid.relationship,
        "TargetEntityType": grid.table,
        "AutoExpand": "Fixed",
        "EnableQuickFind": "false",
        "EnableViewPicker": "true",
        "ViewIds": "",
        "EnableJumpBar": "false",
        "ChartGridMode": "Grid",
        "VisualizationId": "",
        "IsUserChart": "false",
        "EnableChartPicker": "false",
        "RecordsPerPage": str(grid.rows),
    }


def tabs_of(form: Form, languages: Languages, absent: Set[str] = frozenset()) -> list[ET.Element]:
    """The tabs of a form of ours, without columns that the environment does not have."""
    writer = FormWriter(languages, form.table, absent)
    return [writer.tab(tab, IsUserDefined="1") for tab in form.tabs]


def record_tab_of(table: str, languages: Languages) -> ET.Element:
    """The tab of ours on forms of contact, lead or account."""
    return FormWriter(languages, table).tab(record_tab(table), IsUserDefined="1")


def dashboard_xml(dashboard: Dashboard, languages: Languages) -> str:
    """A dashboard: its lists two beside each other."""
    section = Section("lists", dashboard.title, dashboard.grids, wide=True)
    root = ET.Element("form")
    tab = Tab(dashboard.name, dashboard.title, (section,))
    child(root, "tabs").append(FormWriter(languages, f"dashboard/{dashboard.name}").tab(tab))
    return text_of(root)


def holds_form(found: object, tabs: Iterable[ET.Element], script: FormScript | None = None) -> bool:
    """Whether a form has our tabs as they should be, and runs our script."""
    root = read_xml(found)
    if root is None:
        return False
    present = {plain(tab.get("id")): tab for tab in root.iter("tab")}
    if not all((tab := present.get(plain(ours.get("id")))) is not None and holds(tab, ours) for ours in tabs):
        return False
    if script is None:
        return True
    libraries = {library.get("name") for library in root.iter("Library")}
    handlers = {(name, column, handler) for name, column, handler in _handlers(root, script.resource)}
    return script.resource in libraries and _wanted(script) <= handlers


def with_form(found: object, tabs: Iterable[ET.Element], script: FormScript | None, name_column: str) -> str:
    """The form with our tabs in the place of older ones of ours, and with our script; all else stays as it is.

    What customers added to a tab of ours stays in it.

    Args:
        found: the XML of the form; anything that cannot be read counts as an empty form.
        tabs: of ours.
        script: that it runs.
        name_column: a tab that shows only this and the owner is the platform's own, and is left out; empty for a form
            of the customer, where every tab stays.
    """
    root = read_xml(found)
    root = ET.Element("form") if root is None else root
    parent = _part(root, "tabs")
    ours = {plain(tab.get("id")): tab for tab in tabs}
    for place, tab in enumerate(list(parent)):
        new = ours.pop(plain(tab.get("id")), None)
        if new is not None:
            parent[place] = kept = deepcopy(new)
            keep_additions(kept, tab)
    fresh = [tab for tab in parent if name_column and _is_fresh(tab, name_column)]
    for tab in fresh:
        parent.remove(tab)
    for place, tab in enumerate(ours.values()):
        parent.insert(place if name_column else len(parent), tab)
    if script is not None:
        _run(root, script)
    return text_of(root)


def without_tab(found: object, tab: ET.Element) -> str:
    """The form without a tab of ours."""
    root = read_xml(found)
    if root is None:
        return str(found)
    parent = _part(root, "tabs")
    for each in [each for each in parent if plain(each.get("id")) == plain(tab.get("id"))]:
        parent.remove(each)
    return text_of(root)


def _is_fresh(tab: ET.Element, name_column: str) -> bool:
    shown = {control.get("datafieldname") or "" for control in tab.iter("control")}
    return name_column in shown and shown <= {name_column} | _FRESH


def _part(root: ET.Element, tag: str) -> ET.Element:
    found = root.find(tag)
    return child(root, tag) if found is None else found


def _wanted(script: FormScript) -> set[tuple[str, str, str]]:
    changes = {("onchange", column, function) for column, function in script.on_change.items()}
    return {("onload", "", script.on_load)} | changes


def _handlers(root: ET.Element, resource: str) -> Iterable[tuple[str, str, str]]:
    for event in root.iterfind("events/event"):
        for handler in event.iter("Handler"):
            if handler.get("libraryName") == resource and handler.get("enabled", "true") == "true":
                yield event.get("name") or "", event.get("attribute") or "", handler.get("functionName") or ""


def _run(root: ET.Element, script: FormScript) -> None:
    """Add the library and the handlers that are missing; those of others stay."""
    libraries = _part(root, "formLibraries")
    if all(each.get("name") != script.resource for each in libraries):
        unique = f"{{{fixed_id('library', script.resource)}}}"
        child(libraries, "Library", name=script.resource, libraryUniqueId=unique)
    events = _part(root, "events")
    for name, column, function in sorted(_wanted(script) - set(_handlers(root, script.resource))):
        event = next(
            (each for each in events if (each.get("name"), each.get("attribute") or "") == (name, column)), None
        )
        if event is None:
            event = child(events, "event", name=name, application="false", active="false")
            if column:
                event.set("attribute", column)
        handlers = _part(event, "Handlers")
        for old in [each for each in handlers if each.get("functionName") == function]:
            handlers.remove(old)
        child(
            handlers, "Handler", functionName=function, libraryName=script.resource,
            handlerUniqueId=f"{{{fixed_id('handler', f'{script.resource}/{name}/{column}')}}}", enabled="true",
            parameters="", passExecutionContext="true",
        )  # fmt: skip
