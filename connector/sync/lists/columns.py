"""What a Marketing List shows of its audience: whether Spotler has one, and when it was last brought in step.

| Column | Written when |
|---|---|
| Sync to Spotler | a run has finished: yes; the audience was removed: no. The nightly refresh goes by it |
| Last Sync to Spotler | a run has finished; it stays when the audience is removed |

Somebody who deactivates a list leaves a row that Dataverse may not let anybody change. Such a list keeps its yes, so
that the nightly refresh goes on with it if it is activated again; a list that is gone needs no columns.
"""

import logging
from typing import Final

from connector import telemetry
from connector.dataverse.api import DataverseRefused, NotFound
from connector.dataverse.names import MarketingList
from connector.services import Services

log = logging.getLogger(__name__)

#: Dataverse's answer to a change of a list that is deactivated.
LIST_IS_INACTIVE: Final = "0x8004033a"


def show_synced(services: Services, list_id: str, *, is_synced: bool) -> None:
    """Write on a Marketing List that Spotler has its audience as of now, or that it has none any more.

    Repeating it does no harm. A list that was deleted or may not be changed any more is no error.

    Raises:
        ConnectorError: Dataverse cannot be asked, or refuses the change for another reason.
    """
    values: dict[str, object] = {MarketingList.SYNCED: is_synced}
    if is_synced:
        values[MarketingList.LAST_SYNC] = services.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    try:
        services.dataverse.update(MarketingList.SET, list_id, values)
    except NotFound:
        log.info("A Marketing List was deleted before its columns were written.", extra=telemetry.fields())
    except DataverseRefused as error:
        if error.dataverse_code != LIST_IS_INACTIVE:
            raise
        log.info("A Marketing List is deactivated, so its columns stay as they are.", extra=telemetry.fields())
