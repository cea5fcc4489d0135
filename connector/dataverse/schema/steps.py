"""The steps that post messages through the service endpoint.

Only the messages about single rows are registered: where rows are written in bulk, Dataverse raises these too, once for
each row. The two forms of SetState are raised by older clients, and by newer ones the state is changed with an Update.

The steps of Marketing Lists are left out where the environment has no such table, and those of messages that it does
not have: not every version has RemoveListMembers.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from connector.dataverse.names import Job, MarketingList
from connector.dataverse.permission_tables import SPOTLER_PERMISSION, PermissionTable
from connector.dataverse.records import RECORD_TABLES
from connector.dataverse.schema.model import Step

_OF_MEMBERS: Final = ("AddMember", "AddListMembers", "RemoveMember", "RemoveListMembers")
_OF_RECORDS: Final = ("Create", "Update", "Delete", "Merge", "SetState", "SetStateDynamicEntity")


def steps(
    triggers: Mapping[str, Iterable[str]], *, with_members: bool = True, periodiek: PermissionTable | None = None
) -> tuple[Step, ...]:
    """The steps of an installation.

    Args:
        triggers: per table of records, the columns whose change starts a sync; of a table that is not named, every
            change is posted, and the router decides.
        with_members: whether permissions are kept in Marketing Lists, so that a change of their members is one of
            consent. Each member who is added or removed is a message then.
        periodiek: the table of Periodieken, where permissions are kept in it.
    """
    records = (
        Step(message, table, tuple(sorted(triggers.get(table, ()))) if message == "Update" else ())
        for table in RECORD_TABLES
        for message in _OF_RECORDS
    )
    # Whose permission it is stands in the columns of the row, which a change does not name and a deletion takes away.
    permissions = (
        step
        for each in (SPOTLER_PERMISSION, periodiek)
        if each is not None
        for step in (
            Step("Create", each.table),
            Step("Update", each.table, each.watched, pre_image=tuple(each.owners)),
            Step("Delete", each.table, pre_image=tuple(each.owners)),
        )
    )
    return (
        Step("Create", Job.TABLE),
        *records,
        *permissions,
        Step("Update", MarketingList.TABLE, (MarketingList.STATE,)),
        *(Step(message, MarketingList.TABLE) for message in ("Delete", "SetState", "SetStateDynamicEntity")),
        *(Step(message, MarketingList.TABLE) for message in (_OF_MEMBERS if with_members else ())),
    )
