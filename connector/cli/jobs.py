"""`job`: creates jobs, as a flow or a form does, and shows, lists, explains and retries them."""

from typing import Annotated

import typer

from connector.cli.explain import explain
from connector.cli.job_add import add
from connector.cli.output import NOTHING_FITS, add_row, headed, moment, print_table, refuse, say
from connector.cli.retry import retry
from connector.cli.rows import dataverse, job_key, moment_of, operation_named, status_named
from connector.dataverse.api import Row, filters
from connector.dataverse.api.rows import text
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from connector.words import Sentence, marked

app = typer.Typer(no_args_is_help=True, help="Spotler Jobs.")
app.command()(add)
app.command()(retry)
app.command()(explain)

#: The columns that people look at, in their order, with their headings.
SHOWN = {
    Job.NUMBER: marked("Number"),
    Job.NAME: marked("Name"),
    Job.OPERATION: marked("Operation"),
    Job.STATUS: marked("Status"),
    Job.RESULT_CODE: marked("Result code"),
    Job.RESULT_MESSAGE: marked("Result message"),
    Job.AUTOMATION_CONTACT_ID: marked("Automation contact id"),
    Job.ATTEMPTS: marked("Attempts"),
    "createdon": marked("Created on"),
    Job.STARTED_ON: marked("Started on"),
    Job.COMPLETED_ON: marked("Completed on"),
}

_MOMENTS = ("createdon", Job.STARTED_ON, Job.COMPLETED_ON)


@app.command()
def show(job: Annotated[str, typer.Argument(metavar="JOB", help="The id or number of a job.")]) -> None:
    """Print one job."""
    with dataverse() as client:
        row = client.retrieve(Job.SET, job_key(job), tuple(SHOWN))
    table = headed(marked("Column"), marked("Value"))
    for column, heading in SHOWN.items():
        add_row(table, Sentence.of(heading), _cell(row, column))
    print_table(table)


@app.command(name="list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="queued, in-progress, completed or failed.")] = None,
    top: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=5000)] = 20,
) -> None:
    """Print the newest jobs."""
    condition = filters.eq(Job.STATUS, _status(status).value) if status else None
    columns = (Job.ID, Job.NUMBER, Job.OPERATION, Job.STATUS, Job.RESULT_CODE, "createdon")
    with dataverse() as client:
        rows = client.query(Job.SET, select=columns, filter=condition, orderby=(f"{Job.NUMBER} desc",), top=top)
    if not rows:
        say(NOTHING_FITS if status else Sentence("There are no jobs."))
        return
    table = headed(marked("Id"), *(SHOWN[column] for column in columns[1:]))
    for row in rows:
        add_row(table, *(_cell(row, column) for column in columns))
    print_table(table)


def _cell(row: Row, column: str) -> str:
    """A value as all commands print it, and not in the language and time of the application user."""
    if column == Job.OPERATION:
        return operation_named(row.get(column))
    if column == Job.STATUS:
        return status_named(row.get(column))
    if column in _MOMENTS:
        return moment(at) if (at := moment_of(row, column)) else ""
    return text(row, column) or ""


def _status(name: str) -> JobStatus:
    try:
        return JobStatus[name.upper().replace("-", "_")]
    except KeyError:
        refuse("Choose one of: queued, in-progress, completed, failed.")
