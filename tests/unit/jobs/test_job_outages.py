"""What becomes of jobs while one of the systems is away, and that nothing is done twice because of it."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.due import BACKOFF_FIRST
from connector.errors import Transient
from connector.jobs.verdict import INTERNAL_ATTEMPTS
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import QUEUE_QUARANTINE

DONE = (JobStatus.COMPLETED, "OK")
TAGS, TRIGGER = "POST /contact/*/tags", "POST /automation/trigger/*"


def in_progress(world, job):
    return world.row(job)[Job.STATUS] == JobStatus.IN_PROGRESS


def refuse(*_):
    raise Transient("The bus is away.")


# Spotler


@pytest.mark.parametrize("kind", ["error", "html", "empty_error", "drop_before_write"])
def test_a_job_comes_back_with_its_claim_while_spotler_is_away(world, tag_job, kind):
    world.spotler.arm(kind, route=TAGS, count=None)

    world.run(tag_job)

    (again,) = world.put_back()
    assert (again.reason, again.attempt, again.first_attempt) == ("retry", 1, world.now)
    assert again.claim.token == world.row(tag_job)[Job.CLAIM]
    assert world.delays() == [BACKOFF_FIRST.total_seconds()]
    assert in_progress(world, tag_job)
    lease = timedelta(seconds=world.services.settings.job_lease_seconds)
    assert world.lease(tag_job) == BACKOFF_FIRST + lease, "nobody takes it over before it is back"


def test_a_job_that_came_back_is_done_and_remembers_when_it_began(world, tag_job):
    world.spotler.arm("error", route=TAGS, count=None)
    world.run(tag_job)
    began = world.now
    world.now += timedelta(minutes=1)
    world.run(*world.put_back())
    (again,) = world.put_back()
    assert (again.attempt, again.first_attempt) == (2, began)
    assert world.delays() == [2 * BACKOFF_FIRST.total_seconds()]
    world.mend_spotler()

    world.run(again)

    assert world.status(tag_job) == DONE
    assert world.row(tag_job)[Job.ATTEMPTS] == 3


def run_many_times(world, job, *, attempts):
    """A row that failed after many attempts and was set back to Queued."""
    world.services.dataverse.update(Job.SET, job, {Job.ATTEMPTS: attempts})


def test_a_job_that_is_set_back_to_queued_begins_with_short_pauses_again(world, tag_job):
    run_many_times(world, tag_job, attempts=40)
    world.spotler.arm("error", route=TAGS, count=None)

    pauses = []
    world.run(tag_job)
    for _ in range(3):
        pauses += world.delays()
        world.run(*world.put_back())

    assert pauses == [5, 10, 20]
    assert world.row(tag_job)[Job.ATTEMPTS] == 44, "the row counts on"


def test_spotler_may_ask_for_a_longer_pause(world, tag_job):
    world.spotler.arm("throttle", route=TAGS, count=None, retry_after_s=120)

    world.run(tag_job)

    assert world.delays() == [120]


def test_after_three_hours_a_job_is_given_up(world, tag_job):
    world.spotler.arm("error", route=TAGS, count=None)
    world.run(tag_job)
    (again,) = world.put_back()
    world.now += timedelta(hours=3)

    world.run(again)

    assert world.status(tag_job) == (JobStatus.FAILED, "TRANSIENT_GIVEN_UP")
    assert world.put_back() == []


def test_a_job_that_waited_long_for_its_turn_is_not_given_up_at_its_first_problem(world, tag_job):
    world.spotler.arm("error", route=TAGS, count=None)

    world.run(world.item(tag_job, first_seen=world.now - timedelta(hours=9)))

    assert in_progress(world, tag_job)


@pytest.mark.parametrize(
    ("kind", "status", "runs"),
    [("drop_after_write", None, 1), ("error_after_write", 502, 1), ("drop_before_write", None, 0)],
)
def test_a_start_whose_answer_was_lost_is_never_repeated(world, start_job, kind, status, runs):
    world.spotler.arm(kind, route=TRIGGER, count=1, status=status)

    world.run(start_job)

    assert world.status(start_job) == (JobStatus.FAILED, "OUTCOME_UNKNOWN")
    assert world.put_back() == []
    world.run(start_job)
    assert world.effects().count("automation.started") == runs


def test_a_start_that_was_surely_refused_at_the_door_comes_back(world, start_job):
    world.spotler.arm("throttle", route=TRIGGER, count=None)
    world.run(start_job)
    assert in_progress(world, start_job)
    world.mend_spotler()

    world.run(*world.put_back())

    assert world.effects().count("automation.started") == 1
    assert world.status(start_job) == DONE


def test_wrong_credentials_leave_the_job_waiting(world, tag_job):
    world.spotler.arm("auth", route=TAGS, count=None)

    world.run(tag_job)

    assert in_progress(world, tag_job)
    assert len(world.put_back()) == 1


# Dataverse


def test_nothing_is_done_while_dataverse_cannot_be_read(world, tag_job):
    world.break_dataverse("503")

    world.run(world.item(tag_job))

    world.mend_dataverse()
    assert world.effects() == []
    (again,) = world.put_back()
    assert (again.job, again.reason, again.claim) == (tag_job, "waiting", None)
    assert world.delays() == [BACKOFF_FIRST.total_seconds()]
    world.run(again)
    assert world.status(tag_job) == DONE


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=2), timedelta(hours=5)])
def test_items_look_less_often_the_longer_dataverse_is_away(world, tag_job, age):
    item = world.item(tag_job, first_seen=world.now - age)
    world.break_dataverse("503")

    world.run(item)

    world.mend_dataverse()
    assert world.delays() == [min(max(age.total_seconds() / 2, 5), 300)]


def test_a_state_of_synchronisation_that_cannot_be_written_fails_no_job(world):
    records = world.contact("ann"), world.contact("bob")
    jobs = [world.job(Operation.SYNC_CONTACT, record) for record in records]
    world.break_dataverse("503", r"^dh_spotlerinfos\(", inner=True)

    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [DONE, DONE]
    assert [world.info(record) for record in records] == [None, None]


# Ourselves


def test_an_internal_error_is_tried_three_times_and_then_kept(world, tag_job, monkeypatch, caplog):
    other = world.job(Operation.ADD_TAG, None, dh_tag="y")

    def broken(_self, _external_id, _tags):
        raise ZeroDivisionError("jane@example.org")

    monkeypatch.setattr(type(world.services.spotler), "add_tags", broken)
    world.run(tag_job, other)
    assert world.status(other) == DONE
    for _ in range(INTERNAL_ATTEMPTS - 1):
        assert in_progress(world, tag_job)
        assert world.bus.to(QUEUE_QUARANTINE) == []
        world.run(*world.put_back())

    assert world.status(tag_job) == (JobStatus.FAILED, "INTERNAL_ERROR")
    assert "fingerprint: ZeroDivisionError@operations/" in world.row(tag_job)[Job.RESULT_MESSAGE]
    (kept,) = world.bus.to(QUEUE_QUARANTINE)
    assert (WorkItem.from_body(kept.body).job, kept.properties["reason"]) == (tag_job, "INTERNAL_ERROR")
    assert "fingerprint: ZeroDivisionError@operations/" in kept.properties["sentence"]
    assert "jane" not in caplog.text + str(kept.properties) + world.row(tag_job)[Job.RESULT_MESSAGE]


def test_a_quarantine_that_is_not_taken_harms_no_neighbour(world, start_job, monkeypatch):
    automation = world.row(start_job)["_dh_spotlerautomationid_value"]
    held, bad = (
        world.job(Operation.START_AUTOMATION, world.contact(name, known=True), _dh_spotlerautomationid_value=automation)
        for name in ("bob", "cas")
    )
    record = world.row(bad)[f"_{Job.CUSTOMER}_value"]
    trigger = type(world.services.spotler).trigger_automation
    monkeypatch.setattr(
        type(world.services.spotler),
        "trigger_automation",
        lambda spotler, code, contact, *more, **named: (
            1 / 0 if contact == record else trigger(spotler, code, contact, *more, **named)
        ),
    )
    world.break_dataverse("400", "UpdateMultiple")
    world.break_dataverse("503", rf"^dh_spotlerjobs\({held}\)", method="PATCH", inner=True, skip=1)
    monkeypatch.setattr(world.bus, "to_queue", refuse)

    with pytest.raises(Transient):
        world.run(start_job, held, bad)

    assert [world.status(job) for job in (start_job, bad)] == [DONE, (JobStatus.FAILED, "INTERNAL_ERROR")]
    assert [(item.job, item.reason) for item in world.put_back()] == [(held, "receipt")]


def test_a_job_that_is_set_back_to_queued_has_three_tries_again(world, tag_job, monkeypatch):
    run_many_times(world, tag_job, attempts=40)
    with monkeypatch.context() as patched:
        patched.setattr(type(world.services.spotler), "add_tags", lambda *_: 1 / 0)
        world.run(tag_job)
        world.run(*world.put_back())

    world.run(*world.put_back())

    assert world.status(tag_job) == DONE


def test_a_job_that_is_set_back_to_queued_begins_anew_with_the_item_of_an_earlier_run(world, tag_job):
    old = world.item(tag_job, first_attempt=world.now - timedelta(days=1), tries=INTERNAL_ATTEMPTS)
    world.spotler.arm("error", route=TAGS, count=None)

    world.run(old)

    (again,) = world.put_back()
    assert (again.first_attempt, again.tries) == (world.now, 1)


def test_an_operation_that_leaves_a_job_open_is_a_mistake_of_ours(world, tag_job, monkeypatch):
    from connector.operations.tags import AddTag

    monkeypatch.setattr(AddTag, "perform", lambda *_: None)

    world.run(tag_job)

    assert [item.reason for item in world.put_back()] == ["retry"]


def test_a_mistake_before_a_start_began_does_not_end_it(world, start_job, monkeypatch):
    from connector.sync.records import RecordReader

    with monkeypatch.context() as patched:
        patched.setattr(RecordReader, "read", lambda *_: 1 / 0)
        world.run(start_job)
    assert in_progress(world, start_job)

    world.run(*world.put_back())

    assert world.status(start_job) == DONE
    assert world.effects().count("automation.started") == 1


def test_a_mistake_while_a_start_was_under_way_ends_it(world, start_job, monkeypatch):
    monkeypatch.setattr(type(world.services.spotler), "trigger_automation", lambda *_, **__: 1 / 0)

    world.run(start_job)

    assert world.status(start_job) == (JobStatus.FAILED, "INTERNAL_ERROR")
    assert world.put_back() == []
