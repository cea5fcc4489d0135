"""Sync Marketing List and Remove Marketing List: the members of a list become an audience, and the audience goes again.

One job of a list runs at a time, in the order of their numbers: a younger one waits. A sync is a chain of steps
(`connector.sync.lists`); its progress is on the job.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, override

from connector.dataverse.api import Row, UnknownName, filters
from connector.dataverse.choices import JobStatus, Operation as Choice
from connector.dataverse.edition import has_lists
from connector.dataverse.names import Job, MarketingList, lookup_value
from connector.errors import Invalid
from connector.operations.audiences import NAME_LENGTH
from connector.operations.context import Context, OutOfTime
from connector.operations.job import JobRow
from connector.operations.job_reading import job_rows
from connector.operations.operation import JobOperation, Needs, Task, each_job
from connector.operations.results import Continue, Done, Failed, OlderFirst, Result
from connector.spotler import clean_text
from connector.sync.lists.columns import show_synced
from connector.sync.lists.orders import LIST_OPERATIONS
from connector.sync.lists.reading import LIST_COLUMNS, ListRow
from connector.sync.lists.removal import remove_audience
from connector.sync.lists.result import outcome_of
from connector.sync.lists.run import Phase
from connector.sync.lists.steps import ListSync
from connector.words import Sentence

#: The progress of a job that got no turn in its batch.
_WAITS: Final = "Waits for other marketing lists."


class ListOperation(JobOperation[ListRow]):
    """A job about a Marketing List."""

    needs = Needs.NOTHING
    required = (Job.LIST,)

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, ListRow | Exception]:
        """The list exists, and no older job of it is left."""
        jobs = _with_lists(jobs, context)
        wanted = {job.list_id for job in jobs if job.list_id}
        rows, oldest = _lists(wanted, context), _oldest_jobs(wanted, context)
        return each_job(jobs, lambda job: self._plan(job, rows, oldest))

    @override
    def perform(self, tasks: Sequence[Task[ListRow]], context: Context) -> Mapping[str, Result]:
        """One list after the other: each takes what time it needs."""
        return {task.job.id: self._perform(task, context) for task in tasks}

    def _perform(self, task: Task[ListRow], context: Context) -> Result:
        try:
            context.check_time()
        except OutOfTime:
            return Continue(_WAITS)
        try:
            return self._do(task, context)
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            return Failed(error)

    @abstractmethod
    def _do(self, task: Task[ListRow], context: Context) -> Result:
        """Do the work for one list, or a step of it."""

    def _plan(self, job: JobRow, rows: Mapping[str, Row] | None, oldest: Mapping[str, str]) -> ListRow:
        if job.customer is not None or job.lead is not None:
            raise Invalid("A job about a marketing list has no customer and no lead; clear them.")
        if rows is None or job.lacks_list:
            raise Invalid("This environment has no marketing lists; they need a licence of Dynamics 365 Sales.")
        if job.list_id is None:
            raise Invalid("The job has no marketing list, or its list was deleted; choose one.")
        if job.list_id not in rows:
            raise Invalid("The marketing list of the job was deleted; choose another one.")
        row = ListRow.from_row(rows[job.list_id])
        self._check(row)
        if oldest.get(job.list_id, job.number) < job.number:
            raise OlderFirst
        return row

    def _check(self, row: ListRow) -> None:
        """The list is as the operation needs it.

        Raises:
            Invalid: it is not.
        """


class SyncMarketingList(ListOperation):
    """The members of the list become an audience."""

    choice = Choice.SYNC_MARKETING_LIST

    @override
    def _check(self, row: ListRow) -> None:
        if not row.is_active:
            raise Invalid("The marketing list of the job is deactivated.")
        if not row.table:
            raise Invalid("The members of the marketing list are neither accounts nor contacts nor leads.")
        if not 1 <= len(clean_text(row.name)) <= NAME_LENGTH:
            raise Invalid(Sentence("The marketing list needs a name of 1 to {most} characters.", most=NAME_LENGTH))

    @override
    def _do(self, task: Task[ListRow], context: Context) -> Result:
        sync = ListSync(context.services, task.plan, clean_text(task.plan.name), context.check_time)
        try:
            run = sync.step(task.job.id, task.job.modified_on)
        except OutOfTime:
            return Continue(sync.progress)
        if run.phase is not Phase.OVER:
            return Continue(run.progress)
        outcome = outcome_of(run)
        status = JobStatus.FAILED if outcome.is_failed else JobStatus.COMPLETED
        return Done(outcome.message, outcome.code, status)


class RemoveMarketingList(ListOperation):
    """The audience of the list is removed; the contacts and the list stay."""

    choice = Choice.REMOVE_MARKETING_LIST

    @override
    def _do(self, task: Task[ListRow], context: Context) -> Result:
        was_there = remove_audience(context.services, task.plan.id)
        show_synced(context.services, task.plan.id, is_synced=False)
        if was_there:
            return Done("The audience of the marketing list was deleted in Spotler.")
        return Done("Spotler has no audience of the marketing list, so there was nothing to delete.")


def _with_lists(jobs: Sequence[JobRow], context: Context) -> Sequence[JobRow]:
    """The jobs with their lists, also where the environment had no such column when they were read, and has it now."""
    dataverse, lacking = context.services.dataverse, {job.id for job in jobs if job.lacks_list}
    if not lacking or not has_lists(dataverse):
        return jobs
    rows = map(JobRow.from_row, job_rows(dataverse, filters.in_(Job.ID, sorted(lacking))))
    lists = {row.id: row.list_id for row in rows}
    return [replace(job, list_id=lists.get(job.id), lacks_list=False) if job.id in lacking else job for job in jobs]


def _lists(ids: set[str], context: Context) -> dict[str, Row] | None:
    """The lists that exist, by id; None where there is no such table."""
    if not ids:
        return {}
    try:
        rows = context.services.dataverse.query(
            MarketingList.SET, select=LIST_COLUMNS, filter=filters.in_(MarketingList.ID, sorted(ids))
        )
    except UnknownName:
        return None
    return {str(row[MarketingList.ID]).lower(): row for row in rows}


def _oldest_jobs(lists: set[str], context: Context) -> dict[str, str]:
    """The number of the oldest unfinished job of each list."""
    if not lists:
        return {}
    rows = context.services.dataverse.query(
        Job.SET,
        select=(Job.NUMBER, lookup_value(Job.LIST)),
        filter=filters.and_(
            filters.eq(Job.STATE, 0),
            filters.in_(Job.LIST, sorted(lists)),
            filters.in_(Job.OPERATION, [each.value for each in LIST_OPERATIONS]),
        ),
    )
    oldest: dict[str, str] = {}
    for row in rows:
        key, number = str(row[lookup_value(Job.LIST)]).lower(), str(row[Job.NUMBER])
        oldest[key] = min(number, oldest.get(key, number))
    return oldest


OPERATIONS: Final = (SyncMarketingList(), RemoveMarketingList())
