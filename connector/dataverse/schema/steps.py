"""The steps that post messages through the service endpoint.

Only the messages about single rows are registered: where rows are written in bulk, Dataverse raises these too, once for
each row. The two forms of SetState are raised by older clients, and by newer ones the state is changed with an Update.

The steps of Marketing Lists are left out where the environment has no such table, and those of messages that it does
not have: not every version has RemoveListMembers.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from connector.dataverse.names import Job, MarketingList, Permission
from connector.dataverse.records import PERMISSION_COLUMNS, PERMISSION_OWNERS, RECORD_TABLES
from connector.dataverse.schema.model import Step

_OF_MEMBERS: Final = ("AddMember", "AddListMembers", "RemoveMember", "RemoveListMembers")
_OF_RECORDS: Final = ("Create", "Update", "Delete", "Merge", "SetState", "SetStateDynamicEntity")


def steps(triggers: Mapping[str, Iterable[str]], *, with_members: bool = True) -> tuple[Step, ...]:
    """The steps of an installation.

    Args:
        triggers: per table of records, the columns whose change starts a sync; of a table that is not named, every
            change is posted, and the router decides.
        with_members: whether permissions are kept in Marketing Lists, so that a change of their members is one of
            consent. Each member who is added or removed is a message then.
    """
    records = (
        Step(message, table, tuple(sorted(triggers.get(table, ()))) if message == "Update" else ())
        for table in RECORD_TABLES
        for message in _OF_RECORDS
    )
    # Whose permission it is stands in the columns of the row, which a change does not name and a deletion takes away.
    lookups = tuple(PERMISSION_OWNERS)
    return (
        Step("Create", Job.TABLE),
        *records,
        Step("Create", Permission.TABLE),
        Step("Update", Permission.TABLE, PERMISSION_COLUMNS, pre_image=lookups),
        Step("Delete", Permission.TABLE, pre_image=lookups),
        Step("Update", MarketingList.TABLE, (MarketingList.STATE,)),
        *(Step(message, MarketingList.TABLE) for message in ("Delete", "SetState", "SetStateDynamicEntity")),
        *(Step(message, MarketingList.TABLE) for message in (_OF_MEMBERS if with_members else ())),
    )
