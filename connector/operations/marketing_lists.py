"""Sync Marketing List and Remove Marketing List: what the job row must have. The work itself is not carried out yet."""

from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.dataverse.api import Row, UnknownName, filters
from connector.dataverse.choices import Operation as Choice
from connector.dataverse.names import MarketingList
from connector.errors import Invalid, Refused
from connector.operations.context import Context, all_ended
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Needs, Task, each_job
from connector.operations.results import Result


class NotAvailable(Refused):
    """Marketing lists are not synced by this version of the connector."""

    code = "NOT_AVAILABLE"
    advice = "Use Add To Audience and Remove From Audience, or a later version."


class ListOperation(JobOperation[None]):
    """A job about a Marketing List."""

    needs = Needs.NOTHING
    needs_active_list: bool

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Exception | None]:
        """The list exists, and is active if it is to be synced."""
        rows = _lists({job.list_id for job in jobs if job.list_id}, context)
        return each_job(jobs, lambda job: self._check(job, rows))

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """Say that it is not available."""
        return all_ended(tasks, NotAvailable())

    def _check(self, job: JobRow, rows: Mapping[str, Row] | None) -> None:
        if job.customer is not None or job.lead is not None:
            raise Invalid("A job about a marketing list has no customer and no lead; clear them.")
        if job.list_id is None:
            raise Invalid("The job has no marketing list, or its list was deleted; choose one.")
        if rows is None:
            raise Invalid("This environment has no marketing lists; they need a licence of Dynamics 365 Sales.")
        if job.list_id not in rows:
            raise Invalid("The marketing list of the job was deleted; choose another one.")
        if self.needs_active_list and rows[job.list_id].get(MarketingList.STATE) != 0:
            raise Invalid("The marketing list of the job is deactivated.")


class SyncMarketingList(ListOperation):
    """The members of the list become an audience."""

    choice = Choice.SYNC_MARKETING_LIST
    needs_active_list = True


class RemoveMarketingList(ListOperation):
    """The audience of the list is removed."""

    choice = Choice.REMOVE_MARKETING_LIST
    needs_active_list = False


def _lists(ids: set[str], context: Context) -> dict[str, Row] | None:
    """The lists that exist, by id; None where there is no such table."""
    if not ids:
        return {}
    try:
        rows = context.services.dataverse.query(
            MarketingList.SET,
            select=(MarketingList.ID, MarketingList.STATE),
            filter=filters.in_(MarketingList.ID, sorted(ids)),
        )
    except UnknownName:
        return None
    return {str(row[MarketingList.ID]).lower(): row for row in rows}


OPERATIONS: Final = (SyncMarketingList(), RemoveMarketingList())
