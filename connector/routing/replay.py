"""Replaying a stored message: sending it back to where it came from.

    quarantine, from the queue dataverse ─► queue dataverse
    quarantine, from an operation        ─► topic of jobs, for that operation
    dead letter of a queue               ─► that queue
    dead letter of a subscription        ─► topic of jobs, for that subscription

The id of the new message is derived from the location and number of the old one. So when the process dies after sending
and before removing the original, a second replay sends the same id again, and the topic drops it (for ten minutes).
After that, and for the queue `dataverse`, the claim of the job makes sure that the work is done once.
"""

from hashlib import sha256

from connector.errors import Unreadable
from connector.routing.quarantine import Note
from connector.routing.record_item import RecordItem
from connector.routing.work_item import WorkItem
from connector.servicebus.browse import StoredMessage
from connector.servicebus.bus import Bus, OutgoingMessage
from connector.servicebus.entities import (
    OPERATION_PROPERTY,
    QUARANTINE,
    QUEUE_DATAVERSE,
    TOPIC_JOBS,
    Location,
    subscriptions,
)


def original_location(message: StoredMessage) -> Location | None:
    """Where a message in quarantine or a dead letter came from.

    None when it cannot be replayed: its origin is not known, because another sender put it there, or its end was cut.
    """
    if Note.CUT in message.properties:
        return None
    if message.location.dead_letters:
        return Location(message.location.name)
    source = message.properties.get(Note.SOURCE)
    return Location(source) if source in (QUEUE_DATAVERSE, *subscriptions()) else None


def id_of_replay(message: StoredMessage) -> str:
    """The id of the message that a replay of this one sends; a dead letter keeps its id."""
    location = message.location
    return f"replay/{location.name}{'/dead-letters' if location.dead_letters else ''}/{message.number}"


def subject_of(message: StoredMessage) -> str:
    """What a message is about, which stays the same when it fails again under another id.

    That is the job or record of an item, which changes while it is tried; and otherwise the content.
    """
    try:
        return f"job {WorkItem.from_body(message.body).job}"
    except Unreadable:
        pass
    try:
        return f"record {RecordItem.from_body(message.body).subject}"
    except Unreadable:
        return f"content {sha256(message.body).hexdigest()}"


def replay(message: StoredMessage, to: Location, bus: Bus) -> None:
    """Send a message to its original location; the caller removes the stored one.

    Raises:
        Transient, Misconfigured: when the bus does not accept it.
        TooLarge: when there is no room for what is added to it.
    """
    location = message.location
    message_id = id_of_replay(message)
    if to.is_queue:
        # The properties of Dataverse say whether the message is complete; those of the quarantine are left out.
        added = set(Note) if location == QUARANTINE else set()
        properties = {name: text for name, text in message.properties.items() if name not in added}
        bus.to_queue(to.name, [OutgoingMessage(message.body, message_id, properties)])
    else:
        bus.to_topic(TOPIC_JOBS, [OutgoingMessage(message.body, message_id, {OPERATION_PROPERTY: to.name})])
