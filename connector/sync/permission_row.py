"""Rows of Spotler Permission as they are read: who switched one, and when.

A row says when it was switched (Changed On) only if the connector wrote it, because people who edit it on a form leave
no other trace than the time of the last write. So the last write tells which of the two times counts:

| Last written by | Subscribed since | Refused since |
|---|---|---|
| the connector | Changed On | Changed On |
| anybody else | Changed On, or the last write if it is empty | the later one of Changed On and the last write |

Of two possible times the one counts that favours an opt-out.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from connector.consent import ConsentSource, PermissionRow
from connector.dataverse.api import Row, etag
from connector.dataverse.choices import ChangedBy
from connector.dataverse.names import Permission, lookup_value
from connector.services import Services
from connector.sync.moments import read_moment
from connector.sync.own_user import own_user

_MODIFIED_BY: Final = lookup_value(Permission.MODIFIED_BY)

#: What has to be read of a row.
SELECT: Final = (
    Permission.ID,
    Permission.NAME,
    Permission.BIT,
    Permission.SUBSCRIBED,
    Permission.STATE,
    Permission.CHANGED_ON,
    Permission.CHANGED_BY,
    Permission.MODIFIED_ON,
    _MODIFIED_BY,
)


def read_row(services: Services, row: Row) -> PermissionRow:
    """A row with the columns of `SELECT`, as the Web API shows it."""
    bit, is_active = row.get(Permission.BIT), row.get(Permission.STATE) == 0
    permission = PermissionRow(
        id=str(row[Permission.ID]),
        name=str(row.get(Permission.NAME) or "").strip(),
        bit=bit if isinstance(bit, int) else None,
        subscribed=row.get(Permission.SUBSCRIBED) is True,
        is_active=is_active,
        # A person who edits the row on a form leaves no other trace.
        source=ConsentSource.FEED if row.get(Permission.CHANGED_BY) == ChangedBy.SPOTLER else ConsentSource.PERSON,
        changed_on=read_moment(row.get(Permission.CHANGED_ON)),
        modified_on=read_moment(row.get(Permission.MODIFIED_ON)),
        version=etag(row),
    )
    return replace(permission, at=_switched_on(services, row, permission))


def _switched_on(services: Services, row: Row, permission: PermissionRow) -> datetime | None:
    """When the row was switched, as far as it says so."""
    changed, modified = permission.changed_on, permission.modified_on
    if changed is None or modified is None or not permission.refuses or modified <= changed:
        return changed or modified
    return changed if str(row.get(_MODIFIED_BY) or "").lower() == own_user(services) else modified
