"""Messages in quarantine and dead letters, for people.

Bodies may hold personal data, so they are printed only on request.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import typer

from connector.cli.output import moment, put, refuse, say
from connector.routing.quarantine import Note
from connector.servicebus.browse import MessageBrowser, StoredMessage
from connector.servicebus.entities import QUARANTINE, Location
from connector.settings import get_settings
from connector.words import Sentence

#: The reason or source of a message without one; `--code` and `--operation` take it.
UNKNOWN: Final = "unknown"


def browser() -> MessageBrowser:
    """The queues and subscriptions of the settings."""
    return MessageBrowser(get_settings())


def id_of(message: StoredMessage) -> str:
    """How the command line names a message: `17` in quarantine, `add-tag/17` among the dead letters."""
    location = message.location
    return str(message.number) if location == QUARANTINE else f"{location.name}/{message.number}"


def reason_of(message: StoredMessage) -> str:
    """The code of the reason: Service Bus's for a dead letter, ours in quarantine."""
    return message.dead_letter_reason or message.properties.get(Note.REASON, UNKNOWN)


def find(ids: Iterable[str], locations: Collection[Location]) -> list[StoredMessage]:
    """The messages with these ids, in their order.

    Raises:
        typer.Exit: when one does not exist, after saying so.
    """
    wanted = list(dict.fromkeys(ids))
    named = {each.rpartition("/")[0] or QUARANTINE.name for each in wanted}
    stored = {id_of(each): each for each in browser().peek([each for each in locations if each.name in named])}
    missing = [each for each in wanted if each not in stored]
    if missing:
        refuse(Sentence("Not found: {ids}. The command list shows all ids.", ids=", ".join(missing)))
    return [stored[each] for each in wanted]


def print_list(messages: Sequence[StoredMessage]) -> None:
    """Print two lines for each message, never its body."""
    for message in messages:
        line = (
            id_of(message),
            moment(message.enqueued_on),
            source_of(message),
            reason_of(message),
            put(_size(message)),
        )
        typer.echo("  ".join(line))
        typer.echo("    " + "  ".join(filter(None, (message.message_id, put(_sentence(message))))))
    say(Sentence("{count} message.", plural="{count} messages.", count=len(messages)))


def print_one(message: StoredMessage, *, body: bool) -> None:
    """Print everything about a message; its body on request."""
    facts = {put(name): text for name, text in _facts(message)}
    width = max(map(len, facts))
    for name, text in facts.items():
        if text:
            typer.echo(f"{name:{width}}  {text}")
    if body:
        say("The body follows; it may hold personal data.", err=True)
        typer.echo(message.body.decode("utf-8", errors="replace"))
    else:
        say(Sentence("The body ({size}) may hold personal data; --body prints it.", size=_size(message)))


def _size(message: StoredMessage) -> Sentence:
    return Sentence("{count} byte", plural="{count} bytes", count=len(message.body))


def _facts(message: StoredMessage) -> Iterator[tuple[Sentence, str]]:
    """What `show` prints, with headings; notes of the quarantine that another line shows are not repeated."""
    properties = message.properties
    in_quarantine = message.location == QUARANTINE
    yield Sentence("Id"), id_of(message)
    yield Sentence("Stored in"), put(message.location.sentence)
    yield Sentence("Came from"), source_of(message)
    yield Sentence("Since"), moment(message.enqueued_on)
    yield Sentence("Message id"), message.message_id
    yield Sentence("Deliveries"), str(message.deliveries)
    yield Sentence("Reason"), reason_of(message)
    yield Sentence("Sentence"), put(_sentence(message))
    for name, text in sorted(properties.items()):
        if not in_quarantine or name not in set(Note):
            yield Sentence("Property {name}", name=name), text
    if in_quarantine:
        yield Sentence("Kept"), properties.get(Note.CUT, "")
        yield Sentence("What to do"), put(properties.get(Note.ADVICE, ""))


def source_of(message: StoredMessage) -> str:
    """Where a message failed: the queue or subscription of a dead letter, what the quarantine says otherwise."""
    location = message.location
    return location.name if location.dead_letters else message.properties.get(Note.SOURCE, UNKNOWN)


def _sentence(message: StoredMessage) -> str:
    return message.dead_letter_description or message.properties.get(Note.SENTENCE, "")
