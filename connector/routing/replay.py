"""Replaying: a message that was put aside goes back to where it came from.

    quarantine, from the queue dataverse ─► queue dataverse
    quarantine, from an operation        ─► topic of jobs, for that operation
    dead letter of a queue               ─► that queue
    dead letter of a subscription        ─► topic of jobs, for that subscription

The id of the new message follows from the place and number of the old one. So a message that is sent twice, because the
first attempt died before it could remove the original, is sent once as far as the topic is concerned (it drops repeated
ids for ten minutes); later, and for the queue `dataverse`, the id of the work item and the claim of the job see to it.
"""

from connector.routing.quarantine import Note
from connector.servicebus.bus import (
    OPERATION_PROPERTY,
    QUEUE_DATAVERSE,
    TOPIC_JOBS,
    Bus,
    OutgoingMessage,
    lock_durations,
)
from connector.servicebus.mailbox import QUARANTINE, Held, Place


def origin(held: Held, place: Place) -> Place | None:
    """Where a message that was put aside came from.

    None when it must stay: it does not say, because a stranger put it there, or it is not complete.
    """
    if Note.CUT in held.properties:
        return None
    if place.dead_letters:
        return Place(place.name)
    source = held.properties.get(Note.SOURCE)
    return Place(source) if source in (QUEUE_DATAVERSE, *lock_durations()) else None


def replay(held: Held, place: Place, back_to: Place, bus: Bus) -> None:
    """Send a message back to where it came from; removing it is the caller's business.

    Raises:
        Transient, Misconfigured: when the bus does not take it.
    """
    message_id = f"replay/{place.name}{'/dead-letters' if place.dead_letters else ''}/{held.number}"
    if back_to.is_queue:
        # What Dataverse wrote on it tells whether the message is complete; what the quarantine wrote stays behind.
        notes = set(Note) if place == QUARANTINE else set()
        properties = {name: text for name, text in held.properties.items() if name not in notes}
        bus.to_queue(back_to.name, [OutgoingMessage(held.body, message_id, properties)])
    else:
        bus.to_topic(TOPIC_JOBS, [OutgoingMessage(held.body, message_id, {OPERATION_PROPERTY: back_to.name})])
