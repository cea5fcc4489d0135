"""Everything about access, put together: who calls, what they may do, and the requests that change it."""

from collections.abc import Callable, Mapping
from typing import Final

from sandbox.dataverse.access.actions import ROLE_PRIVILEGES, AccessActions
from sandbox.dataverse.access.directory import Directory
from sandbox.dataverse.access.rights import Rights
from sandbox.dataverse.access.rules import RoleRules, UserRules, check_team_role, check_user_role
from sandbox.dataverse.access.seeding import AccessSeeds
from sandbox.dataverse.access.tables import ROLE
from sandbox.dataverse.associating import PairCheck
from sandbox.dataverse.calls import Answer, Call
from sandbox.dataverse.customizing.definitions import TableDefinition
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.errors import unknown_segment
from sandbox.dataverse.organization_tables import USER
from sandbox.dataverse.store import Row
from sandbox.dataverse.writes import TableRules

#: What is checked of the pairs of some relationships in the place of the usual privileges.
PAIR_CHECKS: Final[Mapping[str, PairCheck]] = {
    "systemuserroles_association": check_user_role,
    "teamroles_association": check_team_role,
}


class Access:
    """Users, roles and privileges.

    Attributes:
        rights: what each user may do.
        directory: who the users are.
        seeds: puts rows in place.
        rules: of the tables about access.
        bound: the actions and functions that belong to a row, by table.

    Args:
        parts: the definitions, the rows and the clock.
        business_unit_id: the root business unit.
    """

    def __init__(self, parts: Parts, business_unit_id: str) -> None:
        self.rights = Rights(parts.store, parts.definitions, lambda: parts.knobs.privilege_lag)
        self.directory = Directory(parts.store, self.rights)
        self.seeds = AccessSeeds(parts.store, parts.clock, business_unit_id)
        self.rules: dict[str, TableRules] = {ROLE: RoleRules(self.seeds, parts.definitions), USER: UserRules()}
        self._actions = AccessActions(parts.store, parts.definitions, self.rights, self.seeds)
        self.bound: dict[str, Callable[[Call, Row, str], Answer]] = {
            ROLE: self._actions.on_role,
            USER: self._actions.on_user,
        }
        parts.when_settled.append(self._on_settled)

    @property
    def functions(self) -> dict[str, Callable[[Call, str | None, str | None], Answer]]:
        """The functions that belong to no table."""
        return {ROLE_PRIVILEGES: self._of_role}

    def _of_role(self, call: Call, key: str | None, rest: str | None) -> Answer:
        if key is None or rest is not None:
            raise unknown_segment(rest or ROLE_PRIVILEGES)
        return self._actions.of_role(call, key)

    def _on_settled(self, table: TableDefinition) -> None:
        """The privileges of a new table."""
        self.seeds.privileges((table,))
