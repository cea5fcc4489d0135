"""`<entity>/$management`: what clients do with messages besides sending and receiving them.

Operations and the names in their maps are those of "AMQP 1.0 in Azure Service Bus: request-response-based operations".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sandbox.servicebus.delivery import Outcome, Settlement
from sandbox.servicebus.errors import ARGUMENT_ERROR, DECODE_ERROR, NOT_ALLOWED, NOT_IMPLEMENTED, AmqpError
from sandbox.servicebus.outcomes import dead_letter_properties, properties_to_modify
from sandbox.servicebus.queues import Queue
from sandbox.servicebus.requests import Request
from sandbox.servicebus.values import AmqpMap, AmqpValue, Array, DecodeError, Int, Symbol, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sandbox.servicebus.claims import Claims
    from sandbox.servicebus.definition import Right
    from sandbox.servicebus.namespace import Namespace
    from sandbox.servicebus.topics import Topic

ADDRESS_SUFFIX = "/$management"

_PREFIX = "com.microsoft:"
_OK = 200
_NO_CONTENT = 204

#: `receiver-settle-mode` of a receiver that settles what it receives.
_SECOND = 1

#: Disposition statuses as they are spelled on the wire.
_STATUSES = {"completed": Outcome.COMPLETE, "abandoned": Outcome.ABANDON, "defered": Outcome.DEFER}

#: What an operation of the protocol may be given besides its body; neither changes what it does.
_REQUEST_PROPERTIES = {
    "operation",
    "type",
    "associated-link-name",
    "com.microsoft:server-timeout",
    "com.microsoft:tracking-id",
}

type _Answer = tuple[int, AmqpValue]


@dataclass(frozen=True, slots=True)
class _Operation:
    """What may be asked for: with which right, and with which names in the body."""

    right: Right
    perform: Callable[[AmqpMap], _Answer]
    names: frozenset[str]


class Management:
    """The management node of one entity, for one connection."""

    def __init__(self, entity: Queue | Topic, namespace: Namespace, claims: Claims) -> None:
        self._entity = entity
        self._namespace = namespace
        self._claims = claims
        self._operations = {
            "schedule-message": _Operation("Send", self._schedule, frozenset({"messages"})),
            "cancel-scheduled-message": _Operation("Send", self._cancel_scheduled, frozenset({"sequence-numbers"})),
            "peek-message": _Operation("Listen", self._peek, frozenset({"from-sequence-number", "message-count"})),
            "renew-lock": _Operation("Listen", self._renew_lock, frozenset({"lock-tokens"})),
            "receive-by-sequence-number": _Operation(
                "Listen", self._receive_by_sequence_number, frozenset({"sequence-numbers", "receiver-settle-mode"})
            ),
            "update-disposition": _Operation(
                "Listen",
                self._update_disposition,
                frozenset(
                    {
                        "disposition-status",
                        "lock-tokens",
                        "deadletter-reason",
                        "deadletter-description",
                        "properties-to-modify",
                    }
                ),
            ),
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
        operation = self._operations[name]
        # A token for the entity holds for this node as well; some clients ask for one for the node itself.
        self._claims.require(f"{self._entity.path}{ADDRESS_SUFFIX}", operation.right)
        if not isinstance(request.value, dict):
            raise AmqpError(ARGUMENT_ERROR, "The body of the request is not a map.")
        _refuse_others(request.properties, _REQUEST_PROPERTIES, f"{name}: the property")
        _refuse_others(request.value, operation.names, f"{name}: ")
        return operation.perform(request.value)

    @property
    def _queue(self) -> Queue:
        if not isinstance(self._entity, Queue):
            raise AmqpError(
                NOT_ALLOWED, f"'{self._entity.path}' is a topic: only its subscriptions can be received from."
            )
        return self._entity

    def _schedule(self, body: AmqpMap) -> _Answer:
        messages = [_scheduled(item) for item in _list(body, "messages")]
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
        mode = body.get("receiver-settle-mode")
        if mode not in (None, _SECOND):
            raise AmqpError(NOT_IMPLEMENTED, "Receiving deferred messages for good is not imitated.")
        messages = self._queue.receive_deferred(_integers(body, "sequence-numbers"))
        return _OK, {"messages": [{"message": m.encode(), "lock-token": m.lock_token} for m in messages]}

    def _update_disposition(self, body: AmqpMap) -> _Answer:
        outcome, properties = _settlement(body)
        for token in _tokens(body):
            self._queue.settle(token, outcome, properties)
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
    properties = properties_to_modify(body.get("properties-to-modify"))
    reason = dead_letter_properties(body.get("deadletter-reason"), body.get("deadletter-description"))
    status = body.get("disposition-status")
    if status == "suspended":
        return Settlement(Outcome.DEAD_LETTER, properties | reason)
    if reason:
        raise AmqpError(ARGUMENT_ERROR, f"A message that is {status!r} has no reason of a dead letter.")
    outcome = _STATUSES.get(status) if isinstance(status, str) else None
    if outcome is None:
        raise AmqpError(ARGUMENT_ERROR, f"Unknown disposition status {status!r}.")
    return Settlement(outcome, properties)


def _scheduled(item: AmqpValue) -> bytes:
    if isinstance(item, dict):  # the other names repeat what stands in the message
        _refuse_others(item, {"message", "message-id", "session-id", "partition-key"}, "schedule-message: ")
    return _binary(item, "message")


def _refuse_others(given: AmqpMap, known: Collection[str], what: str) -> None:
    for name in given:
        if name not in known:
            raise AmqpError(NOT_IMPLEMENTED, f"{what}{name!r} is not imitated.")


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
    return [_of_type(item, int, name) for item in _list(body, name)]


def _binary(item: AmqpValue, name: str) -> bytes:
    value = item.get(name) if isinstance(item, dict) else None
    if not isinstance(value, bytes):
        raise AmqpError(ARGUMENT_ERROR, f"An item of the request has no binary {name!r}.")
    return value


def _tokens(body: AmqpMap) -> list[UUID]:
    return [_of_type(item, UUID, "lock-tokens") for item in _list(body, "lock-tokens")]


def _of_type[Item](item: AmqpValue, kind: type[Item], name: str) -> Item:
    if not isinstance(item, kind):
        raise AmqpError(ARGUMENT_ERROR, f"An item of {name!r} is {item!r}.")
    return item
