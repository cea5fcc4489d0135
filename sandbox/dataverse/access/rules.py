"""What the platform does when users, roles and privileges are written.

* A role is not empty when it is new: it may read what registers plug-ins, and SharePoint.
* A role of the root unit is copied into every unit below it; the copies cannot be changed.
* A role that users or teams have cannot be deleted; of a role of the root unit, this is so for its copies too.
* A user without a business unit is refused with a message that says nothing, and an application has one user.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from connector.dataverse.schema.roles import Depth
from sandbox.dataverse.access.directory import object_of
from sandbox.dataverse.access.rights import ADMINISTRATOR_ID
from sandbox.dataverse.access.seeding import MASKS, AccessSeeds, first_privileges
from sandbox.dataverse.access.tables import ROLE, ROLE_PRIVILEGE, TEAM_ROLE, USER_ROLE
from sandbox.dataverse.customizing.definitions import Definitions
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.solution_tables import Rules
from sandbox.dataverse.errors import ApiError, duplicate_id, missing_privilege
from sandbox.dataverse.organization_tables import NEW_USER_SETTINGS, USER, USER_SETTINGS
from sandbox.dataverse.roles import ASSIGN_ROLE_PRIVILEGE
from sandbox.dataverse.store import Row, Transaction
from sandbox.dataverse.values import Scalar, as_guid
from sandbox.dataverse.writes import RowEvent, Writer

APPLICATION_TAKEN: Final = "0x8004F511"
APPLICATION_FIXED: Final = "0x80041d48"
UNEXPECTED: Final = "0x80040216"
#: To confirm on a real environment: which code the deletion of a role that somebody has is refused with.
IN_USE: Final = "0x80040227"


@dataclass(slots=True)
class RoleRules(Rules):
    """Roles."""

    seeds: AccessSeeds
    definitions: Definitions

    def before_create(self, writer: Writer, values: dict[str, Scalar], targets: dict[str, str]) -> Row | None:
        """Check a new role.

        Raises:
            ApiError: 400 for a role of another unit, 412 for a name that is taken.
        """
        store, unit = writer.store, str(values["_businessunitid_value"])
        above = store.tables["businessunit"].rows[unit].values.get("_parentbusinessunitid_value")
        if above is not None:
            raise invalid("The stand-in makes roles of the root business unit only.")
        name = str(values["name"]).lower()
        if any(str(row.values["name"]).lower() == name for row in store.tables[ROLE].rows.values()):
            raise duplicate_id()
        role_id = str(values["roleid"])
        values["_parentrootroleid_value"], targets["_parentrootroleid_value"] = role_id, ROLE
        return None

    def settle(self, transaction: Transaction, events: list[RowEvent]) -> None:
        """Fill a new role, and copy it into the other units."""
        for event in events:
            if event.table == ROLE and event.message == "Create" and event.after is not None:
                for each in first_privileges(self.definitions.tables):
                    self.seeds.grant(event.row_id, each, MASKS[Depth.GLOBAL])
                for unit in self._below(transaction, event.after):
                    transaction.put(ROLE, _copy(event.after, unit))

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:  # noqa: ARG002 - of the protocol
        """Refuse changes of a copy.

        Raises:
            ApiError: 400.
        """
        _refuse_copies(old)

    def before_delete(self, writer: Writer, row: Row) -> None:
        """Take the copies and the privileges along.

        Raises:
            ApiError: 400 for a copy, for the role of administrators, and for a role that somebody has.
        """
        _refuse_copies(row)
        if row.id == ADMINISTRATOR_ID:
            raise invalid("The System Administrator role cannot be deleted.")
        roles = writer.store.tables[ROLE].rows.values()
        copies = [each for each in roles if each.values.get("_parentrootroleid_value") == row.id]
        tables = [writer.store.tables[name] for name in (USER_ROLE, TEAM_ROLE)]
        if any(True for each in copies for data in tables for _ in data.having("_roleid_value", each.id)):
            message = "The object you tried to delete is associated with another object and cannot be deleted."
            raise ApiError(400, IN_USE, message)
        for copy in copies:
            _take_privileges(writer, copy.id)
            if copy.id != row.id:
                writer.transaction.remove(ROLE, copy.id)

    def _below(self, transaction: Transaction, role: Row) -> list[str]:
        own = role.values["_businessunitid_value"]
        return [unit for unit in transaction.store.tables["businessunit"].rows if unit != own]


def _copy(role: Row, unit: str) -> Row:
    row_id = str(uuid4())
    values: dict[str, Scalar] = {
        **role.values, "roleid": row_id, "_businessunitid_value": unit, "_parentroleid_value": role.id,
    }  # fmt: skip
    targets = {**role.targets, "_parentroleid_value": ROLE}
    return Row(row_id, role.order, role.version, values, targets)


def _take_privileges(writer: Writer, role_id: str) -> None:
    for pair in list(writer.store.tables[ROLE_PRIVILEGE].having("_roleid_value", role_id)):
        writer.transaction.remove(ROLE_PRIVILEGE, pair)


def _refuse_copies(row: Row) -> None:
    if row.values.get("_parentroleid_value") is not None:
        raise invalid("A role that is inherited from the parent business unit cannot be changed or deleted.")


class UserRules(Rules):
    """Users; those that are made by clients are application users. Each gets settings of its own, in UTC."""

    def before_create(self, writer: Writer, values: dict[str, Scalar], targets: dict[str, str]) -> Row | None:  # noqa: ARG002 - of the protocol
        """Check and complete a new user.

        Raises:
            ApiError: 400 without a business unit, or with an application that has a user.
        """
        if values.get("_businessunitid_value") is None:
            raise ApiError(400, UNEXPECTED, "An unexpected error occurred.")
        client = values.get("applicationid")
        if client is None:
            return None
        given = as_guid(str(client))
        if given is None:
            raise invalid(f"'{client}' is not the id of an application.")
        for row in writer.store.tables[USER].rows.values():
            if str(row.values.get("applicationid")).lower() == given:
                message = f"You are attempting to create an Application ID = {given} that already exists."
                raise ApiError(400, APPLICATION_TAKEN, message)
        values["applicationid"] = given
        values["azureactivedirectoryobjectid"] = object_of(given)
        values["fullname"] = f"# {values.get('fullname') or given}"
        return None

    def settle(self, transaction: Transaction, events: list[RowEvent]) -> None:
        """Give new users their settings."""
        settings = transaction.store.tables[USER_SETTINGS]
        for event in events:
            if event.table == USER and event.message == "Create" and event.row_id not in settings.rows:
                values: dict[str, Scalar] = {"systemuserid": event.row_id, **NEW_USER_SETTINGS}
                order, version = transaction.store.next_order(), transaction.store.next_version()
                transaction.put(USER_SETTINGS, Row(event.row_id, order, version, values))

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Refuse another application.

        Raises:
            ApiError: 400.
        """
        if values.get("applicationid", old.values.get("applicationid")) != old.values.get("applicationid"):
            raise ApiError(400, APPLICATION_FIXED, "The application of a user cannot be changed.")

    def before_delete(self, _: Writer, _row: Row) -> None:
        """Users are disabled, not deleted.

        Raises:
            ApiError: 400.
        """
        raise invalid("A user cannot be deleted, only disabled.")


def check_team_role(writer: Writer, _rows: Mapping[str, Row]) -> None:
    """Check that a team may be given a role, or be deprived of it. The members of a team have no rights from it here.

    Raises:
        ApiError: 403 without the right to assign roles.
    """
    if not writer.caller.user.role.has(ASSIGN_ROLE_PRIVILEGE):
        raise missing_privilege(writer.caller.user.id, ASSIGN_ROLE_PRIVILEGE, ROLE)


def check_user_role(writer: Writer, rows: Mapping[str, Row]) -> None:
    """Check that a user may be given a role, or be deprived of it.

    Raises:
        ApiError: 403 without the right to assign roles, 400 for a role of another business unit.
    """
    user, role = rows["systemuser"], rows[ROLE]
    check_team_role(writer, rows)
    if user.values.get("_businessunitid_value") != role.values.get("_businessunitid_value"):
        raise invalid("The user and the role are not of the same business unit.")
