"""The list is compared with the membership: what comes of it is written as blocks, for the pieces that follow."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final, override

from connector.sync.brake.lists import EMPTIED, ListBrake
from connector.sync.lists.difference import Difference, Todo, differences, on_list
from connector.sync.lists.handle import RunHandle
from connector.sync.lists.membership import AudienceMembers
from connector.sync.lists.run import Phase

#: How many an audience may have of which nothing is known while its list is empty: a person has to look.
UNKNOWN_SIZE: Final = 1_000_000_000


def compare(work: RunHandle) -> None:
    """Write the blocks to add, and those to ask about."""
    run, membership = work.run, work.state.membership()
    if membership.is_uncertain and not run.is_emptied:
        membership = _recovered(work, membership)
    run.counts, run.left_out, run.news, run.gone = Counter(), Counter(), 0, 0
    news, gone = _News(work), _Gone(work)
    made = _made_since_the_last_run(work)
    for found in differences(_listed(work), membership):
        each = found.as_new_contact if found.member in made else found
        run.counts["members before"] += each.is_member is not None
        match each.todo:
            case Todo.NOTHING:
                run.counts["stay"] += 1
            case Todo.LEFT_OUT:
                run.left_out[each.reason] += 1
            case Todo.SYNC:
                news.add(each)
            case Todo.CHECK:
                gone.add(each)
    news.write()
    gone.write()


def _made_since_the_last_run(work: RunHandle) -> frozenset[bytes]:
    """Who may not be in the audience any more: whoever was anonymised and sent again since has a new contact."""
    for number in reversed(range(1, work.number)):
        if (earlier := work.state.run(number)) is not None and earlier[0].phase is Phase.OVER:
            return work.reader.made_since(datetime.fromisoformat(earlier[0].touched))
    return frozenset()


class _Blocks(ABC):
    """Collects members, and writes a block whenever it is full."""

    def __init__(self, work: RunHandle) -> None:
        self.work = work
        self.block: list[Difference] = []

    def add(self, each: Difference) -> None:
        """One more."""
        self.block.append(each)
        if len(self.block) == self.work.services.settings.list_block:
            self.write()

    def write(self) -> None:
        """Write what there is."""
        if self.block:
            self.write_block()
            self.block.clear()

    @abstractmethod
    def write_block(self) -> None:
        """Write a block."""


class _News(_Blocks):
    @override
    def write_block(self) -> None:
        self.work.put(
            "new",
            self.work.run.news,
            ids=(each.member for each in self.block),
            certain=(each.member for each in self.block if each.is_member),
            perhaps=(each.member for each in self.block if each.is_member is False),
        )
        self.work.run.news += 1
        self.work.run.counts["to sync"] += len(self.block)


class _Gone(_Blocks):
    @override
    def write_block(self) -> None:
        self.work.put("gone", self.work.run.gone, ids=(each.member for each in self.block))
        self.work.run.gone += 1


def _listed(work: RunHandle) -> Iterator[tuple[bytes, str]]:
    pages: list[tuple[str, bytes]] = []
    for place in range(work.run.pages):
        pages += work.state.get(work.number, "page", place).items()
    return on_list(pages)


def _recovered(work: RunHandle, membership: AudienceMembers) -> AudienceMembers:
    """What was stored is lost: empty the audience, so that it can be filled again, or ask a person before."""
    run = work.run
    run.is_lost = True
    size = sum(1 for _ in _listed(work))
    run.held = ListBrake(work.services, work.row.id).held(
        work.reader.refs(member for member, _ in _listed(work)),
        count=size or UNKNOWN_SIZE,
        total=size,
        cause=EMPTIED,
    )
    if run.held:
        return membership
    run.is_in_doubt, run.is_emptying = run.is_emptying, True
    work.save()
    with work.audience_there():
        is_repeated = work.services.spotler.audiences.remove_all(work.row.id)
    run.is_in_doubt = run.is_in_doubt or is_repeated
    run.is_emptied = True
    work.save()
    return work.state.membership()
