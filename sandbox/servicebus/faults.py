"""Faults that tests order: lost messages, doubled messages, and delivery in random order.

Azure promises at least once in no promised order, and a sender's message can be lost before it reaches Azure; tests
of the connector ask for all three.
"""

from __future__ import annotations

from collections import Counter

#: Stands for every entity.
ANY_ENTITY = ""


class Faults:
    """How many of the next messages are to be lost or doubled, by entity (lower case) or for any entity."""

    def __init__(self) -> None:
        self._drops: Counter[str] = Counter()
        self._duplicates: Counter[str] = Counter()

    def drop_next(self, count: int, entity: str = ANY_ENTITY) -> None:
        """Lose the next `count` messages although their senders get a success."""
        self._drops[entity] = count

    def duplicate_next(self, count: int, entity: str = ANY_ENTITY) -> None:
        """Enqueue each of the next `count` messages twice, past duplicate detection."""
        self._duplicates[entity] = count

    def copies(self, entity: str) -> int:
        """How many copies of the message that was just sent to the entity are to arrive: 0, 1 or 2."""
        if _use_up(self._drops, entity):
            return 0
        return 2 if _use_up(self._duplicates, entity) else 1

    def pending(self) -> dict[str, dict[str, int]]:
        """What is still to be done, by kind and entity."""
        return {
            "drop_next": {entity: count for entity, count in self._drops.items() if count},
            "duplicate_next": {entity: count for entity, count in self._duplicates.items() if count},
        }


def _use_up(counter: Counter[str], entity: str) -> bool:
    for name in (entity, ANY_ENTITY):
        if counter[name] > 0:
            counter[name] -= 1
            return True
    return False
