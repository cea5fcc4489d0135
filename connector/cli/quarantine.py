"""`quarantine list`, `show`, `replay`: messages that the connector could not process, and why."""

from typing import Annotated

import typer

from connector.cli import letters
from connector.cli.output import refuse
from connector.servicebus.mailbox import QUARANTINE

app = typer.Typer(no_args_is_help=True, help="Messages that could not be processed, with the reason.")


@app.command(name="list")
def list_letters() -> None:
    """List what is in quarantine, oldest first."""
    letters.print_list(letters.look([QUARANTINE]))


@app.command()
def show(
    message: Annotated[str, typer.Argument(metavar="ID", help="The id that the list shows, for example 17.")],
    body: Annotated[bool, typer.Option("--body", help="Print the body too; it may hold personal data.")] = False,
) -> None:
    """Print everything about one message; its body only on request."""
    (letter,) = letters.choose([message], letters.look([QUARANTINE]))
    letters.print_one(letter, body=body)


@app.command()
def replay(
    messages: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="The ids that the list shows.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is in quarantine now.")] = False,
) -> None:
    """Send messages back to where they came from and remove them from quarantine, once their cause is gone."""
    if bool(messages) == everything:
        refuse("Say which messages, or --all.")
    found = letters.look([QUARANTINE])
    letters.replay_all(letters.choose(messages, found) if messages else found)
