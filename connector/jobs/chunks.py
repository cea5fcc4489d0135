"""How a batch of messages is divided: into chunks that each cost as many calls as a single job.

The bus hands over more messages at once than one call to another system takes, so that little time is lost between two
batches. A chunk is what one call takes, and two are worked on at the same time: while one waits for Spotler, the other
is read from Dataverse or written there. Where a job must not run twice, only one is: what was claimed and not yet begun
when a process dies is unknown afterwards, and a person has to look at each.

The jobs of one record stay together, because they run in the order of their numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Final

from connector.errors import Unreadable
from connector.routing.quarantine import quarantine
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import Bus

#: Jobs of one chunk: what one call to `/contact/list` takes, and one query by ids.
SIZE: Final = 100
#: Chunks worked on at the same time: one that waits for Spotler and one that does not.
AT_A_TIME: Final = 2
#: The same where a job must not run twice.
AT_A_TIME_ONCE: Final = 1


def divide(items: Iterable[WorkItem], size: int | None = None) -> list[list[WorkItem]]:
    """Chunks of the items, in their order except that those of one record follow one another.

    Args:
        items: one per job.
        size: jobs of a chunk at most; `SIZE` where it is not given.
    """
    most = size or SIZE
    by_record: dict[object, list[WorkItem]] = defaultdict(list)
    for item in items:
        by_record[item.record or item.job].append(item)
    chunks: list[list[WorkItem]] = []
    for group in by_record.values():
        # More jobs of one record than a chunk holds: the later ones wait for the earlier, as between batches.
        for part in batched(group, most, strict=False):
            if not chunks or len(chunks[-1]) + len(part) > most:
                chunks.append([])
            chunks[-1] += part
    return chunks


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
        other = items.get(item.job)
        items[item.job] = item if other is None else item.joined(other)
    return list(items.values())
