"""`quarantine` and `dead-letters`: the same commands `list`, `show` and `replay` over different locations."""

from collections.abc import Callable, Collection
from typing import Annotated

import typer

from connector.cli import stored_messages
from connector.cli.output import refuse
from connector.servicebus.entities import QUARANTINE, Location, dead_letter_locations


def _commands(about: str, example: str, locations: Callable[[], Collection[Location]]) -> typer.Typer:
    """A group of commands.

    Args:
        about: which messages, for the help.
        example: an id, for the help.
        locations: where the messages are stored.
    """
    group = typer.Typer(no_args_is_help=True, help=about)

    @group.command(name="list")
    def list_messages() -> None:
        """List the messages, oldest first in each queue and subscription."""
        stored_messages.print_list(stored_messages.find(None, locations()))

    @group.command()
    def show(
        message: Annotated[str, typer.Argument(metavar="ID", help=f"An id from the list, such as {example}.")],
        body: Annotated[bool, typer.Option("--body", help="Print the body too; it may hold personal data.")] = False,
    ) -> None:
        """Print everything about one message; its body only on request."""
        (found,) = stored_messages.find([message], locations())
        stored_messages.print_one(found, body=body)

    @group.command()
    def replay(
        messages: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids from the list.")] = None,
        everything: Annotated[bool, typer.Option("--all", help="Every message of the list.")] = False,
    ) -> None:
        """Send messages to where they came from, then remove them. Do it once their cause is gone."""
        if bool(messages) == everything:
            refuse("Give the ids of messages, or --all.")
        stored_messages.replay_all(stored_messages.find(messages or None, locations()))

    return group


quarantine = _commands("Messages that the connector could not process, with the reason.", "17", lambda: [QUARANTINE])
dead_letters = _commands(
    "Messages that Service Bus gave up delivering, of every queue and subscription.",
    "add-tag/17",
    dead_letter_locations,
)
