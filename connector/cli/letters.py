"""Messages that were put aside, as people see them: listed, shown, replayed. Used for quarantine and dead letters.

Bodies may hold personal data, so they are printed only when asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer

from connector.cli.output import moment, refuse
from connector.routing.quarantine import Note
from connector.routing.replay import origin, replay
from connector.servicebus.bus import Bus, TooLarge, bus_from
from connector.servicebus.mailbox import QUARANTINE, Held, Mailbox, Place
from connector.settings import get_settings


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was put aside, and where it lies."""

    place: Place
    held: Held

    @property
    def id(self) -> str:
        """How the command line names it: `17` in quarantine, `add-tag/17` among dead letters."""
        return str(self.held.number) if self.place == QUARANTINE else f"{self.place.name}/{self.held.number}"

    @property
    def source(self) -> str:
        """Where it came from."""
        return self.place.name if self.place.dead_letters else self.held.properties.get(Note.SOURCE, "unknown")

    @property
    def reason(self) -> str:
        """The code of the reason: ours in quarantine, that of Service Bus among dead letters."""
        return self.held.dead_letter_reason or self.held.properties.get(Note.REASON, "unknown")

    @property
    def sentence(self) -> str:
        """The reason for people."""
        return self.held.dead_letter_description or self.held.properties.get(Note.SENTENCE, "")


def mailbox() -> Mailbox:
    """The queues and subscriptions of the settings."""
    return Mailbox(get_settings())


def look(places: Sequence[Place]) -> list[Letter]:
    """What lies in these places."""
    return [Letter(place, held) for place, found in mailbox().peek_all(places).items() for held in found]


def choose(ids: Iterable[str], letters: Iterable[Letter]) -> list[Letter]:
    """The messages of these ids.

    Raises:
        typer.Exit: when one is not there, after saying so.
    """
    here = {letter.id: letter for letter in letters}
    wanted = list(dict.fromkeys(ids))
    missing = [each for each in wanted if each not in here]
    if missing:
        refuse(f"Not there: {', '.join(missing)}. The command list shows what is, with its ids.")
    return [here[each] for each in wanted]


def print_list(letters: Sequence[Letter]) -> None:
    """Two lines per message, never the body."""
    for letter in letters:
        size = f"{len(letter.held.body):,} bytes"
        typer.echo("  ".join((letter.id, moment(letter.held.enqueued_on), letter.source, letter.reason, size)))
        typer.echo("    " + "  ".join(filter(None, (letter.held.message_id, letter.sentence))))
    typer.echo(f"{len(letters)} messages." if len(letters) != 1 else "1 message.")


def print_one(letter: Letter, *, body: bool) -> None:
    """Everything but the body, and the body on request."""
    held = letter.held
    facts = {
        "Id": letter.id,
        "Lies in": str(letter.place),
        "Came from": letter.source,
        "Since": moment(held.enqueued_on),
        "Message id": held.message_id,
        "Deliveries": str(held.deliveries),
        "Reason": letter.reason,
        "Sentence": letter.sentence,
        **{f"Property {name}": text for name, text in sorted(held.properties.items()) if name not in set(Note)},
        "Kept": held.properties.get(Note.CUT, ""),
        "What to do": held.properties.get(Note.ADVICE, ""),
    }
    width = max(map(len, facts))
    for name, text in facts.items():
        if text:
            typer.echo(f"{name:{width}}  {text}")
    if body:
        typer.echo("The body follows; it may hold personal data.", err=True)
        typer.echo(held.body.decode("utf-8", errors="replace"))
    else:
        typer.echo(f"The body ({len(held.body):,} bytes) may hold personal data; --body prints it.")


def replay_all(letters: Iterable[Letter]) -> None:
    """Send each back to where it came from, then remove it; a sentence for each.

    Raises:
        typer.Exit: with 1, when one was not replayed.
        Transient, Misconfigured: when the bus does not do it; what was not said to be done is where it was.
    """
    by_place = defaultdict(list)
    for letter in letters:
        by_place[letter.place].append(letter)
    box, bus = mailbox(), bus_from(get_settings())
    failed = 0
    try:
        for place, here in by_place.items():
            failed += _replay_from(place, here, box, bus)
    finally:
        bus.close()
    if failed:
        raise typer.Exit(1)


def _replay_from(place: Place, letters: Sequence[Letter], box: Mailbox, bus: Bus) -> int:
    """Replay what lies in one place; returns how many were not."""
    sent: set[int] = set()
    origins = {letter.held.number: origin(letter.held, place) for letter in letters}
    known = {number: back_to for number, back_to in origins.items() if back_to is not None}

    def handle(held: Held) -> bool:
        name, back_to = Letter(place, held).id, known[held.number]
        try:
            replay(held, place, back_to, bus)
        except TooLarge:
            typer.echo(f"{name}  stays: with what replaying adds it is larger than the {back_to} takes", err=True)
            return False
        typer.echo(f"{name}  sent to the {back_to}")
        sent.add(held.number)
        return True

    handled = box.take(place, known, handle) if known else set()
    for letter in letters:
        if letter.held.number not in known:
            typer.echo(f"{letter.id}  stays: it does not say where it came from, or is not complete", err=True)
        elif letter.held.number not in handled:
            typer.echo(f"{letter.id}  not done: gone, or held by somebody else; try again in a minute", err=True)
    return len(letters) - len(sent)
