"""Every message up to twenty times, in any order, at four engine processes: each job is done once, and in its turn."""

import random
from collections import defaultdict
from datetime import UTC, datetime

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Job
from connector.dataverse.records import RecordRef
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import QUEUE_DATAVERSE
from sandbox.samples import automation, customer

DONE = ("Completed", "OK")
SUPERSEDED = ("Completed", "SUPERSEDED")
MOST_COPIES = 20
#: Batches that a host gets at least, of hundreds of messages: so many that both of its engines have had some.
FEWEST_BATCHES = 10
SEED = 7

#: What happens to each contact, beside starting an automation once: numbers show the order.
STEPS = (
    *((Operation.SET_SCORE, {Job.TAG: "Order", Job.SCORE: points}) for points in (1, 2, 3)),
    *((Operation.INCREASE_SCORE, {Job.TAG: "Rising", Job.SCORE: points}) for points in (1, 10)),
    (Operation.DECREASE_SCORE, {Job.TAG: "Rising", Job.SCORE: 5}),
    *((operation, {Job.TAG: "Mark"}) for operation in (Operation.ADD_TAG, Operation.REMOVE_TAG, Operation.ADD_TAG)),
    *((Operation.SET_CONTACT_FIELD, {Job.FIELD_NAME: "freeField1", Job.FIELD_VALUE: value}) for value in "12"),
    (Operation.START_AUTOMATION, {}),
)


class Journey:
    """What a contact in Spotler goes through when its jobs run in the order in which they were created."""

    def __init__(self) -> None:
        self.effects: list[tuple[str, object, object]] = []
        self._scores: dict[str, int] = {}

    def apply(self, operation: Operation, columns: dict[str, object]) -> None:
        tag = columns.get(Job.TAG)
        if tag is not None and operation is not Operation.REMOVE_TAG and tag not in self._scores:
            self._scores[str(tag)] = 0
            self.effects.append(("tag.added", tag, None))
        match operation:
            case Operation.REMOVE_TAG if tag in self._scores:
                del self._scores[str(tag)]
                self.effects.append(("tag.removed", tag, None))
            case Operation.SET_SCORE | Operation.INCREASE_SCORE | Operation.DECREASE_SCORE:
                old, points = self._scores[str(tag)], int(str(columns[Job.SCORE]))
                new = {Operation.SET_SCORE: points, Operation.INCREASE_SCORE: old + points}.get(operation, old - points)
                self._scores[str(tag)] = new
                if new != old:
                    self.effects.append(("score.changed", tag, new))
            case Operation.START_AUTOMATION:
                self.effects.append(("automation.started", None, None))


def copies_of(items: list[WorkItem], chance: random.Random) -> list[WorkItem]:
    """Each item 1 to 20 times, in random order."""
    copies = [item for item in items for _ in range(chance.randint(1, MOST_COPIES))]
    chance.shuffle(copies)
    return copies


def wake_up(job: str, operation: Operation, contact: str) -> WorkItem:
    return WorkItem(
        operation=operation.slug,
        job=job,
        record=RecordRef(Contact.TABLE, contact),
        first_seen=datetime.now(UTC),
    )


@pytest.mark.parametrize("people", [6, pytest.param(60, marks=pytest.mark.nightly)])
def test_effects_equal_jobs_and_come_in_the_order_of_creation(crowd, people):
    chance = random.Random(SEED)  # noqa: S311 - a shuffle that can be repeated
    contacts = crowd.contacts([f"double{number}" for number in range(people)])
    orders = [(contact, *step) for contact in contacts for step in STEPS]
    chance.shuffle(orders)
    expected = defaultdict(Journey)
    rows = []
    for contact, operation, columns in orders:
        expected[contact].apply(operation, columns)
        more = automation("welcome")(crowd.automations) if operation is Operation.START_AUTOMATION else {}
        rows.append({Job.OPERATION: operation.value, **customer("contact")({"contact": contact}), **columns, **more})

    jobs = crowd.jobs(rows, lost=True)
    items = [wake_up(job, operation, contact) for job, (contact, operation, _) in zip(jobs, orders, strict=True)]
    copies, before = copies_of(items, chance), crowd.batches()
    crowd.bus_faults(shuffle=True, seed=SEED)
    crowd.send(copies)
    outcomes = crowd.wait(jobs)
    crowd.settle()
    crowd.bus_faults(shuffle=False)

    assert [len(engines) for engines in crowd.engines()] == [2, 2]
    batches = [after - start for start, after in zip(before, crowd.batches(), strict=True)]
    assert min(batches) >= FEWEST_BATCHES, "every engine had its part in it"
    assert len(copies) > 5 * len(jobs), "most came many times"
    assert set(outcomes.values()) == {DONE}
    seen = defaultdict(list)
    for entry in crowd.spotler.journal():
        if entry["effect"] not in ("contact.created", "contact.updated", "tag.created"):
            detail = entry["detail"]
            seen[entry["externalId"]].append((entry["effect"], detail.get("tag"), detail.get("new")))
    assert {contact: seen[contact] for contact in contacts} == {
        contact: expected[contact].effects for contact in contacts
    }
    fields = {each["externalId"]: each["properties"].get("freeField1") for each in crowd.spotler.state()["contacts"]}
    last = {contact: int(columns[Job.FIELD_VALUE]) for contact, _, columns in orders if Job.FIELD_VALUE in columns}
    assert {contact: int(fields[contact]) for contact in contacts} == last


def test_what_dataverse_and_the_bus_both_double_on_the_way_through_the_router_is_done_once(crowd):
    contacts = crowd.contacts([f"echo{number}" for number in range(10)])
    crowd.steps(duplicate_next=len(contacts))
    crowd.bus_faults(duplicate_next=2 * len(contacts), entity=QUEUE_DATAVERSE)

    jobs = crowd.jobs(
        [
            {
                Job.OPERATION: Operation.INCREASE_SCORE.value,
                Job.TAG: "Echo",
                Job.SCORE: 1,
                **customer("contact")({"contact": contact}),
            }
            for contact in contacts
        ]
    )
    outcomes = crowd.wait(jobs)
    crowd.settle()

    assert set(outcomes.values()) == {DONE}
    raised = [entry for entry in crowd.spotler.journal("score.changed") if entry["detail"]["tag"] == "Echo"]
    assert sorted(str(entry["externalId"]) for entry in raised) == sorted(contacts)
    assert {entry["detail"]["new"] for entry in raised} == {1}


def test_waiting_syncs_of_one_record_collapse_into_the_newest(crowd):
    chance = random.Random(SEED)  # noqa: S311 - a shuffle that can be repeated
    (contact,) = crowd.contacts(["often"])
    row = {Job.OPERATION: Operation.SYNC_CONTACT.value, **customer("contact")({"contact": contact})}
    jobs = crowd.jobs([row] * 10, lost=True)

    crowd.send(copies_of([wake_up(job, Operation.SYNC_CONTACT, contact) for job in jobs], chance))
    outcomes = crowd.wait(jobs)
    crowd.settle()

    assert [outcomes[job] for job in jobs] == [SUPERSEDED] * 9 + [DONE]
    assert [each["effect"] for each in crowd.spotler.journal() if each["externalId"] == contact] == ["contact.created"]


def test_a_job_that_is_over_is_not_done_again_by_late_copies(crowd):
    (contact,) = crowd.contacts(["late"])
    row = {Job.OPERATION: Operation.START_AUTOMATION.value, **customer("contact")({"contact": contact})}
    (job,) = crowd.jobs([row | automation("welcome")(crowd.automations)])
    assert crowd.wait([job])[job] == DONE

    crowd.send([wake_up(job, Operation.START_AUTOMATION, contact)] * MOST_COPIES)
    crowd.settle()

    starts = [each for each in crowd.spotler.journal("automation.started") if each["externalId"] == contact]
    assert len(starts) == 1
