"""`GET /api/health`: whether the connector works, in short, for the portal and for availability tests.

Needs the key of the function. It names no system, no record and no setting, and calls neither Dataverse nor Spotler: it
reads the pause and the last success of the sweep from the state.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final

import azure.functions as func

from connector.threads import ContextThreadPool
from connector.triggers.invocation import enter_invocation

#: Threads of their own: while the state does not answer, any number of questions takes none from the functions.
threads: Final = ContextThreadPool(2, thread_name_prefix="health")
#: Seconds after which the answer is that the state does not answer.
PATIENCE: Final = 10.0

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def health(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - the engine passes it
    """Answer 200 if the connector works or is paused, else 503."""
    enter_invocation(context)
    try:
        status, body = await asyncio.wait_for(
            asyncio.get_running_loop().run_in_executor(threads, _answer), timeout=PATIENCE
        )
    except TimeoutError:
        from connector.health import health_unknown  # noqa: PLC0415 - heavy, loaded when used

        status, body = health_unknown()
    return func.HttpResponse(
        body, status_code=status, mimetype="application/json", headers={"Cache-Control": "no-store"}
    )


def _answer() -> tuple[int, str]:
    from connector.health import health_of  # noqa: PLC0415 - heavy, loaded when used
    from connector.services import get_pause, get_state  # noqa: PLC0415

    return health_of(get_state, get_pause(), datetime.now(UTC))
