"""Delivery states: how a receiver's disposition becomes a settlement (OASIS AMQP 1.0, part 3, 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.servicebus.delivery import DeadLetter, Outcome
from sandbox.servicebus.errors import INVALID_FIELD, AmqpError
from sandbox.servicebus.values import AmqpValue, Described, ULong

if TYPE_CHECKING:
    from sandbox.servicebus.delivery import Settlement

_ACCEPTED = ULong(0x24)
_REJECTED = ULong(0x25)
_RELEASED = ULong(0x26)
_MODIFIED = ULong(0x27)

ACCEPTED = Described(_ACCEPTED, [])


def rejected(error: AmqpError) -> Described:
    """The state that tells the peer that its message or settlement was refused."""
    return Described(_REJECTED, [error.described()])


def echo(state: Described | None) -> Described:
    """The state that confirms a settlement: the same outcome, without any error.

    Clients take `rejected` with an error for "the settlement was refused", also after they asked for `rejected`.
    """
    return ACCEPTED if state is None else Described(state.descriptor, [])


def settlement_of(state: Described | None) -> Settlement:
    """What a disposition asks for. Deferring is `modified` with `undeliverable-here`; dead-lettering is `rejected`.

    Raises:
        AmqpError: a state that does not settle anything.
    """
    if state is None or state.descriptor == _ACCEPTED:
        return Outcome.COMPLETE
    fields = state.value if isinstance(state.value, list) else []
    if state.descriptor == _RELEASED:
        return Outcome.RELEASE
    if state.descriptor == _MODIFIED:
        undeliverable_here = len(fields) > 1 and fields[1] is True
        return Outcome.DEFER if undeliverable_here else Outcome.ABANDON
    if state.descriptor == _REJECTED:
        return _dead_letter_of(fields[0] if fields else None)
    raise AmqpError(INVALID_FIELD, f"The delivery state {state.descriptor!r} does not settle a message.")


def _dead_letter_of(error: AmqpValue) -> DeadLetter:
    """The reason and description travel in the `info` map of the error, its third field."""
    fields = error.value if isinstance(error, Described) else error
    info = fields[2] if isinstance(fields, list) and len(fields) > 2 else None
    if not isinstance(info, dict):
        return DeadLetter()
    return DeadLetter(text_or_none(info.get("DeadLetterReason")), text_or_none(info.get("DeadLetterErrorDescription")))


def text_or_none(value: AmqpValue) -> str | None:
    """The value as text, if it is text and not empty."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return value if isinstance(value, str) and value else None
