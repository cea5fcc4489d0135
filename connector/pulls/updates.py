"""The feed of contacts that were created or changed in Spotler, by anybody.

| The contact | What becomes of it |
|---|---|
| its External Id is the id of a row | its record gets what is newer (`connector.sync.both_ways.inward`) |
| it has no External Id | it is a new subscriber (`connector.sync.newcomers.newcomers`) |
| its External Id belongs to another system, or another contact has it too | left alone, counted |
| temporary: made by an import or a test | left alone, counted |

The connector's own writes are in the feed too; they are recognised, and change nothing.
"""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from connector.pulls.loop import run_feed
from connector.pulls.switches import is_on
from connector.services import Services
from connector.spotler import SpotlerContact
from connector.sync.both_ways import inward
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.newcomers.newcomers import take
from connector.sync.old_values import begun
from connector.sync.status.rows import apply_contacts

#: What became of contacts, as it is counted in the log.
TEMPORARY: Final = "temporary"
OTHER_SYSTEM: Final = "of another system"

_ROW_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

#: What becomes of new subscribers.
type Newcomers = Callable[[Services, Sequence[SpotlerContact]], Counter[str]]


class Updates:
    """The feed of updates.

    Args:
        services: the systems.
        newcomers: what becomes of new subscribers.
    """

    name = "updates"

    def __init__(self, services: Services, newcomers: Newcomers = take) -> None:
        self._services = services
        self._newcomers = newcomers

    def read(self, start: datetime, end: datetime) -> Iterator[ShownUpdate]:
        """The contacts of a window, each with the moment right before its page was read."""
        seen_on = self._services.now()

        def before_page() -> None:
            nonlocal seen_on
            seen_on = self._services.now()

        for contact in self._services.spotler.feeds.updates(start, end, before_page=before_page):
            yield ShownUpdate(contact, seen_on)

    def key(self, entry: ShownUpdate) -> str:
        """Whose contact it is, and what it says: it may change twice in a second.

        Raises:
            ValueError: it has no id at all.
        """
        contact = entry.contact
        identity = contact.external_id or contact.encrypted_id
        if identity is None:
            raise ValueError("a contact without an id")
        content = json.dumps([dict(contact.properties), dict(contact.channels)], sort_keys=True)
        return f"{identity}|{hashlib.sha256(content.encode(errors='surrogatepass')).hexdigest()}"

    def moment(self, entry: ShownUpdate) -> datetime | None:
        """When it was changed last."""
        return entry.contact.last_changed

    def work(self, services: Services, entries: Sequence[ShownUpdate]) -> Counter[str]:
        """Bring contacts to their records."""
        counts = Counter[str]()
        ours: list[ShownUpdate] = []
        newcomers: list[SpotlerContact] = []
        for entry in entries:
            contact = entry.contact
            if contact.temporary:
                counts[TEMPORARY] += 1
            elif contact.external_id is None:
                newcomers.append(contact)
            elif _ROW_ID.fullmatch(contact.external_id):
                ours.append(entry)
            else:
                counts[OTHER_SYSTEM] += 1
        if newcomers:
            counts += self._newcomers(services, newcomers)
        settled, left_alone = _settled(services, ours)
        counts += left_alone
        if settled:
            counts += inward.apply(services, settled)
            apply_contacts(services, [entry.contact for entry in settled], min(entry.seen_on for entry in settled))
        return +counts


class UpdatesAgain(Updates):
    """The same feed with a checkpoint of its own, read once a night."""

    name = "updates-again"


def _settled(services: Services, entries: Sequence[ShownUpdate]) -> tuple[list[ShownUpdate], Counter[str]]:
    """One entry for each record: that of the contact which the connector itself writes to.

    A contact may come twice, because it was changed while the feed was read. Two contacts may claim one record, by
    forms of its id that differ in upper and lower case. And a page may be old: a run that outlived its lease has read
    it, and another one has read what is newer since. In all these cases Spotler is asked for the contact itself.

    Returns:
        the entries, and what became of those without one.

    Raises:
        ConnectorError: Spotler cannot be asked.
    """
    by_id = defaultdict[str, list[ShownUpdate]](list)
    for entry in entries:
        by_id[_row_id(entry)].append(entry)
    began = services.now()
    doubtful = [
        row_id
        for row_id, found in by_id.items()
        if len(found) > 1 or found[0].contact.external_id != row_id or began - found[0].seen_on > inward.FRESH
    ]
    contacts = list(services.pool.map(services.spotler.get_contact, doubtful)) if doubtful else []
    asked = dict(zip(doubtful, contacts, strict=True))
    settled, left_alone = list[ShownUpdate](), Counter[str]()
    for row_id, found in by_id.items():
        contact = asked.get(row_id)
        now = ShownUpdate(contact, began) if contact is not None else None
        if row_id not in asked:
            settled += found
        elif now is not None and _row_id(now) == row_id:
            settled.append(now)
        else:
            had_it = any(each.contact.external_id == row_id for each in found)
            left_alone[inward.LEFT if had_it else OTHER_SYSTEM] += 1
    return settled, left_alone


def _row_id(entry: ShownUpdate) -> str:
    return (entry.contact.external_id or "").lower()


def pull_updates(services: Services) -> None:
    """Read what changed in Spotler since the last time, unless that is switched off.

    Raises:
        ConnectorError: Spotler, Dataverse or the state cannot be used; the next run goes on where this one stopped.
    """
    _pull(services, Updates)


def pull_updates_again(services: Services) -> None:
    """Read what changed since the night before a second time, with a checkpoint of its own.

    A safety net for consent: an opt-out arrives although the other checkpoint was lost, or moved too far by hand.
    What arrived before costs a comparison.

    Raises:
        ConnectorError: as for `pull_updates`.
    """
    _pull(services, UpdatesAgain)


def _pull(services: Services, kind: type[Updates]) -> None:
    services = begun(services, kind.name)
    feed = kind(services)
    if is_on(services, feed.name):
        run_feed(services, feed)
