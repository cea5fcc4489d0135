"""How a batch of messages is divided: into portions that each cost as many calls as a single job.

The bus hands out far more messages at once than one call to another system takes, so that little time is lost between
two batches. A portion is what one call takes. Where Spotler has to be called for every job by itself, two portions are
in hand at the same time: while one waits for Spotler, the other is read from Dataverse or written there. Elsewhere one
portion after the other asks Dataverse for as much as its service protection limits let through.

The jobs of one record stay together, because they run in the order of their numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final

from connector.bus import Bus
from connector.errors import Unreadable
from connector.jobs.operation import Operation
from connector.jobs.quarantine import quarantine
from connector.jobs.work_item import WorkItem

#: Jobs of one portion: what one call to `/contact/list` takes, and one query by ids.
SIZE: Final = 100
#: The same where a job must not run twice: what was claimed and not yet begun when a process dies is unknown
#: afterwards, and a person has to look at each.
SIZE_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """How the batches of an operation are divided.

    Attributes:
        size: jobs of a portion, at most.
        at_a_time: portions in hand at the same time.
    """

    size: int
    at_a_time: int

    @classmethod
    def of(cls, operation: Operation) -> "Plan":
        """The plan for an operation."""
        return cls(SIZE if operation.repeatable else SIZE_ONCE, 2 if operation.one_by_one else 1)

    def portions(self, items: Iterable[WorkItem]) -> list[list[WorkItem]]:
        """Portions of the items, in their order except that those of one record follow one another."""
        by_record: dict[object, list[WorkItem]] = defaultdict(list)
        for item in items:
            by_record[item.record or item.job].append(item)
        portions: list[list[WorkItem]] = []
        for group in by_record.values():
            # More jobs of one record than a portion holds: the later ones wait for the earlier, as between batches.
            for part in batched(group, self.size, strict=False):
                if not portions or len(portions[-1]) + len(part) > self.size:
                    portions.append([])
                portions[-1] += part
        return portions


def read_items(bodies: Sequence[bytes], bus: Bus, *, source: str) -> list[WorkItem]:
    """The items of a batch, one per job; what is none goes to quarantine.

    Raises:
        Transient, Misconfigured: when the bus does not take what is quarantined.
    """
    items: dict[str, WorkItem] = {}
    for body in bodies:
        try:
            item = WorkItem.from_body(body)
        except Unreadable as error:
            quarantine(bus, body, error, source=source)
            continue
        held = items.get(item.job)
        if held is None or item.knows_more_than(held):
            items[item.job] = item
    return list(items.values())
