"""The tables of roles, of privileges, and of who has which."""

from typing import Final

from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.relationships import ManyToMany

ROLE: Final = "role"
PRIVILEGE: Final = "privilege"
ROLE_PRIVILEGE: Final = "roleprivileges"
USER_ROLE: Final = "systemuserroles"
TEAM_ROLE: Final = "teamroles"

_DATES: Final = (
    Column("createdon", Kind.DATE_TIME, writable=False),
    Column("modifiedon", Kind.DATE_TIME, writable=False),
    Column("versionnumber", Kind.BIG_INTEGER, writable=False),
)


def _lookup(name: str, target: str, *, required: bool = False, writable: bool = True) -> Column:
    return Column(name, Kind.LOOKUP, targets=(target,), navigation={target: name}, required=required, writable=writable)


ACCESS_TABLES: Final = (
    Table(
        name=ROLE,
        set_name="roles",
        label="Security Role",
        id_column="roleid",
        name_column="name",
        columns=(
            Column("roleid", Kind.ID),
            Column("name", Kind.TEXT, length=100, required=True),
            Column("description", Kind.MEMO, length=2000),
            Column("isinherited", Kind.CHOICE, options={0: "Team privileges only", 1: "Direct User"}, default=1),
            Column("ismanaged", Kind.YES_NO, default=False, writable=False),
            _lookup("businessunitid", "businessunit", required=True),
            _lookup("parentroleid", ROLE, writable=False),
            _lookup("parentrootroleid", ROLE, writable=False),
            *_DATES,
        ),
    ),
    Table(
        name=PRIVILEGE,
        set_name="privileges",
        label="Privilege",
        id_column="privilegeid",
        name_column="name",
        columns=(Column("privilegeid", Kind.ID), Column("name", Kind.TEXT, length=100), *_DATES),
    ),
    Table(
        name=ROLE_PRIVILEGE,
        set_name="roleprivilegescollection",
        label="Role Privilege",
        id_column="roleprivilegeid",
        name_column="roleprivilegeid",
        columns=(
            Column("roleprivilegeid", Kind.ID),
            _lookup("roleid", ROLE),
            _lookup("privilegeid", PRIVILEGE),
            Column("privilegedepthmask", Kind.INTEGER),
        ),
    ),
    Table(
        name=USER_ROLE,
        set_name="systemuserrolescollection",
        label="User Role",
        id_column="systemuserroleid",
        name_column="systemuserroleid",
        columns=(
            Column("systemuserroleid", Kind.ID),
            _lookup("systemuserid", "systemuser"),
            _lookup("roleid", ROLE),
        ),
    ),
    Table(
        name=TEAM_ROLE,
        set_name="teamrolescollection",
        label="Team Role",
        id_column="teamroleid",
        name_column="teamroleid",
        columns=(Column("teamroleid", Kind.ID), _lookup("teamid", "team"), _lookup("roleid", ROLE)),
    ),
)

ACCESS_RELATIONSHIPS: Final = (
    ManyToMany("roleprivileges_association", ROLE_PRIVILEGE, {ROLE: "roleid", PRIVILEGE: "privilegeid"}),
    ManyToMany("systemuserroles_association", USER_ROLE, {"systemuser": "systemuserid", ROLE: "roleid"}),
    ManyToMany("teamroles_association", TEAM_ROLE, {"team": "teamid", ROLE: "roleid"}),
)
