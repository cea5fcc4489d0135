"""`route_dataverse_message`: from the queue that Dataverse writes to, to the topic of work items, or to quarantine."""

from collections.abc import Sequence
from typing import Final, List  # noqa: UP035 - the engine does not index a function annotated with list[...]

import azure.functions as func

from connector.servicebus.connection import CONNECTION_SETTING
from connector.servicebus.entities import QUEUE_DATAVERSE
from connector.triggers import guard

#: The router, in the log.
NAME: Final = "route-dataverse-message"

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("route_dataverse_message")
@blueprint.service_bus_queue_trigger(
    arg_name="messages",
    queue_name=QUEUE_DATAVERSE,
    connection=CONNECTION_SETTING,
    cardinality="many",
    data_type="binary",
)
async def route_dataverse_message(messages: List[func.ServiceBusMessage], context: func.Context) -> None:  # noqa: UP006
    """Read each message and send it on; raises only when the bus takes nothing, so that it delivers again."""
    await guard.run_batch(NAME, lambda: _route(messages), context)


def _route(messages: Sequence[func.ServiceBusMessage]) -> None:
    from connector import telemetry  # noqa: PLC0415
    from connector.routing.router import Incoming, Router  # noqa: PLC0415 - heavy, loaded when used
    from connector.services import get_router_services  # noqa: PLC0415

    Router(get_router_services()).run(
        [Incoming(message.get_body(), message.application_properties or {}) for message in messages]
    )
    telemetry.succeeded(NAME)
