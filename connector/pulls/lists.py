"""The nightly refresh of Marketing Lists: a Sync Marketing List job for each active list that is synced.

Which lists these are stands on them, in the column Sync to Spotler. A list that still has an unfinished job gets no
second one.

A list that is deactivated loses its audience at once, by a job. Where that job could not do it, something is still
remembered of the audience: then it is ordered once more each night. What a deleted list has left is removed here.
"""

import logging
from functools import lru_cache
from itertools import batched
from typing import Final

from connector import telemetry
from connector.dataverse.api import UnknownName, filters
from connector.dataverse.choices import Operation
from connector.dataverse.edition import has_lists
from connector.dataverse.names import MarketingList
from connector.pulls.switches import is_on
from connector.services import Services
from connector.sync.automatic.deleted_lists import remove_left_audiences
from connector.sync.lists.orders import LIST_OPERATIONS, PART, order
from connector.sync.lists.stored import ListState

log = logging.getLogger(__name__)

#: The name in logs.
NAME: Final = "lists"


def refresh_lists(services: Services) -> int:
    """Order the sync of every list that is due, if the refresh is switched on; returns how many jobs were queued.

    An environment without Marketing Lists has nothing to do.

    Raises:
        ConnectorError: Dataverse or the bus cannot be used; the next run makes the jobs that are missing.
    """
    if not is_on(services, NAME):
        return 0
    try:
        due = _synced(services)
    except UnknownName:
        if has_lists(services.dataverse):
            raise  # the columns of the connector's solution are missing
        _report_light_edition()
        return 0
    try:
        removed = remove_left_audiences(services)
        left_behind = order(services, Operation.REMOVE_MARKETING_LIST, _left_behind(services), unless=LIST_OPERATIONS)
    finally:
        queued = order(services, Operation.SYNC_MARKETING_LIST, due, unless=LIST_OPERATIONS)
    log.info(
        "%d of %d synced Marketing Lists are refreshed.",
        queued,
        len(due),
        extra=telemetry.fields(operation=NAME, count=queued),
    )
    if left_behind:
        log.info(
            "%d deactivated Marketing Lists lose the audience that is left of them.",
            left_behind,
            extra=telemetry.fields(operation=NAME, count=left_behind),
        )
    if removed:
        log.info(
            "%d deleted Marketing Lists have lost the audience that was left of them.",
            removed,
            extra=telemetry.fields(operation=NAME, count=removed),
        )
    return queued + left_behind


def _synced(services: Services) -> list[str]:
    rows = services.dataverse.query(
        MarketingList.SET,
        select=(MarketingList.ID,),
        filter=filters.and_(filters.eq(MarketingList.SYNCED, True), filters.eq(MarketingList.STATE, 0)),
    )
    return [str(row[MarketingList.ID]).lower() for row in rows]


def _left_behind(services: Services) -> list[str]:
    """The lists that are deactivated and of whose audience something is remembered."""
    inactive: list[str] = []
    for part in batched(sorted(ListState.remembered(services.state)), PART, strict=False):
        condition = filters.and_(filters.in_(MarketingList.ID, part), filters.ne(MarketingList.STATE, 0))
        rows = services.dataverse.query(MarketingList.SET, select=(MarketingList.ID,), filter=condition)
        inactive += [str(row[MarketingList.ID]).lower() for row in rows]
    return inactive


@lru_cache(maxsize=1)
def _report_light_edition() -> None:
    """Say so once per process."""
    log.info("This environment has no Marketing Lists, so none are refreshed.", extra=telemetry.fields(operation=NAME))
