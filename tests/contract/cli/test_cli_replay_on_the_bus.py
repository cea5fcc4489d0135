"""Replays of stored messages and of jobs, with what becomes of them: seen on the bus and on the rows."""

import signal
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusSubQueue

from connector.cli.rows import dataverse
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.messages.reasons import NotJson, WrongFormat
from connector.dataverse.names import Job
from connector.errors import InternalError
from connector.routing.quarantine import quarantine
from connector.routing.router import Incoming, Router
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import Bus
from connector.servicebus.entities import QUEUE_DATAVERSE, QUEUE_QUARANTINE, TOPIC_JOBS
from connector.services import RouterServices
from tests.unit.jobs.posted import body, created


@pytest.fixture
def route(bus, take):
    """What the connector does with the queue `dataverse`."""
    router = Router(RouterServices(bus, now=lambda: datetime.now(UTC)))

    def run():
        taken = take(QUEUE_DATAVERSE)
        router.run([Incoming(b"".join(message.body), message.application_properties or {}) for message in taken])

    return run


def good():
    """A message that can be read by now."""
    return body(created(job=str(uuid4())))


def item(operation="add-tag"):
    return WorkItem(operation=operation, job=str(uuid4()), first_seen=datetime.now(UTC))


def lines(text, having):
    return [line for line in text.splitlines() if having in line]


# Quarantine


def test_messages_that_come_back_with_the_same_error_end_the_replay(cli, bus, clock, route, waiting):
    for number in range(12):
        quarantine(bus, b"{ %d" % number, NotJson(), source=QUEUE_DATAVERSE)
    clock.app = route

    result = cli("quarantine", "replay", "--all", code=1)

    assert result.stdout.splitlines() == [
        "1  sent to the queue dataverse",
        "1 replayed: 1 failed again (MESSAGE_NOT_JSON 1). 11 not replayed.",
    ]
    assert lines(result.stderr, "failed again: ") == [
        "1  failed again: MESSAGE_NOT_JSON  now 13 in the queue quarantine"
    ]
    assert "No more of dataverse, MESSAGE_NOT_JSON: the same error came back" in result.stderr
    assert [message.sequence_number for message in waiting(QUEUE_QUARANTINE)] == list(range(2, 14))


def test_messages_whose_cause_is_gone_are_all_replayed(cli, bus, clock, route, waiting):
    for _ in range(12):
        quarantine(bus, good(), NotJson(), source=QUEUE_DATAVERSE)
    clock.app = route

    result = cli("quarantine", "replay", "--all")

    assert result.stdout.splitlines()[-1] == "12 replayed: 12 not back so far."
    assert waiting(QUEUE_QUARANTINE) == []
    assert len(waiting("add-tag")) == 12


def test_what_was_replayed_is_told_from_what_failed_again(cli, bus, clock, route):
    bodies = [good(), good(), b"{", good(), good()]
    for each in bodies:
        quarantine(bus, each, NotJson(), source=QUEUE_DATAVERSE)
    clock.app = route

    result = cli("quarantine", "replay", "--all", code=1)

    assert [line.split()[0] for line in lines(result.stdout, "sent to")] == ["1", "2", "3"]
    assert [line.split()[0] for line in lines(result.stderr, "failed again: ")] == ["3"]
    assert result.stdout.splitlines()[-1] == (
        "3 replayed: 2 not back so far, 1 failed again (MESSAGE_NOT_JSON 1). 2 not replayed."
    )


def test_an_item_that_comes_back_changed_by_its_attempt_is_recognised(cli, bus, clock, take, waiting):
    for each in (item(), item()):
        quarantine(bus, each.body(), InternalError(), source="add-tag")

    def work():
        for message in take("add-tag"):
            tried = WorkItem.from_body(b"".join(message.body)).begun(datetime.now(UTC))
            quarantine(bus, tried.body(), InternalError(), source="add-tag")

    clock.app = work

    result = cli("quarantine", "replay", "--all", code=1)

    assert lines(result.stderr, "failed again: ") == ["1  failed again: INTERNAL_ERROR  now 3 in the queue quarantine"]
    assert len(waiting(QUEUE_QUARANTINE)) == 2


def test_a_quarantined_message_that_becomes_a_dead_letter_has_failed_again(cli, bus, sdk, clock):
    quarantine(bus, item().body(), InternalError(), source="add-tag")

    def bury():
        with sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag") as receiver:
            for message in receiver.receive_messages(1, max_wait_time=1):
                receiver.dead_letter_message(message, "MaxDeliveryCountExceeded", "It was delivered 10 times.")

    clock.app = bury

    result = cli("quarantine", "replay", "1", code=1)

    (line,) = lines(result.stderr, "failed again: ")
    assert line.startswith("1  failed again: MaxDeliveryCountExceeded  now add-tag/")


def test_an_older_message_about_the_same_is_not_taken_for_one_that_came_back(cli, bus, clock, route):
    bad = b"{"
    for _ in range(2):
        quarantine(bus, bad, NotJson(), source=QUEUE_DATAVERSE)
    quarantine(bus, good(), NotJson(), source=QUEUE_DATAVERSE)
    clock.app = route

    assert cli("quarantine", "replay", "3").stdout.splitlines()[-1] == "1 replayed: 1 not back so far."


def test_filters_choose_what_fits_all_of_them(cli, bus, clock, route, take, waiting):
    quarantine(bus, good(), NotJson(), source=QUEUE_DATAVERSE)
    quarantine(bus, good(), WrongFormat(), source=QUEUE_DATAVERSE)
    for each in (item(), item("remove-tag")):
        quarantine(bus, each.body(), InternalError(), source=each.operation)
    clock.app = lambda: (route(), take("add-tag"), take("remove-tag"))
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"

    def replayed(*options):
        return [line.split()[0] for line in lines(cli("quarantine", "replay", *options).stdout, "sent to")]

    assert replayed("--since", tomorrow) == []
    assert replayed("--before", "2020-01-01T10:00") == []
    assert replayed("--code", "INTERNAL_ERROR", "--operation", "dataverse") == []
    assert replayed("--code", "INTERNAL_ERROR", "--operation", "remove-tag", "--since", "2020-01-01") == ["4"]
    assert replayed("--code", "MESSAGE_NOT_JSON", "--code", "INTERNAL_ERROR") == ["1", "3"]
    assert [message.sequence_number for message in waiting(QUEUE_QUARANTINE)] == [2]


def test_ids_come_from_a_file_too(cli, bus, clock, route, tmp_path):
    for _ in range(3):
        quarantine(bus, good(), NotJson(), source=QUEUE_DATAVERSE)
    clock.app = route
    (tmp_path / "ids.txt").write_text("1\n3\n", encoding="utf-8")

    result = cli("quarantine", "replay", "--ids-file", tmp_path / "ids.txt")

    assert [line.split()[0] for line in lines(result.stdout, "sent to")] == ["1", "3"]


def test_a_file_without_ids_does_not_stand_for_all(cli, bus, tmp_path, waiting):
    quarantine(bus, good(), NotJson(), source=QUEUE_DATAVERSE)
    (tmp_path / "ids.txt").write_text("\n", encoding="utf-8")

    result = cli("quarantine", "replay", "--ids-file", tmp_path / "ids.txt", "--operation", "dataverse", code=1)

    assert result.stderr == "The file of ids holds none.\n"
    assert len(waiting(QUEUE_QUARANTINE)) == 1


def test_an_unknown_operation_is_refused(cli):
    assert "Unknown: fly." in cli("quarantine", "replay", "--operation", "fly", code=1).stderr


def test_ctrl_c_loses_and_doubles_nothing(cli, bus, monkeypatch, waiting):
    for _ in range(2):
        each = item()
        quarantine(bus, each.body(), InternalError(), source="add-tag")
    send = Bus.to_topic

    def interrupted(*arguments):
        send(*arguments)
        signal.raise_signal(signal.SIGINT)  # between sending and removing

    monkeypatch.setattr(Bus, "to_topic", interrupted)

    result = cli("quarantine", "replay", "--all", code=130)

    assert "Stopped by Ctrl-C" in result.stderr
    assert result.stdout.splitlines()[-1] == "1 replayed: 1 still waiting. 1 not replayed."
    assert [message.sequence_number for message in waiting(QUEUE_QUARANTINE)] == [2]
    assert len(waiting("add-tag")) == 1


# Dead letters


def test_a_dead_letter_that_becomes_one_again_ends_the_replay(cli, bus, sdk, clock, waiting):
    bus.to_topic(TOPIC_JOBS, [item().message(str(number)) for number in range(3)])

    def bury():
        with sdk.get_subscription_receiver(TOPIC_JOBS, "add-tag") as receiver:
            for message in receiver.receive_messages(3, max_wait_time=1):
                receiver.dead_letter_message(message, "MaxDeliveryCountExceeded", "It was delivered 10 times.")

    bury()
    clock.app = bury

    result = cli("dead-letters", "replay", "--operation", "add-tag", code=1)

    assert lines(result.stdout, "sent to") == ["add-tag/1  sent to the subscription add-tag"]
    (line,) = lines(result.stderr, "failed again: ")
    assert line.startswith("add-tag/1  failed again: MaxDeliveryCountExceeded  now add-tag/4 in the dead letters of")
    assert len(waiting("add-tag", ServiceBusSubQueue.DEAD_LETTER)) == 3


# Jobs


@pytest.fixture
def failed(door):
    """Failed jobs in Dataverse, by their numbers."""

    def make(count, code="REFUSED", operation=Operation.ADD_TAG, **columns):
        rows = [
            {
                Job.NAME: "A job", Job.OPERATION: operation.value, Job.STATUS: JobStatus.FAILED.value,
                Job.STATE: JobStatus.FAILED.state, Job.RESULT_CODE: code,
                Job.COMPLETED_ON: "2026-03-01T10:00:00Z", Job.ATTEMPTS: 1, **columns,
            }
            for _ in range(count)
        ]  # fmt: skip
        made = set(door.load(Job.TABLE, *rows))
        return [row[Job.NUMBER].lstrip("0") for row in door.rows(Job.TABLE) if row[Job.ID] in made]

    return make


@pytest.fixture
def work(clock, door):
    """The connector runs every Queued job; `fate` says by number which columns its row has then."""

    def begin(fate):
        def run():
            queued = [row for row in door.rows(Job.TABLE) if row[Job.STATUS] == JobStatus.QUEUED]
            with dataverse() as client:
                for row in queued:
                    claimed = {Job.ATTEMPTS: row[Job.ATTEMPTS] + 1}
                    client.update(Job.SET, row[Job.ID], claimed | fate(row[Job.NUMBER].lstrip("0")))

        clock.app = run

    return begin


def ended(status, code):
    return {Job.STATUS: status.value, Job.STATE: status.state, Job.RESULT_CODE: code}


COMPLETED = ended(JobStatus.COMPLETED, "OK")


def statuses(door):
    return [JobStatus(row[Job.STATUS]) for row in door.rows(Job.TABLE)]


@pytest.mark.usefixtures("door")
def test_failed_jobs_are_retried_in_growing_batches_and_seen_to_complete(cli, door, failed, work):
    failed(12)
    work(lambda _: COMPLETED)

    result = cli("job", "retry", "--all")

    assert result.stdout.splitlines()[-1] == "12 replayed: 12 Completed."
    assert lines(result.stderr, "12 replayed") == [
        "1 of 12 replayed, 0 failed again.", "3 of 12 replayed, 0 failed again.",
        "8 of 12 replayed, 0 failed again.", "12 of 12 replayed, 0 failed again.",
    ]  # fmt: skip
    assert set(statuses(door)) == {JobStatus.COMPLETED}


def test_jobs_that_fail_again_with_the_same_code_end_the_retry(cli, door, failed, work):
    numbers = failed(12)
    work(lambda number: ended(JobStatus.FAILED, "REFUSED") if number == numbers[2] else COMPLETED)

    result = cli("job", "retry", "--code", "REFUSED", code=1)

    assert lines(result.stderr, "failed again: ") == [f"{numbers[2]}  failed again: REFUSED"]
    assert "No more of add-tag, REFUSED" in result.stderr
    assert statuses(door).count(JobStatus.COMPLETED) == 2
    assert statuses(door).count(JobStatus.FAILED) == 10


def test_jobs_that_wait_with_the_same_error_end_the_retry(cli, failed, work):
    numbers = failed(12, "SPOTLER_BUSY")
    waits = {Job.STATUS: JobStatus.IN_PROGRESS.value, Job.STATE: 0, Job.RESULT_CODE: "SPOTLER_BUSY"}
    work(lambda _: waits)

    result = cli("job", "retry", "--all", code=1)

    assert lines(result.stderr, "failed again: ") == [
        f"{numbers[0]}  failed again: SPOTLER_BUSY  it is tried again by itself"
    ]


def test_jobs_are_filtered_by_code_operation_and_time(cli, door, failed, work):
    failed(1, "OLD", **{Job.COMPLETED_ON: "2026-02-01T10:00:00Z"})
    failed(1, "OTHER")
    failed(1, "OLD", Operation.REMOVE_TAG)
    (wanted,) = failed(1, "OLD")
    failed(1, "OLD", **{Job.COMPLETED_ON: "2026-04-01T10:00:00Z"})
    work(lambda _: COMPLETED)
    filters = ("--code", "OLD", "--operation", "add-tag", "--since", "2026-02-15", "--before", "2026-03-15T12:30")

    result = cli("job", "retry", *filters)

    assert lines(result.stdout, "Queued") == [f"{wanted}  Queued"]
    assert statuses(door).count(JobStatus.COMPLETED) == 1


def test_a_filter_never_chooses_what_may_have_mailed_somebody_without_force(cli, failed, work):
    (number,) = failed(1, "OUTCOME_UNKNOWN", Operation.START_AUTOMATION)
    work(lambda _: COMPLETED)

    result = cli("job", "retry", "--all", code=1)

    assert lines(result.stderr, "look in Spotler")[0].startswith(f"{number}  ")
    assert cli("job", "retry", "--all", "--force").stdout.splitlines()[-1] == "1 replayed: 1 Completed."
