"""The actions and functions about the privileges of roles and users.

| name                         | on       | takes        | answers          |
|------------------------------|----------|--------------|------------------|
| AddPrivilegesRole            | a role   | `Privileges` |                  |
| ReplacePrivilegesRole        | a role   | `Privileges` |                  |
| RemovePrivilegeRole          | a role   | `Privilege`  |                  |
| RetrieveRolePrivilegesRole   | nothing  | `RoleId`     | `RolePrivileges` |
| RetrieveUserPrivileges       | a user   |              | `RolePrivileges` |

Adding brings the privileges of SharePoint back each time; replacing leaves them where they are.
"""

from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema.roles import Depth
from sandbox.dataverse import errors
from sandbox.dataverse.access.rights import ADMINISTRATOR_ID, Rights, listed, root_of
from sandbox.dataverse.access.seeding import MASKS, STICKY, AccessSeeds
from sandbox.dataverse.access.tables import PRIVILEGE, ROLE, ROLE_PRIVILEGE
from sandbox.dataverse.admission import ACT, BARE, admit
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.customizing.definitions import Definitions
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.errors import ApiError, not_supported, row_not_found, unknown_segment
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Json, JsonObject, as_guid

DUPLICATED: Final = "0x8004140f"
ROLE_PRIVILEGES: Final = "RetrieveRolePrivilegesRole"
USER_PRIVILEGES: Final = "RetrieveUserPrivileges"
_CHANGES: Final = frozenset({"AddPrivilegesRole", "ReplacePrivilegesRole", "RemovePrivilegeRole"})
_DEPTHS: Final = {mask: depth for depth, mask in MASKS.items()}
_TYPE: Final = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True, slots=True)
class AccessActions:
    """Answers them.

    Attributes:
        store: the rows.
        definitions: the tables.
        rights: what users may do.
        seeds: puts pairs of role and privilege in place.
    """

    store: Store
    definitions: Definitions
    rights: Rights
    seeds: AccessSeeds

    def on_role(self, call: Call, role: Row, name: str) -> Answer:
        """`POST roles(id)/Microsoft.Dynamics.CRM.name`.

        Raises:
            ApiError: 404 for another action, 403 without the right, 400 for what it does not take.
        """
        if name not in _CHANGES:
            raise unknown_segment(name)
        _check(call, "POST")
        if role.values.get("_parentroleid_value") is not None or role.id == ADMINISTRATOR_ID:
            raise invalid("The privileges of this role cannot be changed.")
        if name == "RemovePrivilegeRole":
            self._take(role.id, _removed(call))
        else:
            wanted = self._wanted(call, name)
            if name == "ReplacePrivilegesRole":
                for privilege in self.rights.privileges_of(role.id):
                    if privilege not in STICKY:
                        self._take(role.id, privilege)
            else:
                wanted = {**dict.fromkeys(STICKY, MASKS[Depth.GLOBAL]), **wanted}
            for privilege, mask in wanted.items():
                self._take(role.id, privilege)
                self.seeds.grant(role.id, privilege, mask)
        self.rights.changed()
        return empty_answer()

    def of_role(self, call: Call, parameters: str) -> Answer:
        """`GET RetrieveRolePrivilegesRole(RoleId=guid)`.

        Raises:
            ApiError: 400 without an id, 404 for an unknown role.
        """
        admit(call, parse_query(call.query) if call.query else {}, BARE)
        if call.method != "GET":
            raise ApiError(405, errors.BAD_QUERY, f"The resource does not support http method '{call.method}'.")
        name, _, value = parameters.partition("=")
        role_id = as_guid(value) if name == "RoleId" else None
        if role_id is None:
            raise invalid(f"{ROLE_PRIVILEGES} takes RoleId, a guid.")
        role = self.store.get(ROLE, role_id)
        if role is None:
            raise row_not_found(ROLE, role_id)
        return self._answer(call, ROLE_PRIVILEGES, [role])

    def on_user(self, call: Call, user: Row, name: str) -> Answer:
        """`GET systemusers(id)/Microsoft.Dynamics.CRM.RetrieveUserPrivileges`.

        Raises:
            ApiError: 404 for another function.
        """
        if name.removesuffix("()") != USER_PRIVILEGES:
            raise unknown_segment(name)
        if call.method != "GET":
            raise ApiError(405, errors.BAD_QUERY, f"The resource does not support http method '{call.method}'.")
        admit(call, parse_query(call.query) if call.query else {}, BARE)
        return self._answer(call, USER_PRIVILEGES, self.rights.roles_of(user.id))

    def _answer(self, call: Call, name: str, roles: list[Row]) -> Answer:
        deepest: dict[str, int] = {}
        for role in roles:
            held = self._everything() if role.id == ADMINISTRATOR_ID else self.rights.privileges_of(root_of(role))
            for privilege, mask in held.items():
                deepest[privilege] = max(mask, deepest.get(privilege, 0))
        rows = self.store.tables[PRIVILEGE].rows
        unit = str(roles[0].values["_businessunitid_value"]) if roles else ""
        shown: list[Json] = [
            {
                "Depth": _DEPTHS[mask].value,
                "PrivilegeId": privilege,
                "BusinessUnitId": unit,
                "PrivilegeName": str(rows[privilege].values["name"]),
                "RecordFilterId": "00000000-0000-0000-0000-000000000000",
                "RecordFilterUniqueName": "",
            }
            for privilege, mask in deepest.items()
            if privilege in rows
        ]
        context = f"{call.root}/$metadata#{_TYPE}{name}Response"
        return json_answer(200, {"@odata.context": context, "RolePrivileges": shown})

    def _everything(self) -> dict[str, int]:
        return dict.fromkeys(self.store.tables[PRIVILEGE].rows, MASKS[Depth.GLOBAL])

    def _wanted(self, call: Call, name: str) -> dict[str, int]:
        """The stored depth of each privilege that a body asks for."""
        body = call.json()
        items = body.get("Privileges")
        if set(body) != {"Privileges"} or not isinstance(items, list):
            raise not_supported(f"{name} takes exactly one parameter, 'Privileges', a collection.")
        only_global = {
            str(each["PrivilegeId"])
            for table in self.definitions.tables.values()
            for each in listed(table)
            if not each["CanBeBasic"]
        }
        found: dict[str, int] = {}
        for item in items:
            privilege, depth = self._read(item)
            if privilege in found:
                raise ApiError(400, DUPLICATED, f"Privilege {privilege} is duplicated.")
            if privilege in only_global and depth is not Depth.GLOBAL:
                raise invalid(f"The depth {depth.value} is not valid for the privilege {privilege}.")
            found[privilege] = MASKS[depth]
        return found

    def _read(self, item: Json) -> tuple[str, Depth]:
        if not isinstance(item, dict):
            raise not_supported("A privilege of a role is an object.")
        if unknown := set(item) - {"@odata.type", "PrivilegeId", "Depth", "BusinessUnitId"}:
            raise ApiError(400, errors.BAD_PAYLOAD, f"An undeclared property '{min(unknown)}' was found.")
        if item.get("@odata.type", f"{_TYPE}RolePrivilege") != f"{_TYPE}RolePrivilege":
            raise not_supported("A privilege of a role has the type RolePrivilege.")
        depth = item.get("Depth")
        if not isinstance(depth, str):
            raise ApiError(400, errors.BAD_PAYLOAD, f"Cannot read the value '{depth}' as a quoted JSON string value.")
        if depth not in {each.value for each in Depth}:
            raise invalid(f"'{depth}' is no depth of a privilege.")
        privilege = as_guid(str(item.get("PrivilegeId")))
        if privilege is None or self.store.get(PRIVILEGE, privilege) is None:
            raise row_not_found(PRIVILEGE, str(item.get("PrivilegeId")))
        return privilege, Depth(depth)

    def _take(self, role_id: str, privilege: str) -> None:
        data = self.store.tables[ROLE_PRIVILEGE]
        for pair in list(data.having("_roleid_value", role_id)):
            if data.rows[pair].values["_privilegeid_value"] == privilege:
                data.remove(pair)


def _check(call: Call, method: str) -> None:
    if call.method != method:
        raise ApiError(405, errors.BAD_QUERY, f"The resource does not support http method '{call.method}'.")
    admit(call, parse_query(call.query) if call.query else {}, ACT)
    if not call.user.role.everything:
        raise errors.missing_privilege(call.user.id, "prvWriterole", ROLE)


def _removed(call: Call) -> str:
    """The privilege that `RemovePrivilegeRole` names."""
    body: JsonObject = call.json()
    item = body.get("Privilege")
    named = as_guid(str(item.get("privilegeid"))) if isinstance(item, dict) else None
    if set(body) != {"Privilege"} or named is None:
        raise not_supported("RemovePrivilegeRole takes exactly one parameter, 'Privilege', with its privilegeid.")
    return named
