"""Tables about the organisation and its users: what decides which day it is for somebody, and who belongs to whom."""

from dataclasses import replace
from typing import Final

from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.relationships import ManyToMany
from sandbox.dataverse.values import JsonObject

USER: Final = "systemuser"
USER_SETTINGS: Final = "usersettings"
ORGANIZATION: Final = "organization"
TEAM: Final = "team"
TEAM_MEMBERSHIP: Final = "teammembership"
BUSINESS_UNIT: Final = "businessunit"

#: `fiscalperiodtype` of an organisation.
FISCAL_PERIODS: Final = {2000: "Annually", 2001: "Semi-annually", 2002: "Quarterly", 2003: "Monthly", 2004: "4-weekly"}
#: `weekstartdaycode` of an organisation.
WEEK_DAYS: Final = dict(enumerate(("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")))


def _lookup(name: str, *targets: str) -> Column:
    return Column(name, Kind.LOOKUP, targets=targets, navigation=dict.fromkeys(targets, name))


#: What Dataverse has on `systemuser` besides.
_USER_COLUMNS: Final = (
    _lookup("businessunitid", BUSINESS_UNIT),
    _lookup("parentsystemuserid", USER),
    Column("firstname", Kind.TEXT, "First Name", length=256),
    Column("lastname", Kind.TEXT, "Last Name", length=256),
    Column("azureactivedirectoryobjectid", Kind.ID, "Azure AD Object ID", writable=False),
    Column("accessmode", Kind.CHOICE, "Access Mode", options={0: "Read-Write", 4: "Non-interactive"}, default=0),
)

#: What Dataverse has on tables of the manifest besides.
_MORE_COLUMNS: Final = {
    USER: _USER_COLUMNS,
    "environmentvariabledefinition": (
        Column("description", Kind.MEMO, "Description", length=2000),
        Column("isrequired", Kind.YES_NO, "Is Required", default=False),
    ),
}

#: What the settings of a new user say: UTC, and English.
NEW_USER_SETTINGS: Final[dict[str, int]] = {"timezonecode": 92, "uilanguageid": 1033}

_TABLES: Final = (
    Table(
        name=USER_SETTINGS,
        set_name="usersettingscollection",
        label="User Settings",
        id_column="systemuserid",
        name_column="systemuserid",
        columns=(
            Column("systemuserid", Kind.ID, "User"),
            Column("timezonecode", Kind.INTEGER, "Time Zone Code"),
            Column("uilanguageid", Kind.INTEGER, "User Interface Language"),
        ),
    ),
    Table(
        name=ORGANIZATION,
        set_name="organizations",
        label="Organization",
        id_column="organizationid",
        name_column="name",
        columns=(
            Column("organizationid", Kind.ID, "Organization"),
            Column("name", Kind.TEXT, "Name", length=160),
            Column("languagecode", Kind.INTEGER, "Base Language Code"),
            Column("weekstartdaycode", Kind.CHOICE, "Week Start Day Code", options=WEEK_DAYS),
            Column("fiscalcalendarstart", Kind.DATE_TIME_NO_ZONE, "Fiscal Calendar Start"),
            Column("fiscalperiodtype", Kind.INTEGER, "Fiscal Period Type"),
            Column("maxdepthforhierarchicalsecuritymodel", Kind.INTEGER, "Maximum Depth for the Hierarchy"),
        ),
    ),
    Table(
        name=BUSINESS_UNIT,
        set_name="businessunits",
        label="Business Unit",
        id_column="businessunitid",
        name_column="name",
        columns=(
            Column("businessunitid", Kind.ID, "Business Unit"),
            Column("name", Kind.TEXT, "Name", length=160),
            _lookup("parentbusinessunitid", BUSINESS_UNIT),
        ),
    ),
    Table(
        name=TEAM,
        set_name="teams",
        label="Team",
        id_column="teamid",
        name_column="name",
        columns=(Column("teamid", Kind.ID, "Team"), Column("name", Kind.TEXT, "Name", length=160)),
    ),
    Table(
        name=TEAM_MEMBERSHIP,
        set_name="teammemberships",
        label="Team Membership",
        id_column="teammembershipid",
        name_column="teammembershipid",
        columns=(
            Column("teammembershipid", Kind.ID, "Team Membership"),
            _lookup("systemuserid", USER),
            _lookup("teamid", TEAM),
        ),
    ),
)

MEMBERSHIP: Final = ManyToMany("teammembership_association", TEAM_MEMBERSHIP, {USER: "systemuserid", TEAM: "teamid"})


def with_organization_tables(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables of an environment, completed by those about the organisation."""
    completed = (replace(each, columns=(*each.columns, *_MORE_COLUMNS.get(each.name, ()))) for each in tables)
    return (*completed, *_TABLES)


def organization_rows(organization_id: str, users: tuple[str, ...]) -> dict[str, list[JsonObject]]:
    """The rows of a new environment: weeks that begin on Monday, quarters, and users in UTC."""
    return {
        ORGANIZATION: [
            {
                "organizationid": organization_id,
                "name": "sandbox",
                "languagecode": 1033,
                "weekstartdaycode": 1,
                "fiscalcalendarstart": "2000-01-01T00:00:00Z",
                "fiscalperiodtype": 2002,
                "maxdepthforhierarchicalsecuritymodel": 3,
            }
        ],
        USER_SETTINGS: [{"systemuserid": user, **NEW_USER_SETTINGS} for user in users],
    }
