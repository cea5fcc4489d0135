"""The router: reads what Dataverse posted and publishes work items. It never calls Dataverse or Spotler."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector import telemetry
from connector.dataverse.messages import parse_message
from connector.dataverse.messages.properties import dataverse_properties
from connector.errors import ConnectorError, Unreadable
from connector.routing.quarantine import quarantine
from connector.routing.route import Ignore, PostedTooEarly, route
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import QUEUE_DATAVERSE, TOPIC_JOBS
from connector.services import RouterServices

log = logging.getLogger(__name__)

#: The name of the router in logs, in the place where jobs have the slug of their operation.
ROUTER: Final = "route-dataverse-message"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the bus delivered it."""

    body: bytes
    properties: Mapping[str, object]


class Router:
    """Routes batches of messages; a bad message does not affect the others of its batch."""

    def __init__(self, services: RouterServices) -> None:
        self._services = services

    def run(self, messages: Sequence[Incoming]) -> None:
        """Publish, quarantine or ignore each message.

        Raises:
            Transient, Misconfigured: when the bus does not accept messages, so that the batch is delivered again.
        """
        published: list[OutgoingMessage] = []
        refused: list[tuple[Incoming, ConnectorError]] = []
        for message in messages:
            try:
                parsed = parse_message(message.body, properties=message.properties)
                services = self._services
                routing = route(
                    parsed,
                    now=services.now(),
                    mapping=services.mapping,
                    own_user=services.own_user,
                    periodiek=services.periodiek,
                )
                match routing:
                    case tuple() as items:
                        published += (each.message for each in items)
                        if parsed.in_transaction and items:
                            telemetry.log_problem(log, PostedTooEarly(), operation=ROUTER)
                    case Ignore(why):
                        log.info("Message ignored: %s", why, extra=telemetry.fields(source=QUEUE_DATAVERSE))
            except Unreadable as error:
                refused.append((message, error))
            except Exception as error:  # noqa: BLE001 - an internal error about one message must not affect the others
                telemetry.log_problem(log, error, operation=ROUTER)
                refused.append((message, telemetry.internal_error(error)))
        # Publish first: a message that even the quarantine refuses must not hold back the others.
        self._services.bus.to_topic(TOPIC_JOBS, published)
        for message, reason in refused:
            own = dataverse_properties(message.properties)
            quarantine(self._services.bus, message.body, reason, source=QUEUE_DATAVERSE, properties=own)
