"""At night the state forgets what nobody needs any more.

* Old values of runs that are too old to be undone, and of people who were anonymised.
* What the brake has counted of a mapping that is not in use any more, unless a plan of it waits for a person.
"""

import logging
from datetime import timedelta
from itertools import batched
from typing import Final

from connector import telemetry
from connector.dataverse.api import filters
from connector.dataverse.names import Info
from connector.mapping import mapping_version
from connector.services import Services
from connector.sync.all_records import CHUNK
from connector.sync.brake.brake import COUNTS, READS, BrakeCount
from connector.sync.old_values import OLD, OPERATION, expired, record_of

log = logging.getLogger(__name__)

#: How old the count of a mapping that is not in use may be: an operator may go back to a mapping of last week.
COUNT_DAYS: Final = timedelta(days=30)


def erase_expired(services: Services) -> int:
    """Erase them; returns how many values.

    Raises:
        ConnectorError: the state or Dataverse cannot be used.
    """
    state, settings = services.state, services.settings
    names = expired(state, days=settings.undo_days, now=services.now())
    for name in names:
        state.delete(name)
    left = state.names(f"{OLD}/")
    records = sorted({record for name in left if (record := record_of(name))})
    gone: set[str] = set()
    for chunk in batched(records, CHUNK, strict=False):
        rows = services.dataverse.query(
            Info.SET,
            select=(Info.RECORD,),
            filter=filters.and_(filters.in_(Info.RECORD, chunk), filters.eq(Info.GONE, value=True)),
        )
        gone |= {str(row[Info.RECORD]).lower() for row in rows}
    forgotten = [name for name in left if record_of(name) in gone]
    for name in forgotten:
        state.delete(name)
    erased = len(names) + len(forgotten)
    log.info("%d old values were erased.", erased, extra=telemetry.fields(operation=OPERATION, count=erased))
    return erased


def forget_counts(services: Services) -> int:
    """Delete the counts of the brake that nobody needs any more; returns how many.

    Raises:
        ConnectorError: the state cannot be used.
    """
    state, forgotten = services.state, 0
    in_use = {f"{COUNTS}/{mapping_version(services.mapping)}", f"{COUNTS}/{READS}"}
    for name in state.names(f"{COUNTS}/"):
        stored = None if name in in_use else state.read(name)
        count = BrakeCount.parse(name, stored.value) if stored else None
        if count is not None and not count.plan and services.now() - count.since >= COUNT_DAYS:
            state.delete(name)
            forgotten += 1
    return forgotten
