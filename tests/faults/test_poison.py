"""One bad job, one bad message: it gets its code and its sentence, and everything beside it is done."""

import ast
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.errors import Invalid
from connector.routing.subscriptions import CARRIED_OUT
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import OPERATION_PROPERTY, QUEUE_DATAVERSE, TOPIC_JOBS
from sandbox.launch import ROOT
from sandbox.samples import customer
from tests.faults.bad_jobs import BAD, GOOD, LISTS, fixtures, make_bad, make_good
from tests.unit.jobs.posted import body, created

DONE = ("Completed", "OK")
NOT_VALID = ("Failed", "JOB_NOT_VALID")
GOOD_BESIDE = 99
#: Each of these is the work of a whole list.
LISTS_BESIDE = 19


@pytest.mark.parametrize("operation", GOOD, ids=lambda operation: operation.slug)
def test_bad_jobs_of_every_kind_fail_with_their_sentence_and_their_neighbours_are_done(day, operation):
    ids = fixtures(day)
    kinds = [bad for bad in BAD if bad.operation is operation]
    beside = LISTS_BESIDE if operation in LISTS else GOOD_BESIDE
    bad = {make_bad(day, each, ids): each for each in kinds}
    good = [make_good(day, operation, f"good{number}", ids, known=number % 2 == 0) for number in range(beside)]
    queue = [*bad, *good]
    random.Random(len(kinds)).shuffle(queue)  # noqa: S311 - a shuffle that can be repeated

    day.wake(*queue)
    day.run_until_over()

    outcomes, rows = day.outcomes(), {row[Job.ID]: row for row in day.rows(Job.TABLE)}
    reported = {job: rows[job][Job.RESULT_MESSAGE] for job in bad}
    assert {outcomes[job] for job in good} == {DONE}
    assert {each.why: outcomes[job] for job, each in bad.items() if outcomes[job] != NOT_VALID} == {}
    assert {each.why: reported[job] for job, each in bad.items() if each.sentence not in reported[job]} == {}
    assert all(sentence.startswith("[JOB_NOT_VALID] ") for sentence in reported.values())
    assert day.bus.dead_letters() == 0
    assert day.failures == []


NO_OPERATION = "The job has no operation that the connector knows."


def test_a_job_without_an_operation_fails_beside_its_neighbours(day):
    bad = day.job(None, day.contact())
    good = [day.job(Operation.ADD_TAG, day.contact(f"good{number}"), dh_tag="x") for number in range(GOOD_BESIDE)]

    day.wake(bad, *good)
    day.run_until_over()

    assert day.outcomes()[bad] == NOT_VALID
    assert NO_OPERATION in day.row(bad)[Job.RESULT_MESSAGE]
    assert {day.outcomes()[job] for job in good} == {DONE}


#: How values of Spotler become columns: that is about records, and no job meets it.
INWARD = ROOT / "connector" / "mapping" / "values" / "into_columns.py"
#: What says that a job is not valid: the operations, and how they read names of fields and values.
VALIDATION = (
    *(file for part in ("jobs", "operations", "consent") for file in (ROOT / "connector" / part).glob("*.py")),
    *(file for file in (ROOT / "connector" / "mapping" / "values").glob("*.py") if file != INWARD),
    ROOT / "connector" / "spotler" / "fields.py",
)
#: Sentences that no job of the table above can meet, and why.
ELSEWHERE = {
    "This environment has no marketing lists;": "needs an environment without Dynamics 365 Sales",
    "The job has no website visitor,": "each good job needs a visitor of its own; the operation has tests of both",
    "A job about a website visitor has no customer": "the same",
    "The members of the marketing list are neither": "needs a kind of list that Dataverse does not have",
    "The name of the audience is longer": "needs a column that is longer than that of Dataverse",
    "The value is empty;": "the operation refuses a blank value before",
    "The field takes M, V, F,": "the mapping sends the only field of this type",
    "The field takes text.": "what people type is always text",
    "A list field takes the labels": "a job sets one item of a list field",
    "The Spotler field has a type that": "needs a type that Spotler does not have today",
    "The status was set to In Progress by hand,": "needs a row that no function has claimed",
}
#: The errors that say that a job is not valid.
MISTAKES = {Invalid.__name__, *(each.__name__ for each in Invalid.__subclasses__())}


def sentences(file: Path) -> Iterator[str]:
    """What those errors are given in a file, by name or in place; what stands in braces is left out of it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            named[node.target.id] = node.value
        elif isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Return) and node.body[-1].value:
            named[node.name] = node.body[-1].value
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MISTAKES:
            (sentence,) = node.args
            if isinstance(sentence, ast.Name):
                sentence = named[sentence.id]
            elif isinstance(sentence, ast.Call) and ast.unparse(sentence.func) in named:
                sentence = named[ast.unparse(sentence.func)]
            if isinstance(sentence, ast.Call) and ast.unparse(sentence.func) in ("Sentence", "marked"):
                sentence = sentence.args[0]
            parts = sentence.values if isinstance(sentence, ast.JoinedStr) else [sentence]
            yield "…".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def test_no_mistake_that_the_validation_knows_is_missing_above():
    known = {sentence for file in VALIDATION for sentence in sentences(file)}
    assert "" not in known, "an error whose sentence cannot be found"
    reported = {*(bad.sentence for bad in BAD), NO_OPERATION, *ELSEWHERE}

    assert {sentence for sentence in known if not any(piece in sentence for piece in reported)} == set()
    assert {piece for piece in reported if sum(piece in sentence for sentence in known) != 1} == set()


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
