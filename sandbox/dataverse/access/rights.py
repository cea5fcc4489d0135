"""From the rows of roles and privileges to what a user may do.

A change of a role takes effect late: the first requests after it are still checked against the rights of before, as
long as the knob `privilege_lag` says.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sandbox.dataverse.access.reach import reach_of
from sandbox.dataverse.access.tables import PRIVILEGE, ROLE, ROLE_PRIVILEGE, USER_ROLE
from sandbox.dataverse.customizing.definitions import Definitions, TableDefinition
from sandbox.dataverse.customizing.describing import privilege_id
from sandbox.dataverse.roles import Role, Verb
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Json
from sandbox.dataverse.writes import RowEvent

#: The role that may do everything; this id is the same in every environment.
ADMINISTRATOR_ID: Final = "627090ff-40a3-4053-8790-584edc5be201"
#: Privileges that belong to no table.
OTHERS: Final = (
    "prvActOnBehalfOfAnotherUser", "prvAssignRole", "prvBypassCustomBusinessLogic", "prvBypassCustomPlugins",
    "prvReadEntity", "prvReadAttribute", "prvReadOptionSet", "prvReadRelationship", "prvCreateEntity",
    "prvReadSdkMessageProcessingStepImage", "prvReadPluginType", "prvReadPluginAssembly",
    "prvReadSharePointData", "prvReadSharePointDocument", "prvWriteSharePointData", "prvCreateSharePointData",
)  # fmt: skip
_DEPENDENT: Final = frozenset({ROLE, PRIVILEGE, ROLE_PRIVILEGE, USER_ROLE})


@dataclass(slots=True)
class _Cached:
    """The rights of a user; `stale` counts down the requests that still see them after a change."""

    role: Role
    stale: int | None = None


class Rights:
    """What each user may do.

    Attributes:
        used: by user, the privileges that requests have needed since the start.

    Args:
        store: the rows.
        definitions: the tables, with their privileges.
        lag: how many requests after a change still see the rights of before.
    """

    def __init__(self, store: Store, definitions: Definitions, lag: Callable[[], int]) -> None:
        self._store = store
        self._definitions = definitions
        self._lag = lag
        self._known: dict[str, _Cached] = {}
        self.used: defaultdict[str, set[str]] = defaultdict(set)

    def of(self, user_id: str) -> Role:
        """What a user may do in the request that begins now."""
        known = self._known.get(user_id)
        if known is not None and known.stale is not None:
            if known.stale > 0:
                known.stale -= 1
            else:
                known = None
        if known is None:
            known = self._known[user_id] = _Cached(self._read(user_id))
        return known.role

    def changed(self) -> None:
        """Roles are not what they were."""
        for known in self._known.values():
            known.stale = self._lag()

    def clear(self) -> None:
        """Know nothing, for a reset."""
        self._known.clear()

    def on_commit(self, events: list[RowEvent]) -> None:
        """Follow what is written."""
        if any(event.table in _DEPENDENT for event in events):
            self.changed()

    def privileges_of(self, role_id: str) -> dict[str, int]:
        """The stored depth of each privilege of a role."""
        data = self._store.tables[ROLE_PRIVILEGE]
        rows = map(data.rows.__getitem__, data.having("_roleid_value", role_id))
        return {str(row.values["_privilegeid_value"]): int(str(row.values["privilegedepthmask"])) for row in rows}

    def roles_of(self, user_id: str) -> list[Row]:
        """The roles of a user."""
        data, roles = self._store.tables[USER_ROLE], self._store.tables[ROLE].rows
        ids = [str(data.rows[each].values["_roleid_value"]) for each in data.having("_systemuserid_value", user_id)]
        return [roles[role_id] for role_id in ids if role_id in roles]

    def _read(self, user_id: str) -> Role:
        roles = self.roles_of(user_id)
        name = ", ".join(sorted(str(role.values["name"]) for role in roles))
        if any(ADMINISTRATOR_ID in (role.id, role.values.get("_parentrootroleid_value")) for role in roles):
            return Role(name, everything=True, used=self.used[user_id])
        held: dict[str, int] = {}
        for role in roles:
            for privilege, mask in self.privileges_of(root_of(role)).items():
                held[privilege] = max(mask, held.get(privilege, 0))
        tables: dict[str, dict[Verb, int]] = {}
        for table in self._definitions.tables.values():
            verbs = {verb: held[privilege] for verb, privilege in verbs_of(table) if privilege in held}
            if verbs:
                tables[table.name] = verbs
        others = frozenset(each for each in OTHERS if privilege_id(each) in held)
        return Role(name, tables, others=others, used=self.used[user_id], covers=reach_of(self._store, user_id))


def root_of(role: Row) -> str:
    """The role of the root unit whose copy a role is, or itself."""
    return str(role.values.get("_parentrootroleid_value") or role.id)


def verbs_of(table: TableDefinition) -> Iterator[tuple[Verb, str]]:
    """What can be allowed on a table, and the id of the privilege."""
    for each in listed(table):
        yield Verb(f"prv{each['PrivilegeType']}"), str(each["PrivilegeId"])


def listed(table: TableDefinition) -> Iterator[dict[str, Json]]:
    """The privileges in the definition of a table."""
    found = table.properties.get("Privileges")
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict):
            yield each
