"""What a write or a read needs of the caller's role."""

from typing import Final

from sandbox.dataverse.errors import missing_privilege
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.users import Caller
from sandbox.dataverse.validation import Changes

_OWNER: Final = "_ownerid_value"


def require(caller: Caller, verb: Verb, model: TableModel) -> None:
    """Check a privilege.

    Raises:
        ApiError: 403 when the caller's role lacks it.
    """
    _require(caller, verb, model.name)


def require_lookups(caller: Caller, model: TableModel, changes: Changes) -> None:
    """Check the privileges that setting lookups needs, and giving a row to somebody else.

    Raises:
        ApiError: 403 when the caller's role lacks one.
    """
    for name, table in changes.targets.items():
        if name == _OWNER:
            if changes.values[name] != caller.user.id:
                require(caller, Verb.ASSIGN, model)
            continue
        require(caller, Verb.APPEND, model)
        _require(caller, Verb.APPEND_TO, table)


def _require(caller: Caller, verb: Verb, table: str) -> None:
    if not caller.user.role.allows(verb, table):
        raise missing_privilege(caller.user.id, f"{verb.value}{table}", table)
