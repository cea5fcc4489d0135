"""Rows of Spotler Info that could not be written with the outcome of their job: they are written later."""

from datetime import timedelta

import pytest

from connector.consent import Presence
from connector.dataverse.api import BatchRequest
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Info, Job, Permission
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import QUEUE_QUARANTINE

SYNC, TAG, ANONYMIZE = Operation.SYNC_CONTACT, Operation.ADD_TAG, Operation.ANONYMIZE_CONTACT
DONE = (JobStatus.COMPLETED, "OK")
ROW = r"^dh_spotlerinfos\("


@pytest.fixture
def no_infos(world):
    """No row of Spotler Info can be written until Dataverse is mended."""

    def _break(kind="503"):
        world.break_dataverse(kind, ROW, inner=True)
        world.break_dataverse(kind, "dh_spotlerinfos/")

    return _break


def later(world, **times):
    """Time passes here and in Dataverse."""
    world.now += timedelta(**times)
    world.door("POST", "clock", json={"move_seconds": timedelta(**times).total_seconds()})


def test_a_row_that_could_not_be_written_travels_and_is_written_later(world, no_infos):
    record = world.contact()
    job = world.job(SYNC, record)
    no_infos()
    world.run(job)
    assert (world.status(job), world.info(record)) == (DONE, None)
    ended = world.row(job)
    (item,) = world.put_back()
    world.run(item)
    (item,) = world.put_back()
    world.mend_dataverse()
    calls = world.spotler.calls()["total"]

    world.run(item)

    row = world.info(record)
    assert (row[Info.LAST_STATUS], row[Info.ACTIVE], row[Info.GONE]) == ("OK", True, False)
    assert row[Info.SENT_HASH]
    assert row[f"_dh_{record.table}id_value"] == record.id
    assert world.presence(record) is Presence.KNOWN
    assert (world.put_back(), world.row(job), world.spotler.calls()["total"]) == ([], ended, calls)
    world.run(world.job(TAG, record, dh_tag="x"))
    assert world.effects() == ["contact.created", "tag.created", "tag.added"], "it counts as sent"


def test_the_message_holds_no_name_of_the_record(world, no_infos):
    record = world.contact(lastname="Rosalind")
    no_infos()

    world.run(world.job(SYNC, record))

    (message,) = world.bus.messages
    assert b"Rosalind" not in message.body
    assert b"ann@example.org" not in message.body
    assert Info.NAME not in WorkItem.from_body(message.body).info.values


def test_every_record_of_a_chunk_has_its_own(world, no_infos):
    records = [world.contact(name) for name in ("ann", "bob", "cas")]
    jobs = [world.job(SYNC, record) for record in records]
    no_infos()
    world.run(*jobs)
    items = world.put_back()
    world.mend_dataverse()

    world.run(*items)

    assert [world.info(record)[Info.LAST_STATUS] for record in records] == ["OK"] * 3


def test_the_outcome_and_the_row_travel_together_when_neither_can_be_written(world, no_infos):
    record = world.contact()
    job = world.job(SYNC, record)
    no_infos()
    world.break_dataverse("503", rf"^dh_spotlerjobs\({job}\)", method="PATCH", inner=True, skip=1)
    world.run(job)
    (item,) = world.put_back()
    world.mend_dataverse()

    world.run(item)

    assert (world.status(job), world.info(record)[Info.LAST_STATUS]) == (DONE, "OK")


def test_an_outcome_does_not_wait_for_a_row_that_cannot_be_written(world, no_infos):
    record = world.contact()
    job = world.job(SYNC, record)
    no_infos()
    world.break_dataverse("503", rf"^dh_spotlerjobs\({job}\)", method="PATCH", inner=True, skip=1, count=1)
    world.run(job)

    world.run(*world.put_back())

    assert world.status(job) == DONE
    (item,) = world.put_back()
    world.mend_dataverse()
    world.run(item)
    assert world.info(record)[Info.LAST_STATUS] == "OK"


def test_outcomes_do_not_wait_while_spotler_info_cannot_be_read(world, no_infos, start_job):
    record = world.contact("bob")
    job = world.job(SYNC, record)
    no_infos()
    world.break_dataverse("503", rf"^dh_spotlerjobs\({start_job}\)", method="PATCH", inner=True, skip=1)
    world.run(start_job)
    receipts = world.put_back()
    world.run(job)
    receipts += world.put_back()
    world.mend_dataverse()
    world.break_dataverse("503", "^dh_spotlerinfos$", method="GET")

    world.run(*receipts, operation="start-automation")

    assert world.status(start_job) == DONE
    assert [item.job for item in world.put_back()] == [job]


def test_a_row_travels_too_when_the_row_of_its_job_takes_no_outcome(world, no_infos):
    record = world.contact()
    job = world.job(SYNC, record)
    no_infos()
    world.break_dataverse("400", rf"^dh_spotlerjobs\({job}\)", method="PATCH", inner=True, skip=1)
    world.run(job)
    (item,) = world.put_back()
    assert world.bus.to(QUEUE_QUARANTINE) == []
    world.mend_dataverse()
    world.break_dataverse("400", rf"^dh_spotlerjobs\({job}\)", method="PATCH", inner=True)

    world.run(item)

    assert world.info(record)[Info.LAST_STATUS] == "OK"
    assert (world.put_back(), len(world.bus.to(QUEUE_QUARANTINE))) == ([], 1), "the outcome is kept"


def test_a_row_that_dataverse_refuses_is_not_tried_again(world, no_infos):
    job = world.job(SYNC, world.contact())
    no_infos("400")

    world.run(job)

    assert (world.status(job), world.bus.messages) == (DONE, [])


def test_a_late_row_that_dataverse_refuses_is_given_up_and_its_outcome_is_written(world, no_infos):
    job = world.job(SYNC, world.contact())
    no_infos()
    world.break_dataverse("503", rf"^dh_spotlerjobs\({job}\)", method="PATCH", inner=True, skip=1)
    world.run(job)
    (item,) = world.put_back()
    world.mend_dataverse()
    no_infos("400")

    world.run(item)

    assert (world.status(job), world.bus.messages) == (DONE, [])


@pytest.mark.parametrize(("hours", "left"), [(-1, 1), (1, 0)])
def test_a_row_that_cannot_be_written_for_long_is_given_up(world, no_infos, hours, left):
    job = world.job(SYNC, world.contact())
    no_infos()
    world.run(job)
    (item,) = world.put_back()
    world.now += timedelta(hours=world.services.settings.job_give_up_hours + hours)

    world.run(item)

    assert (len(world.put_back()), world.status(job)) == (left, DONE)


def test_an_internal_error_at_the_rows_loses_no_outcome_and_no_retry(world, monkeypatch, start_job):
    tag_job = world.job(TAG, world.contact("bob"), dh_tag="x")
    world.break_dataverse("503", r"^\$batch", skip=1)
    monkeypatch.setattr("connector.sync.outward.outward.write_unchanged", lambda *_: 1 / 0)
    world.run(start_job)
    assert [item.reason for item in world.put_back()] == ["receipt"]
    world.mend_dataverse()
    world.spotler.arm("error", route="POST /contact/*/tags", count=None)

    world.run(tag_job)

    assert [item.reason for item in world.put_back()] == ["retry"]


def test_a_job_that_is_tried_again_first_writes_what_could_not_be_remembered(world, no_infos):
    """Else the second attempt would take the contact that the first one anonymised for one that Spotler has lost."""
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.run(world.job(SYNC, record))
    world.now += timedelta(minutes=1)
    world.permission(record, "Events", subscribed=False)  # it is not in the history yet
    world.services.dataverse.update(Contact.SET, record.id, {"donotemail": True})
    no_infos()
    world.break_dataverse("503", "^dh_spotlerconsents", method="GET")
    job = world.job(TAG, record, dh_tag="x")
    world.run(job)
    (item,) = world.put_back()
    assert (item.reason, world.in_spotler(record)) == ("retry", None)
    world.mend_dataverse()
    no_infos()
    world.run(item)
    (item,) = world.put_back()
    assert item.reason == "waiting", "nothing is done before the row is written"
    world.mend_dataverse()

    world.run(item)

    assert world.status(job) == (JobStatus.FAILED, "SKIPPED_DO_NOT_EMAIL")
    assert (world.info(record)[Info.GONE], world.put_back()) == (True, [])
    rows = {row[Permission.NAME]: row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)}
    assert rows == {"Newsletter": True, "Events": False}


def test_of_two_jobs_of_a_record_only_the_first_takes_its_row_along(world, no_infos):
    """The row of the other one would come after the first job has gone on, and what that has written be forgotten."""
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.run(world.job(SYNC, record))
    later(world, minutes=1)
    world.permission(record, "Events", subscribed=False)  # it is not in the history yet
    world.services.dataverse.update(Contact.SET, record.id, {"donotemail": True})
    no_infos()
    world.break_dataverse("503", "^dh_spotlerconsents", method="GET")
    jobs = [world.job(TAG, record, dh_tag=tag) for tag in ("x", "y")]
    world.run(*jobs)
    items = world.put_back()
    assert [item.info is not None for item in items] == [True, False]
    world.mend_dataverse()

    for item in items:
        later(world, minutes=2)
        world.run(item, *world.put_back())

    assert [world.status(job) for job in jobs] == [(JobStatus.FAILED, "SKIPPED_DO_NOT_EMAIL")] * 2
    assert world.presence(record) is Presence.GONE


def test_a_job_that_another_one_supersedes_takes_no_row_along(world, no_infos):
    record = world.contact()
    jobs = [world.job(SYNC, record) for _ in range(2)]
    no_infos()

    world.run(*jobs)

    assert [item.job for item in world.put_back()] == jobs[1:]


# What a row that is lost for good costs


@pytest.mark.parametrize(
    "columns", [{"emailaddress1": None}, {"donotemail": True}, {"statecode": 1, "statuscode": 2}],
    ids=["no address", "do not email", "deactivated"],
)  # fmt: skip
def test_who_may_not_be_in_spotler_leaves_it_although_the_row_was_lost(world, no_infos, columns):
    record = world.contact()
    no_infos()
    world.run(world.job(SYNC, record))
    world.mend_dataverse()
    world.services.dataverse.update(Contact.SET, record.id, columns)
    job = world.job(SYNC, record)

    world.run(job)

    assert world.status(job) == (JobStatus.COMPLETED, "ANONYMIZED")
    assert world.in_spotler(record) is None


@pytest.mark.parametrize(
    ("operation", "columns"),
    [
        (Operation.REMOVE_FROM_AUDIENCE, {Job.AUDIENCE: "Members"}),
        (Operation.REMOVE_TAG, {Job.TAG: "x"}),
        (Operation.CLEAR_CONTACT_FIELD, {Job.FIELD_NAME: "permissions:Newsletter"}),
    ],
    ids=lambda each: getattr(each, "slug", ""),
)
@pytest.mark.parametrize("changes", [{}, {"emailaddress1": None}], ids=["", "without an address"])
def test_a_removal_is_made_although_the_row_was_lost(world, operation, columns, changes):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.run(world.job(SYNC, record))
    world.run(world.job(Operation.ADD_TO_AUDIENCE, record, dh_audience="Members"))
    world.run(world.job(TAG, record, dh_tag="x"))
    world.services.dataverse.batch([BatchRequest.delete(Info.SET, world.info(record)[Info.ID])])
    world.services.dataverse.update(Contact.SET, record.id, {"lastname": "Changed", **changes})
    job = world.job(operation, record, **columns)

    world.run(job)

    assert world.status(job) == DONE
    contact = world.in_spotler(record) or {"tags": {}, "permissions": []}
    members = [each for audience in world.spotler.state()["audiences"] for each in audience["members"]]
    left = {
        Operation.REMOVE_FROM_AUDIENCE: record.id in members,
        Operation.REMOVE_TAG: bool(contact["tags"]),
        Operation.CLEAR_CONTACT_FIELD: bool(contact["permissions"]),
    }
    assert not left[operation]
