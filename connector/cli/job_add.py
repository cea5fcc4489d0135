"""`job add`: creates a job, as a flow or a form does; its records are named as people name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from connector.cli.job_needs import check_needs
from connector.cli.named import KINDS, named_row
from connector.cli.output import refuse
from connector.cli.rows import dataverse, job_key
from connector.dataverse.api import Dataverse, bind
from connector.dataverse.api.rows import created_id, text
from connector.dataverse.choices import Operation, PromoteTo
from connector.dataverse.names import Account, Automation, Contact, Job, Lead, MarketingList, Visitor
from connector.words import Sentence

#: The lookup of a job that takes a row, and the set of its table, by the word before the colon.
_LOOKUPS: Final = {
    "contact": (Job.CUSTOMER_CONTACT_NAVIGATION, Contact.SET),
    "account": (Job.CUSTOMER_ACCOUNT_NAVIGATION, Account.SET),
    "lead": (Job.LEAD_NAVIGATION, Lead.SET),
    "list": (Job.LIST_NAVIGATION, MarketingList.SET),
    "automation": (Job.AUTOMATION_NAVIGATION, Automation.SET),
    "visitor": (Job.VISITOR_NAVIGATION, Visitor.SET),
}
#: The word before the colon for the job whose run is stopped.
_RUN_OF: Final = "job"
#: Operations that nothing takes back: their record is not found by words of its name.
_FINAL: Final = frozenset({Operation.ANONYMIZE_CONTACT})


@dataclass(frozen=True, slots=True)
class _Given:
    """What was written: a kind of `KINDS` or `job`, and an id, an address, a number or words."""

    kind: str
    text: str


def add(
    operation: Annotated[str, typer.Option(help="For example add-tag.")],
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND:NAME]...",
            help='What it is about: "contact:anna@example.org", "automation:Welcome", "list:Newsletter", "job:12".',
        ),
    ] = None,
    contact: Annotated[str | None, typer.Option(help="The id, address or name of a contact.")] = None,
    account: Annotated[str | None, typer.Option(help="The id, address or name of an account.")] = None,
    lead: Annotated[str | None, typer.Option(help="The id, address or name of a lead.")] = None,
    marketing_list: Annotated[str | None, typer.Option(help="The id or name of a marketing list.")] = None,
    automation: Annotated[str | None, typer.Option(help="The id or name of a Spotler Automation.")] = None,
    automation_fields: Annotated[str | None, typer.Option(help="name=value; separated by semicolons.")] = None,
    run: Annotated[str | None, typer.Option(help="The Automation Contact Id of the run to stop.")] = None,
    tag: Annotated[str | None, typer.Option(help="One tag, or several separated by commas.")] = None,
    score: Annotated[int | None, typer.Option(help="A whole number.")] = None,
    audience: Annotated[str | None, typer.Option(help="The name of an audience.")] = None,
    field: Annotated[str | None, typer.Option(help="The name of a Spotler field.")] = None,
    value: Annotated[str | None, typer.Option(help="The value of the field.")] = None,
    visitor: Annotated[str | None, typer.Option(help="The id, domain or name of a Website Visitor.")] = None,
    promote_to: Annotated[str | None, typer.Option(help="What the visitor becomes: lead or account.")] = None,
) -> None:
    """Create a job; the connector runs it as it runs every job."""
    choice = _operation(operation)
    options = {
        "contact": contact, "account": account, "lead": lead, "list": marketing_list, "automation": automation,
        "visitor": visitor,
    }  # fmt: skip
    given = _each_once(
        [*map(_parsed, named or ()), *(_Given(kind, text) for kind, text in options.items() if text is not None)]
    )
    if run is not None and _RUN_OF in given:
        refuse("Give either --run or job:NUMBER, not both.")
    values = {
        Job.AUTOMATION_FIELDS: automation_fields, Job.AUTOMATION_CONTACT_ID: run, Job.TAG: tag, Job.SCORE: score,
        Job.AUDIENCE: audience, Job.FIELD_NAME: field, Job.FIELD_VALUE: value,
        Job.PROMOTE_TO: None if promote_to is None else _target(promote_to).value,
    }  # fmt: skip
    row: dict[str, object] = {Job.NAME: choice.label, Job.OPERATION: choice.value}
    row |= {column: value for column, value in values.items() if value is not None}
    check_needs(choice, given, [column for column, value in row.items() if str(value).strip()])
    # Without the tag of the connector's own writes: the router ignores messages with that tag.
    with dataverse() as client:
        row |= _about(client, given, exactly=choice in _FINAL)
        answer = client.request("POST", Job.SET, route=Job.SET, json=row, repeatable=False, columns=row)
    typer.echo(created_id(answer.headers.get("OData-EntityId", "")))


def _parsed(text: str) -> _Given:
    kind, colon, name = text.partition(":")
    if not colon or not name.strip() or kind not in {*KINDS, _RUN_OF}:
        refuse(
            Sentence(
                "“{text}” names nothing; write KIND:NAME, with one of: {names}.",
                text=text,
                names=", ".join((*KINDS, _RUN_OF)),
            )
        )
    return _Given(kind, name.strip())


def _each_once(given: list[_Given]) -> dict[str, str]:
    """What was given of each kind.

    Raises:
        typer.Exit: a kind came twice, after saying so.
    """
    by_kind = {each.kind: each.text for each in given}
    if len(by_kind) < len(given):
        refuse("A job has one row of each kind; name each kind once.")
    return by_kind


def _about(client: Dataverse, given: Mapping[str, str], *, exactly: bool) -> dict[str, object]:
    """The columns that say what the job is about. What was found by a name is printed on standard error."""
    columns: dict[str, object] = {}
    for kind, name in given.items():
        if kind == _RUN_OF:
            columns[Job.AUTOMATION_CONTACT_ID] = _run_of(client, name)
            continue
        navigation, set_name = _LOOKUPS[kind]
        found = named_row(client, kind, name, exactly=exactly)
        if found.name:
            typer.echo(found.line(kind), err=True)
        columns[f"{navigation}@odata.bind"] = bind(set_name, found.id)
    return columns


def _run_of(client: Dataverse, job: str) -> str:
    """The run that a job started."""
    row = client.retrieve(Job.SET, job_key(job), (Job.AUTOMATION_CONTACT_ID,))
    run = text(row, Job.AUTOMATION_CONTACT_ID)
    if not run:
        refuse(
            Sentence(
                "Job {job} has no Automation Contact Id: it has started no run that can be stopped by its id.", job=job
            )
        )
    return run


def _operation(slug: str) -> Operation:
    try:
        return Operation.from_slug(slug)
    except KeyError:
        refuse(Sentence("Choose one of: {names}.", names=", ".join(choice.slug for choice in Operation)))


def _target(name: str) -> PromoteTo:
    try:
        return PromoteTo[name.upper()]
    except KeyError:
        refuse("Choose one of: lead, account.")
