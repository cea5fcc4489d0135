"""Website visitors that have not come back for a time are deleted at night; zero days keeps them.

With a visitor goes what was known of it: a visitor that was set aside and comes back after that is a new one.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.dataverse.api import BatchRequest, Conflict, NotFound, etag, filters
from connector.dataverse.names import Visitor
from connector.services import Services

log = logging.getLogger(__name__)

#: Rows that are deleted in one call.
BLOCK: Final = 500


def delete_old_visitors(services: Services, until: datetime) -> int:
    """Delete visitors whose last visit is longer ago than the setting says; returns how many.

    It ends when the time is over. A row that cannot be deleted is logged, and the others are deleted.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    days, deleted = services.settings.keep_visitors_days, 0
    before = services.now() - timedelta(days=days)
    while days and services.now() < until:
        rows = services.dataverse.query(
            Visitor.SET, select=(Visitor.ID,), filter=filters.lt(Visitor.LAST_VISIT, before), top=BLOCK
        )
        if not rows:
            break
        # One that has come back meanwhile is not deleted.
        answers = services.dataverse.batch(
            [BatchRequest.delete(Visitor.SET, str(row[Visitor.ID]), if_match=etag(row)) for row in rows]
        )
        errors = [answer.error for answer in answers if answer.error is not None]
        refusals = [error for error in errors if not isinstance(error, Conflict | NotFound)]
        for first_of_each_type in {type(refusal): refusal for refusal in refusals}.values():
            telemetry.log_problem(log, first_of_each_type, operation="clean-up-visitors")
        deleted += len(rows) - len(errors)
        if len(rows) < BLOCK or len(errors) == len(rows):
            break
    return deleted
