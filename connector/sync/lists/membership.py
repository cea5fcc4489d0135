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

A call that was never answered may take effect after it was repeated, and after the run is over. So whoever such a call
may have added is remembered after a removal, and removed once more; and whoever such a call may have removed is sent
once more after an addition. Each run does so while the call may be on its way (`LATEST`), and the next run in any case.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import chain, groupby
from operator import itemgetter
from typing import Final

from connector.sync.lists.ids import each_of

#: How long a call that was never answered may still take effect: no gateway keeps one for so long, and it is less than
#: the time from one night to the next.
LATEST: Final = timedelta(hours=12)


class Event(IntEnum):
    """What happened to members of one block.

    PERHAPS: may be members, as the last full copy says. MAYBE_ADDED, MAYBE_REMOVED: a call may have added or removed
    them, or do so yet.
    """

    ADDED = 1
    MAYBE_ADDED = 2
    REMOVED = 3
    MAYBE_REMOVED = 4
    PERHAPS = 5


#: What a call may do yet that was never answered.
OPEN: Final = (Event.MAYBE_ADDED, Event.MAYBE_REMOVED)
#: What a full copy holds, in this order: whom an open call is about, then who is a member, certainly or perhaps.
COPIED: Final = (*OPEN, Event.ADDED, Event.PERHAPS)


@dataclass(frozen=True, slots=True)
class Block:
    """Members to whom the same happened.

    Attributes:
        event: what.
        members: their ids, sorted.
    """

    event: Event
    members: bytes


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """Whether somebody is in the audience.

    Attributes:
        is_member: by the calls that were answered: certainly, perhaps (False), or not at all (None).
        may_join: whether a call may add this member yet.
        may_leave: whether a call may remove this member yet.
    """

    is_member: bool | None
    may_join: bool = False
    may_leave: bool = False

    @property
    def in_the_end(self) -> bool | None:
        """Whether this is a member once every call has had its effect: certainly, perhaps (False), or not at all."""
        if self.is_member is None:
            return False if self.may_join else None
        return self.is_member and not self.may_leave


@dataclass(slots=True)
class AudienceMembers:
    """Who is in an audience.

    Attributes:
        is_uncertain: whether others may be in the audience too, because what was stored was lost.
        blocks: what happened, oldest first.
        may_lose_all: whether a call that empties the audience may take effect yet.
        open_since: when the last call was made that was never answered; None for no such call.
        is_open_anew: whether there was such a call since the last full copy.
    """

    is_uncertain: bool = False
    blocks: list[Block] = field(default_factory=list)
    may_lose_all: bool = False
    open_since: datetime | None = None
    is_open_anew: bool = False

    def __iter__(self) -> Iterator[tuple[bytes, bool]]:
        """All who may be members, in the order of their ids, and whether that is certain."""
        for member, standing in self.standings():
            is_member = standing.in_the_end
            if is_member is not None:
                yield member, is_member and not (self.is_uncertain or self.may_lose_all)

    def standings(self) -> Iterator[tuple[bytes, MemberStanding]]:
        """All to whom something happened, in the order of their ids."""
        streams = (_numbered(number, block) for number, block in enumerate(self.blocks))
        for member, events in groupby(heapq.merge(*streams), key=itemgetter(0)):
            yield member, _after(event for _, _, event in events)

    def copied(self, event: Event) -> Iterator[bytes]:
        """Whom a full copy holds as those to whom this happened, in the order of their ids."""
        return (member for member, standing in self.standings() if self._is_copied(standing, event))

    def empty(self) -> None:
        """The audience is empty; calls that were never answered may take effect yet."""
        self.blocks = [block for block in self.blocks if block.event in OPEN]
        members = chain.from_iterable(each_of(block.members) for block in self.blocks)
        self.blocks.append(Block(Event.REMOVED, b"".join(sorted(set(members)))))

    def note_open(self, moment: datetime) -> None:
        """A call was made at this moment, or right after it, that was never answered."""
        self.open_since, self.is_open_anew = max(moment, self.open_since or moment), True

    def may_change(self, now: datetime) -> bool:
        """Whether a call that was never answered may take effect yet."""
        return self.open_since is not None and now - self.open_since <= LATEST

    def is_open(self, now: datetime) -> bool:
        """Whether the next full copy has to remember such calls, so that the next sync can undo what they did."""
        return self.is_open_anew or self.may_change(now)

    def _is_copied(self, standing: MemberStanding, event: Event) -> bool:
        match event:
            case Event.MAYBE_ADDED:
                return standing.may_join
            case Event.MAYBE_REMOVED:
                return standing.may_leave
            case Event.ADDED:
                return standing.is_member is True and not self.is_uncertain
            case _:
                return standing.is_member is not None and (self.is_uncertain or not standing.is_member)


def _numbered(number: int, block: Block) -> Iterator[tuple[bytes, int, Event]]:
    return ((member, number, block.event) for member in each_of(block.members))


def _after(events: Iterable[Event]) -> MemberStanding:
    """Where somebody stands after all this."""
    is_member: bool | None = None
    may_join = may_leave = False
    for event in events:
        match event:
            case Event.ADDED:
                is_member = True
            case Event.PERHAPS:
                is_member = is_member or False
            case Event.MAYBE_ADDED:
                is_member, may_join = is_member or False, True
            case Event.REMOVED:
                is_member = None
            case Event.MAYBE_REMOVED:
                is_member, may_leave = None if is_member is None else False, True
    return MemberStanding(is_member, may_join, may_leave)
