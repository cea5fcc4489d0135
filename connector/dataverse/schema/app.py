"""The app Spotler Hub: its left navigation, and who sees it.

It is for marketers and administrators. What it leads to is also in the apps that they have.
"""

from dataclasses import dataclass
from typing import Final

from connector.dataverse.names import (
    Account,
    Automation,
    Consent,
    Contact,
    EnvironmentVariable,
    Info,
    Interaction,
    Job,
    Lead,
    MarketingList,
    Permission,
    Visitor,
)
from connector.dataverse.schema.installation import PREFIX
from connector.dataverse.schema.labels import Text
from connector.dataverse.schema.roles import USER_ROLE, Right


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One line of the left navigation: it leads to a table, to a dashboard or to an address.

    Attributes:
        name: its name, unique in the app.
        title: what people read; None for the name that the table has.
        table: the logical name of the table.
        dashboard: the name of the dashboard.
        address: of the page, below the address of the environment.
        needs: the table, and the right on it, without which a person does not see the line.
    """

    name: str
    title: Text | None = None
    table: str = ""
    dashboard: str = ""
    address: str = ""
    needs: tuple[str, Right] | None = None


@dataclass(frozen=True, slots=True)
class NavigationGroup:
    """Lines under one heading."""

    name: str
    title: Text
    entries: tuple[NavigationEntry, ...]


#: How many unique names an app can have.
_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class App:
    """A model-driven app.

    Attributes:
        name: what people read, in every language.
        unique_name: as it is sent; Dataverse puts the prefix of the publisher in front of it, and may keep the name of
            an app that is gone.
        description: what it is for.
        groups: its left navigation.
        roles: the names of the roles that see it.
    """

    name: str
    unique_name: str
    description: Text
    groups: tuple[NavigationGroup, ...]
    roles: tuple[str, ...]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The unique names that it can have: the first that is not taken."""
        return (self.unique_name, *(f"{self.unique_name}{number}" for number in range(2, _NAMES + 1)))

    @property
    def unique_names(self) -> tuple[str, ...]:
        """The names by which it is found: with the prefix, and without it."""
        return tuple(name for each in self.candidates for name in (f"{PREFIX}_{each}", each))

    @property
    def entries(self) -> tuple[NavigationEntry, ...]:
        """All lines."""
        return tuple(entry for group in self.groups for entry in group.entries)


def _table(name: str) -> NavigationEntry:
    return NavigationEntry(f"{PREFIX}_{name.removeprefix(f'{PREFIX}_')}", table=name)


#: The list of environment variables, which has no other place in an app.
_VARIABLES: Final = f"/main.aspx?pagetype=entitylist&etn={EnvironmentVariable.TABLE}"

SPOTLER_HUB: Final = App(
    "Spotler Hub",
    "SpotlerHub",
    Text(
        "Spotler Jobs and what became of them, permissions, automations, marketing interactions and website visitors.",
        "Spotler-taken en hun uitkomst, toestemmingen, automations, marketinginteracties en websitebezoekers.",
    ),
    (
        NavigationGroup(
            "dh_overview",
            Text("Overview", "Overzicht"),
            (NavigationEntry("dh_dashboard", Text("Dashboard", "Dashboard"), dashboard="overview"),),
        ),
        NavigationGroup(
            "dh_records",
            Text("Records", "Records"),
            tuple(_table(each.TABLE) for each in (Contact, Lead, Account, MarketingList)),
        ),
        NavigationGroup(
            "dh_spotler",
            Text("Spotler", "Spotler"),
            tuple(_table(each.TABLE) for each in (Job, Automation, Permission, Consent, Info, Interaction, Visitor)),
        ),
        NavigationGroup(
            "dh_administration",
            Text("Administration", "Beheer"),
            (
                NavigationEntry(
                    "dh_variables",
                    Text("Environment Variables", "Omgevingsvariabelen"),
                    address=_VARIABLES,
                    needs=(EnvironmentVariable.TABLE, Right.WRITE),
                ),
            ),
        ),
    ),
    (USER_ROLE,),
)
