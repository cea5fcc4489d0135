"""What a client may ask for when it attaches a link (OASIS AMQP 1.0, part 2, 2.7.3, and part 3, 3.5).

A broker that does not know something answers with an attach that lacks it, and goes on; few clients look. So whatever
is not imitated here is refused, and what Azure refuses, in its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sandbox.servicebus.errors import INVALID_FIELD, NOT_ALLOWED, NOT_IMPLEMENTED, AmqpError
from sandbox.servicebus.values import AmqpValue, Symbol, ULong

if TYPE_CHECKING:
    from sandbox.servicebus.performatives import Attach

_SOURCE = ULong(0x28)
_TARGET = ULong(0x29)

SESSION_FILTER = "com.microsoft:session-filter"

#: The fields of a source, and the values that ask for nothing special. A target has the first six and capabilities.
_ADDRESS = "address"
_FILTER = "filter"
_OUTCOMES = "outcomes"
_TARGET_FIELDS: dict[str, tuple[AmqpValue, ...]] = {
    "durable": (None, 0),
    "expiry-policy": (None, "session-end"),
    "timeout": (None, 0),
    "dynamic": (None, False),
    "dynamic-node-properties": (None, {}),
}
_SOURCE_FIELDS: dict[str, tuple[AmqpValue, ...]] = {
    **_TARGET_FIELDS,
    "distribution-mode": (None, "move"),
    "default-outcome": (None,),
}
_SOURCE_NAMES = (_ADDRESS, *_TARGET_FIELDS, "distribution-mode", _FILTER, "default-outcome", _OUTCOMES, "capabilities")
_TARGET_NAMES = (_ADDRESS, *_TARGET_FIELDS, "capabilities")

#: Link properties by which clients introduce themselves. `timeout` is how long they wait, which needs no answer.
_LINK_PROPERTIES = ("com.microsoft:receiver-name", "com.microsoft:timeout", "com.microsoft:entity-type")

#: Unsettled, settled, mixed; and first, second.
_SENDER_SETTLE_MODES = (None, 0, 1, 2)
_RECEIVER_SETTLE_MODES = (None, 0, 1)
_KNOWN_OUTCOMES = {f"amqp:{name}:list" for name in ("accepted", "rejected", "released", "modified")}


@dataclass(frozen=True, slots=True)
class Terminus:
    """The server's end of a link.

    Attributes:
        path: of the entity or node, without the host.
        for_session: whether the client wants to receive the messages of a session, a named one or the next.
    """

    path: str
    for_session: bool

    @classmethod
    def of(cls, attach: Attach) -> Self:
        """Read the server's end: the source for a client that receives, the target for one that sends.

        Raises:
            AmqpError: no address, or something is asked for that is not imitated.
        """
        _check_link(attach)
        terminus, descriptor, names = (
            (attach.source, _SOURCE, _SOURCE_NAMES) if attach.role else (attach.target, _TARGET, _TARGET_NAMES)
        )
        if terminus is not None and terminus.descriptor != descriptor:  # such as the coordinator of transactions
            raise _not_imitated(f"A link to {terminus.descriptor!r}")
        values = terminus.value if terminus is not None and isinstance(terminus.value, list) else []
        if len(values) > len(names):
            raise AmqpError(INVALID_FIELD, "The end of the link has too many fields.")
        fields: dict[str, AmqpValue] = {**dict.fromkeys(names), **dict(zip(names, values, strict=False))}
        _check_fields(fields)
        return cls(_path(fields[_ADDRESS]), _for_session(fields.get(_FILTER)))

    def require_no_session(self) -> None:
        """Refuse a client that wants a session.

        Raises:
            AmqpError: it does; no entity of the stand-in has sessions.
        """
        if self.for_session:
            raise AmqpError(
                NOT_ALLOWED,
                "A sessionful message receiver cannot be created on an entity that does not require sessions. Ensure "
                "RequiresSession is set to true when creating a Queue or Subscription to enable sessionful behavior.",
            )


def _check_link(attach: Attach) -> None:
    if attach.snd_settle_mode not in _SENDER_SETTLE_MODES or attach.rcv_settle_mode not in _RECEIVER_SETTLE_MODES:
        raise AmqpError(INVALID_FIELD, "The link has an unknown settle mode.")
    if attach.unsettled or attach.incomplete_unsettled:
        raise _not_imitated("Resuming a link with unsettled deliveries")
    for name in attach.properties or {}:
        if name not in _LINK_PROPERTIES:
            raise _not_imitated(f"The link property {name!r}")


def _check_fields(fields: dict[str, AmqpValue]) -> None:
    for name, harmless in _SOURCE_FIELDS.items():
        value = fields.get(name)
        if value not in harmless:
            raise _not_imitated(f"{name} {value!r} of a link")
    outcomes = fields.get(_OUTCOMES)
    if outcomes is not None and not set(_symbols(outcomes)) <= _KNOWN_OUTCOMES:
        raise _not_imitated(f"An outcome among {_symbols(outcomes)!r}")
    if fields.get("capabilities"):
        raise _not_imitated(f"The capability {fields['capabilities']!r} of a link")


def _symbols(value: AmqpValue) -> list[AmqpValue]:
    return [value] if isinstance(value, Symbol) else value if isinstance(value, list) else [repr(value)]


def _for_session(filters: AmqpValue) -> bool:
    if filters is None:
        return False
    if not isinstance(filters, dict):
        raise AmqpError(INVALID_FIELD, "The filter of a link is not a map.")
    for name in filters:
        if name != SESSION_FILTER:
            raise _not_imitated(f"The filter {name!r}")
    return bool(filters)


def _path(address: AmqpValue) -> str:
    """The path in an address, which may be a path or a whole URI."""
    if not isinstance(address, str):
        raise AmqpError(INVALID_FIELD, "The link has no address.")
    path = address.partition("://")[2].partition("/")[2] if "://" in address else address
    return path.strip("/")


def _not_imitated(what: str) -> AmqpError:
    return AmqpError(NOT_IMPLEMENTED, f"{what} is not imitated.")
