"""How a batch of messages is divided: into portions that each cost as many calls as a single job.

The bus hands out more messages at once than one call to another system takes, so that little time is lost between two
batches. A portion is what one call takes, and two are in hand at the same time: while one waits for Spotler, the other
is read from Dataverse or written there. Where a job must not run twice, only one is: what was claimed and not yet begun
when a process dies is unknown afterwards, and a person has to look at each.

The jobs of one record stay together, because they run in the order of their numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Final

from connector.errors import Unreadable
from connector.operations.operation import Operation
from connector.routing.quarantine import quarantine
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import Bus

#: Jobs of one portion: what one call to `/contact/list` takes, and one query by ids.
SIZE: Final = 100
#: Portions in hand at the same time: one that waits for Spotler and one that does not.
AT_A_TIME: Final = 2
#: The same where a job must not run twice.
AT_A_TIME_ONCE: Final = 1


def at_a_time(operation: Operation) -> int:
    """Portions of this operation that are in hand at the same time."""
    return AT_A_TIME if operation.repeatable else AT_A_TIME_ONCE


def divide(items: Iterable[WorkItem], size: int | None = None) -> list[list[WorkItem]]:
    """Portions of the items, in their order except that those of one record follow one another.

    Args:
        items: one per job.
        size: jobs of a portion at most; `SIZE` where it is not given.
    """
    most = size or SIZE
    by_record: dict[object, list[WorkItem]] = defaultdict(list)
    for item in items:
        by_record[item.record or item.job].append(item)
    portions: list[list[WorkItem]] = []
    for group in by_record.values():
        # More jobs of one record than a portion holds: the later ones wait for the earlier, as between batches.
        for part in batched(group, most, strict=False):
            if not portions or len(portions[-1]) + len(part) > most:
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
