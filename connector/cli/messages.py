"""`message show`: how a captured message of Dataverse is read, and where the router would send it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from connector.cli.output import console
from connector.dataverse.messages import Entity, EntityReference, Message, parse_message
from connector.errors import Unreadable
from connector.mapping import Mapping, load_mapping
from connector.routing.record_item import RecordItem
from connector.routing.route import Ignore, route
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import SYNC_RECORDS, TOPIC_JOBS

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
    out = console()
    try:
        message = parse_message(file.read_bytes())
    except Unreadable as error:
        out.print(f"Goes to: quarantine\n{error.for_people}", markup=False)
        raise typer.Exit(1) from None
    out.print(_table(message))
    out.print(_destination(message, load_mapping(mapping) if mapping else None), markup=False)


def _table(message: Message) -> Table:
    table = Table("Member", "Value")
    for name, value in (
        ("Message", message.message_name),
        ("Table", message.table or "none"),
        ("Record", message.record_id or "none"),
        ("Initiating user", message.initiating_user_id or "unknown"),
        ("Created on", message.created_on.isoformat() if message.created_on else "unknown"),
        ("Tag", message.tag or "none"),
        ("Truncated", "yes" if message.truncated else "no"),
        ("Text repaired", "yes" if message.repaired else "no"),
        ("Target", _target(message)),
        ("Pre-images", ", ".join(message.pre_images) or "none"),
        ("Post-images", ", ".join(message.post_images) or "none"),
    ):
        table.add_row(name, value)
    return table


def _target(message: Message) -> str:
    match message.target:
        case Entity() as entity:
            return f"{entity.table} with {len(entity.attributes)} columns: {', '.join(sorted(entity.attributes))}"
        case EntityReference() as reference:
            return f"reference to {reference.table} {reference.id}"
        case _:
            return "none"


def _destination(message: Message, mapping: Mapping | None) -> str:
    try:
        decision = route(message, now=datetime.now(UTC), mapping=mapping)
    except Unreadable as error:
        return f"Goes to: quarantine\n{error.for_people}"
    if isinstance(decision, Ignore):
        return f"Ignored: {decision.reason}"
    return "\n".join(f"Goes to: {TOPIC_JOBS}, subscription {_subscription(each.item)}" for each in decision)


def _subscription(item: WorkItem | RecordItem) -> str:
    """The subscription of an item, and what it is about."""
    if isinstance(item, WorkItem):
        return f"{item.operation}, job {item.job}"
    record = item.record
    about = f"{record.table} {record.id}" if record else f"the record of the Spotler Permission {item.permission}"
    return f"{SYNC_RECORDS}, {about}"
