"""Rows of Spotler Permission as they are read: who switched one, and when.

A row says when it was switched (Changed On) only if the connector wrote it, because people who edit it on a form leave
no other trace than the time of the last write. So the last write tells which of the two times counts:

| Last written by | Subscribed since | Refused since |
|---|---|---|
| the connector | Changed On | Changed On |
| anybody else | Changed On, or the last write if it is empty | the later one of Changed On and the last write |

Of two possible times the one counts that favours an opt-out. The Changed On of a subscribed row that lies after the
last write by more than any clock is off says nothing: else no opt-out in Spotler would ever be newer.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from connector.consent import ConsentSource, PermissionRow
from connector.dataverse.api import Row, etag
from connector.dataverse.choices import ChangedBy
from connector.dataverse.names import Permission, lookup_value
from connector.dataverse.permission_tables import SPOTLER_PERMISSION, PermissionTable
from connector.services import Services
from connector.sync.moments import read_moment
from connector.sync.own_user import own_user

_MODIFIED_BY: Final = lookup_value(Permission.MODIFIED_BY)
#: How far Changed On may be ahead of the write: it may come from Spotler's clock, in a zone that was read wrongly.
_CLOCKS: Final = timedelta(days=1)


def columns_of(table: PermissionTable) -> tuple[str, ...]:
    """What has to be read of a row."""
    optional = filter(None, (table.changed_on, table.changed_by, table.bit))
    own = (table.id, table.name, table.subscribed, *optional)
    return (*own, Permission.STATE, Permission.MODIFIED_ON, _MODIFIED_BY)


def read_row(services: Services, row: Row, table: PermissionTable = SPOTLER_PERMISSION) -> PermissionRow:
    """A row with the columns of `columns_of`, as the Web API shows it."""
    bit, is_active = row.get(table.bit or ""), row.get(Permission.STATE) == 0
    changed, modified = read_moment(row.get(table.changed_on or "")), read_moment(row.get(Permission.MODIFIED_ON))
    # Who wrote it last matters only where it was written since it was switched, as far as it says so.
    was_written_since = changed is not None and modified is not None and changed < modified
    permission = PermissionRow(
        id=str(row[table.id]),
        name=str(row.get(table.name) or "").strip(),
        bit=bit if isinstance(bit, int) else None,
        subscribed=row.get(table.subscribed) is True,
        is_active=is_active,
        # A person who edits the row on a form leaves no other trace.
        source=ConsentSource.FEED if row.get(table.changed_by or "") == ChangedBy.SPOTLER else ConsentSource.PERSON,
        changed_on=changed,
        modified_on=modified,
        is_own_write=was_written_since and str(row.get(_MODIFIED_BY) or "").lower() == own_user(services),
        version=etag(row),
    )
    return replace(permission, at=_switched_on(permission))


def _switched_on(permission: PermissionRow) -> datetime | None:
    """When the row was switched, as far as it says so."""
    changed, modified = permission.changed_on, permission.modified_on
    if changed and modified and not permission.refuses and changed > modified + _CLOCKS:
        return modified
    if changed is None or modified is None or not permission.refuses or modified <= changed:
        return changed or modified
    return changed if permission.is_own_write else modified
