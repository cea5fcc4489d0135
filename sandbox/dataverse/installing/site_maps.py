"""The rules of site maps: what the schema refuses, and what is stored and shown broken, which is refused here too.

A subarea with an unknown table is hidden without a word, and a title without a text in the base language shows as
`Unknown0`. A stand-in that stored these would hide a defect of whoever writes them.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from sandbox.dataverse.customizing.dependencies import refuse_if_needed
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.solution_tables import Rules
from sandbox.dataverse.errors import duplicate_id
from sandbox.dataverse.installing.app_tables import SITE_MAP, SITE_MAP_TABLE
from sandbox.dataverse.installing.documents import WRONG_FORM, guid_in, read_xml
from sandbox.dataverse.installing.forms import DASHBOARD
from sandbox.dataverse.installing.tables import FORM_TABLE, RESOURCE_TABLE
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import Writer

#: The address that, beside `DefaultDashboard`, makes a subarea one of a dashboard.
DASHBOARDS: Final = "/workplace/home_dashboards.aspx"
_UNIQUE_NAME: Final = re.compile(r"\w{1,40}", re.ASCII)
_ID: Final = re.compile(r"[a-zA-Z0-9_]+")
_LIBRARY: Final = "$webresource:"

_SHARED: Final = frozenset(
    """
    Id Title ResourceId UpdateBreadcrumb Icon VectorIcon Url License IntroducedVersion Description ToolTipResourseId
    DescriptionResourceId
    """.split()  # noqa: SIM905
)
_ATTRIBUTES: Final = {
    "SiteMap": frozenset({"IntroducedVersion", "Url"}),
    "Area": _SHARED | {"ShowGroups"},
    "Group": _SHARED | {"IsProfile"},
    "SubArea": _SHARED
    | {
        "OutlookShortcutIcon", "PassParams", "Client", "AvailableOffline", "CheckExtensionProperty", "Sku", "Entity",
        "GetStartedPanePath", "GetStartedPanePathOutlook", "GetStartedPanePathAdmin", "GetStartedPanePathAdminOutlook",
        "DefaultDashboard",
    },
    "Privilege": frozenset({"Entity", "Privilege"}),
    "Titles": frozenset(),
    "Descriptions": frozenset(),
    "Title": frozenset({"LCID", "Title"}),
    "Description": frozenset({"LCID", "Description"}),
}  # fmt: skip
#: What an element has, in this order.
_CHILDREN: Final = {
    "SiteMap": ("Area",),
    "Area": ("Titles", "Descriptions", "Group"),
    "Group": ("Titles", "Descriptions", "SubArea"),
    "SubArea": ("Titles", "Descriptions", "Privilege"),
    "Titles": ("Title",),
    "Descriptions": ("Description",),
}
_PRIVILEGES: Final = frozenset({"Read", "Write", "Append", "AppendTo", "Create", "Delete", "Share", "Assign", "All"})


@dataclass(slots=True)
class SiteMapRules(Rules):
    """Checks site maps.

    Attributes:
        parts: of the environment.
    """

    parts: Parts

    def before_create(self, _writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new one.

        Raises:
            ApiError: 400 for a name or XML that does not fit, 412 for a name that is taken.
        """
        name = values.get("sitemapnameunique")
        if values.get("isappaware") is not True:
            raise invalid("The stand-in knows site maps of apps only: isappaware must be true.")
        if not isinstance(name, str) or not _UNIQUE_NAME.fullmatch(name):
            raise invalid("The sitemapnameunique must have 1 to 40 letters, digits and underscores.")
        rows = self.parts.store.tables[SITE_MAP_TABLE].rows.values()
        if any(str(row.values["sitemapnameunique"]).lower() == name.lower() for row in rows):
            raise duplicate_id()
        self._check(values)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 for another unique name, and for XML that does not fit.
        """
        for name in ("sitemapnameunique", "isappaware"):
            if values.get(name, old.values.get(name)) != old.values.get(name):
                raise invalid(f"The property {name} of a site map cannot be changed.")
        if "sitemapxml" in values:
            self._check(values)

    def before_delete(self, _writer: Writer, row: Row) -> None:
        """Check a deletion.

        Raises:
            ApiError: `0x8004f01f` while an app has it.
        """
        refuse_if_needed(self.parts, SITE_MAP, row.id, "SiteMap")

    def _check(self, values: dict[str, Scalar]) -> None:
        root = read_xml(values["sitemapxml"], "sitemapxml")
        if root.tag != "SiteMap":
            raise invalid("The root of sitemapxml must be SiteMap.", WRONG_FORM)
        _check_shape(root)
        _check_ids(root)
        for titles in root.iter("Titles"):
            if str(self.parts.labels.base) not in {each.get("LCID") for each in titles}:
                raise invalid("A title has no text in the base language: it would show as Unknown0.", WRONG_FORM)
        for element in (*root.iter("Area"), *root.iter("Group"), *root.iter("SubArea")):
            self._check_entry(element)

    def _check_entry(self, element: Element) -> None:
        name, table = element.get("Id"), element.get("Entity")
        if not element.get("Title") and element.find("Titles") is None and not table:
            raise invalid(f"'{name}' in sitemapxml has no title.", WRONG_FORM)
        for icon in filter(None, (element.get("Icon"), element.get("VectorIcon"))):
            if icon.startswith(_LIBRARY) and icon.removeprefix(_LIBRARY) not in self._resources():
                raise invalid(f"The icon {icon} of '{name}' in sitemapxml does not exist.", WRONG_FORM)
        if element.tag != "SubArea":
            return
        dashboard, address = element.get("DefaultDashboard"), element.get("Url")
        if (dashboard is not None) != (address == DASHBOARDS) or (table is not None) == (address is not None):
            raise invalid(f"'{name}' in sitemapxml must have one of Entity, Url and DefaultDashboard.", WRONG_FORM)
        if dashboard is not None and not self._is_dashboard(guid_in(dashboard)):
            raise invalid(f"The dashboard of '{name}' in sitemapxml does not exist.", WRONG_FORM)
        for each in filter(None, (table, *(one.get("Entity") for one in element.iter("Privilege")))):
            self.parts.finder.named(each)

    def _is_dashboard(self, form_id: str | None) -> bool:
        row = self.parts.store.get(FORM_TABLE, form_id) if form_id else None
        return row is not None and row.values.get("type") == DASHBOARD

    def _resources(self) -> set[str]:
        return {str(row.values["name"]) for row in self.parts.store.tables[RESOURCE_TABLE].rows.values()}


def tables_of(root: Element) -> Iterator[str]:
    """The tables that a site map leads to."""
    for each in root.iter("SubArea"):
        if table := each.get("Entity"):
            yield table


def _check_shape(element: Element) -> None:
    for name in element.attrib:
        if name not in _ATTRIBUTES[element.tag]:
            raise invalid(f"The '{name}' attribute is not declared for {element.tag}.", WRONG_FORM)
    allowed, place = _CHILDREN.get(element.tag, ()), 0
    for child in element:
        if child.tag not in allowed:
            raise invalid(f"The element '{element.tag}' has invalid child element '{child.tag}'.", WRONG_FORM)
        if allowed.index(child.tag) < place:
            raise invalid(f"The element '{child.tag}' is not in its place in '{element.tag}'.", WRONG_FORM)
        place = allowed.index(child.tag)
        _check_shape(child)
    if element.tag in ("Titles", "Descriptions"):
        if not len(element) or any(not (each.get("LCID") or "").isdigit() for each in element):
            raise invalid(f"'{element.tag}' must have texts, each with its LCID.", WRONG_FORM)
        if any(not each.get(each.tag) for each in element):
            raise invalid(f"A text in '{element.tag}' is empty.", WRONG_FORM)
    if element.tag == "Privilege" and not set((element.get("Privilege") or "").split(",")) <= _PRIVILEGES:
        raise invalid("The 'Privilege' attribute is invalid.", WRONG_FORM)


def _check_ids(root: Element) -> None:
    for tag in ("Area", "Group", "SubArea"):
        ids = [each.get("Id") or "" for each in root.iter(tag)]
        if wrong := next((each for each in ids if not _ID.fullmatch(each)), None):
            raise invalid(f"The 'Id' attribute of {tag} is invalid: '{wrong}'.", WRONG_FORM)
        if "" in ids:
            raise invalid(f"The required attribute 'Id' of {tag} is missing.", WRONG_FORM)
        if twice := next((each for each, times in Counter(ids).items() if times > 1), None):
            raise invalid(f"The Id {twice} of {tag} is there twice.", WRONG_FORM)
