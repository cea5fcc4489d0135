"""The side door: plain HTTP for tests, no part of Service Bus.

GET  /_sandbox/stats    {"entities": {path: {"active": 0, "locked": 0, ...}}}
GET  /_sandbox/faults   {"drop_next": {entity: 2}, "duplicate_next": {}}; the entity "" stands for any
POST /_sandbox/faults   any of {"drop_next": n, "duplicate_next": n, "entity": path, "shuffle": bool, "seed": n};
                        answers like GET
POST /_sandbox/keys     {"policy": name}, and with {"regenerate": "PrimaryKey"} or "SecondaryKey" that key is made anew;
                        answers {"PrimaryKey": "...", "SecondaryKey": "..."}
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.servicebus.namespace import Namespace
    from sandbox.servicebus.security import KeyRing

_MAX_BODY = 65536


class _FaultOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    drop_next: int | None = Field(default=None, ge=0)
    duplicate_next: int | None = Field(default=None, ge=0)
    entity: str = ""
    shuffle: bool | None = None
    seed: int = 0


class _KeyOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    policy: str
    regenerate: str | None = None


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class ControlServer:
    """Answers one request per connection, which is all that tests need."""

    def __init__(self, namespace: Namespace, keys: KeyRing) -> None:
        self._namespace = namespace
        self._keys = keys

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Start listening; port 0 finds a free one."""
        return await asyncio.start_server(self._converse, host, port, limit=_MAX_BODY)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, answer = self._answer(*await _read_request(reader))
        except _RefusedError as refusal:
            status, answer = refusal.status, {"error": str(refusal)}
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            writer.close()
            return
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        with suppress(ConnectionError):  # the client may have gone
            await writer.drain()
        writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[HTTPStatus, Mapping[str, object]]:
        match method, path:
            case "GET", "/_sandbox/stats":
                return HTTPStatus.OK, {"entities": self._namespace.stats()}
            case "GET", "/_sandbox/faults":
                return HTTPStatus.OK, self._namespace.faults.pending()
            case "POST", "/_sandbox/faults":
                self._order_faults(body)
                return HTTPStatus.OK, self._namespace.faults.pending()
            case "POST", "/_sandbox/keys":
                return HTTPStatus.OK, self._keys_of(body)
            case _:
                raise _RefusedError(HTTPStatus.NOT_FOUND, f"There is no {method} {path}.")

    def _keys_of(self, body: bytes) -> dict[str, str]:
        try:
            order = _KeyOrder.model_validate_json(body)
        except ValidationError as error:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
        try:
            if order.regenerate is not None:
                return self._keys.regenerate(order.policy, order.regenerate).keys
            return next(each.keys for each in self._keys.policies if each.name == order.policy)
        except (KeyError, StopIteration):
            raise _RefusedError(HTTPStatus.NOT_FOUND, "There is no such policy, or no such key.") from None

    def _order_faults(self, body: bytes) -> None:
        try:
            order = _FaultOrder.model_validate_json(body)
        except ValidationError as error:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
        entity = order.entity.lower()
        if entity and self._namespace.find(entity) is None:
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"There is no entity {order.entity!r}.")
        if order.drop_next is not None:
            self._namespace.faults.drop_next(order.drop_next, entity)
        if order.duplicate_next is not None:
            self._namespace.faults.duplicate_next(order.duplicate_next, entity)
        if order.shuffle is not None:
            self._namespace.set_shuffle(on=order.shuffle, seed=order.seed)


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *header_lines = head.split("\r\n")
    method, path, _ = request_line.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)}
    length = int(headers.get("content-length", "0"))
    if length > _MAX_BODY:
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.")
    return method, path, await reader.readexactly(length)
