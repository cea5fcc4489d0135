"""`dead-letters list`, `show`, `replay`: messages that Service Bus put aside, because nobody could take them."""

from typing import Annotated

import typer

from connector.cli import letters
from connector.cli.output import refuse
from connector.servicebus.mailbox import Place, places_of_dead_letters

app = typer.Typer(no_args_is_help=True, help="Messages that Service Bus put aside, of every queue and subscription.")


@app.command(name="list")
def list_letters() -> None:
    """List the dead letters of every queue and subscription, oldest first in each."""
    letters.print_list(letters.look(places_of_dead_letters()))


@app.command()
def show(
    message: Annotated[str, typer.Argument(metavar="ID", help="The id that the list shows, for example add-tag/17.")],
    body: Annotated[bool, typer.Option("--body", help="Print the body too; it may hold personal data.")] = False,
) -> None:
    """Print everything about one message; its body only on request."""
    (letter,) = letters.choose([message], letters.look(_places_of([message])))
    letters.print_one(letter, body=body)


@app.command()
def replay(
    messages: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="The ids that the list shows.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dead letter that there is now.")] = False,
) -> None:
    """Send messages again to the queue or subscription that they are dead letters of, and remove them there."""
    if bool(messages) == everything:
        refuse("Say which messages, or --all.")
    found = letters.look(_places_of(messages) if messages else places_of_dead_letters())
    letters.replay_all(letters.choose(messages, found) if messages else found)


def _places_of(ids: list[str]) -> list[Place]:
    """The places that these ids name, so that only those are asked."""
    names = {each.partition("/")[0] for each in ids}
    return [place for place in places_of_dead_letters() if place.name in names]
