"""Rows of Spotler Info that could not be written with the outcome of their job: they are written later."""

from datetime import timedelta

import pytest

from connector.consent import Presence
from connector.dataverse.api import BatchRequest
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Info, Job, Permission
from connector.errors import Refused, Transient
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import QUEUE_QUARANTINE
from connector.sync import info as infos
from connector.sync.records import RecordReader

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


def presence(world, record):
    return RecordReader(world.services).read([record])[record].facts.spotler.presence


def in_dataverse(world, record, *, age, **columns):
    """A row of Spotler Info that was last written so long ago."""
    written = (world.now - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    lookup = {f"_dh_{record.table}id_value": record.id}
    return world.load(Info.TABLE, **{Info.RECORD: record.id, Info.MODIFIED_ON: written, **lookup, **columns})


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
    assert presence(world, record) is Presence.KNOWN
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
    assert presence(world, record) is Presence.GONE


def test_a_job_that_another_one_supersedes_takes_no_row_along(world, no_infos):
    record = world.contact()
    jobs = [world.job(SYNC, record) for _ in range(2)]
    no_infos()

    world.run(*jobs)

    assert [item.job for item in world.put_back()] == jobs[1:]


# What others have written meanwhile


def later(world, **times):
    """Time passes here and in Dataverse."""
    world.now += timedelta(**times)
    world.door("POST", "clock", json={"move_seconds": timedelta(**times).total_seconds()})


HASH, OLD_HASH = "1" * 64, "0" * 64


def late(world, record, *, age=timedelta(0), **columns):
    """What a late row leaves in Dataverse: presence, hash and status."""
    values = infos.info_of(record, "", **{Info.LAST_STATUS: "LATE", **columns})
    assert infos.write_late(world.services.dataverse, [(record, world.now - age, values)]) == {}
    row = world.info(record)
    return presence(world, record), row[Info.SENT_HASH], row[Info.LAST_STATUS]


GONE = {Info.SENT_HASH: "", Info.GONE: True}
THERE = {Info.SENT_HASH: HASH, Info.GONE: False}


@pytest.mark.parametrize(("columns", "expected"), [(GONE, Presence.GONE), (THERE, Presence.KNOWN)])
def test_a_late_row_is_written_over_an_older_one(world, columns, expected):
    record = world.contact()
    in_dataverse(world, record, age=timedelta(minutes=1), **{Info.SENT_HASH: OLD_HASH})

    assert late(world, record, **columns) == (expected, columns[Info.SENT_HASH] or None, "LATE")


@pytest.mark.parametrize("age", [timedelta(minutes=-1), timedelta(0), timedelta(seconds=2)])
@pytest.mark.parametrize("columns", [GONE, THERE])
@pytest.mark.parametrize("newer", [GONE, {Info.SENT_HASH: OLD_HASH}])
def test_where_somebody_may_have_written_since_nobody_knows_what_spotler_holds(world, columns, newer, age):
    """So a later removal asks Spotler, and a later sync sends, whatever the two rows said."""
    record = world.contact()
    in_dataverse(world, record, age=age, **{Info.LAST_STATUS: "NEWER", Info.KEEP_OUT: True, **newer})

    assert late(world, record, **columns) == (Presence.UNKNOWN, None, "NEWER")
    assert world.info(record)[Info.KEEP_OUT] is True, "nobody but a person lifts it"


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_late_row_that_is_written_twice_is_as_it_was(world, is_gone):
    """The worker that wrote it died before it could do anything else."""
    record = world.contact()
    said = {Info.LAST_SYNC_ON: "2026-03-01T12:00:00Z", Info.LAST_COMMON: ""}
    said |= GONE if is_gone else THERE

    expected = late(world, record, **said)

    assert late(world, record, **said) == expected
    assert late(world, record, **{**said, Info.LAST_SYNC_ON: "2026-03-01T12:00:01Z"})[0] is Presence.UNKNOWN


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_late_rows_of_a_record_the_one_that_was_made_last_wins(world, order):
    record = world.contact()
    rows = [
        (record, world.now - timedelta(minutes=age), infos.info_of(record, "", **columns))
        for age, columns in ((2, GONE), (1, THERE))
    ]

    infos.write_late(world.services.dataverse, rows[::order])

    assert presence(world, record) is Presence.KNOWN


def test_a_late_row_that_comes_after_one_that_was_made_later_is_not_believed(world):
    """Somebody was anonymised and then sent again, and neither could be remembered at that time."""
    record = world.contact()
    for age, columns in ((3, GONE), (2, THERE)):
        late(world, record, age=timedelta(minutes=age), **columns)

    assert presence(world, record) is Presence.UNKNOWN


@pytest.mark.parametrize("error", [Transient("Away."), Refused("No.")])
def test_rows_that_cannot_be_read_are_told_by_record(world, monkeypatch, error):
    record = world.contact()

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(world.services.dataverse, "query", refuse)

    assert infos.write_late(world.services.dataverse, [(record, world.now, {})]) == {record: error}


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
