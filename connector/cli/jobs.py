"""`job`: creates jobs, as a flow or a form does, and shows, lists, explains and retries them."""

from typing import Annotated

import typer
from rich.table import Table

from connector.cli.explain import explain
from connector.cli.output import console, refuse
from connector.cli.retry import retry
from connector.cli.rows import dataverse, job_key, row_id
from connector.dataverse.api import Row, bind, filters, formatted
from connector.dataverse.api.rows import created_id
from connector.dataverse.choices import JobStatus, Operation, PromoteTo
from connector.dataverse.names import Account, Automation, Contact, Job, Lead, MarketingList, Visitor

app = typer.Typer(no_args_is_help=True, help="Spotler Jobs.")
app.command()(retry)
app.command()(explain)

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
    marketing_list: Annotated[str | None, typer.Option(help="The id of a marketing list.")] = None,
    automation: Annotated[str | None, typer.Option(help="The id of a Spotler Automation.")] = None,
    automation_fields: Annotated[str | None, typer.Option(help="name=value; separated by semicolons.")] = None,
    run: Annotated[str | None, typer.Option(help="The Automation Contact Id of the run to stop.")] = None,
    tag: Annotated[str | None, typer.Option(help="One tag, or several separated by commas.")] = None,
    score: Annotated[int | None, typer.Option(help="A whole number.")] = None,
    audience: Annotated[str | None, typer.Option(help="The name of an audience.")] = None,
    field: Annotated[str | None, typer.Option(help="The name of a Spotler field.")] = None,
    value: Annotated[str | None, typer.Option(help="The value of the field.")] = None,
    visitor: Annotated[str | None, typer.Option(help="The id of a Website Visitor.")] = None,
    promote_to: Annotated[str | None, typer.Option(help="What the visitor becomes: lead or account.")] = None,
) -> None:
    """Create a job; the connector runs it as it runs every job."""
    choice = _operation(operation)
    row: dict[str, object] = {Job.NAME: choice.label, Job.OPERATION: choice.value}
    for navigation, set_name, target in (
        (Job.CUSTOMER_CONTACT_NAVIGATION, Contact.SET, contact),
        (Job.CUSTOMER_ACCOUNT_NAVIGATION, Account.SET, account),
        (Job.LEAD_NAVIGATION, Lead.SET, lead),
        (Job.LIST_NAVIGATION, MarketingList.SET, marketing_list),
        (Job.AUTOMATION_NAVIGATION, Automation.SET, automation),
        (Job.VISITOR_NAVIGATION, Visitor.SET, visitor),
    ):
        if target is not None:
            row[f"{navigation}@odata.bind"] = bind(set_name, row_id(target))
    values = {
        Job.AUTOMATION_FIELDS: automation_fields, Job.AUTOMATION_CONTACT_ID: run, Job.TAG: tag, Job.SCORE: score,
        Job.AUDIENCE: audience, Job.FIELD_NAME: field, Job.FIELD_VALUE: value,
        Job.PROMOTE_TO: None if promote_to is None else _target(promote_to).value,
    }  # fmt: skip
    row |= {column: given for column, given in values.items() if given is not None}
    # Without the tag of the connector's own writes: the router ignores messages with that tag.
    with dataverse() as client:
        answer = client.request("POST", Job.SET, route=Job.SET, json=row, repeatable=False, columns=row)
    typer.echo(created_id(answer.headers.get("OData-EntityId", "")))


@app.command()
def show(job: Annotated[str, typer.Argument(metavar="JOB", help="The id or number of a job.")]) -> None:
    """Print one job."""
    with dataverse() as client:
        row = client.retrieve(Job.SET, job_key(job), tuple(SHOWN), annotations=True)
    table = Table("Column", "Value")
    for column, heading in SHOWN.items():
        table.add_row(heading, _cell(row, column))
    console().print(table)


@app.command(name="list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="queued, in-progress, completed or failed.")] = None,
    top: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=5000)] = 20,
) -> None:
    """Print the newest jobs."""
    condition = filters.eq(Job.STATUS, _status(status).value) if status else None
    columns = (Job.ID, Job.NUMBER, Job.OPERATION, Job.STATUS, Job.RESULT_CODE, "createdon")
    with dataverse() as client:
        rows = client.query(
            Job.SET, select=columns, filter=condition, orderby=(f"{Job.NUMBER} desc",), top=top, annotations=True
        )
    table = Table("Id", *(SHOWN[column] for column in columns[1:]))
    for row in rows:
        table.add_row(*(_cell(row, column) for column in columns))
    console().print(table)


def _cell(row: Row, column: str) -> str:
    value = row.get(column)
    return formatted(row, column) or ("" if value is None else str(value))


def _operation(slug: str) -> Operation:
    try:
        return Operation.from_slug(slug)
    except KeyError:
        refuse(f"Choose one of: {', '.join(choice.slug for choice in Operation)}.")


def _target(name: str) -> PromoteTo:
    try:
        return PromoteTo[name.upper()]
    except KeyError:
        refuse("Choose one of: lead, account.")


def _status(name: str) -> JobStatus:
    try:
        return JobStatus[name.upper().replace("-", "_")]
    except KeyError:
        refuse("Choose one of: queued, in-progress, completed, failed.")
