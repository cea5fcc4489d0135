"""`job retry`: sets jobs that are over back to Queued.

It does what a person does on the form, and the sweep wakes the jobs up.
"""

from typing import Annotated, Final

import typer

from connector.cli.output import moment, told
from connector.cli.rows import dataverse, row_id
from connector.dataverse.api import Conflict, Dataverse
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job as Names
from connector.errors import ConnectorError, InternalError, OutcomeUnknown
from connector.operations.job import COLUMNS, Job
from connector.operations.registry import operation_of
from connector.routing.subscriptions import slug_of

#: Failures after which nobody knows whether the work was done.
UNCERTAIN: Final = frozenset({OutcomeUnknown.code, InternalError.code})


def retry(
    jobs: Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of jobs.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also run again what is Completed, or may have been done.")
    ] = False,
) -> None:
    """Set Failed jobs back to Queued, each on condition that its row did not change meanwhile."""
    with dataverse() as client:
        obstacles = {job_id: _set_back(client, job_id, force=force) for job_id in map(row_id, jobs)}
    for job_id, obstacle in obstacles.items():
        typer.echo(f"{job_id}  {obstacle or 'Queued'}", err=obstacle is not None)
    if any(obstacles.values()):
        raise typer.Exit(1)


def _set_back(client: Dataverse, job_id: str, *, force: bool) -> str | None:
    """Queue a job again, or say why not."""
    queued = {Names.STATUS: JobStatus.QUEUED.value, Names.STATE: JobStatus.QUEUED.state}
    try:
        job = Job.from_row(client.retrieve(Names.SET, job_id, COLUMNS, annotations=True))
        obstacle = obstacle_to_retry(job, force=force)
        if obstacle is None:
            client.update(Names.SET, job_id, queued, if_match=job.row_version)
    except Conflict:
        return "Somebody changed the job at this moment; look at it again."
    except ConnectorError as error:
        return told(error)
    return obstacle


def obstacle_to_retry(job: Job, *, force: bool) -> str | None:
    """Why a job is not set back to Queued; None when it is.

    Nobody may be mailed twice by a slip of the keyboard, so what may have been done needs `--force` too.
    """
    if job.status == JobStatus.QUEUED:
        return "It is Queued already; job explain tells what it waits for."
    if job.status == JobStatus.IN_PROGRESS:
        return f"It is In Progress; without a sign of life it is taken over after {moment(job.lease_until)}."
    if job.status == JobStatus.COMPLETED and not force:
        return "It is Completed; job retry --force does it again."
    if job.status not in (JobStatus.COMPLETED, JobStatus.FAILED):
        return "Its status is none that the connector knows; set it by hand."
    if job.result_code in UNCERTAIN and not force and not operation_of(slug_of(job.operation)).repeatable:
        return "It may have been done: look in Spotler, and run job retry --force if it was not."
    return None
