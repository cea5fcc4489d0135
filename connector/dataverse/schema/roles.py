"""The two roles of an installation: which privileges each has on which table, and why.

    SERVICE ROLE   of the connector's application user: what its calls need, and nothing more
    USER ROLE      of people who order jobs and read what became of them

The privileges on the tables of the solution follow from the manifest; those on other tables from the mapping and the
settings (`RoleNeeds`). Rights on the whole organisation (Global) are the only ones that fit the connector: it works on
the records of everybody. People make jobs of their own only (Basic). They read the jobs of others and order them again,
and the connector owns what they change besides (Global). A privilege that a table does not have is left out when the
role is made.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.dataverse.names import (
    Account,
    EnvironmentVariable,
    EnvironmentVariableValue,
    Info,
    Interaction,
    Job,
    Lead,
    ListMember,
    MarketingList,
    Permission,
    Post,
    SystemUser,
    Visitor,
)
from connector.dataverse.records import RECORD_TABLES
from connector.dataverse.schema.installation import OWN_TABLES, own_columns
from connector.dataverse.schema.labels import Text


class Right(StrEnum):
    """What a privilege allows, by the name of Dataverse's `PrivilegeType`."""

    CREATE = "Create"
    READ = "Read"
    WRITE = "Write"
    DELETE = "Delete"
    #: Set a lookup of a row of the table.
    APPEND = "Append"
    #: Have a lookup point to a row of the table.
    APPEND_TO = "AppendTo"
    #: Give a row to another owner.
    ASSIGN = "Assign"
    SHARE = "Share"


class Depth(StrEnum):
    """Whose rows: those of the user, of the business unit, of it and those below, or of everybody."""

    BASIC = "Basic"
    LOCAL = "Local"
    DEEP = "Deep"
    GLOBAL = "Global"


@dataclass(frozen=True, slots=True)
class Privilege:
    """One right on the rows of one table."""

    table: str
    right: Right
    depth: Depth = Depth.GLOBAL


@dataclass(frozen=True, slots=True)
class SecurityRole:
    """A role of the installation.

    Attributes:
        name: its name, which is the same in every language.
        description: what administrators read.
        privileges: on tables.
        others: the names of privileges that belong to no table; all for the whole organisation.
    """

    name: str
    description: Text
    privileges: tuple[Privilege, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleNeeds:
    """What the connector does in one environment beside its own tables; the default is everything that it can do.

    Attributes:
        inward: tables of records into which values from Spotler are written.
        newcomers: the tables that new subscribers become rows of.
        referred: tables whose columns are sent as part of a record that refers to them.
        entity: the table of the customer that new subscribers go to; empty for none.
        periodiek: the table of the customer in which permissions are kept; empty for none.
        members: whether permissions are kept as members of Marketing Lists.
    """

    inward: frozenset[str] = frozenset(RECORD_TABLES)
    newcomers: frozenset[str] = frozenset(RECORD_TABLES)
    referred: frozenset[str] = frozenset()
    entity: str = ""
    periodiek: str = ""
    members: bool = True


SERVICE_ROLE: Final = "Spotler Service"
USER_ROLE: Final = "Spotler User"

#: Definitions are read to know which columns there are, and of which type; nobody may without these.
READ_DEFINITIONS: Final = ("prvReadEntity", "prvReadAttribute", "prvReadOptionSet", "prvReadRelationship")

_ADD: Final = (Right.CREATE, Right.READ)
#: Rows are made with a PATCH, for which Dataverse may ask for both rights, also where it is to change nothing.
_MAINTAIN: Final = (*_ADD, Right.WRITE)
#: Old jobs, old interactions and website visitors who did not come back are removed; nothing else ever is.
_CLEANED: Final = (Job.TABLE, Interaction.TABLE, Visitor.TABLE)
#: What a website visitor is promoted to.
_PROMOTED: Final = (Lead.TABLE, Account.TABLE)
#: What people do with their own jobs only: nobody makes one for somebody else, or changes the record of one.
_OF_OWN_JOBS: Final = frozenset({(Job.TABLE, Right.CREATE), (Job.TABLE, Right.APPEND)})
#: What the doctor reads: endpoint, steps with their images, their system jobs, and the version of the solution.
_INSPECTED: Final = (
    "asyncoperation",
    "serviceendpoint",
    "sdkmessageprocessingstep",
    "sdkmessageprocessingstepimage",
    "solution",
)


def service_role(needs: RoleNeeds | None = None) -> SecurityRole:
    """The role of the connector."""
    wanted = needs or RoleNeeds()
    return SecurityRole(
        SERVICE_ROLE,
        Text(
            "The connector's application user: reads and writes what it synchronises, and nothing else.",
            "De toepassingsgebruiker van de connector: leest en schrijft wat hij synchroniseert, en niets anders.",
        ),
        _in_order(_of_service(wanted)),
        READ_DEFINITIONS,
    )


def user_role() -> SecurityRole:
    """The role of people who order jobs."""
    return SecurityRole(
        USER_ROLE,
        Text(
            "Orders Spotler Jobs, reads what became of them, and changes permissions and Keep Out.",
            "Geeft opdracht tot Spotler-taken, leest de uitkomst, en wijzigt toestemmingen en Buiten Spotler houden.",
        ),
        _in_order(_of_user(), own=_OF_OWN_JOBS),
    )


def _of_service(needs: RoleNeeds) -> Iterator[tuple[str, Right]]:
    for table in OWN_TABLES:
        yield from ((table.name, right) for right in _MAINTAIN)
        if any(column.targets for column in own_columns(table)):
            yield table.name, Right.APPEND
    yield from ((name, Right.DELETE) for name in _CLEANED)
    # What lookups of our tables point to, Marketing Lists and the records among it.
    yield from ((name, Right.APPEND_TO) for name in _targets())
    for name in RECORD_TABLES:
        yield name, Right.READ
    # Values from Spotler, and new subscribers who are recognised.
    yield from ((name, Right.WRITE) for name in needs.inward | needs.newcomers)
    yield from ((name, Right.CREATE) for name in (*needs.newcomers, *_PROMOTED))
    # A promoted visitor, and what it becomes, has the owner that Spotler or the settings name.
    yield from ((name, Right.ASSIGN) for name in (Visitor.TABLE, *_PROMOTED))
    yield from ((name, Right.READ) for name in needs.referred)
    if needs.entity:
        yield from ((needs.entity, right) for right in _ADD)
    if needs.periodiek:
        yield from ((needs.periodiek, right) for right in (*_MAINTAIN, Right.APPEND))
    # Whether a list is synced stands on it.
    yield from ((MarketingList.TABLE, right) for right in (Right.READ, Right.WRITE))
    yield ListMember.TABLE, Right.READ
    if needs.members:
        yield from ((ListMember.TABLE, right) for right in (Right.CREATE, Right.APPEND, Right.DELETE))
    # What happened to a record is told on its timeline.
    yield from ((Post.TABLE, right) for right in (Right.CREATE, Right.APPEND))
    # The permissions of new records; the list of all permissions is kept in the definition.
    yield from ((EnvironmentVariable.TABLE, right) for right in (Right.READ, Right.WRITE))
    yield EnvironmentVariableValue.TABLE, Right.READ
    # Users by their address; and the time zone in which the lists of the connector begin a day.
    yield from ((name, Right.READ) for name in (SystemUser.TABLE, "usersettings"))
    yield from ((name, Right.READ) for name in _INSPECTED)


def _of_user() -> Iterator[tuple[str, Right]]:
    for table in OWN_TABLES:
        yield table.name, Right.READ
    # Order a job, for any record that they see, and order it again.
    yield from ((Job.TABLE, right) for right in (Right.CREATE, Right.WRITE, Right.APPEND))
    yield from ((name, Right.APPEND_TO) for name in _targets(Job.TABLE))
    # Keep Out is the only column of Spotler Info that people change.
    yield Info.TABLE, Right.WRITE
    # Whether a permission is on; the rows are made by the connector, or by administrators.
    yield Permission.TABLE, Right.WRITE
    # Who may read apps sees those that one of their roles was given: Spotler Hub.
    yield "appmodule", Right.READ


def _targets(of: str = "") -> list[str]:
    """The tables that lookups of the solution point to, or those of one of its tables."""
    tables = [table for table in OWN_TABLES if of in ("", table.name)]
    return sorted({target for table in tables for column in own_columns(table) for target in column.targets})


def _in_order(
    found: Iterable[tuple[str, Right]], own: Collection[tuple[str, Right]] = frozenset()
) -> tuple[Privilege, ...]:
    """The privileges, on the rows of everybody but for those on a user's own rows."""
    order = list(Right)
    unique = sorted(set(found), key=lambda each: (each[0], order.index(each[1])))
    return tuple(Privilege(*each, Depth.BASIC if each in own else Depth.GLOBAL) for each in unique)
