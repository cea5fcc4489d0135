"""What a write or a read needs of the caller's role: the privilege on the table, and its depth on the row."""

from typing import Final

from sandbox.dataverse.errors import access_denied, missing_privilege
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.roles import Role, Verb
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.validation import Changes

OWNER: Final = "_ownerid_value"


def require(caller: Caller, verb: Verb, model: TableModel, row: Row | None = None) -> None:
    """Check a privilege, on a row where one is given.

    Raises:
        ApiError: 403 when the caller's role lacks it, or has it on the rows of others only.
    """
    _require(caller, verb, model.name)
    if row is not None:
        _require_on(caller, verb, model.name, row.id, owner_of(row))


def require_for_owner(caller: Caller, verb: Verb, model: TableModel, row_id: str, owner: object) -> None:
    """Check a privilege on a row that is being made for an owner.

    Raises:
        ApiError: as `require`.
    """
    _require_on(caller, verb, model.name, row_id, str(owner or ""))


def require_lookups(caller: Caller, model: TableModel, changes: Changes, store: Store, row: Row | None) -> None:
    """Check the privileges that setting lookups needs, and giving a row to somebody else.

    Args:
        caller: who writes.
        model: the table of the row.
        changes: what is written.
        store: the rows that lookups point to.
        row: as it is; None for a new one.

    Raises:
        ApiError: 403 when the caller's role lacks one.
    """
    owner = owner_of(row) if row else str(changes.values.get(OWNER) or caller.user.id)
    row_id = row.id if row else changes.row_id or ""
    for name, table in changes.targets.items():
        if name == OWNER:
            if changes.values[name] != caller.user.id:
                require(caller, Verb.ASSIGN, model, row)
            continue
        _require(caller, Verb.APPEND, model.name)
        _require_on(caller, Verb.APPEND, model.name, row_id, owner)
        target = store.get(table, str(changes.values[name]))
        _require(caller, Verb.APPEND_TO, table)
        if target is not None:
            _require_on(caller, Verb.APPEND_TO, table, target.id, owner_of(target))


def owner_of(row: Row) -> str:
    """Whose row it is; empty for one of the organisation."""
    return str(row.values.get(OWNER) or "")


def sees(role: Role | None, model: TableModel, row: Row) -> bool:
    """Whether somebody who may read the table may read this row; whoever has no role sees everything."""
    return role is None or role.reaches(Verb.READ, model.name, owner_of(row))


def _require(caller: Caller, verb: Verb, table: str) -> None:
    if not caller.user.role.allows(verb, table):
        raise missing_privilege(caller.user.id, f"{verb.value}{table}", table)


def _require_on(caller: Caller, verb: Verb, table: str, row_id: str, owner: str) -> None:
    if not caller.user.role.reaches(verb, table, owner):
        raise access_denied(caller.user.id, verb.value.removeprefix("prv"), table, row_id, owner)
