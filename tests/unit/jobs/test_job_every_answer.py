"""Every kind of answer at every write of a job, every error in its work, and every state of consent."""

import itertools
from collections import Counter

import pytest

from connector.dataverse.api import BatchResponse, Conflict, NotFound
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Info, Job
from connector.errors import Invalid, Misconfigured, Refused, Transient, Unclear
from connector.spotler import ContactUnknown
from sandbox.spotler import seed

TAG, START, RAISE = Operation.ADD_TAG, Operation.START_AUTOMATION, Operation.INCREASE_SCORE
DONE = (JobStatus.COMPLETED, "OK")
IN_PROGRESS = JobStatus.IN_PROGRESS


# Writes


class Answers:
    """Writes of a job's row that Dataverse answers otherwise, by their place; `carried_out` nevertheless or not."""

    def __init__(self, world, monkeypatch, places, error, *, carried_out):
        self._batch = world.services.dataverse.batch
        self._places = places
        self._error = error
        self._carried_out = carried_out
        self.seen = 0
        monkeypatch.setattr(world.services.dataverse, "batch", self)

    def __call__(self, requests):
        requests = list(requests)
        if not any(each.method == "PATCH" and each.path.startswith(Job.SET) for each in requests):
            return self._batch(requests)
        self.seen += 1
        if self.seen not in self._places:
            return self._batch(requests)
        if self._carried_out:
            self._batch(requests)
        return [BatchResponse(0, error=self._error) for _ in requests]


ANSWERS = {
    "conflict": Conflict(),
    "not found": NotFound(),
    "busy": Transient("Busy."),
    "unclear": Unclear("Lost."),
    "not set up": Misconfigured("No such table."),
}


@pytest.mark.parametrize("carried_out", [False, True], ids=["without effect", "with effect"])
@pytest.mark.parametrize("places", [{1}, {2}, {1, 2}, {2, 3}], ids=str)
@pytest.mark.parametrize("error", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("job", ["tag_job", "start_job"])
def test_whatever_a_write_is_answered_the_job_is_done_once(
    world, monkeypatch, request, job, error, places, carried_out
):
    job = request.getfixturevalue(job)
    answers = Answers(world, monkeypatch, places, error, carried_out=carried_out)

    world.run(job)
    for _ in range(6):
        if items := world.put_back():
            world.run(*items)
    if world.status(job) != DONE:  # an answer says that the row is gone, so nobody goes on; the sweep finds it
        assert isinstance(error, NotFound)
        assert not world.put_back()
        return

    assert answers.seen >= min(places)
    effects = Counter(world.effects())
    assert effects["automation.started"] + effects["tag.added"] == 1


# The work


ERRORS = {
    "busy": (Transient("Busy."), None, None),
    "unclear": (Unclear("Lost."), None, "OUTCOME_UNKNOWN"),
    "not set up": (Misconfigured("No key."), None, None),
    "refused": (Refused("No.", code="NO"), "NO", "NO"),
    "not valid": (Invalid("No."), "JOB_NOT_VALID", "JOB_NOT_VALID"),
    "internal": (ZeroDivisionError(), None, "INTERNAL_ERROR"),
    "unknown contact": (ContactUnknown(), "CONTACT_NOT_FOUND", "CONTACT_NOT_FOUND"),
}


@pytest.mark.parametrize("operation", [TAG, START, RAISE], ids=lambda each: each.slug)
@pytest.mark.parametrize("name", ERRORS)
def test_every_error_of_the_work_ends_or_retries_the_job_as_its_family_says(world, monkeypatch, operation, name):
    error, repeatable, once = ERRORS[name]
    code = repeatable if operation is TAG else once
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    job = world.job(
        operation, world.contact(known=True), dh_tag="x", dh_score=1, _dh_spotlerautomationid_value=automation
    )
    call = {TAG: "add_tags", START: "trigger_automation", RAISE: "set_score"}[operation]

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(world.services.spotler, call, fail)
    world.run(job)
    monkeypatch.undo()

    if code is not None:
        assert world.status(job) == (JobStatus.FAILED, code)
        assert world.put_back() == []
        return
    row = world.row(job)
    assert (row[Job.STATUS], row[Job.STARTED_ON]) == (IN_PROGRESS, None)
    world.run(*world.put_back())
    assert world.status(job) == DONE


# Consent


#: What each operation needs on its job, and whether it only takes something away.
OPERATIONS = {
    TAG: ({Job.TAG: "x"}, False),
    RAISE: ({Job.TAG: "x", Job.SCORE: 1}, False),
    START: ({}, False),
    Operation.ADD_TO_AUDIENCE: ({Job.AUDIENCE: "Members"}, False),
    Operation.SET_CONTACT_FIELD: ({Job.FIELD_NAME: "permissions:Newsletter", Job.FIELD_VALUE: "ja"}, False),
    Operation.REMOVE_TAG: ({Job.TAG: "x"}, True),
    Operation.REMOVE_FROM_AUDIENCE: ({Job.AUDIENCE: "Members"}, True),
    Operation.CLEAR_CONTACT_FIELD: ({Job.FIELD_NAME: "permissions:Newsletter"}, True),
    Operation.SYNC_CONTACT: ({}, True),
    Operation.ANONYMIZE_CONTACT: ({}, True),
}
STATES = {
    "do not email": {"donotemail": True},
    "no address": {"emailaddress1": None},
    "deactivated": {"statecode": 1, "statuscode": 2},
    "keep out": {},
    "do not email and do not bulk email": {"donotemail": True, "donotbulkemail": True},
}


@pytest.mark.parametrize("presence", ["known", "unknown"])
@pytest.mark.parametrize(("operation", "state"), list(itertools.product(OPERATIONS, STATES)))
def test_whoever_may_not_be_in_spotler_has_left_it_when_a_job_about_them_is_over(world, operation, state, presence):
    columns, removes = OPERATIONS[operation]
    if operation is START:
        columns = {"_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    world.services.spotler.audiences.create("d365-x", "Others")
    world.run(world.job(Operation.ADD_TO_AUDIENCE, world.contact("bob", known=True), dh_audience="Members"))
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.run(world.job(Operation.SYNC_CONTACT, record))
    info = world.info(record)[Info.ID]
    if presence == "unknown":
        world.services.dataverse.update(Info.SET, info, {Info.SENT_HASH: None})
    if state == "keep out":
        world.services.dataverse.update(Info.SET, info, {Info.KEEP_OUT: True})
    else:
        world.services.dataverse.update("contacts", record.id, STATES[state])
    before = len(world.effects())
    job = world.job(operation, record, **columns)

    world.run(job)

    assert world.row(job)[Job.STATUS] == (JobStatus.COMPLETED if removes else JobStatus.FAILED)
    assert world.in_spotler(record) is None
    assert set(world.effects()[before:]) <= {"contact.anonymized"}
    assert world.info(record)[Info.GONE] is True
