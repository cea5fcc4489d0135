"""The bus, from both ends: what is written to it by hand, and what has been put aside."""

from dataclasses import dataclass
from typing import Any

import requests
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from connector.routing.work_item import WorkItem
from connector.servicebus.entities import OPERATION_PROPERTY, QUEUE_DATAVERSE, QUEUE_QUARANTINE, TOPIC_JOBS
from sandbox.launch import Part

#: What counts as a message on its way.
_UNDER_WAY = ("active", "locked", "scheduled")

#: The properties of a message that was put aside.
_NOTES = ("reason", "sentence", "advice", "source")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that was put aside."""

    body: bytes
    reason: str
    sentence: str
    advice: str
    source: str


class Bus:
    """Service Bus with the real SDK, and the figures of the stand-in.

    Links stay open, because opening one takes half a second.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._dataverse = ServiceBusClient.from_connection_string(part.get("dataverse_connection_string"))
        self._app = ServiceBusClient.from_connection_string(part.get("connection_string"))
        self._to_queue = self._dataverse.get_queue_sender(QUEUE_DATAVERSE)
        self._to_topic = self._app.get_topic_sender(TOPIC_JOBS)
        self._quarantine = self._app.get_queue_receiver(QUEUE_QUARANTINE)

    def close(self) -> None:
        """Close the links and their connections."""
        for link in (self._to_queue, self._to_topic, self._quarantine, self._dataverse, self._app):
            link.close()

    def key_of_dataverse(self) -> str:
        """The key with which Dataverse sends."""
        parts = dict(part.split("=", 1) for part in self._part.get("dataverse_connection_string").split(";") if part)
        return parts["SharedAccessKey"]

    def post_as_dataverse(self, *bodies: bytes) -> None:
        """Write messages, all in one send, with the rights that Dataverse has: to send, and to one queue only."""
        self._to_queue.send_messages([ServiceBusMessage(body) for body in bodies])

    def wake_up(self, item: WorkItem) -> None:
        """Send a work item. It has no message id, so the bus does not take it for a repetition."""
        self.post_to_operation(item.operation, item.model_dump_json(exclude_none=True).encode())

    def post_to_operation(self, slug: str, body: bytes) -> None:
        """Write a message to the function of an operation."""
        self._to_topic.send_messages(ServiceBusMessage(body, application_properties={OPERATION_PROPERTY: slug}))

    def quarantine(self) -> list[Quarantined]:
        """Everything that was put aside so far."""
        return [_quarantined(message) for message in self._quarantine.peek_messages(1000, sequence_number=1)]

    def figures(self) -> dict[str, dict[str, int]]:
        """How many messages stand where, by entity."""
        answer = requests.get(f"{self._part.get('control_url')}/_sandbox/stats", timeout=10)
        entities: dict[str, dict[str, int]] = answer.json()["entities"]
        return entities

    def is_quiet(self) -> bool:
        """Whether no message is on its way to a function."""
        return not any(
            figures.get(state)
            for entity, figures in self.figures().items()
            if entity != QUEUE_QUARANTINE
            for state in _UNDER_WAY
        )


def _quarantined(message: Any) -> Quarantined:
    properties = {key.decode(): value.decode() for key, value in message.application_properties.items()}
    return Quarantined(b"".join(message.body), **{name: properties[name] for name in _NOTES})
