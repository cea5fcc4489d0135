"""`sync_records`: records that changed in Dataverse are synced without a job."""

from collections.abc import Sequence
from typing import List  # noqa: UP035 - the engine does not index a function annotated with list[...]

import azure.functions as func

from connector.servicebus.connection import CONNECTION_SETTING
from connector.servicebus.entities import SYNC_RECORDS, TOPIC_JOBS
from connector.triggers import guard

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name(SYNC_RECORDS.replace("-", "_"))
@blueprint.service_bus_topic_trigger(
    arg_name="messages",
    topic_name=TOPIC_JOBS,
    subscription_name=SYNC_RECORDS,
    connection=CONNECTION_SETTING,
    cardinality="many",
    data_type="binary",
)
async def sync_records(messages: List[func.ServiceBusMessage], context: func.Context) -> None:  # noqa: UP006
    """Send each record as it is now; raises only when the bus takes nothing, so that it delivers again."""
    await guard.run_batch(SYNC_RECORDS, lambda: _sync(messages), context)


def _sync(messages: Sequence[func.ServiceBusMessage]) -> None:
    from connector.services import get_bus, get_pause, get_router_services, get_services  # noqa: PLC0415 - heavy
    from connector.sync.automatic.changes import put_back_all, put_back_until, sync_changes  # noqa: PLC0415
    from connector.sync.automatic.items import Delivered  # noqa: PLC0415

    incoming = [Delivered(message.get_body(), (message.delivery_count or 1) > 1) for message in messages]
    pause = get_pause()
    if pause.is_on():
        pause.log_once()
        put_back_until(get_bus(), incoming, pause.again())
        return
    try:
        services = get_services()
    except Exception as error:  # noqa: BLE001 - whatever it is, ten deliveries within seconds would not fix it
        router = get_router_services()
        put_back_all(router.bus, incoming, error, now=router.now())
    else:
        sync_changes(services, incoming)
