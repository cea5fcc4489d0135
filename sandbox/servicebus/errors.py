"""Error conditions as Service Bus names them on the wire, and the exception that carries one to the peer."""

from __future__ import annotations

from sandbox.servicebus.values import Described, Symbol, ULong

DECODE_ERROR = "amqp:decode-error"
CONNECTION_FORCED = "amqp:connection:forced"
INTERNAL_ERROR = "amqp:internal-error"
INVALID_FIELD = "amqp:invalid-field"
NOT_ALLOWED = "amqp:not-allowed"
NOT_FOUND = "amqp:not-found"
NOT_IMPLEMENTED = "amqp:not-implemented"
UNAUTHORIZED_ACCESS = "amqp:unauthorized-access"
HANDLE_IN_USE = "amqp:session:handle-in-use"
MESSAGE_SIZE_EXCEEDED = "amqp:link:message-size-exceeded"
DEAD_LETTER = "com.microsoft:dead-letter"
ARGUMENT_ERROR = "com.microsoft:argument-error"
MESSAGE_LOCK_LOST = "com.microsoft:message-lock-lost"
MESSAGE_NOT_FOUND = "com.microsoft:message-not-found"

_ERROR = ULong(0x1D)

#: The status a management response carries beside the condition.
_STATUS = {
    NOT_FOUND: 404,
    MESSAGE_NOT_FOUND: 404,
    MESSAGE_LOCK_LOST: 410,
    UNAUTHORIZED_ACCESS: 401,
    NOT_IMPLEMENTED: 501,
}


class AmqpError(Exception):
    """Something the peer asked for is refused, with the condition and sentence it is to see."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(f"{condition}: {description}")
        self.condition = condition
        self.description = description

    @property
    def status(self) -> int:
        """The HTTP-like status of a management response."""
        return _STATUS.get(self.condition, 400)

    def described(self) -> Described:
        """The error as an AMQP value; always three fields, because clients index all of them."""
        return Described(_ERROR, [Symbol(self.condition), self.description, {}])
