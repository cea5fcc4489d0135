"""What the next reading of feeds would do: with new subscribers, and with the status of contacts that bounced.

It is counted, not kept: whoever subscribes or bounces until then is new, so this cannot be applied like a plan. What
the feed of updates would change in records is in the plan of these records.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from connector.plans.gate import gated
from connector.plans.making import NoState, Rehearsal
from connector.pulls.bounces import BounceFeed
from connector.pulls.checkpoint import FEEDS, FeedValue
from connector.pulls.loop import BLOCK, OVERLAP, WINDOW, Feed, mark_of
from connector.pulls.switches import is_switched_on
from connector.pulls.updates import Updates
from connector.services import Services
from connector.spotler import SpotlerContact
from connector.sync.newcomers.newcomers import look_ahead
from connector.sync.status.rows import apply_bounces
from connector.words import marked

#: What is looked at, as people read it.
NEW_SUBSCRIBERS: Final = marked("new subscribers")
BOUNCES: Final = marked("bounces")


def feeds_ahead(services: Services) -> dict[str, Counter[str]]:
    """What would become of entries of the feeds that were not worked on yet; a feed that is switched off is left out.

    Raises:
        ConnectorError: what Spotler, Dataverse or the state said.
    """
    rehearsed = gated(replace(services, state=NoState(), run=""), Rehearsal(asks=True))
    found: dict[str, Counter[str]] = {}
    if is_switched_on(services, Updates.name):
        found[NEW_SUBSCRIBERS] = _newcomers(services)
    bounces = BounceFeed(services)
    if is_switched_on(services, bounces.name):
        found[BOUNCES] = Counter()
        for block in _blocks(services, bounces):
            found[BOUNCES] += apply_bounces(rehearsed, block)
    return found


def _newcomers(services: Services) -> Counter[str]:
    counts = Counter[str]()
    for block in _blocks(services, Updates(services)):
        contacts: list[SpotlerContact] = [
            each.contact for each in block if each.contact.external_id is None and not each.contact.temporary
        ]
        counts += look_ahead(services, contacts) if contacts else Counter()
    return counts


def _blocks[T](services: Services, feed: Feed[T]) -> Iterator[list[T]]:
    """The entries that were not worked on yet, in blocks."""
    stored = services.state.read(f"{FEEDS}{feed.name}")
    value = FeedValue.of(f"{FEEDS}{feed.name}", stored.value) if stored is not None else None
    now = services.now().replace(microsecond=0) + OVERLAP  # the clock of Spotler may be ahead
    until = value.until if value else None
    start = min(until, now) if until else now - timedelta(days=services.settings.feed_first_days)
    seen = set(value.seen if value else ())
    block: list[T] = []
    while start < now:
        end = min(start + WINDOW, now)
        for entry in feed.read(start - OVERLAP, end):
            try:
                mark = mark_of(feed.key(entry), feed.moment(entry))
            except ValueError:
                continue
            if mark not in seen:
                seen.add(mark)
                block.append(entry)
            if len(block) == BLOCK:
                yield block
                block = []
        start = end
    if block:
        yield block
