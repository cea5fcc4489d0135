"""The side door of the host, for tests and people; nothing of it exists in Azure.

GET  /_sandbox/stats            figures by function
GET  /_sandbox/engines          {"pids": [...], "restarts": n}
POST /_sandbox/engines/kill     ends them as a crash would: {"pids": [...]}
GET  /_sandbox/recent           {"lines": [...], "runs": [...], "timers": [...]}: the latest, oldest first; see `recent`
GET  /_sandbox/revision         {"revision": n}, which changes with everything that happens
POST /_sandbox/run-timer/NAME   runs a timer now: {"succeeded": true} or {"succeeded": false, "error": "..."}
"""

import socket
import threading

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.functions.host import FunctionsHost
from sandbox.quiet_server import QuietServer

#: How long the server may take to end; it has no slow requests but a timer, which the host waits for itself.
STOP_SECONDS = 2


class Control:
    """Serves the side door of one host on a free port of 127.0.0.1, in a thread."""

    def __init__(self, host: FunctionsHost, port: int = 0) -> None:
        self._host = host
        self._socket = socket.create_server(("127.0.0.1", port))
        routes = [
            Route("/_sandbox/stats", self._stats),
            Route("/_sandbox/engines", self._engines),
            Route("/_sandbox/engines/kill", self._kill, methods=["POST"]),
            Route("/_sandbox/recent", self._recent),
            Route("/_sandbox/revision", self._revision),
            Route("/_sandbox/run-timer/{name}", self._run_timer, methods=["POST"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = QuietServer(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="control", daemon=True)

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Begins to answer; requests made before are kept by the socket."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and frees the port."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    async def _stats(self, _: Request) -> JSONResponse:
        return JSONResponse(self._host.figures())

    async def _engines(self, _: Request) -> JSONResponse:
        return JSONResponse({"pids": self._host.engine_pids, "restarts": self._host.restarts})

    async def _kill(self, _: Request) -> JSONResponse:
        return JSONResponse({"pids": await run_in_threadpool(self._host.kill_engines)})

    async def _recent(self, _: Request) -> JSONResponse:
        recent = self._host.recent
        return JSONResponse({"lines": recent.lines(), "runs": recent.runs(), "timers": self._host.timers})

    async def _revision(self, _: Request) -> JSONResponse:
        return JSONResponse({"revision": self._host.recent.revision})

    async def _run_timer(self, request: Request) -> JSONResponse:
        name = request.path_params["name"]
        try:
            outcome = await run_in_threadpool(self._host.run_timer, name)
        except KeyError:
            return JSONResponse({"succeeded": False, "error": f"there is no timer {name}"}, status_code=404)
        return JSONResponse({"succeeded": outcome.succeeded, "error": outcome.error})
