"""A story about consent: both systems, what happens while the connector works, and an oracle of who said what."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import override

import requests

from connector.consent.permissions import key_of
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    Consent,
    EnvironmentVariable,
    Info,
    Job,
    Permission,
)
from connector.errors import ConnectorError
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.permissions.former_names import NAME as REMEMBERED
from connector.sync.records import Record
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.faults.matrix.systems import Systems
from tests.faults.matrix.wire import Death, TouchedBus
from tests.unit.sync.consent_person import Person
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

#: What people and the connector can do, by what a step says; filled by the modules that know how.
PEOPLE: dict[str, "Act"] = {}
CONNECTOR: dict[str, "Act"] = {}

#: The permissions that stories are about, by bit.
NAMES = {NEWSLETTER_BIT: "Newsletter", EVENTS_BIT: "Events"}
RENAMED = "Monthly news"
NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
#: Longer than a worker may be silent, and than a job waits.
BUSY = timedelta(minutes=11)
#: How often the connector works when the story is over.
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What happens at a call of the connector.

    Attributes:
        call: which one, counted from 1; later than the last one is never.
        what: `step`, `answer lost`, `request lost`, `late` or `death`.
        step: what somebody else does.
        after: whether the call had its effect before that.
    """

    call: int
    what: str
    step: "Step | None" = None
    after: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does. `who`: which person it is about; `bit`: which permission."""

    what: str
    who: int = 0
    bit: int = NEWSLETTER_BIT
    meanwhile: Meanwhile | None = None

    def __str__(self) -> str:
        return f"{self.what}({self.who}, {self.bit})" + (f" while {self.meanwhile}" if self.meanwhile else "")


class Oracle:
    """Both systems, the people, and what they said.

    Args:
        two: the systems.
    """

    def __init__(self, two: TwoSystems) -> None:
        self.two = two
        self.wire = two.wire
        self.people: list[Person] = []
        self.failures: list[str] = []

    def name_permissions(self, *more: str) -> None:
        """New records get rows of these permissions, unsubscribed."""
        names = {PERMISSIONS_VARIABLE: ";".join([*NAMES.values(), *more]), ENABLED_VARIABLE: ""}
        self.two.systems.load({
            EnvironmentVariable.TABLE: [
                {"displayname": name, "type": 100000000, "schemaname": name, "defaultvalue": value}
                for name, value in names.items()
            ]
        })  # fmt: skip

    def read_feed(self) -> None:
        """The connector reads what changed in Spotler."""
        self.two.pull()

    # What is promised

    def problems(self) -> Iterator[str]:
        """What is wrong in the end."""
        contacts = [each for each in self.two.systems.spotler()["contacts"] if not each["anonymized"]]
        for person in self.people:
            name = person.name
            own = [each for each in contacts if each["externalId"] == person.record.id]
            if len(own) > 1:
                yield f"{name} has two contacts"
            for contact in own:
                if why := self._may_not_be_there(person):
                    yield f"{name} is in Spotler although {why}"
                for bit in bits_of(contact) & NAMES.keys():
                    if bit not in person.agreed:
                        yield f"{name} gets {NAMES[bit]} and said no last"
                    if not person.deleted and self.two.row(person.record).get("donotbulkemail"):
                        yield f"{name} gets {NAMES[bit]} and has Do Not Bulk Email"
            if not person.deleted:
                yield from (f"{name}: {each}" for each in self._rows(person))
        addresses = [str(each["properties"].get("email")).lower() for each in contacts if bits_of(each)]
        if len(addresses) != len(set(addresses)):
            yield "one address is mailed through two contacts"

    def _may_not_be_there(self, person: Person) -> str:
        if person.deleted:
            return "deleted"
        row = self.two.row(person.record)
        info = next((each for each in self.infos() if each[Info.RECORD] == person.record.id), {})
        reasons = {
            "Do Not Email": row.get("donotemail"),
            "deactivated": row.get("statecode"),
            "kept out": info.get(Info.KEEP_OUT),
            "no address": not row.get("emailaddress1"),
        }
        return next((why for why, applies in reasons.items() if applies), "")

    def _rows(self, person: Person) -> Iterator[str]:
        items = {bit: {key_of(name), key_of(RENAMED) if bit == NEWSLETTER_BIT else ""} for bit, name in NAMES.items()}
        entries = sorted(
            (each for each in self.two.systems.rows(Consent.TABLE) if each[Consent.RECORD] == person.record.id),
            key=lambda each: (str(each[Consent.ON]), not each[Consent.AFTER]),
        )
        for bit, names in items.items():
            rows = [row for row in self.two.permissions(person.record) if _name(row) in names]
            for group in _linked(rows):
                on = [bool(row.get(Permission.SUBSCRIBED) and row.get(Permission.STATE) == 0) for row in group]
                others = {_name(row) for row in rows if row not in group}
                told = [each for each in entries if key_of(str(each[Consent.PERMISSION])) in names - others]
                if all(on) and bit not in person.agreed and any(self._is_recognised(row, bit) for row in group):
                    yield f"the row of {NAMES[bit]} is subscribed and the person said no last"
                if all(on) and not told:
                    yield f"nothing explains that {NAMES[bit]} is subscribed"
                if told and told[-1][Consent.AFTER] is not all(on):
                    yield f"the history says {told[-1][Consent.AFTER]} of {NAMES[bit]}, its rows say {on}"

    def _is_recognised(self, row: Mapping[str, object], bit: int) -> bool:
        """Whether the connector can know which permission a row is about.

        A row that a person made has no bit. Once its permission is called otherwise, only its name says what it is,
        if the connector has read that name in Spotler before.
        """
        stored = self.two.services.state.read(REMEMBERED)
        names = stored.value.get(str(bit), []) if stored else []
        return row.get(Permission.BIT) == bit or _name(row) in {key_of(name) for name in (*names, name_of(self, bit))}

    def infos(self) -> list[dict[str, object]]:
        return self.two.systems.rows(Info.TABLE)

    def change_info(self, person: Person, **values: object) -> None:
        for each in self.infos():
            if each[Info.RECORD] == person.record.id:
                self.two.systems.by_person("PATCH", f"{Info.SET}({each[Info.ID]})", values)

    def contact_of(self, person: Person) -> dict[str, object] | None:
        """The contact in Spotler that belongs to a person."""
        found = [each for each in self.two.systems.spotler()["contacts"] if each["externalId"] == person.record.id]
        return next((each for each in found if not each["anonymized"]), None)


class Story(Oracle):
    """What people and the connector do, one after the other, and what happens while the connector works."""

    def __init__(self, systems: Systems, *, variables: bool = False, table: str = "contact") -> None:
        super().__init__(self.between(systems, table))
        systems.controls.change_settings(b'{"clock_skew_s": 0, "dates_answers": true}')
        self.read: list[tuple[int, Record]] = []
        self._bus = TouchedBus(self.wire)
        self._restart()
        self.wire.send = self._send  # type: ignore[method-assign]
        self.held: list[requests.PreparedRequest] = []
        self.pages: list[list[ShownUpdate]] = []
        self._call, self._meanwhile = 0, None
        if variables:
            self.name_permissions()
        self.people = [Person(name, self.two.record(table, name, firstname=name)) for name in ("ann", "bob")]

    def between(self, systems: Systems, table: str) -> TwoSystems:
        """The connector between both systems, with its mapping."""
        return TwoSystems(systems, NAME, PERMISSIONS, tables=(table,))

    def tell(self, steps: Iterable[Step]) -> None:
        """Let it happen."""
        for step in steps:
            self.do(step)

    def do(self, step: Step) -> None:
        """One step; where the connector does it, something may happen at one of its calls."""
        person = self.people[step.who]
        self.two.tick()
        if step.what in PEOPLE:
            self.late()  # a call takes effect before people can react to it
            if not person.deleted:
                PEOPLE[step.what](self, person, step.bit)
            return
        before, services = (self._call, self._meanwhile), self.two.services
        if before[1] is not None:  # another process
            self.two.restart(self._bus)
        self._call, self._meanwhile = 0, step.meanwhile
        try:
            CONNECTOR[step.what](self, person, step.bit)
        except ConnectorError as error:
            self.failures.append(f"{step.what}: {error.result_code}")
        except Death:
            if before[1] is not None:
                raise
            self._restart()
        finally:
            self._call, self._meanwhile = before
            if before[1] is not None:
                self.two.services = services

    @override
    def read_feed(self) -> None:
        """Another process does that where one is at work."""
        self.do(Step("pull"))

    def end(self) -> None:
        """Everything on its way arrives, and the connector catches up.

        That Spotler has lost a contact shows when its record is sent and the feed read after that, or when both sides
        are compared, and not before (decision 0017).
        """
        self.late()
        for _ in range(ROUNDS):
            self.two.tick(BUSY)
            self.do(Step("jobs"))
            self.see_refusals()
            for index in range(len(self.people)):
                self.do(Step("sync", index))
            self.do(Step("pull"))
        for index, person in enumerate(self.people):
            if person.lost and self.contact_of(person) is None:
                self.do(Step("sync again", index))
                self.two.tick(BUSY)
                self.do(Step("pull"))
        self.two.tick(BUSY)

    def late(self) -> None:
        """Requests that were on their way take effect."""
        held, self.held = self.held, []
        for request in held:
            self.two.systems.answer(request)

    def _send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        self._call += 1
        meanwhile = self._meanwhile
        if meanwhile is None or self._call != meanwhile.call or "/v2.0/" in str(request.url).replace("/api/", ""):
            return type(self.wire).send(self.wire, request, **options)
        if meanwhile.what == "late" and request.method != "GET":
            self.held.append(request)
            raise requests.ReadTimeout
        if meanwhile.what == "request lost":
            raise requests.ConnectionError
        if meanwhile.what == "death" and not meanwhile.after:
            raise Death
        if meanwhile.step is not None and not meanwhile.after:
            self.do(meanwhile.step)
        answer = type(self.wire).send(self.wire, request, **options)
        if meanwhile.what == "answer lost":
            raise requests.ReadTimeout
        if meanwhile.what == "death" and meanwhile.after:
            raise Death
        if meanwhile.step is not None and meanwhile.after:
            self.do(meanwhile.step)
        return answer

    def _restart(self) -> None:
        """Another process: nothing that the first one had read is left."""
        self.read.clear()
        self.two.restart(self._bus)

    def see_refusals(self) -> None:
        """People see which jobs were refused for good."""
        failed = {row[Job.ID] for row in self.two.systems.rows(Job.TABLE) if row[Job.STATUS] == JobStatus.FAILED}
        for person in self.people:
            person.see_refused(failed)


def _name(row: Mapping[str, object]) -> str:
    return key_of(str(row[Permission.NAME]))


def _linked(rows: Sequence[Mapping[str, object]]) -> list[list[Mapping[str, object]]]:
    """Rows that are about one permission as far as they say so: by their name, or by their bit.

    A row that a person made has no bit. Once its permission is renamed, it is one of a permission that Spotler lacks.
    """
    groups: list[list[Mapping[str, object]]] = []
    for row in rows:
        same = [group for group in groups if any(_is_same(row, each) for each in group)]
        groups = [*(each for each in groups if each not in same), [*(each for group in same for each in group), row]]
    return groups


def _is_same(row: Mapping[str, object], other: Mapping[str, object]) -> bool:
    bit = row.get(Permission.BIT)
    return _name(row) == _name(other) or (bit is not None and other.get(Permission.BIT) == bit)


def bits_of(contact: Mapping[str, object]) -> set[int]:
    """The permissions that are on, of a contact that can be mailed."""
    if contact.get("inactive"):
        return set()
    return set(contact["permissions"])


def name_of(story: Oracle, bit: int) -> str:
    options = story.two.systems.sandbox.world.schema.properties["permissions"].options
    return next(option.description for option in options if option.bit == bit)


type Act = Callable[[Oracle, Person, int], None]
