"""The site map of an app as XML: its left navigation, and whether what Dataverse has is as the manifest says.

Customers may add areas, groups and lines to it: these stay where ours are written anew.
"""

from collections.abc import Set
from typing import Final
from xml.etree import ElementTree as ET

from connector.dataverse.schema.app import App, NavigationEntry
from connector.dataverse.schema.installation import PREFIX
from connector.dataverse.schema.labels import Text
from connector.setup.interface.forms import dashboard_id
from connector.setup.interface.xml_compare import child, holds, read_xml, text_of
from connector.setup.labels import Languages

#: What a line with a dashboard has beside the id of the dashboard; it is compared with its capitals.
_DASHBOARDS: Final = "/workplace/home_dashboards.aspx"
#: Recipes call it required, the schema does not.
_VERSION: Final = "7.0.0.0"
_NAME: Final = "Id"
#: The only area, and what it is called.
_AREA: Final = f"{PREFIX}_hub"


def site_map_xml(app: App, languages: Languages, absent: Set[str] = frozenset()) -> str:
    """The site map.

    Args:
        app: whose it is.
        languages: that titles can have.
        absent: tables that the environment does not have: a line that leads to one would never show.
    """
    root = ET.Element("SiteMap", IntroducedVersion=_VERSION)
    area = child(root, "Area", Id=_AREA, ShowGroups="true", IntroducedVersion=_VERSION)
    _titles(area, Text(app.name, app.name), languages)
    for group in app.groups:
        entries = [entry for entry in group.entries if entry.table not in absent]
        if entries:
            element = child(area, "Group", Id=group.name, IntroducedVersion=_VERSION)
            _titles(element, group.title, languages)
            for entry in entries:
                _entry(element, entry, languages)
    return text_of(root)


def same_site_map(ours: str, found: object) -> bool:
    """Whether a site map has our lines in our order; it may have more."""
    expected, there = read_xml(ours), read_xml(found)
    return expected is not None and there is not None and holds(there, expected, ("IntroducedVersion",))


def merged_site_map(ours: str, found: object) -> str:
    """Our site map with what customers added to the one that is there; anything that cannot be read counts as empty."""
    expected, there = read_xml(ours), read_xml(found)
    if expected is None or there is None:
        return ours
    _keep(expected, there)
    return text_of(expected)


def _keep(ours: ET.Element, found: ET.Element) -> None:
    """Add the areas, groups and lines of others, at the end of where they are."""
    own = {each.get(_NAME): each for each in ours if each.get(_NAME)}
    for each in found:
        name = each.get(_NAME) or ""
        if name in own:
            _keep(own[name], each)
        elif name and not name.startswith(f"{PREFIX}_"):
            ours.append(each)


def _entry(group: ET.Element, entry: NavigationEntry, languages: Languages) -> None:
    element = child(group, "SubArea", Id=entry.name, IntroducedVersion=_VERSION)
    if entry.table:
        element.set("Entity", entry.table)
    if entry.dashboard:
        element.set("DefaultDashboard", f"{{{dashboard_id(entry.dashboard)}}}")
    if entry.address or entry.dashboard:
        element.set("Url", entry.address or _DASHBOARDS)
    if entry.title:
        _titles(element, entry.title, languages)
    if entry.needs:
        table, right = entry.needs
        child(element, "Privilege", Entity=table, Privilege=right.value)


def _titles(parent: ET.Element, text: Text, languages: Languages) -> None:
    titles = child(parent, "Titles")
    for language, each in languages.texts(text).items():
        child(titles, "Title", LCID=str(language), Title=each)
