"""The main forms of the solution's tables, and the dashboards.

A new table has a main form of the platform, which gets our tabs: a second form would compete with it.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final
from xml.etree import ElementTree as ET

from connector.dataverse.api import filters
from connector.dataverse.api.rows import ETAG
from connector.dataverse.schema import TABLES
from connector.dataverse.schema.interface import Dashboard, Form, FormScript
from connector.dataverse.schema.labels import Text
from connector.setup.component import Found, PropertyDifference, Removal, SetupPhase
from connector.setup.interface.form_xml import dashboard_xml, holds_form, tabs_of, with_form
from connector.setup.interface.hiding import grids_of, shown_on, without
from connector.setup.interface.xml_compare import holds, read_xml
from connector.setup.row_parts import PUBLISHED, RowKind, RowPart, fixed_id
from connector.setup.tables import absent_columns
from connector.setup.target import SetupTarget
from connector.words import Sentence

FORM_ROWS: Final = RowKind("systemform", "systemforms", "formid", layered=True)
_DASHBOARD_ROWS: Final = RowKind("systemform", "systemforms", "formid", layered=True, published_as="dashboard")
FORM_XML: Final = "formxml"
MAIN_FORM: Final = 2
_DASHBOARD: Final = 0
_ACTIVATION: Final = "formactivationstate"
_INACTIVE: Final = 0


@dataclass(frozen=True, slots=True)
class FormPart(RowPart):
    """The main form of a table of ours. What customers add to it stays."""

    kind = "form"
    phase = SetupPhase.FORMS
    rows = FORM_ROWS
    select = (FORM_XML, "isdefault", "name", _ACTIVATION)
    form: Form

    @property
    def name(self) -> str:
        """The table."""
        return self.form.table

    @property
    def part_of(self) -> str:
        """Of its table."""
        return f"table {self.form.table}"

    @property
    def publishes(self) -> tuple[str, ...]:
        """The table."""
        return (self.form.table,)

    @property
    def row_id(self) -> str:
        """The platform made it."""
        return ""

    @property
    def condition(self) -> str:
        """The main forms of the table."""
        return f"{filters.eq('objecttypecode', self.form.table)} and type eq {MAIN_FORM}"

    def chosen(self, rows: Sequence[Found]) -> Found | None:
        """The default one of several that people see; a form that somebody deactivated is none of these."""
        shown = [row for row in rows if row.get(_ACTIVATION) != _INACTIVE] or rows
        return next((row for row in shown if row.get("isdefault") is True), shown[0])

    def read(self, target: SetupTarget) -> Found | None:
        """The form; None where its table is not there yet."""
        definition = f"EntityDefinitions(LogicalName='{self.form.table}')?$select=LogicalName"
        return RowPart.read(self, target) if target.calls.find(definition) is not None else None

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """Our part of its XML."""
        return {FORM_XML: self.written({}, target)[FORM_XML]}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Our tabs and our script, in both layers."""
        tabs, script = self._tabs(target), self._script(target)
        return form_differences(found, lambda xml: holds_form(xml, tabs, script))

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """Of a form that somebody removed."""
        return {"name": "Information", "objecttypecode": self.form.table, "type": MAIN_FORM}

    def written(self, found: Found, target: SetupTarget) -> Mapping[str, object]:
        """The form with our tabs and our script."""
        tabs, name_column = self._tabs(target), TABLES[self.form.table].name_column
        return {FORM_XML: with_form(found.get(FORM_XML), tabs, self._script(target), name_column)}

    @property
    def can_hide(self) -> Set[str]:
        """The other tables whose rows it lists, and its script."""
        tables = {f"table {each.table}" for each in grids_of(self.form) if each.table != self.form.table}
        return tables | ({f"web resource {self.form.script.resource}"} if self.form.script else set())

    def shows(self, found: Found, *, published: bool = False) -> Set[str]:
        """By its XML."""
        row = found.get(PUBLISHED) if published else found
        return self.can_hide & shown_on(row.get(FORM_XML) if isinstance(row, Mapping) else None)

    def keeps(self, found: Found, names: Set[str]) -> Set[str]:
        """Further lists of these tables, and handlers that are not ours."""
        return names & shown_on(without(found.get(FORM_XML), self.form, names))

    def hide(self, found: Found, names: Set[str], target: SetupTarget) -> None:
        """Take our lists and our script out, unless somebody has changed the form since it was read."""
        xml, version = without(found.get(FORM_XML), self.form, names), str(found.get(ETAG) or "*")
        target.calls.patch(f"{self.rows.set_name}({self.object_id(found)})", {FORM_XML: xml}, version=version)

    def _tabs(self, target: SetupTarget) -> list[ET.Element]:
        return tabs_of(self.form, target.languages, absent_columns(self.form.table, target.absent))

    def _script(self, target: SetupTarget) -> FormScript | None:
        """Without handlers of columns that are not on the form."""
        script = self.form.script
        if script is None:
            return None
        absent = absent_columns(self.form.table, target.absent)
        return replace(script, on_change={name: each for name, each in script.on_change.items() if name not in absent})


def dashboard_id(name: str) -> str:
    """The id of a dashboard of ours, the same in every environment."""
    return fixed_id(_DASHBOARD_ROWS.table, name)


@dataclass(frozen=True, slots=True)
class DashboardPart(RowPart):
    """One dashboard of ours."""

    kind = "dashboard"
    phase = SetupPhase.FORMS
    solution_type = 60
    rows = _DASHBOARD_ROWS
    select = (FORM_XML, "type")
    dashboard: Dashboard

    @property
    def name(self) -> str:
        """Its name in the manifest."""
        return self.dashboard.name

    @property
    def removal(self) -> Removal:
        """It holds nothing."""
        return Removal.TAKEN

    @property
    def texts(self) -> Mapping[str, Text]:
        """Title and description."""
        return {"name": self.dashboard.title, "description": self.dashboard.description}

    @property
    def enabled(self) -> Mapping[str, object]:
        """It is active."""
        return {_ACTIVATION: 1}

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """Its lists."""
        return {FORM_XML: dashboard_xml(self.dashboard, target.languages)}

    def written(self, found: Found, target: SetupTarget) -> Mapping[str, object]:
        """Its lists, with what customers added to it."""
        tabs = read_xml(self.values(target)[FORM_XML])
        return {FORM_XML: with_form(found.get(FORM_XML), [] if tabs is None else tabs.iter("tab"), None, "")}

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """It belongs to no table."""
        return {"objecttypecode": "none", "type": _DASHBOARD}

    def same(self, column: str, expected: object, found: object) -> bool:
        """Whether the XML has our lists."""
        if column != FORM_XML:
            return expected == found
        ours, there = read_xml(expected), read_xml(found)
        return ours is not None and there is not None and holds(there, ours)


def form_differences(found: Found, is_right: Callable[[object], bool]) -> list[PropertyDifference]:
    """Whether the unpublished and the published layer of a form are right."""
    if not is_right(found.get(FORM_XML)):
        return [PropertyDifference(FORM_XML, Sentence("as in the manifest"), Sentence("other"))]
    published = found.get(PUBLISHED)
    shown = published.get(FORM_XML) if isinstance(published, Mapping) else None
    if shown != found.get(FORM_XML) and not is_right(shown):
        return [PropertyDifference("published", Sentence("yes"), Sentence("no"), by_publishing=True)]
    return []
