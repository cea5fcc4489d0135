"""One run over a list: where it stands, and what it has counted. Written after every piece of work.

    audience ─► read ─► compare ─► add ─► ask ─► hold ─► remove ─► keep ─► over

A piece is a page, or a block of members. The value is written over the version that was read, so a worker that has lost
its job to another one writes nothing any more.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import NonNegativeInt, TypeAdapter

from connector.state import stored_moment
from connector.sync.lists.ids import unpacked
from connector.words import Sentence

#: How long a run can go on after its last piece. Later, what it has read is too old, and the list is read again.
FRESH: Final = timedelta(hours=1)
#: Ids of refused members that are remembered, for the message on the job.
NAMED: Final = 20


class Phase(StrEnum):
    """What is done next."""

    AUDIENCE = "audience"
    READ = "read"
    COMPARE = "compare"
    ADD = "add"
    ASK = "ask"
    HOLD = "hold"
    REMOVE = "remove"
    KEEP = "keep"
    OVER = "over"


@dataclass(slots=True)
class ListRun:
    """Where a run stands.

    Attributes:
        job: whose run it is; empty once it is given up.
        touched: when it was last written, in UTC.
        phase: what is done next.
        is_base: whether nothing that was stored before it counts: the audience was made by it, or what was stored was
            lost.
        is_uncertain: whether the audience may have members that nobody knows of.
        is_lost: whether it found that what was stored before was lost.
        is_emptying, is_emptied: whether it is about to empty the audience because of that, and whether it has.
        is_in_doubt: whether a call that empties the audience was never answered. It may take effect later.
        is_removing: whether the next block is about to be removed, or was before the worker was interrupted.
        unanswered: the blocks of which a call that removes them was never answered. It may take effect later.
        pages, cookie, is_cookieless: pages that were read, where the next one begins, and whether one had no cookie.
        is_read: whether the last page was read.
        news, gone, outs: blocks to add, to ask about, and to remove.
        added, asked, removed: blocks of these that are done.
        sending: the members that are being added, packed; empty for none.
        held: the plan that waits for a person; empty for none.
        rows: rows that were read.
        counts: people, by what became of them.
        left_out: people who may not be sent, by reason.
        refused: people whom Spotler refused, by code.
        refused_ids: some of them.
        query: the fingerprint of what decides who is a member; pages of two queries are no list.
    """

    job: str
    touched: str
    phase: Phase = Phase.AUDIENCE
    is_base: bool = False
    is_uncertain: bool = False
    is_lost: bool = False
    is_emptying: bool = False
    is_emptied: bool = False
    is_in_doubt: bool = False
    pages: NonNegativeInt = 0
    cookie: str = ""
    is_cookieless: bool = False
    is_read: bool = False
    news: NonNegativeInt = 0
    gone: NonNegativeInt = 0
    outs: NonNegativeInt = 0
    added: NonNegativeInt = 0
    asked: NonNegativeInt = 0
    removed: NonNegativeInt = 0
    sending: str = ""
    is_removing: bool = False
    unanswered: list[NonNegativeInt] = field(default_factory=list)
    held: str = ""
    rows: NonNegativeInt = 0
    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    refused_ids: list[str] = field(default_factory=list)
    query: str = ""

    @staticmethod
    def parse(value: Mapping[str, object]) -> "ListRun":
        """What the state holds.

        Raises:
            ValueError: it is not that.
        """
        run = _READER.validate_python(value)
        stored_moment(run.touched)
        unpacked(run.sending)
        return run

    @property
    def value(self) -> dict[str, object]:
        """What is written in the state."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def goes_on(self, job: str, *, query: str, ordered_on: datetime | None, now: datetime) -> bool:
        """Whether this attempt of the job goes on with the run.

        Args:
            job: whose attempt it is.
            query: the fingerprint of the list as it is now.
            ordered_on: when its row was last written before this attempt; None if that is not known.
            now: the present, in UTC.
        """
        touched = datetime.fromisoformat(self.touched)
        if self.job != job or now - touched > FRESH:
            return False
        if self.phase is not Phase.OVER:
            return self.query == query
        # Somebody who wrote the row after the end of the run has ordered another one.
        return ordered_on is None or ordered_on <= touched

    @property
    def following(self) -> Phase:
        """The phase after the piece that was done."""
        match self.phase:
            case Phase.AUDIENCE | Phase.READ:
                return Phase.COMPARE if self.is_read else Phase.READ
            case Phase.COMPARE | Phase.ADD | Phase.ASK:
                to_ask = Phase.ASK if self.asked < self.gone else Phase.HOLD
                return Phase.ADD if self.added < self.news else to_ask
            case Phase.HOLD | Phase.REMOVE:
                return Phase.REMOVE if self.removed < self.outs else Phase.KEEP
            case _:
                return Phase.OVER

    def refuse(self, member: str, code: str) -> None:
        """Note that Spotler refused somebody."""
        self.refused[code] += 1
        self.refused_ids = [*self.refused_ids, member][:NAMED]

    @property
    def progress(self) -> Sentence:
        """For people."""
        counts = self.counts
        match self.phase:
            case Phase.AUDIENCE | Phase.READ:
                return Sentence("{count} member read.", plural="{count} members read.", count=self.rows)
            case Phase.COMPARE | Phase.ADD:
                return Sentence(
                    "{done} of {count} new member is in Spotler.",
                    plural="{done} of {count} new members are in Spotler.",
                    done=counts["synced"],
                    count=counts["to sync"],
                )
            case _:
                return Sentence(
                    "{done} of {count} former member is removed.",
                    plural="{done} of {count} former members are removed.",
                    done=counts["removed"],
                    count=counts["to remove"],
                )


_READER: Final = TypeAdapter(ListRun)
