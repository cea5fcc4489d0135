"""Old jobs are deleted at night: what is done needs no row for ever. Zero days keeps them."""

import logging
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.dataverse.api import BatchRequest, Conflict, NotFound, etag, filters
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names
from connector.services import Services

log = logging.getLogger(__name__)

#: Rows deleted in one night, so that a first clean-up of years spreads over several.
LIMIT: Final = 5000


def clean_up(services: Services) -> int:
    """Delete Completed and Failed jobs that are older than the settings say; returns how many.

    A row that cannot be deleted is told and keeps no other from it.

    Raises:
        ConnectorError: when Dataverse cannot be asked.
    """
    deleted = 0
    for status, days in (
        (JobStatus.COMPLETED, services.settings.keep_completed_days),
        (JobStatus.FAILED, services.settings.keep_failed_days),
    ):
        if days:
            deleted += _delete(services, status, services.now() - timedelta(days=days), LIMIT - deleted)
    log.info("%d old jobs were deleted.", deleted, extra=telemetry.fields(count=deleted))
    return deleted


def _delete(services: Services, status: JobStatus, before: datetime, limit: int) -> int:
    if limit <= 0:
        return 0
    condition = filters.and_(filters.eq(Names.STATUS, status.value), filters.lt(Names.COMPLETED_ON, before))
    rows = services.dataverse.query(Names.SET, select=(Names.ID,), filter=condition, orderby=(Names.NUMBER,), top=limit)
    # What somebody has changed meanwhile, because it is to run again, is not deleted.
    answers = services.dataverse.batch(
        [BatchRequest.delete(Names.SET, str(row[Names.ID]), if_match=etag(row)) for row in rows]
    )
    errors = [answer.error for answer in answers if answer.error is not None]
    refusals = [error for error in errors if not isinstance(error, Conflict | NotFound)]
    for one_of_a_kind in {type(refusal): refusal for refusal in refusals}.values():
        telemetry.log_problem(log, one_of_a_kind, operation="clean-up-jobs")
    return len(rows) - len(errors)
