"""The days themselves: people act at random moments, things go wrong, and the app works in between as on every day.

Dataverse posts every change to the bus, the router and the functions take their messages, the timers run as they are
scheduled, and a process that dies is followed by another one. All of it happens in one simulated time.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Final

from connector.jobs.nightly import clean_up_nightly
from connector.mapping import parse_mapping
from connector.pulls.bounces import read_bounces
from connector.pulls.interactions import read_interactions
from connector.pulls.lists import refresh_lists
from connector.pulls.permissions import refresh_permissions
from connector.pulls.updates import pull_updates, pull_updates_again
from connector.pulls.visitors import read_visitors
from connector.reconcile.starting import start_reconcile
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import QUEUE_DATAVERSE
from connector.services import Services
from sandbox.dataverse.posting import Posting
from sandbox.spotler.side_door.fixtures import FIXTURES
from tests.faults.days.acts import ACTS, BEHIND
from tests.faults.days.lists import DayLists
from tests.faults.days.storms import DELAYS, SYSTEMS, Outage, StormyWire
from tests.faults.days.website import VisitingCompany
from tests.faults.matrix.app import App
from tests.faults.matrix.day import CellTime, Day, services_on
from tests.faults.matrix.run import alone
from tests.faults.matrix.systems import Systems
from tests.faults.matrix.wire import TouchedBus
from tests.unit.sync.consent_person import Person
from tests.unit.sync.consent_story import Oracle
from tests.unit.sync.two_systems import EMAIL, PERMISSIONS, TwoSystems

APP: Final = App(
    parse_mapping({
        "rows": [
            EMAIL,
            {"contact": "firstname", "direction": "<->", "spotler": "firstName"},
            {"contact": "lastname", "direction": "->", "spotler": "lastName"},
            {"contact": "telephone1", "direction": "<->", "spotler": "phoneNumber"},
            {"contact": "address1_city", "direction": "<-", "spotler": "city"},
            PERMISSIONS,
        ]
    }),
    {"interactions": "sent,opened,clicked,bounced", "keep_interactions_days": 0, "keep_visitors_days": 0},
)  # fmt: skip
#: The first day: a summer time begins and ends within the year.
FIRST: Final = datetime(2025, 3, 1, tzinfo=UTC)
NAMES: Final = ("ann", "bob", "cas", "dan", "eve", "fay")
#: The longest outage: shorter than a job is tried.
OUTAGE: Final = timedelta(hours=2)
#: For so many days before the end nothing is taken away behind the connector's back: the last comparison is weekly.
LAST_DAYS: Final = 9
#: After so many hours these timers run again: less often than usual, so that more days fit into the time of a test.
EVERY: Final = {pull_updates: 2, read_interactions: 6, read_visitors: 6}
#: How often the app catches up when the days are over.
ROUNDS: Final = 3


def _refresh(services: Services) -> None:
    """As the timer does once a day."""
    refresh_permissions(services)
    pull_updates_again(services)


#: What runs once a night, and when.
NIGHTLY: Final = (
    (time(1, 15), read_bounces),
    (time(2), refresh_lists),
    (time(3), clean_up_nightly),
    (time(5, 30), _refresh),
)

type Happening = tuple[datetime, Callable[[], object]]


class DaySystems(TwoSystems):
    """Both systems, on a wire on which things go wrong."""

    def __init__(self, systems: Systems, chance: random.Random) -> None:
        self._chance = chance
        super().__init__(systems)
        systems.share_clock(self.time)

    @staticmethod
    def clock() -> CellTime:
        """It begins on the first day."""
        return CellTime(FIRST)

    def _wire_between(self) -> StormyWire:
        return StormyWire(self.systems, self.time, self._chance)

    def restart(self, bus: TouchedBus | None = None) -> None:
        """A process that has asked for nothing yet."""
        self.services = services_on(self.systems, self.wire, bus or TouchedBus(self.wire), APP)

    def create(self, table: str, set_name: str, values: Mapping[str, object]) -> str:
        """A row that a person makes; its id."""
        self.tick()
        key = f"{table}id"
        before = {row[key] for row in self.systems.rows(table)}
        self.systems.by_person("POST", set_name, values)
        (made,) = {row[key] for row in self.systems.rows(table)} - before
        return str(made)

    def put_contact(self, **contact: object) -> None:
        """A contact appears in Spotler."""
        FIXTURES["contacts"](self.systems.sandbox, json.dumps({"contacts": [contact]}).encode())


class Days(Oracle):
    """So many days, and what people expect after them.

    Args:
        systems: both, which are emptied.
        seed: decides about everything.
        weekly: whether both sides are compared once a week; then things also happen behind the connector's back.
    """

    def __init__(self, systems: Systems, seed: int, *, weekly: bool) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - chance that can be repeated
        super().__init__(DaySystems(systems, self.chance))
        assert isinstance(self.wire, StormyWire)
        self.storms = self.wire
        self.weekly = weekly
        self.day = Day(systems, self.wire, app=APP)
        self._number = 0
        #: The Marketing Lists that people have made.
        self.lists = DayLists()
        #: The companies that have visited the website, by number.
        self.companies: dict[int, VisitingCompany] = {}
        #: The people of whom something was taken away behind the connector's back, by name.
        self.tampered: set[str] = set()
        #: What happened to messages: the record, what, and when.
        self.events: list[tuple[str, str, datetime]] = []
        self.name_permissions("Offers")
        systems.environment.steps.submit, systems.environment.steps.tables = self._post, ()
        self.people = [Person(name, self.two.contact(name, firstname=name)) for name in NAMES]

    def live(self, days: int) -> None:
        """Let so many days pass, and the app catch up."""
        with alone(self.two.time, 100):
            for number in range(days):
                acts = [name for name in ACTS if name not in BEHIND or (self.weekly and number < days - LAST_DAYS)]
                for moment, happens in sorted(self._agenda(number, acts), key=lambda each: each[0]):
                    self._until(moment)
                    happens()
            self._catch_up()

    # What acts use

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way, and nothing out of order."""
        return self.day.is_over() and not self.storms.outages

    def number(self) -> int:
        """A number that was not used before."""
        self._number += 1
        return self._number

    def work(self) -> None:
        """The app works until nothing is left to do."""
        self.day.run()

    def settle(self) -> None:
        """Everything is in order again, and both sides have heard of each other."""
        self.storms.calm()
        self.work()
        self.day.run_soon(pull_updates)
        self.work()

    def happens(self, kind: str, person: Person, **details: object) -> None:
        """Something happens to a message."""
        self.two.tick()
        self.two._emit(type=kind, externalId=person.record.id, **details)
        self.events.append((person.record.id, kind, self.two.now()))

    # A day

    def _agenda(self, number: int, acts: list[str]) -> Iterator[Happening]:
        """What happens on a day."""
        midnight = FIRST + timedelta(days=number)
        for timer, hours in EVERY.items():
            for hour in range(0, 24, hours):
                yield midnight + timedelta(hours=hour), partial(self.day.run_soon, timer)
        for at, timer in NIGHTLY:
            yield datetime.combine(midnight, at, UTC), partial(self.day.run_soon, timer)
        if self.weekly and midnight.weekday() == 6:
            yield midnight + timedelta(hours=4), partial(self.day.run_soon, start_reconcile)
        weights = [ACTS[name][1] for name in acts]
        for name in self.chance.choices(acts, weights, k=self.chance.randint(1, 10)):
            yield self._moment(midnight), partial(self._act, name)
        if self.chance.random() < 0.15:
            yield self._moment(midnight), self._break
        if self.chance.random() < 0.2:
            yield self._moment(midnight), partial(setattr, self.storms, "dies_in", self.chance.randint(1, 60))
        yield midnight, partial(setattr, self.storms, "delays", DELAYS)
        yield midnight, partial(setattr, self.storms, "loses", 0.2 if self.chance.random() < 0.1 else 0.0)

    def _moment(self, midnight: datetime) -> datetime:
        return midnight + timedelta(seconds=self.chance.randint(0, 24 * 3600 - 1))

    def _act(self, name: str) -> None:
        there = [person for person in self.people if not person.deleted]
        if there:
            person = self.chance.choice(there)
            if name in BEHIND:
                self.tampered.add(person.name)
            ACTS[name][0](self, person)

    def _break(self) -> None:
        until = self.two.time.now() + OUTAGE * self.chance.random()
        self.storms.outages.append(Outage(self.chance.choice(SYSTEMS), until, self.chance.random() < 0.5))

    def _until(self, moment: datetime) -> None:
        """The app works until this moment."""
        now = self.two.time.now()
        self.storms.outages = [each for each in self.storms.outages if now < each.until]
        if now < moment:
            self.day.run(moment - now)
            self.two.time.move_to(moment)

    def _catch_up(self) -> None:
        self.storms.calm()
        for _ in range(ROUNDS):
            self.work()
            for timer in (*EVERY, *(timer for _, timer in NIGHTLY)):
                self.day.run_soon(timer)
            self.work()
            self.two.time.sleep(3600)

    def _post(self, posting: Posting) -> None:
        """As the service endpoint does."""
        message = self.two.systems.environment.contexts.message(posting)
        self.day.bus.post(QUEUE_DATAVERSE, [OutgoingMessage(message.body, message.message_id)])
