"""Website visitors that have not come back for a time are deleted at night; zero days keeps them.

With a visitor goes what was known of it: a visitor that was set aside and comes back after that is a new one.
"""

from datetime import datetime, timedelta
from typing import Final

from connector.dataverse.api import BatchRequest, etag, filters
from connector.dataverse.names import Visitor
from connector.services import Services
from connector.sync.cleaning import BLOCK, delete_each

#: The name under which problems are logged.
OPERATION: Final = "clean-up-visitors"


def delete_old_visitors(services: Services, until: datetime) -> int:
    """Delete visitors whose last visit is longer ago than the setting says; returns how many.

    It ends when the time is over. A row that cannot be deleted is logged, and the others are deleted.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    days, deleted = services.settings.keep_visitors_days, 0
    condition = filters.lt(Visitor.LAST_VISIT, services.now() - timedelta(days=days))
    while days and services.now() < until:
        rows = services.dataverse.query(Visitor.SET, select=(Visitor.ID,), filter=condition, top=BLOCK)
        # One that has come back meanwhile is not deleted.
        requests = [BatchRequest.delete(Visitor.SET, str(row[Visitor.ID]), if_match=etag(row)) for row in rows]
        number = delete_each(services, requests, operation=OPERATION)
        deleted += number
        if len(rows) < BLOCK or not number:
            break
    return deleted
