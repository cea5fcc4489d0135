"""The HTTP side of the Web API: who calls, how much they may, what is made to go wrong, and how long it takes."""

import asyncio
import time
from typing import Any, Final
from uuid import uuid4

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.dataverse import errors
from sandbox.dataverse.binding import API_ROOT
from sandbox.dataverse.calls import Answer, Call, error_answer
from sandbox.dataverse.customizing.lock import operation_of
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.faults import Effect, Fault, FaultKind, fault_answer
from sandbox.dataverse.side_door import side_door
from sandbox.dataverse.sign_in import sign_in
from sandbox.dataverse.users import User

#: The front-end refuses longer addresses before anything reads them.
LONGEST_URL: Final = 32_768

_URL_TOO_LONG = Answer(414, {"Content-Type": "text/html"}, b"<html><body><h2>URI Too Long</h2></body></html>")
_NO_SUCH_PATH = Answer(404, {"Content-Type": "text/html"}, b"<html><body><h2>Not Found</h2></body></html>")

#: The answer to a request that was not carried out; nobody gets it.
_NOTHING = Answer(204)


class Application:
    """The ASGI application: the Web API, the token endpoint and the side door on one port."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._sign_in: ASGIApp = sign_in(environment)
        self._side_door: ASGIApp = side_door(environment)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"]
        if path.startswith(API_ROOT):
            await self._web_api(scope, receive, send)
        elif path.startswith("/_sandbox/"):
            await self._side_door(scope, receive, send)
        elif path.startswith("/api/"):
            await _send(send, _NO_SUCH_PATH, {})
        else:
            await self._token(scope, receive, send)

    async def _web_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        environment = self._environment
        method: str = scope["method"]
        path = scope["path"][len(API_ROOT) :]
        body = await _read_body(receive)
        fault = environment.faults.for_request(method, path, body)
        if fault is not None and fault.kind.breaks_connection:
            if fault.effect is not Effect.NONE:
                await self._answer(scope, method, path, body, fault)
            environment.calls.http(method, path, 0)
            await _break(scope, fault)
            return
        answer, extra = await self._answer(scope, method, path, body, fault)
        environment.calls.http(method, path, answer.status)
        await _send(send, answer, extra)

    async def _token(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._environment.faults.for_token(scope["method"], scope["path"])
        if fault is None:
            await self._sign_in(scope, receive, send)
        elif fault.kind.breaks_connection:
            await _break(scope, fault)
        else:
            await _send(send, fault_answer(fault), {})

    async def _answer(
        self, scope: Scope, method: str, path: str, body: bytes, fault: Fault | None
    ) -> tuple[Answer, dict[str, str]]:
        environment = self._environment
        query: bytes = scope["query_string"]
        if len(scope.get("raw_path") or b"") + len(query) + 1 > LONGEST_URL:
            return _URL_TOO_LONG, {}
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            user = self._authenticate(headers)
            environment.limiter.enter(user.id)
        except ApiError as error:
            return error_answer(error, headers.get("prefer", "")), {}
        started = time.perf_counter()
        try:
            with environment.customizing.lock.during(operation_of(method, path)):
                if environment.latency_ms:
                    await asyncio.sleep(environment.latency_ms / 1000)
                base_url = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
                call = Call(method, path, query.decode("latin-1"), headers, body, user, base_url, str(uuid4()))
                answer = self._carry_out(call, fault)
        except ApiError as error:
            answer = error_answer(error, headers.get("prefer", ""))
        finally:
            extra = environment.limiter.leave(user.id, time.perf_counter() - started)
        return answer, extra

    def _carry_out(self, call: Call, fault: Fault | None) -> Answer:
        """Do what a request asks for, or what a fault makes of it."""
        if fault is not None and fault.effect is Effect.LATER:
            self._environment.held.hold(call)
        answer = _NOTHING if fault and fault.effect is not Effect.AT_ONCE else self._environment.answer(call)
        return answer if fault is None or fault.kind.breaks_connection else fault_answer(fault)

    def _authenticate(self, headers: dict[str, str]) -> User:
        """The user behind the token.

        Raises:
            ApiError: 401 when the token is missing, expired or for somebody else, 403 when the client has no user.
        """
        environment = self._environment
        scheme, _, token = headers.get("authorization", "").partition(" ")
        identity = environment.tokens.identity_of(token, environment.addresses) if scheme.lower() == "bearer" else None
        if identity is None:
            address = environment.addresses[0]
            authorize = f"{address}/{environment.tokens.tenant_id}/oauth2/authorize"
            challenge = f"Bearer authorization_uri={authorize}, resource_id={address}/"
            raise ApiError(
                401, "", "The access token is missing, expired or not valid.", {"WWW-Authenticate": challenge}
            )
        user = environment.user_of(identity)
        if user is None:
            raise errors.not_a_member()
        return user


async def _break(scope: Scope, fault: Fault) -> None:
    """End the connection without an answer."""
    if fault.kind is FaultKind.TIMEOUT:
        await asyncio.sleep(fault.seconds)
    transport: Any = scope["sandbox.transport"]
    transport.abort()
    await asyncio.sleep(0)  # the server notices before an answer is missing


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    chunks = [body]
    while message.get("more_body"):
        message = await receive()
        chunks.append(message.get("body", b""))
    return b"".join(chunks)


async def _send(send: Send, answer: Answer, extra: dict[str, str]) -> None:
    request_id = str(uuid4())
    headers = {**answer.headers, **extra, "x-ms-service-request-id": request_id, "REQ_ID": request_id}
    if answer.status not in (204, 304):
        headers["Content-Length"] = str(len(answer.body))
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
