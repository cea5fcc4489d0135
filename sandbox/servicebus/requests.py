"""Requests that travel as messages: the frame common to `$cbs` and `$management`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sandbox.servicebus.message import Content, encode_response
from sandbox.servicebus.values import AmqpMap, AmqpValue, DecodeError


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, and the id under which the answer is expected."""

    message_id: AmqpValue
    operation: str
    properties: AmqpMap
    value: AmqpValue

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read a request.

        Raises:
            DecodeError: it names no operation.
        """
        content = Content.parse(payload)
        operation = content.application_properties.get("operation")
        if not isinstance(operation, str):
            raise DecodeError("a request without an operation")
        return cls(content.message_id, operation, content.application_properties, content.read_value())

    def answer(self, properties: AmqpMap, value: AmqpValue = None) -> bytes:
        """The encoded response."""
        return encode_response(self.message_id, properties, value)
