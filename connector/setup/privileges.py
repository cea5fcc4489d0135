"""From the privileges of the manifest to those of an environment, and which of them a role has.

The names of privileges of standard tables deviate (`prvReadUser` for `systemuser`), so they are taken from the
definitions. A privilege that a table does not have, or a table that the environment does not have, is left out.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.schema import TABLES, installation as manifest
from connector.dataverse.schema.roles import Depth, SecurityRole

if TYPE_CHECKING:
    from connector.setup.calls import SetupCalls


@dataclass(frozen=True, slots=True)
class KnownPrivilege:
    """A privilege of this environment."""

    id: str
    name: str
    depth: Depth


def wanted_by(calls: "SetupCalls", role: SecurityRole) -> list[KnownPrivilege]:
    """The privileges that a role must have, as this environment knows them."""
    return [*wanted_on_tables(calls, role), *_others(calls, role.others)]


def wanted_on_tables(calls: "SetupCalls", role: SecurityRole) -> list[KnownPrivilege]:
    """Those of them that belong to a table; definitions are enough to know them."""
    of_tables = _of_tables(calls, sorted({each.table for each in role.privileges}))
    return [
        KnownPrivilege(str(known["PrivilegeId"]), str(known["Name"]), each.depth)
        for each in role.privileges
        if (known := of_tables.get((each.table, each.right.value))) is not None
    ]


def coming_with(role: SecurityRole, tables: Set[str]) -> dict[str, Depth]:
    """The depth of each privilege of a role on tables of ours that are still to be made, by the name that it will get.

    Args:
        role: that gets them.
        tables: that are to be made.
    """
    return {
        f"prv{each.right.value}{manifest.schema_name(TABLES[each.table])}": each.depth
        for each in role.privileges
        if each.table in tables
    }


def held_by(calls: "SetupCalls", role_id: str) -> dict[str, str]:
    """The depth of each privilege of a role, by its name."""
    return depths(calls.get(f"RetrieveRolePrivilegesRole(RoleId={role_id})").get("RolePrivileges"))


def depths(privileges: object) -> dict[str, str]:
    """The depth of each privilege in the answer of a function, by its name."""
    return {
        str(each["PrivilegeName"]): str(each["Depth"])
        for each in (privileges if isinstance(privileges, list) else ())
        if isinstance(each, Mapping)
    }


def _of_tables(calls: "SetupCalls", tables: list[str]) -> dict[tuple[str, str], Mapping[str, object]]:
    condition = " or ".join(filters.eq("LogicalName", name) for name in tables)
    rows = calls.rows(f"EntityDefinitions?$select=LogicalName,Privileges&$filter={quote(condition)}")
    return {
        (str(row["LogicalName"]), str(each["PrivilegeType"])): each
        for row in rows
        for each in (row["Privileges"] if isinstance(row["Privileges"], list) else ())
        if isinstance(each, Mapping)
    }


def _others(calls: "SetupCalls", names: tuple[str, ...]) -> list[KnownPrivilege]:
    if not names:
        return []
    condition = " or ".join(filters.eq("name", name) for name in names)
    rows = calls.rows(f"privileges?$select=privilegeid,name&$filter={quote(condition)}")
    return [KnownPrivilege(str(row["privilegeid"]), str(row["name"]), Depth.GLOBAL) for row in rows]
