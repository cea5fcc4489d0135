"""At night the old values are erased of runs that are too old to be undone, and of people who were anonymised."""

import logging
from itertools import batched

from connector import telemetry
from connector.dataverse.api import filters
from connector.dataverse.names import Info
from connector.services import Services
from connector.sync.all_records import CHUNK
from connector.sync.old_values import OLD, OPERATION, expired, record_of

log = logging.getLogger(__name__)


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
