"""Correlation filters: which messages of a topic a subscription gets (Service Bus documentation, "Topic filters").

All values of a filter must match exactly. Correlation filters compare values, not types of numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.servicebus.message import Content
    from sandbox.servicebus.values import AmqpValue

_SYSTEM_PREFIX = "sys."

#: Places in the properties section (AMQP 1.0, part 3, 3.2.4) of the properties a correlation filter may name.
_SYSTEM_PROPERTIES = {
    "messageid": 0,
    "to": 2,
    "label": 3,
    "subject": 3,
    "replyto": 4,
    "correlationid": 5,
    "contenttype": 6,
}


@dataclass(frozen=True, slots=True)
class CorrelationFilter:
    """Values that the message must have, by application property and by place among the properties."""

    application: tuple[tuple[str, AmqpValue], ...]
    system: tuple[tuple[int, AmqpValue], ...]

    @classmethod
    def of(cls, values: Mapping[str, str | float | bool]) -> Self:
        """A filter from names and values; names that start with `sys.` are system properties.

        Raises:
            ValueError: a system property that does not exist, or a filter without any value.
        """
        if not values:
            raise ValueError("A correlation filter needs at least one value. Leave it out to get every message.")
        application: list[tuple[str, AmqpValue]] = []
        system: list[tuple[int, AmqpValue]] = []
        for name, value in values.items():
            if not name.lower().startswith(_SYSTEM_PREFIX):
                application.append((name, value))
                continue
            index = _SYSTEM_PROPERTIES.get(name.lower().removeprefix(_SYSTEM_PREFIX))
            if index is None:
                raise ValueError(f"Unknown system property {name!r} in a correlation filter.")
            system.append((index, value))
        return cls(tuple(application), tuple(system))

    def matches(self, content: Content) -> bool:
        """Whether the message passes."""
        properties = content.application_properties
        if any(content.property_at(index) != value for index, value in self.system):
            return False
        return all(name in properties and _same(properties[name], value) for name, value in self.application)


def _same(left: AmqpValue, right: AmqpValue) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right
