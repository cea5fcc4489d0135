"""What changed in Spotler: contacts, bounces, and what happened to messages.

There are no webhooks; feeds are polled with a window of time. Which end of a window is inclusive is not documented, so
callers overlap their windows by some minutes and recognise records that they have seen.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from connector.spotler.calls import Calls, Route
from connector.spotler.dates import query_date
from connector.spotler.models import Bounce, InteractionKind, SpotlerContact, SpotlerInteraction
from connector.spotler.paging import PAGE_SIZE, records
from connector.spotler.readers import read_bounce, read_contact, read_interaction
from connector.spotler.wire import Json

_UPDATES: Final = Route("GET", "/contact/updates/list")
_BOUNCES: Final = Route("GET", "/contact/bounces/list")
_INTERACTIONS: Final = {
    kind: Route("GET", f"/mailing-interaction/{kind.value}") for kind in InteractionKind
}  # fmt: skip


class Feeds:
    """Iterators over the feeds; pages are fetched while one iterates, so errors arise there.

    Records come in the order of Spotler. A Transient in the middle means: start the window again.
    """

    def __init__(self, calls: Calls, *, page_size: int = PAGE_SIZE) -> None:
        self._calls = calls
        self._page_size = page_size

    def updates(
        self, start: datetime, end: datetime, *, after: int = 0, before_page: Callable[[], None] = lambda: None
    ) -> Iterator[SpotlerContact]:
        """Contacts that were created or changed by anybody, the connector's own writes included.

        Args:
            start: of the window.
            end: of the window.
            after: how many contacts of the window are skipped.
            before_page: called right before Spotler is asked for a page.
        """
        found = self._window(_UPDATES, "contacts", start, end, after, before_page)
        return (read_contact(each, self._calls.time) for each in found)

    def bounces(self, start: datetime, end: datetime) -> Iterator[Bounce]:
        """Messages that came back. An entry that is no object comes as a bounce of nobody, without a date."""
        return (read_bounce(each, self._calls.time) for each in self._window(_BOUNCES, "bounces", start, end))

    def interactions(self, kind: InteractionKind, start: datetime, end: datetime) -> Iterator[SpotlerInteraction]:
        """Events of one kind over all mailings, by the moment in which they were recorded.

        An entry that is no object comes as an event of nobody, without a date.
        """
        query = f"fromChangeDate={query_date(start)}&toChangeDate={query_date(end)}"
        for source in self._records(_INTERACTIONS[kind], "interactions", query):
            yield read_interaction(source, kind)

    def _window(
        self,
        route: Route,
        name: str,
        start: datetime,
        end: datetime,
        after: int = 0,
        before_page: Callable[[], None] = lambda: None,
    ) -> Iterator[Json]:
        query = f"fromDate={query_date(start)}&toDate={query_date(end)}"
        return self._records(route, name, query, after, before_page)

    def _records(
        self, route: Route, name: str, query: str, after: int = 0, before_page: Callable[[], None] = lambda: None
    ) -> Iterator[Json]:
        size = self._page_size

        def fetch(after: int) -> object:
            before_page()
            return self._calls.read(route, query=f"{query}&pageSize={size}&after={after}")

        return records(fetch, name, page_size=size, after=after)
