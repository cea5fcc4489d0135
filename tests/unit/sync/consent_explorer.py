"""Random stories about consent on the real code path, with an oracle that knows who said what last.

A story is a list of steps: people and the connector do things, in any order. While the connector works, at one of its
calls something else happens: a person acts, another worker runs, an answer is lost, a request takes effect late, or the
process dies. When the story is over the connector catches up, and `problems` says which promises are broken.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import requests

from connector.consent.permissions import key_of
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    Consent,
    EnvironmentVariable,
    Info,
    Job,
    Permission,
)
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.jobs.batch import run_batch
from connector.operations.registry import operation_of
from connector.pulls.loop import WINDOW
from connector.pulls.permissions import refresh_permissions
from connector.pulls.updates import Updates
from connector.routing.work_item import WorkItem
from connector.sync.inward import ShownUpdate
from connector.sync.outward import Outward
from connector.sync.records import Record, RecordReader
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from sandbox.spotler.side_door.fixtures import rename_permissions
from tests.faults.matrix.systems import Systems
from tests.faults.matrix.wire import Death, TouchedBus
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

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


@dataclass
class Person:
    """Somebody, as the oracle sees it.

    Attributes:
        record: in Dataverse.
        agreed: the bits that this person agreed to last; all others were refused, or never mentioned.
        deleted: whether the record was deleted.
    """

    record: RecordRef
    agreed: set[int] = field(default_factory=set)
    deleted: bool = False


class Story:
    """Both systems, the people, and what they said."""

    def __init__(self, systems: Systems, *, variables: bool = False) -> None:
        self.two = TwoSystems(systems, NAME, PERMISSIONS)
        systems.controls.change_settings(b'{"clock_skew_s": 0}')
        self.wire = self.two.wire
        self.read: list[tuple[int, Record]] = []
        self._bus = TouchedBus(self.wire)
        self._restart()
        self.wire.send = self._send  # type: ignore[method-assign]
        self.held: list[requests.PreparedRequest] = []
        self.pages: list[list[ShownUpdate]] = []
        #: Jobs that switch a permission on nobody had agreed to before, with the person and the bit.
        self.refusable: dict[str, tuple[Person, int]] = {}
        self._call, self._meanwhile = 0, None
        self.failures: list[str] = []
        if variables:
            names = {PERMISSIONS_VARIABLE: ";".join(NAMES.values()), ENABLED_VARIABLE: ""}
            systems.load({
                EnvironmentVariable.TABLE: [
                    {"displayname": name, "type": 100000000, "schemaname": name, "defaultvalue": value}
                    for name, value in names.items()
                ]
            })  # fmt: skip
        self.people = [Person(self.two.contact(name, firstname=name)) for name in ("ann", "bob")]

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

    def end(self) -> None:
        """Everything on its way arrives, and the connector catches up."""
        self.late()
        for _ in range(ROUNDS):
            self.two.tick(BUSY)
            self.do(Step("jobs"))
            _see_refusals(self)
            for index in range(len(self.people)):
                self.do(Step("sync", index))
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

    # What is promised

    def problems(self) -> Iterator[str]:
        """What is wrong in the end."""
        contacts = [each for each in self.two.systems.spotler()["contacts"] if not each["anonymized"]]
        for name, person in zip(("ann", "bob"), self.people, strict=True):
            own = [each for each in contacts if each["externalId"] == person.record.id]
            if len(own) > 1:
                yield f"{name} has two contacts"
            for contact in own:
                if why := self._may_not_be_there(person):
                    yield f"{name} is in Spotler although {why}"
                for bit in _bits(contact) & NAMES.keys():
                    if bit not in person.agreed:
                        yield f"{name} gets {NAMES[bit]} and said no last"
                    if not person.deleted and self.two.row(person.record).get("donotbulkemail"):
                        yield f"{name} gets {NAMES[bit]} and has Do Not Bulk Email"
            if not person.deleted:
                yield from (f"{name}: {each}" for each in self._rows(person))
        addresses = [str(each["properties"].get("email")).lower() for each in contacts if _bits(each)]
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
            rows = [row for row in self.two.permissions(person.record) if key_of(str(row[Permission.NAME])) in names]
            on = [bool(row.get(Permission.SUBSCRIBED) and row.get(Permission.STATE) == 0) for row in rows]
            if rows and all(on) and bit not in person.agreed:
                yield f"the row of {NAMES[bit]} is subscribed and the person said no last"
            named = {key_of(str(row[Permission.NAME])) for row in rows}
            latest = [each for each in entries if key_of(str(each[Consent.PERMISSION])) in named][-1:]
            if rows and latest and latest[0][Consent.AFTER] is not all(on):
                yield f"the history says {latest[0][Consent.AFTER]} of {NAMES[bit]}, its rows say {on}"
            if rows and all(on) and not latest:
                yield f"nothing explains that {NAMES[bit]} is subscribed"

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


def _bits(contact: Mapping[str, object]) -> set[int]:
    """The permissions that are on, of a contact that can be mailed."""
    if contact.get("inactive"):
        return set()
    return set(contact["permissions"])


# What people do


def _row(story: Story, person: Person, bit: int, *, subscribed: bool) -> None:
    names = {NAMES[bit], RENAMED if bit == NEWSLETTER_BIT else ""}
    found = [row for row in story.two.permissions(person.record) if row[Permission.NAME] in names]
    if found and found[0][Permission.SUBSCRIBED] is subscribed:
        return  # the person sees how it is, and changes nothing
    name = str(found[0][Permission.NAME]) if found else _name_of(story, bit)
    story.two.permission(person.record, name, subscribed=subscribed)
    (person.agreed.add if subscribed else person.agreed.discard)(bit)


def _in_spotler(story: Story, person: Person, bit: int, *, enabled: bool) -> None:
    contact = story.contact_of(person)
    if contact is None or contact.get("inactive"):
        return
    if enabled is (bit in _bits(contact)):
        return  # the person sees how it is, and changes nothing
    if enabled:
        story.two.profile(person.record, permissions=[{"bit": bit, "enabled": True}])
        person.agreed.add(bit)
    else:
        story.two.unsubscribe(person.record, bit)
        person.agreed.discard(bit)


def _leave(story: Story, person: Person, _: int) -> None:
    if story.contact_of(person) is not None:
        story.two.unsubscribe(person.record)
        person.agreed.clear()


def _complain(story: Story, person: Person, _: int) -> None:
    if story.contact_of(person) is not None:
        story.two._emit(type="complaint", externalId=person.record.id)
        person.agreed.clear()


def _flag(column: str, *, on: bool) -> "Act":
    def act(story: Story, person: Person, _: int) -> None:
        story.two.edit(person.record, **{column: on})

    return act


def _state(code: int) -> "Act":
    def act(story: Story, person: Person, _: int) -> None:
        story.two.edit(person.record, statecode=code, statuscode=code + 1)

    return act


def _address(story: Story, person: Person, _: int) -> None:
    story.two.edit(person.record, emailaddress1=f"new{len(story.wire.touches)}@example.org")


def _no_address(story: Story, person: Person, _: int) -> None:
    story.two.edit(person.record, emailaddress1=None)


def _swap(story: Story, *_: object) -> None:
    if any(each.deleted for each in story.people):
        return
    one, other = (story.two.row(each.record).get("emailaddress1") for each in story.people)
    story.two.edit(story.people[0].record, emailaddress1=other)
    story.two.edit(story.people[1].record, emailaddress1=one)


def _delete(story: Story, person: Person, _: int) -> None:
    story.two.systems.by_person("DELETE", f"contacts({person.record.id})", {})
    person.deleted = True
    person.agreed.clear()


def _rename(story: Story, *_: object) -> None:
    _call_newsletter(story, RENAMED)


def _name_back(story: Story, *_: object) -> None:
    _call_newsletter(story, NAMES[NEWSLETTER_BIT])


def _call_newsletter(story: Story, name: str) -> None:
    rename_permissions(story.two.systems.sandbox, json.dumps({"names": {NEWSLETTER_BIT: name}}).encode())


def _lose_info(story: Story, person: Person, _: int) -> None:
    for each in story.infos():
        if each[Info.RECORD] == person.record.id and not each.get(Info.KEEP_OUT):
            story.two.systems.by_person("DELETE", f"{Info.SET}({each[Info.ID]})", {})


def _lose_common(story: Story, person: Person, _: int) -> None:
    story.change_info(person, **{Info.LAST_COMMON: None})


def _lift(story: Story, person: Person, _: int) -> None:
    story.change_info(person, **{Info.KEEP_OUT: False})


def _second_row(story: Story, person: Person, bit: int) -> None:
    """A refusal in a second row of the same permission."""
    values = {
        Permission.NAME: NAMES[bit],
        Permission.SUBSCRIBED: False,
        f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/contacts({person.record.id})",
    }
    story.two.systems.by_person("POST", f"{Permission.SET}", values)
    person.agreed.discard(bit)


def _deactivate_row(story: Story, person: Person, bit: int) -> None:
    for row in story.two.permissions(person.record):
        if row[Permission.NAME] == NAMES[bit]:
            path = f"{Permission.SET}({row[Permission.ID]})"
            story.two.systems.by_person("PATCH", path, {Permission.STATE: 1, Permission.STATUS: 2})
            person.agreed.discard(bit)


def _click(story: Story, person: Person, _: int) -> None:
    """The contact changes in another way."""
    if story.contact_of(person) is not None:
        story.two.profile(person.record, city=f"City {len(story.wire.touches)}")


def _bounce(story: Story, person: Person, _: int) -> None:
    if story.contact_of(person) is not None:
        story.two._emit(type="bounce", externalId=person.record.id)


def _lost_in_spotler(story: Story, person: Person, _: int) -> None:
    """Somebody anonymises the contact there. An opt-out that the connector has not seen is lost with it."""
    story.two.pull()
    if story.contact_of(person) is not None:
        story.two.lose(person.record)


# What the connector does


def _sync(story: Story, person: Person, _: int, *, always: bool = False) -> None:
    refuses = not person.deleted and bool(story.two.row(person.record).get("donotbulkemail"))
    found = RecordReader(story.two.services).read([person.record])
    record = found.get(person.record) or (Record.deleted(person.record) if person.deleted else None)
    if record is not None:
        _send(story, person, record, always=always)
    if refuses and story.two.row(person.record).get("donotbulkemail"):
        # It is a refusal once the connector acts on it; one that is taken back before that has no effect.
        person.agreed.clear()


def _send(story: Story, person: Person, record: Record, *, always: bool) -> None:
    result = Outward(story.two.services).send([record], always=always)[person.record]
    if error := getattr(result, "error", None):
        story.failures.append(f"sync: {error!r}")


def _sync_always(story: Story, person: Person, bit: int) -> None:
    _sync(story, person, bit, always=True)


def _read(story: Story, person: Person, _: int) -> None:
    """A worker reads the record, and is slow."""
    found = RecordReader(story.two.services).read([person.record])
    story.read += [(story.people.index(person), each) for each in found.values()]


def _send_read(story: Story, *_: object) -> None:
    """The slow worker goes on."""
    while story.read:
        index, record = story.read.pop()
        _send(story, story.people[index], record, always=False)


def _pull(story: Story, *_: object) -> None:
    story.two.pull()


def _read_page(story: Story, *_: object) -> None:
    now = story.two.now()
    story.pages.append(list(Updates(story.two.services).read(now - WINDOW, now)))


def _replay(story: Story, *_: object) -> None:
    """What was read of the feed long ago is worked on now."""
    if story.pages:
        Updates(story.two.services).work(story.two.services, story.pages.pop())


def _refresh(story: Story, *_: object) -> None:
    refresh_permissions(story.two.services)


def _anonymize(story: Story, person: Person, _: int) -> None:
    found = RecordReader(story.two.services).read([person.record])
    Outward(story.two.services).anonymize(list(found.values()))


def _job(story: Story, person: Person, bit: int, *, on: bool) -> None:
    """A job Set Contact Field of a permission."""
    if person.deleted:
        return
    two = story.two
    before = {row[Job.ID] for row in two.systems.rows(Job.TABLE)}
    values = {
        Job.NAME: "Set",
        Job.OPERATION: Operation.SET_CONTACT_FIELD.value,
        Job.FIELD_NAME: f"permissions:{_name_of(story, bit)}",
        Job.FIELD_VALUE: "yes" if on else "no",
        f"{Job.CUSTOMER_CONTACT_NAVIGATION}@odata.bind": f"/contacts({person.record.id})",
    }
    two.systems.by_person("POST", Job.SET, values)
    (job,) = {row[Job.ID] for row in two.systems.rows(Job.TABLE)} - before
    said_before = bit in person.agreed
    (person.agreed.add if on else person.agreed.discard)(bit)
    if on and not said_before:
        story.refusable[job] = person, bit
    _run(story, job, person)
    _see_refusals(story)


def _see_refusals(story: Story) -> None:
    """A job that was refused for good switched nothing on, and people can see that."""
    for row in story.two.systems.rows(Job.TABLE):
        if row[Job.STATUS] == JobStatus.FAILED and (waiting := story.refusable.pop(row[Job.ID], None)):
            person, bit = waiting
            person.agreed.discard(bit)


def _run(story: Story, job: str, person: Person) -> None:
    """One attempt of a job."""
    item = WorkItem(operation="set-contact-field", job=job, record=person.record, first_seen=story.two.now())
    run_batch(story.two.services, operation_of("set-contact-field"), [item.body()])


def _jobs(story: Story, *_: object) -> None:
    """The sweep wakes up the jobs that have not ended, the oldest first."""
    for row in story.two.systems.rows(Job.TABLE):
        about = str(row.get(f"_{Job.CUSTOMER}_value"))
        if row[Job.STATE] == 0 and (person := next((each for each in story.people if each.record.id == about), None)):
            _run(story, row[Job.ID], person)


def _name_of(story: Story, bit: int) -> str:
    options = story.two.systems.sandbox.world.schema.properties["permissions"].options
    return next(option.description for option in options if option.bit == bit)


type Act = Callable[[Story, Person, int], None]

PEOPLE: dict[str, Act] = {
    "opts in, in Dataverse": lambda story, person, bit: _row(story, person, bit, subscribed=True),
    "opts out, in Dataverse": lambda story, person, bit: _row(story, person, bit, subscribed=False),
    "opts in, in Spotler": lambda story, person, bit: _in_spotler(story, person, bit, enabled=True),
    "opts out, in Spotler": lambda story, person, bit: _in_spotler(story, person, bit, enabled=False),
    "leaves everything": _leave,
    "complains": _complain,
    "Do Not Bulk Email": _flag("donotbulkemail", on=True),
    "Do Not Bulk Email cleared": _flag("donotbulkemail", on=False),
    "Do Not Email": _flag("donotemail", on=True),
    "Do Not Email cleared": _flag("donotemail", on=False),
    "deactivated": _state(1),
    "activated": _state(0),
    "gets another address": _address,
    "loses the address": _no_address,
    "swap addresses": _swap,
    "deleted": _delete,
    "renamed": _rename,
    "renamed back": _name_back,
    "Spotler Info lost": _lose_info,
    "common state lost": _lose_common,
    "Keep Out lifted": _lift,
    "second row refuses": _second_row,
    "row deactivated": _deactivate_row,
    "contact changes": _click,
    "bounces": _bounce,
    "lost in Spotler": _lost_in_spotler,
}
CONNECTOR: dict[str, Act] = {
    "sync": _sync,
    "sync again": _sync_always,
    "reads": _read,
    "sends what it has read": _send_read,
    "pull": _pull,
    "reads the feed": _read_page,
    "works on the old feed": _replay,
    "refresh": _refresh,
    "anonymize": _anonymize,
    "job on": lambda story, person, bit: _job(story, person, bit, on=True),
    "jobs": _jobs,
    "job off": lambda story, person, bit: _job(story, person, bit, on=False),
}
#: How often each comes, where it is not once.
_WEIGHTS = {
    "opts in, in Dataverse": 4, "opts out, in Dataverse": 4, "opts in, in Spotler": 4, "opts out, in Spotler": 4,
    "sync": 8, "pull": 6, "sync again": 2, "leaves everything": 2, "Do Not Bulk Email": 2,
    "Do Not Bulk Email cleared": 2, "deleted": 0.3, "complains": 0.5,
}  # fmt: skip
MISHAPS = ("answer lost", "request lost", "late", "death")


def story_steps(chance: random.Random, length: int) -> list[Step]:
    """A random story."""
    return [_step(chance) for _ in range(length)]


def _step(chance: random.Random, *, nested: bool = False) -> Step:
    names = [*PEOPLE, *CONNECTOR]
    weights = [_WEIGHTS.get(name, 1) for name in names]
    (what,) = chance.choices(names, weights)
    who = 0 if chance.random() < 0.8 else 1
    bit = NEWSLETTER_BIT if chance.random() < 0.7 else EVENTS_BIT
    meanwhile = None
    if what in CONNECTOR and not nested and chance.random() < 0.5:
        call, after = chance.randint(1, 14), chance.random() < 0.5
        if chance.random() < 0.6:
            meanwhile = Meanwhile(call, "step", _step(chance, nested=True), after)
        else:
            meanwhile = Meanwhile(call, chance.choice(MISHAPS), None, after)
    return Step(what, who, bit, meanwhile)
