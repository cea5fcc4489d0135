"""One bad job, one bad message: it gets its code and its sentence, and everything beside it is done."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from connector.bus import OPERATION_PROPERTY, QUEUE_DATAVERSE, TOPIC_JOBS, OutgoingMessage
from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Job, MarketingList
from connector.dataverse.records import RecordRef
from connector.jobs.audiences import audience_id
from connector.jobs.subscriptions import CARRIED_OUT
from sandbox.samples import customer
from sandbox.spotler import seed
from tests.unit.jobs.posted import body, created

DONE = ("Completed", "OK")
NOT_VALID = ("Failed", "JOB_NOT_VALID")
GONE = "99999999-0000-4000-8000-000000000000"
AUTOMATION = f"_{Job.AUTOMATION.lower()}_value"
LIST = f"_{Job.LIST.lower()}_value"
LEAD = f"_{Job.LEAD.lower()}_value"

type Columns = dict[str, object]

#: A job of each operation that ends well, beside its contact.
GOOD: dict[Operation, Callable[..., Columns]] = {
    Operation.SYNC_CONTACT: lambda _: {},
    Operation.ADD_TAG: lambda _: {Job.TAG: "Good"},
    Operation.REMOVE_TAG: lambda _: {Job.TAG: "Bad"},
    Operation.SET_SCORE: lambda _: {Job.TAG: "Good", Job.SCORE: 1},
    Operation.INCREASE_SCORE: lambda _: {Job.TAG: "Good", Job.SCORE: 1},
    Operation.DECREASE_SCORE: lambda _: {Job.TAG: "Good", Job.SCORE: 1},
    Operation.START_AUTOMATION: lambda ids: {AUTOMATION: ids["welcome"]},
    Operation.SET_CONTACT_FIELD: lambda _: {Job.FIELD_NAME: "freeField1", Job.FIELD_VALUE: "7"},
    Operation.CLEAR_CONTACT_FIELD: lambda _: {Job.FIELD_NAME: "freeField1"},
    Operation.ADD_TO_AUDIENCE: lambda _: {Job.AUDIENCE: "Good"},
    Operation.REMOVE_FROM_AUDIENCE: lambda _: {Job.AUDIENCE: "Good"},
    Operation.ANONYMIZE_CONTACT: lambda _: {},
}


@dataclass(frozen=True)
class Bad:
    """A way in which a job can be wrong.

    Attributes:
        columns: what is wrong about the columns; they replace those of a good job.
        record: the contact, or what is wrong about it.
    """

    why: str
    operation: Operation
    columns: Callable[..., Columns] = lambda _: {}
    record: str = "fine"


def every(operations: object, why: str, columns: Columns | None = None, record: str = "fine") -> list[Bad]:
    return [Bad(why, operation, lambda _: columns or {}, record) for operation in operations]


SCORES = (Operation.SET_SCORE, Operation.INCREASE_SCORE, Operation.DECREASE_SCORE)
TAGGED = (Operation.ADD_TAG, Operation.REMOVE_TAG, *SCORES)
FIELDS = (Operation.SET_CONTACT_FIELD, Operation.CLEAR_CONTACT_FIELD)
AUDIENCES = (Operation.ADD_TO_AUDIENCE, Operation.REMOVE_FROM_AUDIENCE)
NEED_A_RECORD = tuple(operation for operation in GOOD if operation is not Operation.ADD_TAG)
MISS_A_DELETED_ONE = tuple(operation for operation in GOOD if operation is not Operation.ANONYMIZE_CONTACT)
ONLY_ACTIVE = (*TAGGED, Operation.START_AUTOMATION, *FIELDS, Operation.ADD_TO_AUDIENCE)

BAD = (
    *every(NEED_A_RECORD, "no record", record="none"),
    *every(GOOD, "customer and lead", record="two"),
    *every(MISS_A_DELETED_ONE, "deleted record", record="deleted"),
    *every(ONLY_ACTIVE, "deactivated record", record="deactivated"),
    *every(TAGGED, "no tag", {Job.TAG: None}),
    *every(TAGGED, "blank tags", {Job.TAG: " ; , "}),
    *every(TAGGED, "tag too long", {Job.TAG: "x" * 256}),
    *every(SCORES, "two tags", {Job.TAG: "a;b"}),
    *every(SCORES, "no score", {Job.SCORE: None}),
    *every(SCORES[1:], "score of zero", {Job.SCORE: 0}),
    *every(SCORES[1:], "negative score", {Job.SCORE: -1}),
    *every(FIELDS, "no field name", {Job.FIELD_NAME: " "}),
    *every(FIELDS, "unknown field", {Job.FIELD_NAME: "noSuchField"}),
    *every(FIELDS, "ambiguous field", {Job.FIELD_NAME: "Score note"}),
    *every(FIELDS, "protected field", {Job.FIELD_NAME: "email"}),
    *every(FIELDS, "mapped field", {Job.FIELD_NAME: "city"}),
    *every(FIELDS, "list field without item", {Job.FIELD_NAME: "profileFields"}),
    *every(FIELDS, "unknown item", {Job.FIELD_NAME: "profileFields:Cellar"}),
    *every(FIELDS, "item of a plain field", {Job.FIELD_NAME: "freeField1:Garden"}),
    *every(FIELDS[:1], "no value", {Job.FIELD_VALUE: " "}),
    *every(FIELDS[:1], "value that is no number", {Job.FIELD_VALUE: "seven"}),
    *every(FIELDS[:1], "value that is no date", {Job.FIELD_NAME: "lastorderdate", Job.FIELD_VALUE: "31-02-2025"}),
    *every(FIELDS[:1], "item neither on nor off", {Job.FIELD_NAME: "profileFields:Garden", Job.FIELD_VALUE: "?"}),
    *every(AUDIENCES, "no audience", {Job.AUDIENCE: " "}),
    *every(AUDIENCES, "audience of a list", {Job.AUDIENCE: "Kept by a list"}),
    *every([Operation.START_AUTOMATION], "no automation", {AUTOMATION: None}),
    *every([Operation.START_AUTOMATION], "deleted automation", {AUTOMATION: GONE}),
    Bad("deactivated automation", Operation.START_AUTOMATION, lambda ids: {AUTOMATION: ids["retired"]}),
    Bad("automation without a code", Operation.START_AUTOMATION, lambda ids: {AUTOMATION: ids["codeless"]}),
    *every([Operation.START_AUTOMATION], "unknown automation field", {Job.AUTOMATION_FIELDS: "noSuchField=1"}),
    *every([Operation.START_AUTOMATION], "address that is none", {Job.AUTOMATION_FIELDS: "payUrl=not an address"}),
)
GOOD_BESIDE = 99


def fixtures(day) -> dict[str, str]:
    day.load(
        MarketingList.TABLE, **{MarketingList.NAME: "Kept by a list", MarketingList.SYNCED: True, "createdfromcode": 2}
    )
    audiences = day.services.spotler.audiences
    audiences.create(audience_id("Good"), "Good")
    return {
        "welcome": day.automation(seed.WELCOME_TRIGGER_CODE, dh_fields="payUrl=URL"),
        "retired": day.automation("retired", statecode=1, statuscode=2),
        "codeless": day.automation(None),
    }


def make_bad(day, bad: Bad, ids: dict[str, str]) -> str:
    columns = {**GOOD[bad.operation](ids), **bad.columns(ids)}
    match bad.record:
        case "none":
            record = None
        case "two":
            record, columns = day.contact(), columns | {LEAD: day.lead().id}
        case "deleted":
            record = RecordRef(Contact.TABLE, GONE)
        case "deactivated":
            record = day.contact(known=True, statecode=1, statuscode=2)
        case _:
            record = day.contact(known=True)
    return day.job(bad.operation, record, **columns)


@pytest.mark.parametrize("operation", GOOD, ids=lambda operation: operation.slug)
def test_bad_jobs_of_every_kind_fail_with_their_sentence_and_their_neighbours_are_done(day, operation):
    ids = fixtures(day)
    kinds = [bad for bad in BAD if bad.operation is operation]
    bad = {make_bad(day, each, ids): each.why for each in kinds}
    good = [
        day.job(operation, day.contact(f"good{number}", known=number % 2 == 0), **GOOD[operation](ids))
        for number in range(GOOD_BESIDE)
    ]
    queue = [*bad, *good]
    random.Random(len(kinds)).shuffle(queue)  # noqa: S311 - a shuffle that can be repeated

    day.wake(*queue)
    day.run_until_over()

    outcomes, rows = day.outcomes(), {row[Job.ID]: row for row in day.rows(Job.TABLE)}
    assert {outcomes[job] for job in good} == {DONE}
    assert {why: outcomes[job] for job, why in bad.items() if outcomes[job] != NOT_VALID} == {}
    assert all(rows[job][Job.RESULT_MESSAGE].startswith("[JOB_NOT_VALID] ") for job in bad)
    assert day.bus.dead_letters() == 0
    assert day.failures == []


def test_a_job_without_an_operation_fails_beside_its_neighbours(day):
    bad = day.job(None, day.contact())
    good = [day.job(Operation.ADD_TAG, day.contact(f"good{number}"), dh_tag="x") for number in range(GOOD_BESIDE)]

    day.wake(bad, *good)
    day.run_until_over()

    assert day.outcomes()[bad] == NOT_VALID
    assert {day.outcomes()[job] for job in good} == {DONE}


#: What is no work item and no message of Dataverse, in as many ways as bytes can be wrong.
GARBAGE = (
    b"",
    b"\x00\xff\xfe",
    b"hello",
    b"null",
    b"[]",
    b"{}",
    b'{"operation": "add-tag", "job": "not an id", "first_seen": "2026-01-01T00:00:00Z"}',
    b'{"operation": "add-tag"',
    "\N{PILE OF POO}".encode() * 1000,
    b"<?xml version='1.0'?><a/>",
    json.dumps({"MessageName": "Create", "PrimaryEntityName": "account"}).encode(),
)


def test_garbage_on_either_way_goes_to_quarantine_and_harms_no_neighbour(day):
    jobs = [day.job(Operation.ADD_TAG, day.contact(f"good{number}"), dh_tag="x") for number in range(GOOD_BESIDE)]
    bodies = [body(created(job=job)) for job in jobs] + list(GARBAGE)
    random.Random(1).shuffle(bodies)  # noqa: S311 - a shuffle that can be repeated
    slugs = [operation.slug for operation in CARRIED_OUT]

    day.post(*bodies)
    day.bus.to_topic(
        TOPIC_JOBS,
        [
            OutgoingMessage(garbage + slug.encode(), f"{slug}-{number}", {OPERATION_PROPERTY: slug})
            for slug in slugs
            for number, garbage in enumerate(GARBAGE)
        ],
    )
    day.run_until_over()

    assert {day.outcomes()[job] for job in jobs} == {DONE}
    kept = [content for content, _ in day.bus.quarantined()]
    assert sorted(kept) == sorted([*GARBAGE, *(garbage + slug.encode() for garbage in GARBAGE for slug in slugs)])
    assert day.bus.dead_letters() == 0
    assert day.failures == []


def test_one_message_in_a_hundred_is_garbage_while_several_engines_work(crowd):
    contacts = crowd.contacts([f"clean{number}" for number in range(99)])
    rows = [
        {Job.OPERATION: Operation.ADD_TAG.value, Job.TAG: "Clean", **customer("contact")({"contact": contact})}
        for contact in contacts
    ]
    before = crowd.quarantined()

    crowd.send([b"garbage for the router"], to=QUEUE_DATAVERSE)
    jobs = crowd.jobs(rows)
    outcomes = crowd.wait(jobs)
    crowd.settle()

    assert set(outcomes.values()) == {DONE}
    assert crowd.quarantined()[len(before) :] == [b"garbage for the router"]
    assert sum(each.get("dead_lettered", 0) for each in crowd.figures().values()) == 0
