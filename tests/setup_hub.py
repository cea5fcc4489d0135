"""A small app for tests of the set-up: two of our tables, Marketing Lists, and the role that sees it."""

from dataclasses import replace

from connector.dataverse.names import Interaction, MarketingList, Visitor
from connector.dataverse.schema.app import SPOTLER_HUB, NavigationGroup
from connector.dataverse.schema.labels import Text
from connector.dataverse.schema.resources import ICON
from connector.dataverse.schema.roles import USER_ROLE, Privilege, Right, SecurityRole
from connector.setup.component import Component, full_name
from connector.setup.components import components
from connector.setup.interface.components import app_components
from connector.setup.roles import RolePart
from tests.setup_world import named

_TABLES = (Visitor.TABLE, Interaction.TABLE, MarketingList.TABLE)
_ENTRIES = tuple(entry for entry in SPOTLER_HUB.entries if entry.table in _TABLES)
#: Spotler Hub with fewer lines.
HUB = replace(SPOTLER_HUB, groups=(NavigationGroup("dh_spotler", Text("Spotler", "Spotler"), _ENTRIES),))
#: Who sees it.
USER = SecurityRole(
    USER_ROLE, Text("x", "x"), tuple(Privilege(table, Right.READ) for table in (Visitor.TABLE, "appmodule"))
)


def base_parts() -> list[Component]:
    """What the app needs, and no app: both tables with all their parts, choices and the icon."""
    names = [
        full_name(each)
        for each in components()
        if each.kind == "choice"
        or each.name == ICON.name
        or each.name.partition(".")[0] in (Visitor.TABLE, Interaction.TABLE, MarketingList.TABLE)
    ]
    return sorted([*named(*names), RolePart(USER)], key=lambda each: each.phase)


def hub_parts() -> list[Component]:
    """The same with the app."""
    return sorted([*base_parts(), *app_components(HUB)], key=lambda each: each.phase)
