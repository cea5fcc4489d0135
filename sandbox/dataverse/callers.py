"""On whose behalf a request runs, and what it wants its messages to carry."""

from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.access.directory import Directory
from sandbox.dataverse.calls import Call
from sandbox.dataverse.errors import not_supported
from sandbox.dataverse.roles import ACT_ON_BEHALF_PRIVILEGE, BYPASS_PRIVILEGE
from sandbox.dataverse.users import Caller, User
from sandbox.dataverse.values import as_guid

BY_OBJECT_ID: Final = "callerobjectid"
BY_USER_ID: Final = "mscrmcallerid"
BY_SOLUTION: Final = "mscrm.solutionuniquename"
_BYPASS: Final = "mscrm.bypassbusinesslogicexecution"


class Callers:
    """Reads the headers about the caller.

    Args:
        directory: who may be impersonated.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def caller(self, call: Call, tag: str | None) -> Caller:
        """The caller of a request.

        Raises:
            ApiError: 403 when a privilege is missing or nobody has the id, 400 when the headers make no sense.
        """
        headers, user = call.headers, call.user
        bypass = headers.get(_BYPASS)
        if bypass is not None and not user.role.has(BYPASS_PRIVILEGE):
            raise errors.missing_privilege(user.id, BYPASS_PRIVILEGE, "organization")
        silent = bypass is not None and "CustomAsync" in bypass
        agent = headers.get("user-agent", "")
        solution = headers.get(BY_SOLUTION, "")
        return Caller(self._acting(call), user, tag, silent, agent, call.correlation_id, solution=solution)

    def _acting(self, call: Call) -> User:
        given = [name for name in (BY_OBJECT_ID, BY_USER_ID) if name in call.headers]
        if not given:
            return call.user
        if len(given) > 1:
            raise not_supported("A request takes CallerObjectId or MSCRMCallerID, not both.")
        if not call.user.role.has(ACT_ON_BEHALF_PRIVILEGE):
            raise errors.missing_privilege(call.user.id, ACT_ON_BEHALF_PRIVILEGE, "systemuser")
        (name,) = given
        wanted = as_guid(call.headers[name])
        if wanted is None:
            raise not_supported(f"The value '{call.headers[name]}' of the header '{name}' is not a guid.")
        found = (self._directory.of_object if name == BY_OBJECT_ID else self._directory.of_id)(wanted)
        if found is None:
            raise errors.not_a_member()
        return found
