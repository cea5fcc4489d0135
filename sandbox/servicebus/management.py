"""`<entity>/$management`: what clients do with messages besides sending and receiving them.

Operations and the names in their maps are those of "AMQP 1.0 in Azure Service Bus: request-response-based operations".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sandbox.servicebus.delivery import DeadLetter, Outcome
from sandbox.servicebus.errors import ARGUMENT_ERROR, DECODE_ERROR, NOT_ALLOWED, NOT_IMPLEMENTED, AmqpError
from sandbox.servicebus.outcomes import text_or_none
from sandbox.servicebus.queues import Queue
from sandbox.servicebus.requests import Request
from sandbox.servicebus.values import AmqpMap, AmqpValue, Array, DecodeError, Int, Symbol, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.servicebus.claims import Claims
    from sandbox.servicebus.definition import Right
    from sandbox.servicebus.delivery import Settlement
    from sandbox.servicebus.namespace import Namespace
    from sandbox.servicebus.topics import Topic

ADDRESS_SUFFIX = "/$management"

_PREFIX = "com.microsoft:"
_OK = 200
_NO_CONTENT = 204

type _Answer = tuple[int, AmqpValue]


class Management:
    """The management node of one entity, for one connection."""

    def __init__(self, entity: Queue | Topic, namespace: Namespace, claims: Claims) -> None:
        self._entity = entity
        self._namespace = namespace
        self._claims = claims
        self._operations: dict[str, tuple[Right, Callable[[AmqpMap], _Answer]]] = {
            "schedule-message": ("Send", self._schedule),
            "cancel-scheduled-message": ("Send", self._cancel_scheduled),
            "peek-message": ("Listen", self._peek),
            "renew-lock": ("Listen", self._renew_lock),
            "receive-by-sequence-number": ("Listen", self._receive_by_sequence_number),
            "update-disposition": ("Listen", self._update_disposition),
        }

    def handle(self, payload: bytes) -> bytes:
        """Answer a request; refusals are answers too.

        Raises:
            DecodeError: not a request at all.
        """
        request = Request.parse(payload)
        try:
            status, value = self._perform(request)
        except DecodeError as error:
            return _refuse(request, AmqpError(DECODE_ERROR, str(error)))
        except AmqpError as error:
            return _refuse(request, error)
        return request.answer({"statusCode": Int(status), "statusDescription": "OK"}, value)

    def _perform(self, request: Request) -> _Answer:
        name = request.operation.removeprefix(_PREFIX)
        if name not in self._operations:
            raise AmqpError(NOT_IMPLEMENTED, f"The operation {request.operation!r} is not imitated.")
        right, operation = self._operations[name]
        self._claims.require(self._entity.path, right)
        if not isinstance(request.value, dict):
            raise AmqpError(ARGUMENT_ERROR, "The body of the request is not a map.")
        return operation(request.value)

    @property
    def _queue(self) -> Queue:
        if not isinstance(self._entity, Queue):
            raise AmqpError(
                NOT_ALLOWED, f"'{self._entity.path}' is a topic: only its subscriptions can be received from."
            )
        return self._entity

    def _schedule(self, body: AmqpMap) -> _Answer:
        messages = [_binary(item, "message") for item in _list(body, "messages")]
        return _OK, {"sequence-numbers": Array(self._namespace.send(self._entity, messages))}

    def _cancel_scheduled(self, body: AmqpMap) -> _Answer:
        for number in _integers(body, "sequence-numbers"):
            self._entity.cancel_scheduled(number)
        return _OK, None

    def _peek(self, body: AmqpMap) -> _Answer:
        found = self._queue.peek(_integer(body, "from-sequence-number"), _integer(body, "message-count"))
        if not found:
            return _NO_CONTENT, None
        return _OK, {"messages": [{"message": message.encode()} for message in found]}

    def _renew_lock(self, body: AmqpMap) -> _Answer:
        until = [Timestamp(self._queue.renew(token)) for token in _tokens(body)]
        return _OK, {"expirations": Array(until)}

    def _receive_by_sequence_number(self, body: AmqpMap) -> _Answer:
        messages = self._queue.receive_deferred(_integers(body, "sequence-numbers"))
        return _OK, {"messages": [{"message": m.encode(), "lock-token": m.lock_token} for m in messages]}

    def _update_disposition(self, body: AmqpMap) -> _Answer:
        settlement = _settlement(body)
        for token in _tokens(body):
            self._queue.settle(token, settlement)
        return _OK, None


def _refuse(request: Request, error: AmqpError) -> bytes:
    return request.answer(
        {
            "statusCode": Int(error.status),
            "statusDescription": error.description,
            "errorCondition": Symbol(error.condition),
        }
    )


def _settlement(body: AmqpMap) -> Settlement:
    match body.get("disposition-status"):
        case "completed":
            return Outcome.COMPLETE
        case "abandoned":
            return Outcome.ABANDON
        case "defered":  # spelled so on the wire
            return Outcome.DEFER
        case "suspended":
            return DeadLetter(
                text_or_none(body.get("deadletter-reason")), text_or_none(body.get("deadletter-description"))
            )
        case other:
            raise AmqpError(ARGUMENT_ERROR, f"Unknown disposition status {other!r}.")


def _list(body: AmqpMap, name: str) -> list[AmqpValue]:
    value = body.get(name)
    if not isinstance(value, list):
        raise AmqpError(ARGUMENT_ERROR, f"The request has no list {name!r}.")
    return value


def _integer(body: AmqpMap, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int):
        raise AmqpError(ARGUMENT_ERROR, f"The request has no number {name!r}.")
    return value


def _integers(body: AmqpMap, name: str) -> list[int]:
    return [item for item in _list(body, name) if isinstance(item, int)]


def _binary(item: AmqpValue, name: str) -> bytes:
    value = item.get(name) if isinstance(item, dict) else None
    if not isinstance(value, bytes):
        raise AmqpError(ARGUMENT_ERROR, f"An item of the request has no binary {name!r}.")
    return value


def _tokens(body: AmqpMap) -> list[UUID]:
    return [item for item in _list(body, "lock-tokens") if isinstance(item, UUID)]
