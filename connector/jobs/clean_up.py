"""Old jobs are deleted at night; zero days keeps them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from connector.dataverse.api import BatchRequest, Row, etag, filters
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names
from connector.services import Services
from connector.sync.cleaning import delete_each

#: Rows deleted in one call, which Dataverse takes up to a thousand of.
BLOCK: Final = 500


def clean_up(services: Services, until: datetime) -> int:
    """Delete Completed and Failed jobs that are older than the settings say; returns how many.

    It ends when the time is over. A row that cannot be deleted is logged, and the others are deleted.

    Raises:
        ConnectorError: when Dataverse cannot be asked.
    """
    began, deleted = services.now(), 0
    for status, days in (
        (JobStatus.COMPLETED, services.settings.keep_completed_days),
        (JobStatus.FAILED, services.settings.keep_failed_days),
    ):
        rows: list[Row] = []
        while days and services.now() < until:
            rows = _ended_before(services, status, began - timedelta(days=days), after=rows[-1] if rows else None)
            deleted += _delete(services, rows)
            if len(rows) < BLOCK:
                break
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
    # What somebody has changed meanwhile, because it is to run again, is not deleted.
    requests = [BatchRequest.delete(Names.SET, str(row[Names.ID]), if_match=etag(row)) for row in rows]
    return delete_each(services, requests, operation="clean-up-jobs")
