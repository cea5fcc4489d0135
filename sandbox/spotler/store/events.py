"""One log of everything that happened between the account and its contacts.

Feeds, histories, statistics and form results are all read from it, so that they cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sandbox.spotler.store.contacts import Contact


class EventKind(StrEnum):
    """What can happen."""

    SENT = "sent"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    OPTED_OUT = "optedOut"
    INACTIVATED = "inactivated"
    FORM = "form"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `date` is when, `changed` when the account learned of it.

    `passage` is one way of a contact through a campaign; `hard`, `spelling` (of its type, where it is not the usual
    one) and `link` belong to bounces and clicks, `bits` to an opt-out (none: of everything), `reason` to what made a
    contact inactive, `form`, `answers` and `completed` to a form, `value` (cents) and `conversion` to a conversion.
    """

    id: int
    kind: EventKind
    contact: Contact | None
    date: datetime
    changed: datetime
    mailing: str | None = None
    passage: int | None = None
    link: int | None = None
    hard: bool = False
    spelling: str = ""
    reason: str = ""
    bits: tuple[int, ...] = ()
    form: int | None = None
    answers: tuple[tuple[int, tuple[str, ...]], ...] = ()
    completed: bool = True
    conversion: str = ""
    value: int = 0


class EventLog:
    """The events, with an index per kind, mailing and contact."""

    def __init__(self) -> None:
        self._by_id: dict[int, Event] = {}
        self._by_kind: dict[EventKind, list[Event]] = {kind: [] for kind in EventKind}
        self._by_mailing: dict[tuple[str, EventKind], list[Event]] = {}
        self._by_contact: dict[tuple[int, EventKind], list[Event]] = {}

    def next_id(self) -> int:
        """The id of the next event."""
        return len(self._by_id) + 1

    def add(self, event: Event) -> None:
        """Write down one event."""
        self._by_id[event.id] = event
        self._by_kind[event.kind].append(event)
        if event.mailing is not None:
            self._by_mailing.setdefault((event.mailing, event.kind), []).append(event)
        if event.contact is not None:
            self._by_contact.setdefault((event.contact.key, event.kind), []).append(event)

    def by_id(self, event_id: int) -> Event | None:
        """One event."""
        return self._by_id.get(event_id)

    def all(self) -> Sequence[Event]:
        """Every event, oldest first."""
        return tuple(self._by_id.values())

    def of_kind(self, kind: EventKind) -> Sequence[Event]:
        """Every event of a kind."""
        return self._by_kind[kind]

    def of_mailing(self, mailing: str, kind: EventKind) -> Sequence[Event]:
        """What happened to one mailing."""
        return self._by_mailing.get((mailing, kind), ())

    def of_contact(self, contact: Contact, kind: EventKind) -> Sequence[Event]:
        """What happened to one contact."""
        return self._by_contact.get((contact.key, kind), ())
