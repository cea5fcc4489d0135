"""Old jobs are deleted at night; zero days keeps them."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.dataverse.api import BatchRequest, Conflict, NotFound, Row, etag, filters
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names
from connector.services import Services

log = logging.getLogger(__name__)

#: How long a clean-up goes on: less than the ten minutes of a function. What is left is for the next night.
TIME: Final = timedelta(minutes=8)
#: Rows deleted in one call, which Dataverse takes up to a thousand of.
BLOCK: Final = 500


def clean_up(services: Services) -> int:
    """Delete Completed and Failed jobs that are older than the settings say; returns how many.

    A row that cannot be deleted is logged, and the others are deleted.

    Raises:
        ConnectorError: when Dataverse cannot be asked.
    """
    began, deleted = services.now(), 0
    for status, days in (
        (JobStatus.COMPLETED, services.settings.keep_completed_days),
        (JobStatus.FAILED, services.settings.keep_failed_days),
    ):
        rows: list[Row] = []
        while days and services.now() - began < TIME:
            rows = _ended_before(services, status, began - timedelta(days=days), after=rows[-1] if rows else None)
            deleted += _delete(services, rows)
            if len(rows) < BLOCK:
                break
    log.info("%d old jobs were deleted.", deleted, extra=telemetry.fields(count=deleted))
    return deleted


def _ended_before(services: Services, status: JobStatus, before: datetime, *, after: Row | None) -> list[Row]:
    """The next block of jobs that ended before then, in the order of their numbers."""
    condition = filters.and_(
        filters.eq(Names.STATUS, status.value),
        filters.lt(Names.COMPLETED_ON, before),
        filters.gt(Names.NUMBER, str(after[Names.NUMBER])) if after else "",
    )
    return services.dataverse.query(
        Names.SET, select=(Names.ID, Names.NUMBER), filter=condition, orderby=(Names.NUMBER,), top=BLOCK
    )


def _delete(services: Services, rows: Sequence[Row]) -> int:
    if not rows:
        return 0
    # What somebody has changed meanwhile, because it is to run again, is not deleted.
    answers = services.dataverse.batch(
        [BatchRequest.delete(Names.SET, str(row[Names.ID]), if_match=etag(row)) for row in rows]
    )
    errors = [answer.error for answer in answers if answer.error is not None]
    refusals = [error for error in errors if not isinstance(error, Conflict | NotFound)]
    for first_of_each_type in {type(refusal): refusal for refusal in refusals}.values():
        telemetry.log_problem(log, first_of_each_type, operation="clean-up-jobs")
    return len(rows) - len(errors)
