"""The entities of a namespace, read from the JSON file that defines them for Azure too.

Names and defaults are those of Azure Service Bus; durations are ISO 8601. What is not imitated here, such as sessions
or forwarding, is refused rather than ignored.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

#: Azure's limits; a definition that Azure would refuse is refused here.
_LONGEST_LOCK = timedelta(minutes=5)
_SHORTEST_TTL = timedelta(seconds=1)
_SHORTEST_HISTORY = timedelta(seconds=20)
_LONGEST_HISTORY = timedelta(days=7)
_MOST_DELIVERIES = 2000

type Right = Literal["Listen", "Send", "Manage"]
_Ttl = Annotated[timedelta | None, Field(ge=_SHORTEST_TTL)]


class _Entity(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=260)


class ReceivingEntity(_Entity):
    """What a queue and a subscription have in common."""

    lock_duration: timedelta = Field(default=timedelta(minutes=1), gt=timedelta(0), le=_LONGEST_LOCK)
    max_delivery_count: int = Field(default=10, ge=1, le=_MOST_DELIVERIES)
    default_message_time_to_live: _Ttl = None
    dead_lettering_on_message_expiration: bool = False


class _DuplicateDetection(_Entity):
    requires_duplicate_detection: bool = False
    duplicate_detection_history_time_window: timedelta = Field(
        default=timedelta(minutes=10), ge=_SHORTEST_HISTORY, le=_LONGEST_HISTORY
    )

    @property
    def history(self) -> timedelta | None:
        """How long message ids are remembered; None without duplicate detection."""
        return self.duplicate_detection_history_time_window if self.requires_duplicate_detection else None


class QueueDefinition(ReceivingEntity, _DuplicateDetection):
    """A queue."""


class SubscriptionDefinition(ReceivingEntity):
    """A subscription of a topic. Without a filter it gets every message."""

    correlation_filter: dict[str, str | int | float | bool] | None = None
    """Values that properties must have; a name such as `sys.Label` means a system property."""


class TopicDefinition(_DuplicateDetection):
    """A topic and its subscriptions."""

    default_message_time_to_live: _Ttl = None
    subscriptions: tuple[SubscriptionDefinition, ...] = ()


class AuthorizationRule(_Entity):
    """A shared access policy. Without an entity it holds for the whole namespace."""

    queue: str | None = None
    topic: str | None = None
    rights: frozenset[Right]


class NamespaceDefinition(BaseModel):
    """Everything in a namespace."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    queues: tuple[QueueDefinition, ...] = ()
    topics: tuple[TopicDefinition, ...] = ()
    authorization_rules: tuple[AuthorizationRule, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a JSON file.

        Raises:
            pydantic.ValidationError: names every entry that Azure or this stand-in would refuse.
        """
        return cls.model_validate_json(path.read_bytes())
