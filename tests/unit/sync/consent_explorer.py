"""Random stories about consent on the real code path, with an oracle that knows who said what last.

A story is a list of steps: people and the connector do things, in any order. While the connector works, at one of its
calls something else happens: a person acts, another worker runs, an answer is lost, a request takes effect late, or the
process dies. When the story is over the connector catches up, and `problems` says which promises are broken.
"""

import random
from collections.abc import Collection

import tests.unit.sync.consent_people  # noqa: F401 - fills the table of what people can do
from connector.dataverse.choices import Operation
from connector.dataverse.names import (
    Job,
)
from connector.jobs.batch import run_batch
from connector.operations.registry import operation_of
from connector.pulls.loop import WINDOW
from connector.pulls.permissions import refresh_permissions
from connector.pulls.updates import Updates
from connector.reconcile.reconciling import Reconciler
from connector.routing.work_item import WorkItem
from connector.sync.outward.outward import Outward
from connector.sync.records import Record, RecordReader
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.sync.consent_person import Person
from tests.unit.sync.consent_story import CONNECTOR, PEOPLE, Meanwhile, Step, Story, name_of
from tests.unit.sync.two_systems import path_of

#: The lookup of a job for each table.
_JOB_OF = {
    "contact": Job.CUSTOMER_CONTACT_NAVIGATION,
    "lead": Job.LEAD_NAVIGATION,
    "account": Job.CUSTOMER_ACCOUNT_NAVIGATION,
}


def _sync(story: Story, person: Person, _: int, *, always: bool = False) -> None:
    refuses = not person.deleted and bool(story.two.row(person.record).get("donotbulkemail"))
    found = RecordReader(story.two.services).read([person.record])
    record = found.get(person.record) or (Record.deleted(person.record) if person.deleted else None)
    if record is not None:
        _send(story, person, record, always=always)
    if refuses and not person.deleted and story.two.row(person.record).get("donotbulkemail"):
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
        Job.FIELD_NAME: f"permissions:{name_of(story, bit)}",
        Job.FIELD_VALUE: "yes" if on else "no",
        f"{_JOB_OF[person.record.table]}@odata.bind": f"/{path_of(person.record)}",
    }
    two.systems.by_person("POST", Job.SET, values)
    (job,) = {row[Job.ID] for row in two.systems.rows(Job.TABLE)} - before
    if on:
        person.agrees_by(job, bit)
    else:
        person.agreed.discard(bit)
    _run(story, job, person)
    story.see_refusals()


def _run(story: Story, job: str, person: Person) -> None:
    """One attempt of a job."""
    item = WorkItem(operation="set-contact-field", job=job, record=person.record, first_seen=story.two.now())
    run_batch(story.two.services, operation_of("set-contact-field"), [item.body()])


def _jobs(story: Story, *_: object) -> None:
    """The sweep wakes up the jobs that have not ended, the oldest first."""
    for row in story.two.systems.rows(Job.TABLE):
        about = str(row.get(f"_{Job.CUSTOMER}_value") or row.get(f"_{Job.LEAD}_value"))
        if row[Job.STATE] == 0 and (person := next((each for each in story.people if each.record.id == about), None)):
            _run(story, row[Job.ID], person)


def _reconcile(story: Story, *_: object) -> None:
    """Both sides are compared in full, and what differs is put right."""
    Reconciler(story.two.services, is_over=lambda: False).step()


#: Comparing both sides puts right what other steps leave, so most stories are without it.
RECONCILE = "reconcile"
CONNECTOR |= {
    RECONCILE: _reconcile,
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
    "Do Not Bulk Email cleared": 2, "deleted": 0.3, "complains": 0.5, RECONCILE: 6,
}  # fmt: skip
MISHAPS = ("answer lost", "request lost", "late", "death")


def story_steps(chance: random.Random, length: int, without: Collection[str] = ()) -> list[Step]:
    """A random story, in which some things do not happen."""
    return [_step(chance, without) for _ in range(length)]


def _step(chance: random.Random, without: Collection[str], *, nested: bool = False) -> Step:
    names = [name for name in (*PEOPLE, *CONNECTOR) if name not in without]
    weights = [_WEIGHTS.get(name, 1) for name in names]
    (what,) = chance.choices(names, weights)
    who = 0 if chance.random() < 0.8 else 1
    bit = NEWSLETTER_BIT if chance.random() < 0.7 else EVENTS_BIT
    meanwhile = None
    if what in CONNECTOR and not nested and chance.random() < 0.5:
        call, after = chance.randint(1, 14), chance.random() < 0.5
        if chance.random() < 0.6:
            meanwhile = Meanwhile(call, "step", _step(chance, without, nested=True), after)
        else:
            meanwhile = Meanwhile(call, chance.choice(MISHAPS), None, after)
    return Step(what, who, bit, meanwhile)
