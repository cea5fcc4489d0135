"""Serving the endpoint, with a side door to read what arrived: in a test, or as `python -m sandbox.telemetry`.

GET  /_sandbox/rows?table=AppTraces    the rows, of one table or of all
GET  /_sandbox/summary                 rows and bytes by table
POST /_sandbox/refuse                  {"times": 2, "status": 429, "retry_after_s": 1}
POST /_sandbox/reset                   forget everything
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import requests
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.http_server import serving
from sandbox.telemetry.app import INSTRUMENTATION_KEY, TRACK, IngestionSandbox, Refusals
from sandbox.telemetry.tables import TABLES, Row

_SIDE_DOOR: Final = "/_sandbox/"
_TIMEOUT_S: Final = 10
_REFUSALS: Final = TypeAdapter(Refusals)
_ROWS: Final = TypeAdapter(list[Row])


def connection_string(url: str) -> str:
    """What an app is given to send its telemetry to the endpoint at this URL."""
    return f"InstrumentationKey={INSTRUMENTATION_KEY};IngestionEndpoint={url}/;LiveEndpoint={url}/"


def app_of(sandbox: IngestionSandbox) -> Starlette:
    """The endpoint and its side door."""

    async def track(request: Request) -> Response:
        body = await request.body()
        taken = await run_in_threadpool(sandbox.track, body, request.headers.get("content-encoding", ""))
        return JSONResponse(taken.content, taken.status, taken.headers)

    async def rows(request: Request) -> Response:
        table = request.query_params.get("table", "")
        if table not in ("", *TABLES):
            return JSONResponse({"problem": f"there is no table {table}; there are {', '.join(TABLES)}"}, 400)
        return JSONResponse(await run_in_threadpool(sandbox.rows, table))

    async def summary(_: Request) -> Response:
        return JSONResponse(sandbox.summary())

    async def refuse(request: Request) -> Response:
        try:
            sandbox.refuse(_REFUSALS.validate_json(await request.body()))
        except ValidationError as problem:
            return JSONResponse({"problem": str(problem)}, 400)
        return JSONResponse({})

    async def reset(_: Request) -> Response:
        sandbox.reset()
        return JSONResponse({})

    return Starlette(
        routes=[
            *(Route(path, track, methods=["POST"]) for path in TRACK),
            Route(f"{_SIDE_DOOR}rows", rows, methods=["GET"]),
            Route(f"{_SIDE_DOOR}summary", summary, methods=["GET"]),
            Route(f"{_SIDE_DOOR}refuse", refuse, methods=["POST"]),
            Route(f"{_SIDE_DOOR}reset", reset, methods=["POST"]),
        ]
    )


@dataclass(frozen=True, slots=True)
class IngestionDoor:
    """The side door from the outside."""

    url: str

    def rows(self, table: str = "") -> list[Row]:
        """The rows, of one table or of all."""
        answer = requests.get(f"{self.url}{_SIDE_DOOR}rows", params={"table": table}, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return _ROWS.validate_json(answer.content)


@dataclass(frozen=True, slots=True)
class RunningIngestion:
    """An endpoint that listens."""

    url: str
    sandbox: IngestionSandbox = field(repr=False)

    @property
    def connection_string(self) -> str:
        """What an app is given."""
        return connection_string(self.url)


@contextmanager
def running(port: int = 0) -> Iterator[RunningIngestion]:
    """Serve in a thread until the block ends. Raises `RuntimeError` if it does not start."""
    sandbox = IngestionSandbox()
    with serving(app_of(sandbox), "telemetry", port) as url:
        yield RunningIngestion(url, sandbox)
