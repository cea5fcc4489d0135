"""Who is in an audience, as far as is known: the last full copy of the members, and what was sent since.

Spotler cannot tell, so this is written before it is relied on:

| Written | Before |
|---|---|
| a block is about to be added: its members may be in the audience | Spotler is called |
| it was answered: they are | the next block |
| a block is about to be removed: its members may still be in the audience | Spotler is called |
| it was answered: they are not | the next block |

A run that was given up leaves what it sent; the next one goes on from that. So nobody who may be in an audience is ever
forgotten, and after a crash one block is sent again at most.

A call that was never answered may take effect after the run is over. So whoever such a call may have added stays
remembered after a removal, and is removed once more by the next run.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby
from operator import itemgetter

from connector.sync.lists.ids import each_of


class Event(IntEnum):
    """What happened to members of one block.

    PERHAPS: may be members, as the last full copy says. MAYBE_ADDED: a call may have added them since, or do so yet.
    """

    ADDED = 1
    MAYBE_ADDED = 2
    REMOVED = 3
    MAYBE_REMOVED = 4
    PERHAPS = 5


@dataclass(frozen=True, slots=True)
class Block:
    """Members to whom the same happened.

    Attributes:
        event: what.
        members: their ids, sorted.
    """

    event: Event
    members: bytes


@dataclass(slots=True)
class AudienceMembers:
    """Who is in an audience.

    Attributes:
        is_uncertain: whether others may be in the audience too, because what was stored was lost.
        blocks: what happened, oldest first.
    """

    is_uncertain: bool = False
    blocks: list[Block] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        """All who may be members, in the order of their ids, and whether that is certain."""
        streams = (_numbered(number, block) for number, block in enumerate(self.blocks))
        for member, events in groupby(heapq.merge(*streams), key=itemgetter(0)):
            is_member = _after(event for _, _, event in events)
            if is_member is not None:
                yield member, is_member and not self.is_uncertain


def _numbered(number: int, block: Block) -> Iterator[tuple[bytes, int, Event]]:
    return ((member, number, block.event) for member in each_of(block.members))


def _after(events: Iterable[Event]) -> bool | None:
    """Whether somebody is a member after all this: certainly, perhaps (False), or not at all (None)."""
    state: bool | None = None
    may_come_late = False
    for event in events:
        match event:
            case Event.ADDED:
                state = True
            case Event.PERHAPS:
                state = state or False
            case Event.MAYBE_ADDED:
                state, may_come_late = state or False, True
            case Event.REMOVED:
                state = False if may_come_late else None
            case Event.MAYBE_REMOVED:
                state = None if state is None else False
    return state
