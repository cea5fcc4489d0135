"""Consent that is read again before somebody can be mailed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.consent import Intent
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Info, Job, Permission
from connector.errors import ConnectorError, Invalid, Transient
from connector.operations.consent_watch import MAX_AGE, ConsentWatch
from connector.sync.records import RecordReader
from sandbox.spotler import seed

TAG, START = Operation.ADD_TAG, Operation.START_AUTOMATION
DONE = (JobStatus.COMPLETED, "OK")


@pytest.fixture
def world(world):
    """Threads for calls to Dataverse of their own, as the app has."""
    with ThreadPoolExecutor(2) as pool:
        world.services = replace(world.services, side_pool=pool, now=lambda: world.now)
        yield world


def watch_of(world, *refs):
    """A watch over these records as they are now, and what it has read since."""
    records = RecordReader(world.services).read(refs)
    watch = ConsentWatch(world.services)
    watch.remember(records.values(), world.now)
    world.door("POST", "calls/reset")
    return watch


def reads(world):
    return world.door("GET", "calls")["total"]


def refuse(world, record, **columns):
    world.services.dataverse.update(Contact.SET, record.id, columns or {"donotemail": True})


def code_of(watch, record, intent=Intent.CONTACT):
    try:
        watch.check(record, intent)
    except ConnectorError as error:
        return error.result_code
    return None


def test_consent_is_read_again_only_when_it_is_older_than_thirty_seconds(world):
    record = world.contact()
    watch = watch_of(world, record)
    world.now += MAX_AGE
    watch.check(record, Intent.CONTACT)
    assert reads(world) == 0
    world.now += timedelta(seconds=1)

    watch.check(record, Intent.CONTACT)

    first = reads(world)
    assert first > 0
    watch.check(record, Intent.CONTACT)
    assert reads(world) == first


def test_all_records_of_a_chunk_are_read_again_together(world):
    records = [world.contact(f"p{number}") for number in range(20)]
    watch = watch_of(world, *records)
    refuse(world, records[7])
    world.now += timedelta(minutes=1)
    calls = reads(world)

    codes = [code_of(watch, record) for record in records]

    assert codes == [None] * 7 + ["SKIPPED_DO_NOT_EMAIL"] + [None] * 12
    assert reads(world) - calls == 3, "the records, their permissions and Spotler Info"


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"donotemail": True}, "SKIPPED_DO_NOT_EMAIL"),
        ({"emailaddress1": None}, "SKIPPED_NO_EMAIL"),
        ({"statecode": 1, "statuscode": 2}, "JOB_NOT_VALID"),
    ],
)
def test_whatever_forbids_mail_meanwhile_is_seen(world, columns, code):
    record = world.contact()
    watch = watch_of(world, record)
    refuse(world, record, **columns)
    world.now += timedelta(minutes=1)

    assert code_of(watch, record) == code


def test_keep_out_that_is_set_meanwhile_is_seen(world):
    record = world.contact(known=True)
    watch = watch_of(world, record)
    world.services.dataverse.update(Info.SET, world.info(record)[Info.ID], {Info.KEEP_OUT: True})
    world.now += timedelta(minutes=1)

    assert code_of(watch, record) == "SKIPPED_KEEP_OUT"


def test_bulk_mail_that_is_refused_meanwhile_forbids_to_switch_on_a_permission_and_no_more(world):
    record = world.contact()
    watch = watch_of(world, record)
    refuse(world, record, donotbulkemail=True)
    world.now += timedelta(minutes=1)

    assert code_of(watch, record, Intent.SWITCH_ON) == "DO_NOT_BULK_EMAIL"
    assert code_of(watch, record) is None


def test_a_record_that_is_deleted_meanwhile_is_not_mailed(world):
    record = world.contact()
    watch = watch_of(world, record)
    world.door("POST", "reset")
    world.now += timedelta(minutes=1)

    with pytest.raises(Invalid, match="deleted"):
        watch.check(record, Intent.CONTACT)


def test_consent_that_cannot_be_read_stops_every_record_after_one_attempt(world):
    """Else a chunk would wait for Dataverse once for each of its jobs, longer than its messages are locked."""
    records = [world.contact(f"p{number}") for number in range(10)]
    watch = watch_of(world, *records)
    world.break_dataverse("503")
    world.now += timedelta(minutes=1)
    with pytest.raises(Transient):
        watch.check(records[0], Intent.CONTACT)
    once = reads(world)

    for record in records:
        with pytest.raises(Transient):
            watch.check(record, Intent.CONTACT)

    assert reads(world) == once
    world.mend_dataverse()
    world.now += MAX_AGE
    assert [code_of(watch, record) for record in records] == [None] * 10


# Whole jobs


def slowly(world, monkeypatch, name, meanwhile):
    """Each call about a contact takes a minute; after the first, somebody does something."""
    call, calls = getattr(world.services.spotler, name), []

    def slow(*arguments, **more):
        result = call(*arguments, **more)
        calls.append(arguments)
        world.now += timedelta(seconds=20)
        if len(calls) == 1:
            meanwhile()
        return result

    monkeypatch.setattr(world.services.spotler, name, slow)


def test_a_tag_is_not_given_to_who_refuses_mail_while_the_chunk_is_under_way(world, monkeypatch):
    with ThreadPoolExecutor(1) as pool:  # one after the other
        world.services = replace(world.services, pool=pool)
        records = [world.contact(f"p{number}", known=True) for number in range(4)]
        jobs = [world.job(TAG, record, dh_tag="x") for record in records]
        slowly(world, monkeypatch, "add_tags", lambda: [refuse(world, record) for record in records])

        world.run(*jobs)

    assert world.effects().count("tag.added") == 2, "the first, and the one within thirty seconds"
    assert [world.status(job)[1] for job in jobs] == ["OK", "OK", "SKIPPED_DO_NOT_EMAIL", "SKIPPED_DO_NOT_EMAIL"]


def test_while_consent_cannot_be_read_again_jobs_wait_and_nothing_is_sent(world, monkeypatch):
    records = [world.contact(f"p{number}", known=True) for number in range(6)]
    automation = {"_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    jobs = [world.job(START, record, **automation) for record in records]
    moments = [world.now]

    def fields(*_, _fields=world.services.spotler.fields, **more):
        world.now = moments[0] + timedelta(minutes=1)
        world.break_dataverse("503", "contacts$", method="GET")
        return _fields(**more)

    monkeypatch.setattr(world.services.spotler, "fields", fields)
    world.run(*jobs)

    assert world.effects() == []
    assert {item.reason for item in world.put_back()} == {"retry"}
    assert {world.row(job)[Job.STARTED_ON] for job in jobs} == {None}
    monkeypatch.undo()
    world.mend_dataverse()
    world.run(*world.put_back())
    assert [world.status(job) for job in jobs] == [DONE] * 6


def test_a_permission_that_is_refused_meanwhile_is_not_switched_on(world, monkeypatch):
    record = world.contact(known=True)
    columns = {Job.FIELD_NAME: "permissions:Newsletter", Job.FIELD_VALUE: "ja"}
    job = world.job(Operation.SET_CONTACT_FIELD, record, **columns)
    read, times = RecordReader.read, []

    def first(reader, refs, *deleted):
        found = read(reader, refs, *deleted)
        if not times:
            refuse(world, record, donotbulkemail=True)
            world.now += timedelta(minutes=1)
        times.append(refs)
        return found

    monkeypatch.setattr(RecordReader, "read", first)
    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "DO_NOT_BULK_EMAIL")
    assert world.in_spotler(record)["permissions"] == []
    assert [row for row in world.rows(Permission.TABLE) if row[Permission.SUBSCRIBED]] == []
