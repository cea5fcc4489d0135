"""The terms on which a queue hands out messages, and how a receiver answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.servicebus.message import Message
    from sandbox.servicebus.values import AmqpValue


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """The settings of a queue or subscription, in milliseconds; None means without limit."""

    lock_ms: int
    max_delivery_count: int | None = None
    ttl_ms: int | None = None
    dead_letter_on_expiration: bool = False


class Outcome(Enum):
    """What a receiver may do with a locked message."""

    COMPLETE = auto()
    ABANDON = auto()
    DEFER = auto()
    RELEASE = auto()
    """Give back unseen: not a delivery."""
    DEAD_LETTER = auto()
    """Set aside for people to look at."""


class Settlement(NamedTuple):
    """What a receiver asks for: an outcome, and application properties that the message gets with it."""

    outcome: Outcome
    properties: Mapping[str, AmqpValue] | None = None


class Consumer(Protocol):
    """A receiver that messages are pushed to."""

    @property
    def takes_for_good(self) -> bool:
        """Whether messages are gone once delivered (receive-and-delete)."""

    def wants_message(self) -> bool:
        """Whether there is credit for one more."""

    def deliver(self, message: Message) -> None:
        """Send the message, which is locked unless it is taken for good."""
