"""Reconcile: both sides compared in full by a job, and by the timer."""

import re
from uuid import uuid4

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.reconcile.findings import FindingKind


def reconcile(world):
    """The result message of a job that compares both sides."""
    job = world.run(Operation.RECONCILE)
    job.assert_completed()
    return job.message


def figures(message):
    """How many records there are, and how many in each class."""
    number, classes = re.match(r"([\d,]+) records: ([^.;]+)[.;]", message).groups()
    found = re.findall(r"(\d[\d,]*) ([a-z]+)", classes)
    return _number(number), {name: _number(count) for count, name in found}


def _number(text):
    return int(text.replace(",", ""))


@pytest.mark.feature("REC-01")
def test_what_differs_is_put_right_and_the_row_says_how_many_are_in_each_class(world):
    changed, lost, silent = (world.contact() for _ in range(3))
    for each in (changed, lost, silent):
        world.sync(each).assert_completed()
    world.spotler.door.post(
        "events", events=[{"type": "profile", "externalId": changed.id, "properties": {"lastName": "Somebody"}}]
    )
    world.spotler.door.post("events", events=[{"type": "unsubscribe", "externalId": silent.id}])

    message = reconcile(world)

    number, classes = figures(message)
    assert number == sum(classes.values()) > 0
    records, contacts = (world.stored("reconcile/last")[side] for side in ("records", "contacts"))
    assert (records["total"], records["remainder"]) == (number, 0)
    assert contacts["total"] == sum(contacts[each.value]["total"] for each in FindingKind) > 0
    assert world.spotler.contact(changed).properties["lastName"] != "Somebody"


@pytest.mark.feature("REC-02")
def test_contacts_without_a_record_are_counted_and_left_as_they_are(world):
    strangers = [f"shop-{uuid4()}", str(uuid4())]
    world.spotler.door.contacts(
        *({"externalId": each, "properties": {"email": f"{each}@example.org"}} for each in strangers)
    )

    reconcile(world)

    reasons = world.stored("reconcile/last")["contacts"]["excluded"]["reasons"]
    assert reasons["of another system"] == 1
    assert reasons["its record is not in Dataverse"] >= 1
    assert {each["externalId"] for each in world.spotler.door.state()["contacts"]} >= set(strangers)


@pytest.mark.feature("REC-01")
def test_the_timer_orders_a_job_that_is_carried_out(world):
    before = {row[Job.ID] for row in world.rows(Job.TABLE)}

    world.run_timer("reconcile_weekly")

    def is_done():
        return [
            row
            for row in world.rows(Job.TABLE)
            if row[Job.ID] not in before
            and row[Job.OPERATION] == Operation.RECONCILE
            and row[Job.STATUS] == JobStatus.COMPLETED
        ]

    world.until(is_done, "the comparison is done")
