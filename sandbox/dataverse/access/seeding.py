"""The rows about access that an environment has from the start: privileges, the administrator's role, users."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from connector.dataverse.schema.roles import Depth, RoleNeeds, SecurityRole, service_role
from sandbox.dataverse.access.directory import object_of
from sandbox.dataverse.access.rights import ADMINISTRATOR_ID, OTHERS, listed
from sandbox.dataverse.access.tables import PRIVILEGE, ROLE, ROLE_PRIVILEGE, USER_ROLE
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customer_tables import MEMBERSHIP_ENTRY, PERIODIEK
from sandbox.dataverse.customizing.definitions import TableDefinition
from sandbox.dataverse.customizing.describing import privilege_id
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.organization_tables import BUSINESS_UNIT, USER
from sandbox.dataverse.placing import place
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import Scalar

#: The stored value of each depth.
MASKS = {Depth.BASIC: 1, Depth.LOCAL: 2, Depth.DEEP: 4, Depth.GLOBAL: 8}

#: Those of SharePoint, which only the removal of a single privilege takes away.
STICKY: Final = tuple(
    map(
        privilege_id,
        ("prvReadSharePointData", "prvReadSharePointDocument", "prvWriteSharePointData", "prvCreateSharePointData"),
    )
)
#: What else a new role has, by table, and without one.
_READS: Final = ("sdkmessage", "sdkmessageprocessingstep")
_OTHERS: Final = ("prvReadSdkMessageProcessingStepImage", "prvReadPluginType", "prvReadPluginAssembly")


def first_privileges(tables: Mapping[str, TableDefinition]) -> list[str]:
    """The privileges of a new role."""
    of_tables = [
        str(each["PrivilegeId"])
        for name in _READS
        if name in tables
        for each in listed(tables[name])
        if each["PrivilegeType"] == "Read"
    ]
    return [*of_tables, *map(privilege_id, _OTHERS), *STICKY]


@cache
def installed_role() -> SecurityRole:
    """The role of the connector where everything is installed and everything is used."""
    return service_role(RoleNeeds(entity=MEMBERSHIP_ENTRY.name, periodiek=PERIODIEK.name))


class AccessSeeds:
    """Puts rows in place.

    Args:
        store: the rows.
        clock: what time it is.
        business_unit_id: the root business unit.
    """

    def __init__(self, store: Store, clock: Clock, business_unit_id: str) -> None:
        self._store = store
        self._clock = clock
        self._unit = business_unit_id

    def privileges(self, tables: Iterable[TableDefinition]) -> None:
        """The privileges of tables."""
        for table in tables:
            for each in listed(table):
                self._privilege(str(each["PrivilegeId"]), str(each["Name"]))

    def begin(self) -> None:
        """The root unit, the privileges that belong to no table, and the role of administrators."""
        place(self._store, self._clock, BUSINESS_UNIT, self._unit, {"name": "sandbox"})
        for name in OTHERS:
            self._privilege(privilege_id(name), name)
        self.role("System Administrator", ADMINISTRATOR_ID)

    def user(self, user_id: str, client_id: str, first_name: str, last_name: str) -> None:
        """An application user of the root unit."""
        values: dict[str, Scalar] = {
            "fullname": f"{first_name} {last_name}",
            "firstname": first_name,
            "lastname": last_name,
            "applicationid": client_id,
            "azureactivedirectoryobjectid": object_of(client_id),
            "isdisabled": False,
            "accessmode": 4,
        }
        place(self._store, self._clock, USER, user_id, values, {"businessunitid": (BUSINESS_UNIT, self._unit)})

    def role(self, name: str, role_id: str) -> None:
        """A role of the root unit."""
        unit = {"businessunitid": ("businessunit", self._unit)}
        place(self._store, self._clock, ROLE, role_id, {"name": name, "isinherited": 1, "ismanaged": False}, unit)

    def give(self, user_id: str, role_id: str) -> None:
        """Let a user have a role."""
        pair = {"systemuserid": (USER, user_id), "roleid": (ROLE, role_id)}
        place(self._store, self._clock, USER_ROLE, guid_for(f"{user_id}/{role_id}"), {}, pair)

    def install(self, role: SecurityRole, tables: dict[str, TableDefinition], user_id: str) -> None:
        """Make a role of the manifest as an installation does, and give it to a user."""
        role_id = guid_for(f"role/{role.name}")
        self.role(role.name, role_id)
        of_tables = {(name, each["PrivilegeType"]): each for name, table in tables.items() for each in listed(table)}
        for privilege in role.privileges:
            found = of_tables.get((privilege.table, privilege.right.value))
            if found is not None:
                self.grant(role_id, str(found["PrivilegeId"]), MASKS[privilege.depth])
        for name in role.others:
            self.grant(role_id, privilege_id(name), MASKS[Depth.GLOBAL])
        for each in first_privileges(tables):
            self.grant(role_id, each, MASKS[Depth.GLOBAL])
        self.give(user_id, role_id)

    def grant(self, role_id: str, privilege: str, mask: int) -> None:
        """Let a role have a privilege."""
        pair = {"roleid": (ROLE, role_id), "privilegeid": (PRIVILEGE, privilege)}
        row_id = guid_for(f"{role_id}/{privilege}")
        place(self._store, self._clock, ROLE_PRIVILEGE, row_id, {"privilegedepthmask": mask}, pair)

    def _privilege(self, row_id: str, name: str) -> None:
        place(self._store, self._clock, PRIVILEGE, row_id, {"name": name})
