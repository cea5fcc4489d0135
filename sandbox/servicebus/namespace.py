"""A namespace: all entities, found by their paths."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sandbox.servicebus.delivery import QueuePolicy
from sandbox.servicebus.errors import MESSAGE_SIZE_EXCEEDED, AmqpError
from sandbox.servicebus.faults import Faults
from sandbox.servicebus.filters import CorrelationFilter
from sandbox.servicebus.message import Content
from sandbox.servicebus.queues import Queue
from sandbox.servicebus.topics import Subscription, Topic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from sandbox.servicebus.clock import Alarm, Clock
    from sandbox.servicebus.definition import (
        NamespaceDefinition,
        QueueDefinition,
        ReceivingEntity,
        SubscriptionDefinition,
        TopicDefinition,
    )

#: The Standard tier takes no larger message, and no larger batch in one transfer.
MAX_MESSAGE_SIZE = 256 * 1024

_DEAD_LETTER_SUFFIX = "/$deadletterqueue"


class Namespace:
    """Queues, topics, subscriptions and their dead-letter queues. Paths are not case-sensitive.

    `lock_ms` overrides the lock duration of every entity, so that tests need not wait for minutes.
    """

    def __init__(
        self, definition: NamespaceDefinition, clock: Clock, alarm: Alarm, *, lock_ms: int | None = None
    ) -> None:
        self.faults = Faults()
        self._clock = clock
        self._alarm = alarm
        self._lock_ms = lock_ms
        self._entities: dict[str, Queue | Topic] = {}
        for queue in definition.queues:
            self._add(self._make_queue(queue))
        for topic in definition.topics:
            self._add_topic(topic)

    def find(self, path: str) -> Queue | Topic | None:
        """The entity at a path such as `jobs/Subscriptions/sync/$DeadLetterQueue`."""
        path = path.lower()
        if not path.endswith(_DEAD_LETTER_SUFFIX):
            return self._entities.get(path)
        owner = self._entities.get(path.removesuffix(_DEAD_LETTER_SUFFIX))
        return owner.dead_letters if isinstance(owner, Queue) else None

    def send(self, entity: Queue | Topic, messages: Iterable[bytes]) -> list[int]:
        """Accept encoded messages, all or none; returns their sequence numbers.

        Raises:
            AmqpError: a message is too large.
            DecodeError: a message is not well formed.
        """
        contents = [_read(message) for message in messages]
        return [self._accept(entity, content) for content in contents]

    def advance(self) -> int | None:
        """Let every entity do what is due; returns when something is due next."""
        for entity in self._all():
            entity.advance()
        return min((due for entity in self._all() if (due := entity.next_due()) is not None), default=None)

    def stats(self) -> dict[str, dict[str, int]]:
        """Counts of every entity, by the path as it was defined."""
        self.advance()
        return {entity.path: entity.stats() for entity in self._entities.values()}

    def set_shuffle(self, *, on: bool, seed: int) -> None:
        """Deliver in a random order that the seed decides, or in order again."""
        for entity in self._entities.values():
            if isinstance(entity, Queue):
                entity.set_shuffle(Random(f"{seed} {entity.path}") if on else None)

    def _accept(self, entity: Queue | Topic, content: Content) -> int:
        copies = self.faults.copies(entity.path.lower())
        if copies == 0:
            entity.counts["lost"] += 1
            return entity.next_sequence_number()
        number = entity.accept(content)
        for _ in range(copies - 1):
            entity.accept(content, check_duplicates=False)
        return number

    def _all(self) -> Iterable[Queue | Topic]:
        for entity in self._entities.values():
            yield entity
            if isinstance(entity, Queue) and entity.dead_letters:
                yield entity.dead_letters

    def _add(self, entity: Queue | Topic) -> None:
        if entity.path.lower() in self._entities:
            raise ValueError(f"The entity {entity.path!r} is defined twice.")
        self._entities[entity.path.lower()] = entity

    def _add_topic(self, definition: TopicDefinition) -> None:
        subscriptions = tuple(
            Subscription(self._make_subscription(definition.name, subscription), _filter_of(subscription))
            for subscription in definition.subscriptions
        )
        topic = Topic(
            definition.name,
            subscriptions,
            self._clock,
            self._alarm,
            duplicate_window_ms=_ms(definition.history),
            ttl_ms=_ms(definition.default_message_time_to_live),
        )
        self._add(topic)
        for subscription in subscriptions:
            self._add(subscription.queue)

    def _make_queue(self, definition: QueueDefinition) -> Queue:
        return self._make(definition.name, definition, _ms(definition.history))

    def _make_subscription(self, topic: str, definition: SubscriptionDefinition) -> Queue:
        return self._make(f"{topic}/Subscriptions/{definition.name}", definition, None)

    def _make(self, path: str, definition: ReceivingEntity, duplicate_window_ms: int | None) -> Queue:
        lock_ms = self._lock_ms or _whole_ms(definition.lock_duration)
        # nothing leaves a dead-letter queue by itself: no time to live, no limit of deliveries
        dead_letters = Queue(f"{path}/$DeadLetterQueue", QueuePolicy(lock_ms), self._clock, self._alarm)
        policy = QueuePolicy(
            lock_ms,
            definition.max_delivery_count,
            _ms(definition.default_message_time_to_live),
            definition.dead_lettering_on_message_expiration,
        )
        return Queue(
            path,
            policy,
            self._clock,
            self._alarm,
            duplicate_window_ms=duplicate_window_ms,
            dead_letters=dead_letters,
        )


def _read(message: bytes) -> Content:
    if len(message) > MAX_MESSAGE_SIZE:
        raise too_large(len(message))
    return Content.parse(message)


def too_large(size: int) -> AmqpError:
    """The refusal of a message of so many bytes."""
    return AmqpError(
        MESSAGE_SIZE_EXCEEDED,
        f"The received message (size:{size} bytes) exceeds the limit ({MAX_MESSAGE_SIZE} bytes) currently allowed on "
        "the link.",
    )


def _filter_of(definition: SubscriptionDefinition) -> CorrelationFilter | None:
    return None if definition.correlation_filter is None else CorrelationFilter.of(definition.correlation_filter)


def _whole_ms(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _ms(duration: timedelta | None) -> int | None:
    return None if duration is None else _whole_ms(duration)
