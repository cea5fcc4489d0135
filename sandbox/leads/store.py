"""What the account holds: visitors, the queue of viewed pages, and the journal of what callers of the API did.

visit ─► queue ─► handed out in a block ─┬─ acknowledged ──► gone
           ▲                             └─ not, for a while ─┐
           └──────────────────────────────────────────────────┘
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.leads.settings import LeadsSettings

type JsonObject = dict[str, object]


@dataclass(slots=True, kw_only=True)
class Visitor:
    """A company, or a known contact (ContactLead), that visited the website."""

    id: str
    type: str = "Lead"
    status: str = "New"
    company_name: str | None = None
    email_address: str | None = None
    total_score: int = 0
    lead_band: str | None = None
    first_visit: datetime
    last_visit: datetime
    assigned_to: list[JsonObject] = field(default_factory=list)
    company: JsonObject = field(default_factory=dict)
    contact: JsonObject | None = None


@dataclass(slots=True)
class Block:
    """Visits that were handed out together, until when they are kept back."""

    visits: list[JsonObject]
    until: datetime


@dataclass(slots=True)
class Store:
    """The state of the account. `now` gives the time in UTC."""

    settings: LeadsSettings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    visitors: dict[str, Visitor] = field(default_factory=dict)
    waiting: list[JsonObject] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    #: Effects of calls, oldest first: what was handed out and acknowledged.
    journal: list[JsonObject] = field(default_factory=list)

    def add_visitor(self, visitor: Visitor) -> None:
        """A visitor that is new, or was there and has changed."""
        self.visitors[visitor.id] = visitor

    def add_visits(self, visits: Sequence[JsonObject]) -> None:
        """Pages that were viewed."""
        self.waiting.extend(visits)

    def last_visited(self, start: datetime, end: datetime) -> list[Visitor]:
        """Those whose last visit is in an interval that includes its start and not its end, latest first."""
        found = [each for each in self.visitors.values() if start <= each.last_visit < end]
        return sorted(found, key=lambda each: (each.last_visit, each.id), reverse=True)

    def hand_out(self, count: int) -> tuple[str, list[JsonObject]]:
        """The oldest visits that nobody has at the moment, and the id by which they are acknowledged."""
        self._take_back()
        visits, self.waiting = self.waiting[:count], self.waiting[count:]
        process_id = str(uuid.uuid4())
        if visits:
            self.blocks[process_id] = Block(visits, self.now() + timedelta(seconds=self.settings.hand_out_again_s))
            self._record("block.handed-out", count=len(visits))
        return process_id, visits

    def acknowledge(self, process_id: str) -> bool:
        """Forget a block; whether it was there."""
        self._take_back()
        block = self.blocks.pop(process_id, None)
        if block is not None:
            self._record("block.acknowledged", count=len(block.visits))
        return block is not None

    @property
    def unacknowledged(self) -> list[JsonObject]:
        """The visits that nobody has acknowledged yet."""
        return [*(visit for block in self.blocks.values() for visit in block.visits), *self.waiting]

    def _take_back(self) -> None:
        over = [key for key, block in self.blocks.items() if block.until <= self.now()]
        for key in over:
            self.waiting[:0] = self.blocks.pop(key).visits

    def _record(self, effect: str, **detail: object) -> None:
        self.journal.append({"seq": len(self.journal) + 1, "at": self.now().isoformat(), "effect": effect, **detail})
