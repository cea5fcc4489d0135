"""Marketing Lists that were deactivated or deleted in Dataverse lose their audience in Spotler.

| The list | Then |
|---|---|
| is deactivated, and was or is to be synced | a Remove Marketing List job is queued; it waits for a sync under way |
| was deleted | its audience is removed here, because no job can be about it |
| has other members, and a message that does not name them | the records that differ are synced (`list_watch`) |
| is active, or was never synced | nothing |

A sync that is under way when its list is deleted notices it at its next step. The step before may still have made the
audience again. Its job has lost its list; as long as there is such a job, the removal is repeated after a lease.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

from connector.dataverse.api import Row, filters, lookup_id
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, ListMember, MarketingList, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.routing.record_item import RecordItem
from connector.services import Services
from connector.sync.automatic.items import Returned
from connector.sync.lists.orders import order
from connector.sync.lists.removal import remove_audience
from connector.sync.permissions.list_watch import sync_changed_members_of
from connector.sync.results import Delivery, NotSent, Sent

#: What the log counts.
REMOVED: Final = "LIST_REMOVED"
REMOVAL_QUEUED: Final = "LIST_REMOVAL_QUEUED"
LEFT: Final = "LIST_LEFT"
COMPARED: Final = "LIST_COMPARED"

_REMOVE: Final = Operation.REMOVE_MARKETING_LIST


def follow_lists(
    services: Services, items: Mapping[RecordRef, RecordItem], put_back: Returned
) -> dict[RecordRef, Delivery]:
    """Do for each list what follows from its present state.

    Args:
        services: Dataverse, Spotler and the bus.
        items: by list; all of them are of the table `list`.
        put_back: gets the items of removals that are repeated.
    """
    try:
        rows = _rows(services, items)
        inactive = {ref for ref, row in rows.items() if row.get(MarketingList.STATE) != 0}
        wanted = _ever_synced(services, {ref: rows[ref] for ref in inactive})
        order(services, _REMOVE, [ref.id for ref in wanted], unless=(_REMOVE,))
    except ConnectorError as error:
        return {ref: NotSent(error) for ref in items}
    results: dict[RecordRef, Delivery] = {}
    deleted = {ref: item for ref, item in items.items() if item.deleted and ref not in rows}
    for ref, item in items.items():
        if ListMember.TABLE in item.columns and ref in rows:
            results[ref] = _compare(services, ref)
            continue
        results[ref] = (
            _done(REMOVAL_QUEUED if ref in wanted else LEFT) if ref not in deleted else _remove(services, ref)
        )
    if deleted and _is_sync_under_way(services):
        lease = timedelta(seconds=services.settings.job_lease_seconds)
        again = [item for ref, item in deleted.items() if not isinstance(results[ref], NotSent)]
        put_back.messages += [item.again(services.now() + lease) for item in again]
    return results


def _rows(services: Services, refs: Collection[RecordRef]) -> dict[RecordRef, Row]:
    rows = services.dataverse.query(
        MarketingList.SET,
        select=(MarketingList.ID, MarketingList.STATE, MarketingList.SYNCED),
        filter=filters.in_(MarketingList.ID, sorted(ref.id for ref in refs)),
    )
    return {RecordRef(MarketingList.TABLE, str(row[MarketingList.ID]).lower()): row for row in rows}


def _ever_synced(services: Services, rows: Mapping[RecordRef, Row]) -> set[RecordRef]:
    """Those that are synced, or have a job that may have begun to fill an audience."""
    synced = {ref for ref, row in rows.items() if row.get(MarketingList.SYNCED) is True}
    others = rows.keys() - synced
    if not others:
        return synced
    jobs = services.dataverse.query(
        Job.SET,
        select=(lookup_value(Job.LIST),),
        filter=filters.and_(
            filters.eq(Job.OPERATION, Operation.SYNC_MARKETING_LIST.value),
            filters.in_(Job.LIST, sorted(ref.id for ref in others)),
        ),
    )
    ordered = {about.lower() for job in jobs if (about := lookup_id(job, Job.LIST))}
    return synced | {ref for ref in others if ref.id in ordered}


def _remove(services: Services, ref: RecordRef) -> Delivery:
    try:
        remove_audience(services, ref.id)
    except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
        return NotSent(error)
    return _done(REMOVED)


def _compare(services: Services, ref: RecordRef) -> Delivery:
    try:
        sync_changed_members_of(services, ref.id)
    except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
        return NotSent(error)
    return _done(COMPARED)


def _is_sync_under_way(services: Services) -> bool:
    """Whether there is an unfinished job that has lost its list; where that cannot be asked, there may be one."""
    condition = filters.and_(
        filters.eq(Job.STATE, 0),
        filters.eq(Job.OPERATION, Operation.SYNC_MARKETING_LIST.value),
        filters.eq(lookup_value(Job.LIST), None),
    )
    try:
        return bool(services.dataverse.query(Job.SET, select=(Job.ID,), filter=condition, top=1))
    except ConnectorError:
        return True


def _done(code: str) -> Sent:
    return Sent(code, "")
