"""People who came to the Marketing Lists of permissions, or left them, without a message of Dataverse.

Copied members, members that an evaluation removes, and merges raise none. So the members of each list are compared with
those of the last time, and the records that differ are synced; that reads their memberships anew and decides. Nothing
is decided here, so an incomplete answer does no harm.

    permission-lists/LIST/00000   a part of the ids of the members, as they were last time
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import batched, count
from typing import Final

from connector import telemetry
from connector.dataverse.api import Query, fetch_page, filters
from connector.dataverse.names import ListMember, lookup_value
from connector.dataverse.records import RecordRef
from connector.mapping.permission_lists import PermissionList, permission_list_tables
from connector.routing.record_item import RecordItem
from connector.servicebus.entities import TOPIC_JOBS
from connector.services import Services
from connector.state import StoredValueUnreadable
from connector.sync.lists.ids import each_of, packed, raw, text_of, unpacked
from connector.sync.lists.query import dynamic_query
from connector.sync.permissions.list_storage import ListStorage

log = logging.getLogger(__name__)

#: Where the members of the last time are kept.
STATE: Final = "permission-lists"
#: Members in one value of the state.
PART: Final = 50_000
#: Members of a dynamic list in one page.
PAGE: Final = 5000
#: Records in one send.
BLOCK: Final = 1000
_MEMBER: Final = lookup_value(ListMember.MEMBER)


def sync_changed_members(services: Services) -> int:
    """Start the sync of every record whose membership changed since the last time; returns how many these are.

    At the first time it is every member.

    Raises:
        ConnectorError: Dataverse, the bus or the state cannot be used, or a list cannot be used.
    """
    lists = _lists(services)
    changed = sum(_compare(services, each) for each in lists)
    if lists:
        log.info(
            "%d members of %d Marketing Lists of permissions have changed.",
            changed,
            len(lists),
            extra=telemetry.fields(operation=STATE, count=changed),
        )
    return changed


def sync_changed_members_of(services: Services, list_id: str) -> int:
    """The same for one Marketing List; nothing if it holds no permission."""
    return sum(_compare(services, each) for each in _lists(services) if each.id == list_id)


def _lists(services: Services) -> list[PermissionList]:
    tables = permission_list_tables(services.mapping)
    return [each for table in tables for each in ListStorage.of(services, table).lists]


def _compare(services: Services, about: PermissionList) -> int:
    members, before = _members(services, about), _before(services, about)
    changed = members ^ before
    _start(services, about, changed)
    if changed:
        _keep(services, about, members)
    return len(changed)


def _members(services: Services, about: PermissionList) -> set[bytes]:
    if about.query is not None:
        return set(_selected(services, about, about.query))
    query = Query(
        set_name=ListMember.SET,
        select=(_MEMBER,),
        filter=filters.eq(lookup_value(ListMember.LIST), filters.guid(about.id)),
    )
    return {raw(str(row[_MEMBER])) for page in services.dataverse.pages(query) for row in page}


def _selected(services: Services, about: PermissionList, query: str) -> Iterator[bytes]:
    """Those whom the query of a dynamic list finds, page by page."""
    members, cookie = dynamic_query(query, about.table, ()), ""
    for number in count(1):
        page = fetch_page(services.dataverse, members.set_name, members.page(number, PAGE, cookie))
        yield from (raw(str(row[members.key])) for row in page.rows)
        if members.is_whole or not (page.has_more and page.cookie):
            return
        cookie = page.cookie


def _before(services: Services, about: PermissionList) -> set[bytes]:
    """The members of the last time; of a value that cannot be read none, so that they are synced once more."""
    found: set[bytes] = set()
    for name in services.state.names(f"{STATE}/{about.id}/"):
        with suppress(StoredValueUnreadable, ValueError):
            stored = services.state.read(name)
            found |= set(each_of(unpacked(stored.value.get("ids")))) if stored else set()
    return found


def _start(services: Services, about: PermissionList, changed: Iterable[bytes]) -> None:
    now = services.now()
    items = (RecordItem(record=RecordRef(about.table, text_of(each)), first_seen=now) for each in sorted(changed))
    for block in batched(items, BLOCK, strict=False):
        messages = [item.message(f"{item.subject}/{about.id}/{int(now.timestamp())}") for item in block]
        services.bus.to_topic(TOPIC_JOBS, messages)


def _keep(services: Services, about: PermissionList, members: set[bytes]) -> None:
    """Written after the records were sent: a crash in between sends them once more."""
    for name in services.state.names(f"{STATE}/{about.id}/"):
        services.state.delete(name)
    for place, part in enumerate(batched(sorted(members), PART, strict=False)):
        services.state.write(f"{STATE}/{about.id}/{place:05}", {"ids": packed(part)}, version=None)
