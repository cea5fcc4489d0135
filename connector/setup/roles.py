"""Security roles: made in the root business unit, with exactly the privileges of the manifest.

A new role is not empty: the platform gives it privileges of its own, which differ in nothing that matters and are
ignored. The set is written as a whole (`ReplacePrivilegesRole`), because adding leaves out some privileges silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.schema.installation import SOLUTION
from connector.dataverse.schema.roles import SecurityRole
from connector.setup.component import Found, PropertyDifference, SetupPhase
from connector.setup.privileges import coming_with, held_by, wanted_by
from connector.setup.row_parts import RowKind, RowPart
from connector.setup.target import SetupTarget

ROLES: Final = RowKind("role", "roles", "roleid")
#: Where a role that was read has its privileges.
HELD: Final = "(privileges)"
_TYPE: Final = "Microsoft.Dynamics.CRM."
_PRIVILEGE: Final = "privilege"
#: Who can have a role: users and teams, each of the unit of the copy.
_HOLDERS: Final = (("systemuserroles_association", "systemuserid"), ("teamroles_association", "teamid"))
#: What the platform puts into every new role, in lower case.
OF_THE_PLATFORM: Final = frozenset(
    f"prv{name}"
    for name in (
        "readsdkmessage", "readsdkmessageprocessingstep", "readsdkmessageprocessingstepimage", "readplugintype",
        "readpluginassembly", "readsharepointdata", "readsharepointdocument", "writesharepointdata",
        "createsharepointdata",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RolePart(RowPart):
    """One role."""

    kind = "role"
    phase = SetupPhase.ROLES
    rows = ROLES
    select = ("name", "description", "_businessunitid_value")
    solution_type = 20
    role: SecurityRole

    @property
    def name(self) -> str:
        """Its name."""
        return self.role.name

    @property
    def row_id(self) -> str:
        """The platform gives it one."""
        return ""

    @property
    def condition(self) -> str:
        """The role of the root unit, not its copies in the units below."""
        return f"{filters.eq('name', self.name)} and _parentroleid_value eq null"

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """The description, which has one language."""
        languages = target.languages
        return {"description": languages.texts(self.role.description)[languages.base]}

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:
        """Name and unit."""
        return {
            "name": self.name,
            "isinherited": 1,
            "businessunitid@odata.bind": f"/businessunits({root_unit(target)})",
        }

    def read(self, target: SetupTarget) -> Found | None:
        """The role with the depth of each privilege, by its name."""
        found = RowPart.read(self, target)
        return None if found is None else {**found, HELD: held_by(target.calls, self.object_id(found))}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """The description, privileges that are missing, of another depth, or too many.

        A table that is still to be made has no privileges yet; those of an older table of its name are gone with that.
        """
        held = found.get(HELD)
        given = held if isinstance(held, Mapping) else {}
        wanted = {each.name: each.depth for each in wanted_by(target.calls, self.role)}
        coming = coming_with(self.role, target.coming)
        differences = list(RowPart.compare(self, found, target))
        differences += [PropertyDifference(f"{_PRIVILEGE} {name}", depth.value, "") for name, depth in coming.items()]
        for name, depth in wanted.items():
            if given.get(name) != depth.value:
                differences.append(PropertyDifference(f"{_PRIVILEGE} {name}", depth.value, str(given.get(name, ""))))
        differences += [
            PropertyDifference(f"{_PRIVILEGE} {name}", "", str(given[name]))
            for name in sorted(given.keys() - wanted.keys() - coming.keys())
            if name.lower() not in OF_THE_PLATFORM
        ]
        return differences

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Write the description, and all privileges at once."""
        RowPart.change(self, found, differences, target)
        if any(each.property.startswith(f"{_PRIVILEGE} ") for each in differences):
            unit = str(found.get("_businessunitid_value") or "")
            items = [
                {
                    "@odata.type": f"{_TYPE}RolePrivilege",
                    "PrivilegeId": each.id,
                    "Depth": each.depth.value,
                    "BusinessUnitId": unit,
                }
                for each in wanted_by(target.calls, self.role)
            ]
            name = f"roles({self.object_id(found)})/{_TYPE}ReplacePrivilegesRole"
            target.calls.act(name, {"Privileges": items}, SOLUTION.name)

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Take the role from users and teams, and delete it; its copies in other units go with it."""
        role_id = self.object_id(found)
        for copy in target.calls.rows(f"roles?$select=roleid&$filter=_parentrootroleid_value eq {role_id}"):
            for association, column in _HOLDERS:
                address = f"roles({copy['roleid']})/{association}"
                for holder in target.calls.rows(f"{address}?$select={column}"):
                    target.calls.delete(f"{address}({holder[column]})/$ref")
        RowPart.remove(self, found, target)


def root_unit(target: SetupTarget) -> str:
    """The id of the root business unit."""
    condition = "_parentbusinessunitid_value eq null"
    rows = target.calls.some_rows(f"businessunits?$select=businessunitid&$filter={condition}")
    return str(rows[0]["businessunitid"])
