"""`job add`, `job show`, `job list`: what a flow or a form does with jobs, from the command line."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.client import Dataverse, Row, bind, connect, filters, formatted
from connector.dataverse.client.rows import created_id
from connector.dataverse.names import Account, Automation, Contact, Job, Lead
from connector.errors import Invalid
from connector.settings import get_settings

app = typer.Typer(no_args_is_help=True, help="Spotler Jobs.")

#: The columns that people look at, in their order, with their headings.
SHOWN = {
    Job.NUMBER: "Number",
    Job.NAME: "Name",
    Job.OPERATION: "Operation",
    Job.STATUS: "Status",
    Job.RESULT_CODE: "Result code",
    Job.RESULT_MESSAGE: "Result message",
    Job.AUTOMATION_CONTACT_ID: "Automation contact id",
    Job.ATTEMPTS: "Attempts",
    "createdon": "Created on",
    Job.STARTED_ON: "Started on",
    Job.COMPLETED_ON: "Completed on",
}


@app.command()
def add(
    operation: Annotated[str, typer.Option(help="For example add-tag.")],
    contact: Annotated[str | None, typer.Option(help="The id of a contact.")] = None,
    account: Annotated[str | None, typer.Option(help="The id of an account.")] = None,
    lead: Annotated[str | None, typer.Option(help="The id of a lead.")] = None,
    automation: Annotated[str | None, typer.Option(help="The id of a Spotler Automation.")] = None,
    automation_fields: Annotated[str | None, typer.Option(help="name=value; separated by semicolons.")] = None,
    tag: Annotated[str | None, typer.Option(help="One tag, or several separated by commas.")] = None,
    field: Annotated[str | None, typer.Option(help="The name of a Spotler field.")] = None,
    value: Annotated[str | None, typer.Option(help="The value of the field.")] = None,
) -> None:
    """Create a job; the connector runs it as it runs every job."""
    choice = _operation(operation)
    row: dict[str, object] = {Job.NAME: choice.label, Job.OPERATION: choice.value}
    for navigation, set_name, row_id in (
        (Job.CUSTOMER_CONTACT_NAVIGATION, Contact.SET, contact),
        (Job.CUSTOMER_ACCOUNT_NAVIGATION, Account.SET, account),
        (Job.LEAD_NAVIGATION, Lead.SET, lead),
        (Job.AUTOMATION_NAVIGATION, Automation.SET, automation),
    ):
        if row_id is not None:
            row[f"{navigation}@odata.bind"] = bind(set_name, _guid(row_id))
    texts = {Job.AUTOMATION_FIELDS: automation_fields, Job.TAG: tag, Job.FIELD_NAME: field, Job.FIELD_VALUE: value}
    row |= {column: text for column, text in texts.items() if text is not None}
    # Without the tag of the connector's own writes: the job is a wish of the person at the keyboard.
    answer = _dataverse().request("POST", Job.SET, route=Job.SET, json=row, repeatable=False, columns=row)
    typer.echo(created_id(answer.headers.get("OData-EntityId", "")))


@app.command()
def show(job: Annotated[str, typer.Argument(help="The id of a job.")]) -> None:
    """Print one job."""
    row = _dataverse().retrieve(Job.SET, _guid(job), tuple(SHOWN), annotations=True)
    table = Table("Column", "Value")
    for column, heading in SHOWN.items():
        table.add_row(heading, _cell(row, column))
    Console(highlight=False).print(table)


@app.command(name="list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="queued, in-progress, completed or failed.")] = None,
    top: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=5000)] = 20,
) -> None:
    """Print the newest jobs."""
    condition = filters.eq(Job.STATUS, _status(status).value) if status else None
    columns = (Job.ID, Job.NUMBER, Job.OPERATION, Job.STATUS, Job.RESULT_CODE, "createdon")
    rows = _dataverse().query(
        Job.SET, select=columns, filter=condition, orderby=(f"{Job.NUMBER} desc",), top=top, annotations=True
    )
    table = Table("Id", *(SHOWN[column] for column in columns[1:]))
    for row in rows:
        table.add_row(*(_cell(row, column) for column in columns))
    Console(highlight=False).print(table)


def _dataverse() -> Dataverse:
    return connect(get_settings())


def _cell(row: Row, column: str) -> str:
    value = row.get(column)
    return formatted(row, column) or ("" if value is None else str(value))


def _operation(slug: str) -> Operation:
    try:
        return Operation.from_slug(slug)
    except KeyError:
        raise Invalid(f"Choose one of: {', '.join(choice.slug for choice in Operation)}.", advice="") from None


def _status(name: str) -> JobStatus:
    try:
        return JobStatus[name.upper().replace("-", "_")]
    except KeyError:
        raise Invalid("Choose one of: queued, in-progress, completed, failed.", advice="") from None


def _guid(text: str) -> str:
    try:
        return str(filters.guid(text))
    except ValueError:
        raise Invalid("An id looks like 00000000-0000-0000-0000-000000000000.", advice="") from None
