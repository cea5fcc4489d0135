"""The messages of a queue or subscription, or its dead letters, without touching them: peeked over AMQP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver, ServiceBusSubQueue
from azure.servicebus.exceptions import ServiceBusError

from sandbox.console.systems import Refused, Systems

#: So many messages are shown.
SHOWN: Final = 50
#: What an address puts before the name of a queue or subscription whose dead letters are meant.
DEAD: Final = "dead:"


@dataclass(frozen=True, slots=True)
class Peeked:
    """One message. `replay` is what the command line calls it; empty where it is not for replays."""

    number: int
    message_id: str
    enqueued: str
    state: str
    size: int
    properties: tuple[tuple[str, str], ...]
    replay: str


def peek(systems: Systems, place: str) -> list[Peeked]:
    """The messages of a place, oldest first.

    Args:
        systems: where the bus is.
        place: `quarantine`, `spotler-jobs/Subscriptions/add-tag`, or the same after `dead:`.

    Raises:
        Refused: there is no such place.
    """
    path, dead = place.removeprefix(DEAD), place.startswith(DEAD)
    name = path.rpartition("/")[2]
    try:
        with (
            ServiceBusClient.from_connection_string(systems.addresses.bus_connection) as client,
            _receiver(client, path, dead=dead) as receiver,
        ):
            found = receiver.peek_messages(SHOWN, sequence_number=1)
    except ServiceBusError as error:
        raise Refused(f"{name} cannot be peeked into ({type(error).__name__}).") from error
    return [_shown(message, name, dead=dead) for message in found]


def _receiver(client: ServiceBusClient, path: str, *, dead: bool) -> ServiceBusReceiver:
    sub_queue = ServiceBusSubQueue.DEAD_LETTER if dead else None
    topic, _, subscription = path.partition("/Subscriptions/")
    if subscription:
        return client.get_subscription_receiver(topic, subscription, sub_queue=sub_queue)
    return client.get_queue_receiver(path, sub_queue=sub_queue)


def _shown(message: ServiceBusReceivedMessage, name: str, *, dead: bool) -> Peeked:
    replay = f"{name}/{message.sequence_number}" if dead else str(message.sequence_number)
    properties: Mapping[Any, Any] = message.application_properties or {}
    return Peeked(
        number=message.sequence_number or 0,
        message_id=message.message_id or "",
        enqueued=message.enqueued_time_utc.isoformat() if message.enqueued_time_utc else "",
        state=message.state.name.capitalize(),
        size=sum(len(part) for part in message.body),
        properties=tuple((_text(key), _text(value)) for key, value in properties.items()),
        replay=replay if dead or name == "quarantine" else "",
    )


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
