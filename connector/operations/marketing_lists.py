"""Sync Marketing List and Remove Marketing List: what the job row must have. The work itself is not carried out yet."""

from collections.abc import Mapping, Sequence
from typing import Final

from connector.dataverse.api import Row, UnknownName, filters
from connector.dataverse.choices import Operation as Choice
from connector.dataverse.names import MarketingList
from connector.errors import Invalid, Refused
from connector.operations.attempt import Attempt
from connector.operations.job import Job
from connector.operations.operation import Accepts, Batch, Needs


class NotAvailable(Refused):
    """Marketing lists are not synced by this version of the connector."""

    code = "NOT_AVAILABLE"
    advice = "Use Add To Audience and Remove From Audience, or a later version."


class ListOperation:
    """A job about a Marketing List."""

    needs = Needs.NOTHING
    repeatable = True
    accepts = Accepts.ANY
    syncs_first = False

    def __init__(self, choice: Choice, *, removes: bool) -> None:
        self.slug = choice.slug
        self._removes = removes

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The list exists, and is active if it is to be synced."""
        rows = _lists({attempt.job.list_id for attempt in attempts if attempt.job.list_id}, batch)
        batch.examine(attempts, lambda attempt: self._check(attempt.job, rows))

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:  # noqa: ARG002 - the seam of all operations
        """Say that it is not available."""
        for attempt in attempts:
            attempt.fail(NotAvailable())

    def _check(self, job: Job, rows: Mapping[str, Row] | None) -> None:
        if job.customer is not None or job.lead is not None:
            raise Invalid("A job about a marketing list has no customer and no lead; clear them.")
        if job.list_id is None:
            raise Invalid("The job has no marketing list, or its list was deleted; choose one.")
        if rows is None:
            raise Invalid("This environment has no marketing lists; they need a licence of Dynamics 365 Sales.")
        if job.list_id not in rows:
            raise Invalid("The marketing list of the job was deleted; choose another one.")
        if not self._removes and rows[job.list_id].get(MarketingList.STATE) != 0:
            raise Invalid("The marketing list of the job is deactivated.")


def _lists(ids: set[str], batch: Batch) -> dict[str, Row] | None:
    """The lists that exist, by id; None where there is no such table."""
    if not ids:
        return {}
    try:
        rows = batch.services.dataverse.query(
            MarketingList.SET,
            select=(MarketingList.ID, MarketingList.STATE),
            filter=filters.in_(MarketingList.ID, sorted(ids)),
        )
    except UnknownName:
        return None
    return {str(row[MarketingList.ID]).lower(): row for row in rows}


SYNC_MARKETING_LIST: Final = ListOperation(Choice.SYNC_MARKETING_LIST, removes=False)
REMOVE_MARKETING_LIST: Final = ListOperation(Choice.REMOVE_MARKETING_LIST, removes=True)
