"""Adding somebody to a static Marketing List, and removing them: actions of Dataverse, many in one `$batch`.

Adding a member again has no effect, and removing somebody who is none is refused, which is the same end state here. So
both may be repeated. A list that is dynamic, locked or deactivated refuses both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from connector.dataverse.api.batch import BatchRequest, BatchResponse, tagged
from connector.dataverse.api.errors import DataverseRefused
from connector.dataverse.api.rows import address
from connector.dataverse.names import Account, Contact, Lead, MarketingList
from connector.errors import ConnectorError

#: Dataverse's answer where somebody who is to be removed is no member.
NOT_A_MEMBER: Final = "0x80048458"

_ADD: Final = "AddListMembersList"
_REMOVE: Final = "Microsoft.Dynamics.CRM.RemoveMemberList"
_TYPE: Final = "@odata.type"
_CRM: Final = "Microsoft.Dynamics.CRM."
_IDS: Final = {Contact.TABLE: Contact.ID, Lead.TABLE: Lead.ID, Account.TABLE: Account.ID}


class Batches(Protocol):
    """What this module needs of the client."""

    def batch(self, requests: Sequence[BatchRequest]) -> list[BatchResponse]:
        """Send requests in one call."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody who is to be a member of a list, or not any more.

    Attributes:
        list_id: of the Marketing List.
        table: of the record: contact, lead or account.
        member: the id of the record.
        wanted: whether it is to be a member.
    """

    list_id: str
    table: str
    member: str
    wanted: bool

    @property
    def request(self) -> BatchRequest:
        """The call that makes it so."""
        if self.wanted:
            who = {_TYPE: f"{_CRM}{self.table}", _IDS[self.table]: self.member}
            values = {"List": {_TYPE: f"{_CRM}{MarketingList.TABLE}", MarketingList.ID: self.list_id}, "Members": [who]}
            return BatchRequest("POST", tagged(_ADD), _ADD, values, is_idempotent=True)
        path = f"{address(MarketingList.SET, self.list_id)}/{_REMOVE}"
        route = f"{MarketingList.SET}(…)/{_REMOVE}"
        return BatchRequest("POST", tagged(path), route, {"EntityId": self.member}, is_idempotent=True)

    @classmethod
    def of(cls, request: BatchRequest) -> Self | None:
        """What a request changes; None if it changes no membership."""
        values = request.values or {}
        if request.route.endswith(_REMOVE):
            list_id = request.path.partition("(")[2].partition(")")[0]
            return cls(list_id, "", str(values["EntityId"]), wanted=False)
        if request.route != _ADD:
            return None
        about, members = values["List"], values["Members"]
        if not isinstance(about, dict) or not isinstance(members, list):
            return None
        table = str(members[0][_TYPE]).removeprefix(_CRM)
        return cls(str(about[MarketingList.ID]), table, str(members[0][_IDS[table]]), wanted=True)


def change_members(dataverse: Batches, changes: Sequence[Membership]) -> list[ConnectorError | None]:
    """Make these changes; for each, what went wrong or None.

    Raises:
        ConnectorError: nothing was changed, as far as is known.
    """
    if not changes:
        return []
    return [_problem(each.error) for each in dataverse.batch([change.request for change in changes])]


def _problem(error: ConnectorError | None) -> ConnectorError | None:
    is_done = isinstance(error, DataverseRefused) and error.dataverse_code == NOT_A_MEMBER
    return None if is_done else error
