"""HTTP functions: a server for the routes of an app, with the answers of the real host where the app is not asked.

    unknown route, or a method that the function does not name   404, empty (azure-functions-host#10098; so is HEAD
                                                                where only GET is named: #11625)
    no key, or a wrong one                                       401, empty
    the function raises                                          500, empty

A key is given as the header `x-functions-key` or as `code` in the query. Routes are not case-sensitive and stand below
the prefix of host.json. What serves people, the side door, has a port of its own (`sandbox.functions.control`).
"""

import hmac
import socket
import threading
from collections.abc import Iterable
from typing import Any, Final

import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.functions.bindings import HttpTrigger
from sandbox.functions.invocation import EngineDied, Invocation, Outcome
from sandbox.functions.protocol import messages
from sandbox.functions.service_bus import Invoker
from sandbox.functions.statistics import Statistics
from sandbox.quiet_server import QuietServer

#: How long the server may take to end.
STOP_SECONDS: Final = 2
#: Where a caller puts the key.
KEY_HEADER, KEY_PARAMETER = "x-functions-key", "code"


class HttpFunctions:
    """Serves the HTTP functions of one app on a port of 127.0.0.1, in a thread.

    Args:
        triggers: the functions.
        prefix: what stands before each route.
        key: what a function that needs a key is called with.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        triggers: Iterable[HttpTrigger],
        invoker: Invoker,
        statistics: Statistics,
        *,
        prefix: str,
        key: str,
        port: int = 0,
    ) -> None:
        self._routes = {"/".join(filter(None, (prefix.strip("/"), each.route))).lower(): each for each in triggers}
        self._invoker = invoker
        self._statistics = statistics
        self._key = key
        self._socket = socket.create_server(("127.0.0.1", port))
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = QuietServer(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="http", daemon=True)
        for trigger in self._routes.values():
            statistics.know(trigger.function)

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and frees the port."""
        if self._thread.ident is not None:
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        trigger = self._routes.get(request.url.path.strip("/").lower())
        if trigger is None or request.method not in trigger.methods:
            return Response(status_code=404)
        if trigger.needs_key and not self._has_key(request):
            return Response(status_code=401)
        outcome = await run_in_threadpool(self._run, trigger, _input_of(request, await request.body()))
        return Response(status_code=500) if not outcome.succeeded else _response_of(outcome.returned)

    def _has_key(self, request: Request) -> bool:
        given = request.headers.get(KEY_HEADER) or request.query_params.get(KEY_PARAMETER) or ""
        return hmac.compare_digest(given.encode(), self._key.encode())

    def _run(self, trigger: HttpTrigger, data: Any) -> Outcome:
        self._statistics.began(trigger.function, 0)
        try:
            outcome = self._invoker.invoke(Invocation(trigger.function, {trigger.parameter: data})).result()
        except EngineDied as error:
            outcome = Outcome(f"EngineDied: {error}")
        self._statistics.ended(trigger.function, succeeded=outcome.succeeded)
        return outcome


def _input_of(request: Request, body: bytes) -> Any:
    """What the function gets: the engine announces that it takes bodies as bytes."""
    return messages.TypedData(
        http=messages.RpcHttp(
            method=request.method,
            url=str(request.url),
            headers=dict(request.headers),
            query=dict(request.query_params),
            body=messages.TypedData(bytes=body) if body else None,
        )
    )


def _response_of(returned: Any) -> Response:
    """The answer of a function; one that returns nothing is answered with 204."""
    if returned is None:
        return Response(status_code=204)
    if returned.WhichOneof("data") != "http":
        return Response(returned.string, media_type="text/plain")
    http = returned.http
    kind = http.body.WhichOneof("data")
    body = getattr(http.body, kind) if kind else b""
    return Response(body, status_code=int(http.status_code), headers=dict(http.headers))
