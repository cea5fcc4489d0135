"""A feed that the test fills, and services at a time that the test moves."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

from tests.memory_state import MemoryState

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    id: str
    at: datetime | None = START


@dataclass
class ListFeed:
    """Entries that happened; a window has its start and not its end, or the other way round."""

    entries: list = field(default_factory=list)
    name: str = "list"
    includes_end: bool = False
    #: Called before an entry is given out.
    on_entry: object = lambda _: None
    #: Called with each block before it is worked on.
    on_work: object = lambda _: None
    windows: list = field(default_factory=list)
    worked: list = field(default_factory=list)

    def read(self, start, end):
        self.windows.append((start, end))
        for entry in list(self.entries):
            if not isinstance(entry, Entry) or entry.at is None or self._is_inside(entry.at, start, end):
                self.on_entry(entry)
                yield entry

    def _is_inside(self, at, start, end):
        return start < at <= end if self.includes_end else start <= at < end

    def key(self, entry):
        if not isinstance(entry, Entry):
            raise ValueError("malformed")  # noqa: TRY004 - what the loop expects
        return entry.id

    def moment(self, entry):
        return entry.at

    def work(self, _services, entries):
        self.on_work(entries)
        self.worked += [entry.id for entry in entries]
        return Counter(done=len(entries))


class Clocked(SimpleNamespace):
    """The services that the loop uses, at a time that the test moves."""

    def __init__(self, state=None, first_days=0):
        numbers = count(1)
        super().__init__(
            state=state or MemoryState(),
            time=START,
            new_id=lambda: f"run-{next(numbers)}",
            settings=SimpleNamespace(feed_first_days=first_days),
        )

    def now(self):
        return self.time

    def later(self, **span):
        self.time += timedelta(**span)
        return self.time


def stored(services):
    return services.state.read("feeds/list").value
