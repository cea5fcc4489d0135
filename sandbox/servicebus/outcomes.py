"""Delivery states: how a receiver's disposition becomes a settlement (OASIS AMQP 1.0, part 3, 3.4)."""

from __future__ import annotations

from sandbox.servicebus.delivery import Outcome, Settlement
from sandbox.servicebus.errors import DEAD_LETTER, INVALID_FIELD, NOT_IMPLEMENTED, AmqpError
from sandbox.servicebus.values import AmqpValue, Described, ULong

_ACCEPTED = ULong(0x24)
_REJECTED = ULong(0x25)
_RELEASED = ULong(0x26)
_MODIFIED = ULong(0x27)

#: The states that settle a message, and how many fields each has.
_FIELDS: dict[AmqpValue, int] = {_ACCEPTED: 0, _REJECTED: 1, _RELEASED: 0, _MODIFIED: 3}

_REASON = "DeadLetterReason"
_DESCRIPTION = "DeadLetterErrorDescription"

ACCEPTED = Described(_ACCEPTED, [])


def rejected(error: AmqpError) -> Described:
    """The state for the peer when its message or settlement was refused."""
    return Described(_REJECTED, [error.described()])


def echo(state: Described | None) -> Described:
    """The state that confirms a settlement: the same outcome, without any error.

    Clients take `rejected` with an error for "the settlement was refused", also after they asked for `rejected`.
    """
    return ACCEPTED if state is None else Described(state.descriptor, [])


def settlement_of(state: Described | None) -> Settlement:
    """What a disposition asks for. Deferring is `modified` with `undeliverable-here`; dead-lettering is `rejected`.

    Raises:
        AmqpError: a state that does not settle anything, or that asks for something that is not imitated.
    """
    if state is None:
        return Settlement(Outcome.COMPLETE)
    fields: list[AmqpValue] = state.value if isinstance(state.value, list) else [state.value]
    most = _FIELDS.get(state.descriptor)
    if most is None or len(fields) > most:
        raise AmqpError(NOT_IMPLEMENTED, f"The delivery state {state.descriptor!r} is not imitated.")
    first, second, third = _three(fields)
    if state.descriptor == _ACCEPTED:
        return Settlement(Outcome.COMPLETE)
    if state.descriptor == _RELEASED:
        return Settlement(Outcome.RELEASE)
    if state.descriptor == _REJECTED:
        return Settlement(Outcome.DEAD_LETTER, _properties_of_error(first))
    return Settlement(Outcome.DEFER if second is True else Outcome.ABANDON, properties_to_modify(third))


def properties_to_modify(changes: AmqpValue) -> dict[str, AmqpValue]:
    """Application properties that a settlement sets.

    Raises:
        AmqpError: not a map from names to simple values.
    """
    if changes is None:
        return {}
    if not isinstance(changes, dict):
        raise AmqpError(INVALID_FIELD, "The properties to modify are not a map.")
    for name, value in changes.items():
        if not isinstance(name, str) or isinstance(value, list | dict | Described):
            raise AmqpError(INVALID_FIELD, f"The property {name!r} to modify is not a simple value under a name.")
    return {str(name): value for name, value in changes.items()}


def dead_letter_properties(reason: AmqpValue, description: AmqpValue) -> dict[str, AmqpValue]:
    """The application properties that say why a message was dead-lettered, where that is said.

    Raises:
        AmqpError: a reason or description that is not text.
    """
    properties: dict[str, AmqpValue] = {}
    for name, value in ((_REASON, reason), (_DESCRIPTION, description)):
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if text is not None and not isinstance(text, str):
            raise AmqpError(INVALID_FIELD, f"{name} is not text.")
        if text:
            properties[name] = text
    return properties


def _properties_of_error(error: AmqpValue) -> dict[str, AmqpValue]:
    """What the client says about a dead letter: all of it in the `info` map of the error, its third field."""
    if error is None:
        return {}
    fields = error.value if isinstance(error, Described) else None
    condition, description, info = _three(fields if isinstance(fields, list) else [])
    if condition != DEAD_LETTER:
        raise AmqpError(NOT_IMPLEMENTED, f"A message is dead-lettered with {DEAD_LETTER!r}, not with {condition!r}.")
    properties = properties_to_modify(info)
    reason = dead_letter_properties(properties.pop(_REASON, None), properties.pop(_DESCRIPTION, None))
    if description and reason.get(_DESCRIPTION) != description:
        raise AmqpError(NOT_IMPLEMENTED, f"The description of a dead letter travels as {_DESCRIPTION} in its info.")
    return properties | reason


def _three(fields: list[AmqpValue]) -> tuple[AmqpValue, AmqpValue, AmqpValue]:
    """The first three fields; senders leave out nulls at the end."""
    first, second, third = (fields + [None] * 3)[:3]
    return first, second, third
