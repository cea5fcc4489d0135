"""Interactions: what people did with mailings becomes rows of Marketing Interaction.

One feed of the loop for each kind of event, because each has its own list in Spotler. Which kinds are read is a
setting. The feed of bounces (`connector.pulls.bounces`) brings bounces too; both write the same row.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from connector.errors import ConnectorError
from connector.pulls.loop import TIME_LIMIT, run_feed
from connector.pulls.switches import is_on
from connector.services import Services
from connector.spotler import InteractionKind, SpotlerInteraction
from connector.sync.interactions.events import MailingEvent
from connector.sync.interactions.storing import mailing_names, store_events
from connector.sync.moments import FUTURE

#: Events that are worked on at once: their calls run side by side, a hundred rows in each.
BLOCK: Final = 1000
#: The kinds in the order in which they are read: those with few events first, so that no other keeps them waiting.
ORDER: Final = (InteractionKind.BOUNCED, InteractionKind.CLICKED, InteractionKind.OPENED, InteractionKind.SENT)


def read_interactions(services: Services) -> Counter[str]:
    """Read what is new of each kind, if it is switched on, and say what became of it.

    A kind that cannot be read does not keep the others waiting.

    Raises:
        ConnectorError: of the first kind that failed; its checkpoint stays at what was done.
    """
    counts = Counter[str]()
    if not is_on(services, "interactions"):
        return counts
    deadline = services.now() + TIME_LIMIT
    errors: list[ConnectorError] = []
    for kind in (kind for kind in ORDER if kind.value in services.settings.interaction_kinds):
        try:
            counts += run_feed(services, InteractionFeed(services, kind), block=BLOCK, deadline=deadline)
        except ConnectorError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return counts


class InteractionFeed:
    """The feed of one kind of events.

    Args:
        services: the systems.
        kind: which events.
    """

    def __init__(self, services: Services, kind: InteractionKind) -> None:
        self._services = services
        self._kind = kind
        self.name = f"interactions-{kind.value}"
        self._mailing_name = mailing_names(services)

    def read(self, start: datetime, end: datetime) -> Iterator[SpotlerInteraction]:
        """The events that Spotler recorded within the window."""
        return self._services.spotler.feeds.interactions(self._kind, start, end)

    def key(self, entry: SpotlerInteraction) -> str:
        """The key of its row; of a contact without an External Id, which has no row, Spotler's own id."""
        event = MailingEvent.of(entry)
        if event is None or event.on > self._services.now() + FUTURE:
            raise ValueError("an event without a date")
        return event.key if event.record else f"nobody|{entry.id}|{event.key}"

    def moment(self, entry: SpotlerInteraction) -> datetime | None:
        """When Spotler recorded it, which is what windows are about."""
        return entry.change_date or entry.date

    def work(self, services: Services, entries: Sequence[SpotlerInteraction]) -> Counter[str]:
        """Store the events."""
        events = [event for entry in entries if (event := MailingEvent.of(entry))]
        return store_events(services, events, self._mailing_name)
