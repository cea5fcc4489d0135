"""One function per operation: each has its own subscription, backlog, failures and scale in the portal.

The list comes from `connector/servicebus/entities.json`, so that loading the app loads no operation.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import List  # noqa: UP035 - the engine does not index a function annotated with list[...]

import azure.functions as func

from connector.servicebus.connection import CONNECTION_SETTING
from connector.servicebus.entities import TOPIC_JOBS, job_subscriptions
from connector.triggers import guard

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


def _function_of(slug: str) -> Callable[[List[func.ServiceBusMessage], func.Context], Awaitable[None]]:  # noqa: UP006
    async def run_jobs(messages: List[func.ServiceBusMessage], context: func.Context) -> None:  # noqa: UP006
        await guard.run_batch(slug, lambda: _run(slug, messages), context)

    return run_jobs


def _run(slug: str, messages: Sequence[func.ServiceBusMessage]) -> None:
    from connector.jobs.batch import run_batch  # noqa: PLC0415 - heavy, loaded when used
    from connector.jobs.put_back import put_back_all, put_back_until  # noqa: PLC0415
    from connector.operations.registry import operation_of  # noqa: PLC0415
    from connector.services import get_bus, get_pause, get_router_services, get_services  # noqa: PLC0415

    bodies = [message.get_body() for message in messages]
    pause = get_pause()
    if pause.is_on():
        pause.log_once()
        put_back_until(get_bus(), bodies, pause.again(), operation=slug)
        return
    try:
        services = get_services()
    except Exception as error:  # noqa: BLE001 - whatever it is, ten deliveries within seconds would not fix it
        router = get_router_services()
        put_back_all(router.bus, bodies, error, operation=slug, now=router.now())
    else:
        run_batch(services, operation_of(slug), bodies)


for _slug in job_subscriptions():
    blueprint.function_name(_slug.replace("-", "_"))(
        blueprint.service_bus_topic_trigger(
            arg_name="messages",
            topic_name=TOPIC_JOBS,
            subscription_name=_slug,
            connection=CONNECTION_SETTING,
            cardinality="many",
            data_type="binary",
        )(_function_of(_slug))
    )
