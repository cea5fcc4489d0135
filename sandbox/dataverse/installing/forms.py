"""The rules of forms and dashboards: what the schema refuses, and what is stored and shown broken."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from sandbox.dataverse.customizing.dependencies import refuse_if_needed
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.solution_tables import Rules
from sandbox.dataverse.installing.documents import WRONG_FORM, guid_in, read_xml
from sandbox.dataverse.installing.tables import FORM, RESOURCE_TABLE
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import Writer

DASHBOARD: Final = 0
MAIN: Final = 2
QUICK_CREATE: Final = 7
#: What `objecttypecode` is of a dashboard.
NO_TABLE: Final = "none"
_CREATABLE: Final = frozenset({DASHBOARD, MAIN, 6, QUICK_CREATE, 11})
_WITH_IDS: Final = ("tab", "section", "cell")
_SECTION_COLUMNS: Final = frozenset({"1", "11", "111", "1111"})
SUB_GRID: Final = "{e7a81278-8635-4d9e-8d4d-59480b391c5b}"
#: The parameters of a grid on a dashboard; all must be there, also when they are empty.
GRID_PARAMETERS: Final = frozenset(
    """
    ViewId IsUserView RelationshipName TargetEntityType AutoExpand EnableQuickFind EnableViewPicker ViewIds
    EnableJumpBar ChartGridMode VisualizationId IsUserChart EnableChartPicker RecordsPerPage
    """.split()  # noqa: SIM905
)
_MOST_PARTS: Final = 6


@dataclass(slots=True)
class FormRules(Rules):
    """Checks forms.

    Attributes:
        parts: of the environment.
    """

    parts: Parts

    def before_create(self, _writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new form.

        Raises:
            ApiError: 400 for a type that cannot be made, and for XML that the schema or a rule refuses.
        """
        if values.get("type") not in _CREATABLE:
            raise invalid(f"A form of the type {values.get('type')} cannot be created.")
        self._check(values)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 as for a new one; its table and its type cannot be changed.
        """
        for name in ("objecttypecode", "type"):
            if values.get(name, old.values.get(name)) != old.values.get(name):
                raise invalid(f"The property {name} of a form cannot be changed.")
        if "formxml" in values:
            self._check({**old.values, **values})

    def before_delete(self, _writer: Writer, row: Row) -> None:
        """Check a deletion.

        Raises:
            ApiError: `0x8004f01f` for a form in use, 400 for the last main form of a table.
        """
        refuse_if_needed(self.parts, FORM, row.id, "SystemForm")
        kind, table = row.values.get("type"), row.values.get("objecttypecode")
        if kind == MAIN and not any(
            other.id != row.id and other.values.get("type") == MAIN and other.values.get("objecttypecode") == table
            for other in self.parts.store.tables["systemform"].rows.values()
        ):
            raise invalid(f"The last main form of {table} cannot be deleted.")

    def _check(self, values: dict[str, Scalar]) -> None:
        root = read_xml(values["formxml"], "formxml")
        if root.tag != "form":
            raise invalid("The root of formxml must be form.", WRONG_FORM)
        _check_ids(root)
        _check_places(root)
        self._check_libraries(root)
        if values["type"] == DASHBOARD:
            if values.get("objecttypecode") != NO_TABLE:
                raise invalid("The objecttypecode of a dashboard must be none.")
            _check_dashboard(root)
        else:
            self._check_columns(root, str(values.get("objecttypecode")))
        if values["type"] == QUICK_CREATE and any(each.get("columns") != "1" for each in root.iter("section")):
            raise invalid("Columns in a section must be set to '1'.", WRONG_FORM)

    def _check_columns(self, root: Element, table: str) -> None:
        known = {each.column.name for each in self.parts.finder.columns(self.parts.finder.named(table))}
        known |= {"createdby", "modifiedby", "owningbusinessunit"}
        for control in root.iter("control"):
            name = control.get("datafieldname")
            if name and name not in known:
                raise invalid(
                    f"The control {control.get('id')} is for {name}, which {table} does not have.", WRONG_FORM
                )

    def _check_libraries(self, root: Element) -> None:
        known = {str(row.values.get("name")) for row in self.parts.store.tables[RESOURCE_TABLE].rows.values()}
        libraries = {each.get("name") or "" for each in root.iter("Library")}
        handlers = {each.get("libraryName") or "" for each in root.iter("Handler")}
        for name in sorted(libraries - known):
            raise invalid(f"The web resource {name} of the form does not exist.", WRONG_FORM)
        for name in sorted(handlers - libraries):
            raise invalid(f"The form has a handler in {name}, which is none of its libraries.", WRONG_FORM)


def _check_ids(root: Element) -> None:
    ids = [(each, guid_in(each.get("id"))) for tag in _WITH_IDS for each in root.iter(tag)]
    for element, guid in ids:
        if guid is None:
            raise invalid(f"The 'id' attribute of {element.tag} is invalid: it must be a guid.", WRONG_FORM)
    _check_unique("id", (guid for _, guid in ids if guid))
    _check_unique("control id", (each.get("id") or "" for each in root.iter("control")))


def _check_unique(what: str, values: Iterable[str]) -> None:
    for value, times in Counter(values).items():
        if times > 1:
            raise invalid(f"The {what} {value} is there {times} times in the form.", WRONG_FORM)


def _check_places(root: Element) -> None:
    for control in root.iter("control"):
        if not control.get("id") or guid_in(control.get("classid")) is None:
            raise invalid("A control must have an id and a classid.", WRONG_FORM)
        for name in ("visible", "locklevel", "showlabel", "rowspan"):
            if name in control.attrib:
                raise invalid(f"The '{name}' attribute is not declared for a control.", WRONG_FORM)
        if (control.get("classid") or "").lower() == SUB_GRID and control.find("parameters/TargetEntityType") is None:
            raise invalid("A sub-grid must have the parameter TargetEntityType.", WRONG_FORM)
    for cell in root.iter("cell"):
        if "disabled" in cell.attrib:
            raise invalid("The 'disabled' attribute is not declared for a cell.", WRONG_FORM)
    for section in root.iter("section"):
        if section.get("columns", "1") not in _SECTION_COLUMNS:
            raise invalid("The columns of a section must be 1, 11, 111 or 1111.", WRONG_FORM)


def _check_dashboard(root: Element) -> None:
    if any("IsUserDefined" in each.attrib for each in root.iter("tab")):
        raise invalid("A tab of a dashboard cannot have IsUserDefined.", WRONG_FORM)
    controls = list(root.iter("control"))
    if len(controls) > _MOST_PARTS:
        raise invalid(f"A dashboard has at most {_MOST_PARTS} parts.", WRONG_FORM)
    for control in controls:
        parameters = control.find("parameters")
        missing = GRID_PARAMETERS - {each.tag for each in (() if parameters is None else parameters)}
        if missing:
            raise invalid(f"The part {control.get('id')} lacks the parameter {min(missing)}.", WRONG_FORM)
    for section in root.iter("section"):
        spans = sum(int(cell.get("rowspan") or 1) for cell in section.iter("cell"))
        if len(list(section.iter("row"))) < spans // max(1, len(section.get("columns", "1"))):
            raise invalid("A section of a dashboard must have as many rows as its parts span.", WRONG_FORM)
