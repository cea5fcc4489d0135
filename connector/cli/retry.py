"""`job retry`: sets finished jobs back to Queued, as a person does on the form; the sweep then wakes them up."""

from typing import Annotated, Final

import typer

from connector.cli.output import error_text, moment
from connector.cli.rows import dataverse, job_key
from connector.dataverse.api import Conflict, Dataverse
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names
from connector.errors import ConnectorError, InternalError, OutcomeUnknown
from connector.operations.job import COLUMNS, JobRow
from connector.operations.registry import operation_of
from connector.routing.subscriptions import slug_of

#: Failures after which it is unknown whether the work was done.
UNCERTAIN: Final = frozenset({OutcomeUnknown.code, InternalError.code})


def retry(
    jobs: Annotated[list[str], typer.Argument(metavar="JOB...", help="The ids or numbers of jobs.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also run again what is Completed, or may have been done.")
    ] = False,
) -> None:
    """Set Failed jobs back to Queued, each on condition that its row did not change meanwhile."""
    with dataverse() as client:
        keys = {job: job_key(job) for job in jobs}
        refusals = {job: _set_back(client, key, force=force) for job, key in keys.items()}
    for job, refusal in refusals.items():
        typer.echo(f"{job}  {refusal or 'Queued'}", err=refusal is not None)
    if any(refusals.values()):
        raise typer.Exit(1)


def _set_back(client: Dataverse, key: str, *, force: bool) -> str | None:
    """Queue a job again, or say why not."""
    queued = {Names.STATUS: JobStatus.QUEUED.value, Names.STATE: JobStatus.QUEUED.state}
    try:
        job = JobRow.from_row(client.retrieve(Names.SET, key, COLUMNS, annotations=True))
        refusal = refusal_to_retry(job, force=force)
        if refusal is None:
            client.update(Names.SET, job.id, queued, if_match=job.row_version)
    except Conflict:
        return "The job was changed at the same moment. Look at it, then try again."
    except ConnectorError as error:
        return error_text(error)
    return refusal


def refusal_to_retry(job: JobRow, *, force: bool) -> str | None:
    """Why a job is not set back to Queued; None when it is.

    Work that may have been done needs `--force`, so that nobody receives the same mail twice by mistake.
    """
    if job.status == JobStatus.QUEUED:
        return "It is Queued already; job explain says what it waits for."
    if job.status == JobStatus.IN_PROGRESS:
        return f"It is In Progress. If its worker has died, another takes over after {moment(job.lease_until)}."
    if job.status == JobStatus.COMPLETED and not force:
        return "It is Completed; job retry --force does it again."
    if job.status not in (JobStatus.COMPLETED, JobStatus.FAILED):
        return "The connector does not know its status; set it by hand."
    if job.result_code in UNCERTAIN and not force and not operation_of(slug_of(job.operation)).repeatable:
        return "It may have been done: look in Spotler, and run job retry --force if it was not."
    return None
