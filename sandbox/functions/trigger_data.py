"""Service Bus messages and timers in the form in which the engine gets them from the real host.

How the host turns .NET values into TypedData (its `GrpcMessageConversionExtensions.ToRpc`, for an engine that does
not announce IncludeEmptyEntriesInMessagePayload, as the Python engine does not):

    string     string              string[]  collection_string, null and empty entries DROPPED
    byte[]     bytes               byte[][]  collection_bytes, empty entries kept
    null       left out            long[]    collection_sint64
    any other (int, long, DateTime, dictionaries, int[])  json

The dropping makes arrays of a batch shift: the correlation id of one message shows up at another. It is imitated on
purpose; an app has to be right with it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.amqp import AmqpMessageBodyType

from sandbox.functions.protocol import messages


class Kind(Enum):
    """The .NET type of a piece of metadata, which decides its form on the wire."""

    STRING = "string"
    LONG = "long"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    kind: Kind
    read: Callable[[ServiceBusReceivedMessage], object]


def _time(moment: datetime | None, suffix: str) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + suffix if moment else None


def _properties(message: ServiceBusReceivedMessage) -> dict[str, object]:
    return {_text(name): _plain(value) for name, value in (message.application_properties or {}).items()}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, datetime):
        return _time(value, "Z")
    return str(value) if isinstance(value, UUID) else value


# What the Service Bus extension 5.x passes with a message. MessageActions, SessionActions, ReceiveActions and Client
# are objects of .NET that mean nothing to the engine, and are left out.
_FIELDS = (
    # The SDK for Python counts deliveries from 0, the one for .NET from 1.
    _Field("DeliveryCount", Kind.JSON, lambda m: (m.delivery_count or 0) + 1),
    _Field("DeadLetterSource", Kind.STRING, lambda m: m.dead_letter_source),
    _Field("LockToken", Kind.STRING, lambda m: str(m.lock_token)),
    _Field("ExpiresAtUtc", Kind.JSON, lambda m: _time(m.expires_at_utc, "Z")),
    _Field("ExpiresAt", Kind.JSON, lambda m: _time(m.expires_at_utc, "+00:00")),
    _Field("EnqueuedTimeUtc", Kind.JSON, lambda m: _time(m.enqueued_time_utc, "Z")),
    _Field("EnqueuedTime", Kind.JSON, lambda m: _time(m.enqueued_time_utc, "+00:00")),
    _Field("MessageId", Kind.STRING, lambda m: m.message_id),
    _Field("ContentType", Kind.STRING, lambda m: m.content_type),
    _Field("ReplyTo", Kind.STRING, lambda m: m.reply_to),
    _Field("SequenceNumber", Kind.LONG, lambda m: m.sequence_number),
    _Field("To", Kind.STRING, lambda m: m.to),
    _Field("Subject", Kind.STRING, lambda m: m.subject),
    _Field("Label", Kind.STRING, lambda m: m.subject),
    _Field("CorrelationId", Kind.STRING, lambda m: m.correlation_id),
    _Field("ApplicationProperties", Kind.JSON, _properties),
    # The engine distinguishes one message from many by whether UserProperties or UserPropertiesArray is there.
    _Field("UserProperties", Kind.JSON, _properties),
    _Field("SessionId", Kind.STRING, lambda m: m.session_id),
    _Field("ReplyToSessionId", Kind.STRING, lambda m: m.reply_to_session_id),
    _Field("PartitionKey", Kind.STRING, lambda m: m.partition_key),
    _Field("TransactionPartitionKey", Kind.STRING, lambda _: None),
)


def one_body(message: ServiceBusReceivedMessage, *, binary: bool) -> Any:
    """The body of one message as TypedData. Raises ValueError for a body that is not AMQP data."""
    body = _body(message)
    return messages.TypedData(bytes=body) if binary else messages.TypedData(string=body.decode(errors="replace"))


def many_bodies(batch: Sequence[ServiceBusReceivedMessage], *, binary: bool) -> Any:
    """The bodies of a batch as TypedData; as text, empty ones are dropped. Raises ValueError as `one_body` does."""
    bodies = [_body(message) for message in batch]
    if binary:
        return messages.TypedData(collection_bytes=messages.CollectionBytes(bytes=bodies))
    return _strings([body.decode(errors="replace") for body in bodies])


def one_metadata(message: ServiceBusReceivedMessage) -> Mapping[str, Any]:
    """The metadata of one message: TypedData by name."""
    values = ((field, field.read(message)) for field in _FIELDS)
    return {
        field.name: messages.TypedData(string=value) if field.kind is Kind.STRING else _json(value)
        for field, value in values
        if value is not None
    }


def many_metadata(batch: Sequence[ServiceBusReceivedMessage]) -> Mapping[str, Any]:
    """The metadata of a batch: TypedData by name, each name ending in `Array`."""
    return {f"{field.name}Array": _array(field, [field.read(message) for message in batch]) for field in _FIELDS}


def timer_input(status: Mapping[str, str] | None, *, past_due: bool) -> Any:
    """What a timer function gets. `status` has Last, Next and LastUpdated, or is None for an unmonitored timer."""
    return _json({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due})


def _body(message: ServiceBusReceivedMessage) -> bytes:
    if message.body_type is not AmqpMessageBodyType.DATA:
        raise ValueError("the body is an AMQP value or sequence; the Service Bus extension binds data bodies only")
    return b"".join(message.body)


def _array(field: _Field, values: Sequence[Any]) -> Any:
    if field.kind is Kind.STRING:
        return _strings(values)
    if field.kind is Kind.LONG:
        return messages.TypedData(collection_sint64=messages.CollectionSInt64(sint64=values))
    return _json(values)


def _strings(values: Sequence[str | None]) -> Any:
    return messages.TypedData(collection_string=messages.CollectionString(string=[value for value in values if value]))


def _json(value: object) -> Any:
    return messages.TypedData(json=json.dumps(value))
