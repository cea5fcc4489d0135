"""`message show`: how a captured message of Dataverse is read, and where the router would send it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from connector.cli.output import add_row, headed, print_table, say
from connector.dataverse.messages import Entity, EntityReference, Message, parse_message
from connector.errors import Unreadable
from connector.mapping import Mapping, load_mapping
from connector.routing.record_item import RecordItem
from connector.routing.route import Ignore, route
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import SYNC_RECORDS, TOPIC_JOBS
from connector.words import Sentence, marked

app = typer.Typer(no_args_is_help=True, help="Messages that Dataverse posted.")


@app.callback()
def messages() -> None:
    """Messages that Dataverse posted."""


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="The body of a message, as JSON.", exists=True, dir_okay=False)],
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="The mapping, which says what starts a sync; without it, every change does.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Print how a captured message is read and where the router would send it."""
    try:
        message = parse_message(file.read_bytes())
    except Unreadable as error:
        say(_to_quarantine(error))
        raise typer.Exit(1) from None
    print_table(_table(message))
    say(_destination(message, load_mapping(mapping) if mapping else None))


def _table(message: Message) -> Table:
    none, unknown = Sentence("none"), Sentence("unknown")
    table = headed(marked("Member"), marked("Value"))
    for name, value in (
        (Sentence("Message"), message.message_name),
        (Sentence("Table"), message.table or none),
        (Sentence("Record"), message.record_id or none),
        (Sentence("Initiating user"), message.initiating_user_id or unknown),
        (Sentence("Created on"), message.created_on.isoformat() if message.created_on else unknown),
        (Sentence("Tag"), message.tag or none),
        (Sentence("Truncated"), _yes_or_no(message.truncated)),
        (Sentence("Text repaired"), _yes_or_no(message.repaired)),
        (Sentence("Target"), _target(message)),
        (Sentence("Pre-images"), ", ".join(message.pre_images) or none),
        (Sentence("Post-images"), ", ".join(message.post_images) or none),
    ):
        add_row(table, name, value)
    return table


def _yes_or_no(value: object) -> Sentence:
    return Sentence("yes" if value else "no")


def _target(message: Message) -> Sentence:
    match message.target:
        case Entity() as entity:
            return Sentence(
                "{table} with {count} column: {columns}",
                plural="{table} with {count} columns: {columns}",
                table=entity.table,
                count=len(entity.attributes),
                columns=", ".join(sorted(entity.attributes)),
            )
        case EntityReference() as reference:
            return Sentence("reference to {table} {id}", table=reference.table, id=str(reference.id))
        case _:
            return Sentence("none")


def _to_quarantine(error: Unreadable) -> Sentence:
    return Sentence("Goes to: quarantine\n{problem}", problem=error.for_people)


def _destination(message: Message, mapping: Mapping | None) -> Sentence:
    try:
        decision = route(message, now=datetime.now(UTC), mapping=mapping)
    except Unreadable as error:
        return _to_quarantine(error)
    if isinstance(decision, Ignore):
        return Sentence("Ignored: {reason}", reason=Sentence.of(decision.reason))
    return Sentence.joined(*(_subscription(each.item) for each in decision), between="\n")


def _subscription(item: WorkItem | RecordItem) -> Sentence:
    """The subscription of an item, and what it is about."""
    if isinstance(item, WorkItem):
        operation, about = item.operation, Sentence("job {id}", id=item.job)
    elif item.record:
        operation, about = SYNC_RECORDS, Sentence("{table} {id}", table=item.record.table, id=item.record.id)
    else:
        about = Sentence("the record of the Spotler Permission {id}", id=str(item.permission))
        operation = SYNC_RECORDS
    return Sentence(
        "Goes to: {topic}, subscription {subscription}, {about}", topic=TOPIC_JOBS, subscription=operation, about=about
    )
