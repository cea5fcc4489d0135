"""`quarantine` and `dead-letters`: the same commands `list`, `show` and `replay` over different locations."""

from collections.abc import Callable, Collection
from typing import Annotated, Final

import typer

from connector.cli import stored_messages
from connector.cli.message_replay import MessageReplayer
from connector.cli.replay import selection
from connector.cli.replay.clock import ReplayClock
from connector.cli.replay.growing import Manner, replay_growing
from connector.servicebus.bus import bus_from
from connector.servicebus.entities import QUARANTINE, Location, dead_letter_locations
from connector.settings import get_settings

#: Messages in a second: slower than what the connector can do, so that other work goes on.
RATE: Final = 20.0
#: Seconds: longer than the first attempts of an item that fails take.
WAIT: Final = 60.0


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
        stored_messages.print_list(stored_messages.browser().peek(locations()))

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
        ids_file: selection.IdsFile = None,
        code: selection.Codes = None,
        operation: selection.Operations = None,
        since: selection.Since = None,
        before: selection.Before = None,
        everything: Annotated[bool, typer.Option("--all", help="Every message of the list.")] = False,
        rate: selection.Rate = RATE,
        wait: selection.Wait = WAIT,
        tolerate: selection.Tolerate = 0,
    ) -> None:
        """Send messages to where they came from and remove them, in growing batches. Do it once their cause is gone."""
        chosen = selection.Selection.of(
            messages, ids_file, codes=code, operations=operation, since=since, before=before, everything=everything
        )
        bus = bus_from(get_settings())
        try:
            replayer = MessageReplayer(stored_messages.browser(), bus, locations())
            replay_growing(replayer.choose(chosen), replayer, Manner(rate, wait, tolerate), ReplayClock())
        finally:
            bus.close()

    return group


quarantine = _commands("Messages that the connector could not process, with the reason.", "17", lambda: [QUARANTINE])
dead_letters = _commands(
    "Messages that Service Bus gave up delivering, of every queue and subscription.",
    "add-tag/17",
    dead_letter_locations,
)
