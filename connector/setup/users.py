"""The application user of the connector, with its role and its time zone.

Users are in no solution, and are never deleted.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import DataverseRefused, filters
from connector.dataverse.schema.roles import SERVICE_ROLE
from connector.setup.component import Found, PropertyDifference, Removal, SetupPhase
from connector.setup.roles import root_unit
from connector.setup.row_parts import RowKind, RowPart
from connector.setup.target import SetupTarget
from connector.setup.time_zones import SETTINGS, UTC_CODE, read_time_zones
from connector.words import Sentence

USERS: Final = RowKind("systemuser", "systemusers", "systemuserid")
_ROLES: Final = "(roles)"
_ASSOCIATION: Final = "systemuserroles_association"


@dataclass(frozen=True, slots=True)
class UserPart(RowPart):
    """The application user.

    Attributes:
        application: the client id; empty where none is named.
    """

    kind = "application user"
    phase = SetupPhase.USERS
    rows = USERS
    select = ("isdisabled", "_businessunitid_value")
    application: str
    name: str = "Spotler Connector"

    @property
    def removal(self) -> Removal:
        """Dataverse does not delete users; without our role this one has no rights of ours."""
        return Removal.STAYS

    @property
    def row_id(self) -> str:
        """The platform gives it one."""
        return ""

    @property
    def condition(self) -> str:
        """The user of the application."""
        return filters.eq("applicationid", self.application)

    def left_alone(self, target: SetupTarget) -> str:  # noqa: ARG002 - of the protocol
        """Nobody is made for an application that is not named."""
        return "" if self.application else Sentence("No application is named: give its client id with --application.")

    def values(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the protocol
        """It may sign in."""
        return {"isdisabled": False}

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:
        """Application, name and unit; without a unit, Dataverse refuses without saying why."""
        return {
            "applicationid": self.application,
            "firstname": "Spotler",
            "lastname": "Connector",
            "businessunitid@odata.bind": f"/businessunits({root_unit(target)})",
        }

    def read(self, target: SetupTarget) -> Found | None:
        """The user and the names of its roles."""
        found = RowPart.read(self, target)
        if found is None:
            return None
        address = f"systemusers({self.object_id(found)})/{_ASSOCIATION}?$select=name"
        return {**found, _ROLES: [row["name"] for row in target.calls.rows(address)]}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Whether it can sign in and has our role; roles that somebody else gave it stay."""
        differences = list(RowPart.compare(self, found, target))
        roles = found.get(_ROLES)
        if SERVICE_ROLE not in (roles if isinstance(roles, list) else ()):
            differences.append(PropertyDifference("role", SERVICE_ROLE, ""))
        return differences

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Enable it, and give it the role: of the role's copies, that of the user's own unit.

        Before it gets the role, so when it is new, it also gets the time zone of most people.
        """
        RowPart.change(self, found, differences, target)
        if any(each.property == "role" for each in differences):
            self._take_time_zone(found, target)
            unit = found.get("_businessunitid_value")
            condition = f"{filters.eq('name', SERVICE_ROLE)} and _businessunitid_value eq {unit}"
            for role in target.calls.rows(f"roles?$select=roleid&$filter={quote(condition)}"):
                address = f"systemusers({self.object_id(found)})/{_ASSOCIATION}/$ref"
                target.calls.refer(address, f"roles({role['roleid']})")

    def _take_time_zone(self, found: Found, target: SetupTarget) -> None:
        """Give it the time zone of most people, unless somebody chose one.

        Nothing depends on it: where Dataverse refuses, the set-up goes on, and the doctor says what is to be done.
        """
        user_id = self.object_id(found)
        with suppress(DataverseRefused):
            zones = read_time_zones(target.calls, user_id)
            if zones.differ and zones.own == UTC_CODE:
                target.calls.patch(f"{SETTINGS}({user_id})", {"timezonecode": zones.usual})
