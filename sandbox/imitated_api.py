"""What the stand-ins of both APIs of Spotler share: raw calls, the side door, latency, and connections that drop."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.http_server import TRANSPORT

#: What begins with this is for tests and people, and not part of the API.
SIDE_DOOR = "/_sandbox/"


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One call as it arrived; `path` and `query` are as sent, names of headers in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def host(self) -> str:
        """To whom it was sent."""
        return self.headers.get("host", "")

    @property
    def target(self) -> str:
        """Path and query as sent."""
        return f"{self.path}?{self.query}" if self.query else self.path


class RawAnswer(Protocol):
    """A response; without a content type it has no body either."""

    @property
    def status(self) -> int:
        """The status of HTTP."""

    @property
    def body(self) -> bytes:
        """What it holds."""

    @property
    def content_type(self) -> bytes | None:
        """The kind of the body."""

    @property
    def headers(self) -> Iterable[tuple[bytes, bytes]]:
        """Headers besides those of the body."""


class RawFault(Protocol):
    """What goes wrong on the way."""

    @property
    def latency_ms(self) -> float:
        """How much later the answer comes."""

    @property
    def drops(self) -> bool:
        """Whether the connection ends without one."""


class ImitatedApi:
    """The imitated API and, below its own prefix, the side door.

    Args:
        handle: answers one call.
        latency_ms: how long every answer takes at least.
        side_door: for tests and people.
    """

    def __init__(
        self,
        handle: Callable[[RawRequest], tuple[RawAnswer, RawFault | None]],
        latency_ms: Callable[[], float],
        side_door: ASGIApp,
    ) -> None:
        self._handle = handle
        self._latency_ms = latency_ms
        self._side_door = side_door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        raw_path: bytes = scope["raw_path"]
        if raw_path.startswith(SIDE_DOOR.encode()):
            await self._side_door(scope, receive, send)
            return
        answer, fault = self._handle(await _request(scope, receive))
        latency_ms = self._latency_ms() + (fault.latency_ms if fault else 0)
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        if fault is not None and fault.drops:
            scope["state"][TRANSPORT].abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(answer, send)


async def _request(scope: Scope, receive: Receive) -> RawRequest:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return RawRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"".join(chunks),
    )


async def _send(answer: RawAnswer, send: Send) -> None:
    headers = list(answer.headers)
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type))
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
