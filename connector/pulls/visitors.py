"""Website visitors: who visited the website, from Spotler Leads.

Two readings. Visitors are a feed of the loop, by the date of their last visit. Page views are a queue, which hands out
blocks: a block is acknowledged only after it is stored, and one that is not acknowledged comes again.

    block ─► visitors that are missing ─► Marketing Interactions, by their key ─► acknowledged ─► next block
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from datetime import datetime
from typing import Final

from connector import telemetry
from connector.errors import ConnectorError, Transient
from connector.pulls.checkpoint import FeedCheckpoint
from connector.pulls.loop import MALFORMED, TIME_LIMIT, run_feed
from connector.pulls.switches import is_on
from connector.services import Services
from connector.spotler.leads import SpotlerLeads, VisitingCompany
from connector.sync.moments import FUTURE
from connector.sync.visitors.hot import follow_setting
from connector.sync.visitors.storing import store_visitors
from connector.sync.visitors.views import KnownVisitors, is_left_out, store_views
from connector.words import Sentence

log = logging.getLogger(__name__)

#: The name of the queue: of its lease and in the log.
QUEUE: Final = "page-views"
#: Blocks with nothing that can be read after which the answers count as unreadable.
UNREADABLE: Final = 3
#: Blocks with nothing new, one after the other, after which acknowledging has no effect.
REPEATED: Final = 3

#: Words of the counts.
FOLLOWED: Final = "hot or not by a new setting"
NOT_WAITING: Final = "blocks that were not waiting to be acknowledged"


def read_visitors(services: Services) -> Counter[str]:
    """Read what is new, if Spotler Leads is configured and the reading switched on, and say what became of it.

    Page views are read also where the list of visitors cannot be.

    Raises:
        ConnectorError: Spotler Leads, Dataverse or the state cannot be used.
    """
    leads = services.leads
    if not is_on(services, "visitors") or leads is None:
        return Counter()
    counts, problem, began = Counter[str](), None, services.now()
    feed = VisitorFeed(services, leads)
    try:
        counts += run_feed(services, feed, deadline=began + TIME_LIMIT / 2)
        counts[FOLLOWED] += follow_setting(services)
    except ConnectorError as error:
        problem = error
    counts += read_page_views(services, leads, began + TIME_LIMIT, feed.shown)
    if problem is not None:
        raise problem
    return counts


class VisitorFeed:
    """The visitors of all types that are wanted.

    Attributes:
        shown: the ids of those that were read.
    """

    name = "visitors"

    def __init__(self, services: Services, leads: SpotlerLeads) -> None:
        self._services = services
        self._leads = leads
        self._types: list[str] | None = None
        self.shown = set[str]()

    def read(self, start: datetime, end: datetime) -> Iterator[VisitingCompany | None]:
        """The visitors whose last visit is in a window."""
        if self._types is None:
            self._types = [each for each in self._leads.types() if not is_left_out(self._services, each)]
        for kind in self._types:
            for each in self._leads.visitors(kind, start, end):
                if each is not None:
                    self.shown.add(each.id)
                yield each

    def key(self, entry: VisitingCompany | None) -> str:
        """The visitor, and what Spotler Leads says of it: its score may change without a visit.

        Raises:
            ValueError: it has no id, or it will come in the future.
        """
        if entry is None or (entry.last_visit and entry.last_visit > self._services.now() + FUTURE):
            raise ValueError("a visitor without an id, or with a wrong date")
        return f"{entry.id}|{hashlib.sha256(repr(entry).encode(errors='replace')).hexdigest()}"

    def moment(self, entry: VisitingCompany | None) -> datetime | None:
        """When it visited last."""
        return entry.last_visit if entry else None

    def work(self, services: Services, entries: Sequence[VisitingCompany | None]) -> Counter[str]:
        """Write the visitors."""
        return store_visitors(services, [each for each in entries if each is not None])


def read_page_views(
    services: Services, leads: SpotlerLeads, deadline: datetime, shown: Set[str] = frozenset()
) -> Counter[str]:
    """Empty the queue of page views, block by block; nothing while another run is at work.

    Args:
        services: the systems.
        leads: Spotler Leads.
        deadline: when to end and leave the rest for the next run.
        shown: the ids of the visitors that were read a moment ago, of types that are wanted.

    Raises:
        ConnectorError: as `read_visitors`. What was not stored is not acknowledged, and comes again.
    """
    lease = FeedCheckpoint.take(services, QUEUE)
    if lease is None:
        log.info("Feed %s: another run is at work.", QUEUE, extra=telemetry.fields(operation=QUEUE))
        return Counter()
    counts = Counter[str]()
    try:
        _empty(services, leads, lease, deadline, counts, KnownVisitors(set(shown)))
    finally:
        _report(counts)
        try:
            lease.give_back()
        except ConnectorError:  # the lease ends by itself; what is raised is the first failure
            log.debug("The lease of %s could not be given back.", QUEUE)
    return +counts


def _empty(
    services: Services,
    leads: SpotlerLeads,
    lease: FeedCheckpoint,
    deadline: datetime,
    counts: Counter[str],
    known: KnownVisitors,
) -> None:
    seen = set[str]()
    unreadable = repeated = 0
    while services.now() < deadline:
        block = leads.next_block()
        if block.is_empty:
            break
        if not block.views:  # it is not acknowledged: perhaps the API has changed, and a later version can read it
            unreadable += 1
            if unreadable == UNREADABLE:
                break
            continue
        new = {view.key for view in block.views} - seen
        counts.update(store_views(services, leads, block.views, known))
        counts[MALFORMED] += block.malformed
        lease.save(services.now(), ())
        if not leads.acknowledge(block.process_id):  # by an attempt whose answer was lost, or it took too long
            counts[NOT_WAITING] += 1
        repeated = 0 if new else repeated + 1
        seen |= new
        if repeated == REPEATED:
            raise Transient("Spotler Leads hands out the same page views again, although they were acknowledged.")
    if unreadable:
        raise Transient(
            Sentence(
                "Nothing could be read in {count} block of page views; it waits in Spotler Leads.",
                plural="Nothing could be read in {count} blocks of page views; they wait in Spotler Leads.",
                count=unreadable,
            )
        )


def _report(counts: Counter[str]) -> None:
    told = ", ".join(f"{count} {what}" for what, count in sorted((+counts).items()))
    log.info("Feed %s: %s.", QUEUE, told or "nothing new", extra=telemetry.fields(operation=QUEUE))
