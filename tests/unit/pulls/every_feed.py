"""Every feed of the loop: what happens that it brings, and where one sees how often it arrived.

A case is what a new feed adds to `CASES`; what is expected of all feeds is in `test_pulls_every_feed.py`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from connector.dataverse.choices import ContactStatus, InteractionType
from connector.dataverse.names import Flags, Info, Interaction, Visitor
from connector.pulls.bounces import BounceFeed, ReturnFeed, read_bounces
from connector.pulls.interactions import InteractionFeed, read_interactions
from connector.pulls.loop import Feed
from connector.pulls.people_gone import GoneFeed, erase_gone
from connector.pulls.updates import Updates, UpdatesAgain, pull_updates, pull_updates_again
from connector.pulls.visitors import VisitorFeed, read_visitors
from connector.services import Services
from connector.spotler import InteractionKind
from sandbox.leads.fixtures import add_visitors
from sandbox.spotler.seed import MAILING_ID
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
#: What `Updates` brings.
CHANGED = "Changed in Spotler"
#: What somebody may have typed as the id of a record in a row of Spotler Info.
NO_IDS = ("no id", "../x", "a/b", "c0ffee00-0000-4000-8000-00000000000g")


def known(two: TwoSystems, name: str) -> Any:
    """A contact that both systems know."""
    record = two.contact(name, firstname="Before")
    two.sync(record)
    return record


@dataclass(frozen=True)
class Case:
    """A feed.

    Attributes:
        name: that of its checkpoint.
        kind: its class.
        feed: it itself.
        run: what its timer does.
        subject: what the feed may tell something about: the record of a person, unless it says otherwise.
        happen: something that the feed brings.
        arrived: how often it arrived: more than once means that it was doubled.
        source: a part of the address that it reads; a page of entries is the answer.
        odd: entries that say nothing; rows of Spotler Info where the feed reads these.
        looks_back: how far back the first run reads, where the setting says one day.
    """

    name: str
    kind: type
    feed: Callable[[Services], Feed[Any]]
    run: Callable[[TwoSystems], object]
    happen: Callable[[TwoSystems, Any], None]
    arrived: Callable[[TwoSystems, Any], int]
    source: str
    subject: Callable[[TwoSystems, str], Any] = known
    odd: tuple[object, ...] = ()
    looks_back: timedelta = timedelta(days=1)

    def begin(self, systems) -> TwoSystems:
        """Both systems, and the first run of the feed behind it."""
        two = TwoSystems(systems, NAME, PERMISSIONS)
        settings = {"interactions": "sent,opened,clicked,bounced", "feed_first_days": 1}
        two.services = replace(two.services, settings=two.services.settings.model_copy(update=settings))
        self.run(two)
        return two

    def subjects(self, two: TwoSystems, number: int) -> list[Any]:
        """So many, of whom everything has arrived that has happened."""
        made = [self.subject(two, f"n{each}") for each in range(number)]
        two.tick(timedelta(minutes=30))
        self.run(two)
        return made

    def arrivals(self, two: TwoSystems, subjects: list[Any]) -> list[int]:
        """How often the news of each arrived."""
        return [self.arrived(two, each) for each in subjects]


# Updates


def _renamed(two: TwoSystems, record: Any) -> None:
    two.profile(record, firstName=CHANGED)


def _has_name(two: TwoSystems, record: Any) -> int:
    return int(two.row(record)["firstname"] == CHANGED)


_NO_CONTACTS = (
    None, "text", 7, [], {}, {"externalId": None, "properties": {"email": "x@example.org"}},
    {"externalId": "c0ffee00-0000-4000-8000-000000000001", "lastChanged": "soon", "properties": "none", "channels": 7},
)  # fmt: skip


def _updates(kind: type[Updates], run: Callable[[Services], object]) -> Case:
    return Case(
        kind.name,
        kind,
        feed=kind,
        run=lambda two: run(two.services),
        happen=_renamed,
        arrived=_has_name,
        source="/contact/updates/list",
        odd=_NO_CONTACTS,
    )


# Events of mailings


def _event(kind: str, **details: object) -> Callable[[TwoSystems, Any], None]:
    def happen(two: TwoSystems, record: Any) -> None:
        two.tick()
        date = two.now().isoformat()
        two._emit(type=kind, externalId=record.id, mailing=MAILING_ID, date=date, **details)

    return happen


_NO_EVENTS = (
    None, "text", 7, [], {}, {"date": "soon"}, {"date": "9999-12-31T23:59:59+00:00", "type": ["HARD"]},
    {"id": 1, "contact": {"externalId": "c0ffee00-0000-4000-8000-000000000001"}, "date": "2026-13-01"},
)  # fmt: skip
#: What the stand-in calls the events of a kind, and what becomes of them.
_EVENTS = {
    InteractionKind.SENT: ("sent", InteractionType.EMAIL_SENT),
    InteractionKind.OPENED: ("open", InteractionType.EMAIL_OPENED),
    InteractionKind.CLICKED: ("click", InteractionType.EMAIL_CLICKED),
    InteractionKind.BOUNCED: ("bounce", InteractionType.EMAIL_BOUNCED),
}


def _interactions(kind: InteractionKind) -> Case:
    event, type_ = _EVENTS[kind]
    return Case(
        f"interactions-{kind.value}",
        InteractionFeed,
        feed=lambda services: InteractionFeed(services, kind),
        run=lambda two: read_interactions(two.services),
        happen=_event(event),
        arrived=lambda two, record: [each[Interaction.TYPE] for each in _interactions_of(two, record)].count(type_),
        source=f"/mailing-interaction/{kind.value}",
        odd=_NO_EVENTS,
    )


def _interactions_of(two: TwoSystems, record: Any) -> list[dict[str, object]]:
    return [
        row for row in two.systems.rows(Interaction.TABLE) if row.get(f"_{Interaction.CONTACT}_value") == record.id
    ]  # fmt: skip


def _soft_bounces(two: TwoSystems, record: Any) -> int:
    count = two.info(record).get(Info.SOFT_BOUNCES)
    return count if isinstance(count, int) else 0


# Contacts that may be active again


def _inactive(two: TwoSystems, name: str) -> Any:
    record = known(two, name)
    _event("bounce")(two, record)
    two.tick(timedelta(minutes=1))
    read_bounces(two.services)
    assert two.info(record)[Info.CONTACT_STATUS] == ContactStatus.HARD_BOUNCE
    return record


def _gets_new_address(two: TwoSystems, record: Any) -> None:
    two.edit(record, emailaddress1=f"new.{record.id}@example.org")
    two.sync(record)


def _is_active(two: TwoSystems, record: Any) -> int:
    return int(two.info(record)[Info.CONTACT_STATUS] == ContactStatus.ACTIVE_DYNAMIC)


# People who have left


def _engaged(two: TwoSystems, name: str) -> Any:
    record = known(two, name)
    _event("open")(two, record)
    two.tick(timedelta(minutes=1))
    read_interactions(two.services)
    assert len(_interactions_of(two, record)) == 1
    return record


def _leaves(two: TwoSystems, record: Any) -> None:
    two.edit(record, **{Flags.DO_NOT_EMAIL: True})
    two.sync(record)


def _has_nothing(two: TwoSystems, record: Any) -> int:
    return int(not _interactions_of(two, record))


# Website visitors


def _companies() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"00000000-0000-4000-8000-{number:012d}"


def _visits(two: TwoSystems, visitor: str) -> None:
    two.tick()
    given = {"id": visitor, "name": "Acme", "last_visit": two.now().isoformat()}
    add_visitors(two.systems.leads.store, json.dumps({"visitors": [given]}).encode())


def _rows_of_visitor(two: TwoSystems, visitor: str) -> int:
    return sum(row[Visitor.EXTERNAL_ID] == visitor for row in two.systems.rows(Visitor.TABLE))


_VISITOR_IDS = _companies()

CASES = (
    _updates(Updates, pull_updates),
    _updates(UpdatesAgain, pull_updates_again),
    Case(
        "bounces",
        BounceFeed,
        feed=BounceFeed,
        run=lambda two: read_bounces(two.services),
        happen=_event("bounce", hard=False),
        arrived=_soft_bounces,
        source="/contact/bounces/list",
        odd=_NO_EVENTS,
    ),
    Case(
        "bounces-returned",
        ReturnFeed,
        feed=ReturnFeed,
        run=lambda two: read_bounces(two.services),
        subject=_inactive,
        happen=_gets_new_address,
        arrived=_is_active,
        source=f"/{Info.SET}",
        odd=tuple({Info.RECORD: each, Info.CONTACT_STATUS: ContactStatus.HARD_BOUNCE.value} for each in NO_IDS),
    ),
    *(_interactions(kind) for kind in InteractionKind),
    Case(
        "visitors",
        VisitorFeed,
        feed=lambda services: VisitorFeed(services, services.leads),
        run=lambda two: read_visitors(two.services),
        subject=lambda *_: next(_VISITOR_IDS),
        happen=_visits,
        arrived=_rows_of_visitor,
        source="/leads/Lead/",
        odd=({}, {"id": "7"}, {"id": 7, "lastVisit": "soon"}, {"id": "x", "lastVisit": "2099-01-01T00:00:00"}),
    ),
    Case(
        "people-gone",
        GoneFeed,
        feed=lambda services: GoneFeed(services, services.now() + timedelta(hours=1)),
        run=lambda two: erase_gone(two.services, two.services.now() + timedelta(hours=1)),
        subject=_engaged,
        happen=_leaves,
        arrived=_has_nothing,
        source=f"/{Info.SET}",
        odd=tuple({Info.RECORD: each, Info.GONE: True} for each in NO_IDS),
        looks_back=timedelta(days=4),
    ),
)
