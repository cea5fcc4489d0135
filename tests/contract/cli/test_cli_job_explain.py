"""Explaining a job: its story, what comes next, what it waits for, what of it is on the bus, where its logs are."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusMessage

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from connector.errors import InternalError
from connector.routing.quarantine import quarantine
from connector.routing.work_item import Receipt, WorkItem
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import QUEUE_DATAVERSE, TOPIC_JOBS
from connector.settings import get_settings

LOOKUP_TABLE = "@Microsoft.Dynamics.CRM.lookuplogicalname"


@pytest.fixture
def contact(door):
    return door.load(Contact.TABLE, {"lastname": "De Vries"})[0]


@pytest.fixture
def load(door, contact):
    """A job of the contact, as it stands in Dataverse."""

    def make(status, *, operation=Operation.ADD_TAG, **columns):
        row = {
            Job.NAME: "A job", Job.OPERATION: operation.value, Job.STATUS: status.value, Job.STATE: status.state,
            f"_{Job.CUSTOMER}_value": contact, f"_{Job.CUSTOMER}_value{LOOKUP_TABLE}": Contact.TABLE, **columns,
        }  # fmt: skip
        return door.load(Job.TABLE, row)[0]

    return make


def moment(**ago):
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def item(job, **members):
    return WorkItem(**{"operation": "add-tag", "job": job, "first_seen": datetime.now(UTC)} | members)


def paragraphs(cli, job):
    return cli("job", "explain", job).stdout.split("\n\n")


def test_a_finished_job_shows_its_story(cli, load, contact):
    job = load(
        JobStatus.FAILED,
        **{
            "createdon": "2026-03-01T10:00:01Z", Job.STARTED_ON: "2026-03-01T10:00:03Z",
            Job.COMPLETED_ON: "2026-03-01T10:00:04Z", Job.ATTEMPTS: 2, Job.RESULT_CODE: "CONTACT_OPTOUT",
            Job.RESULT_MESSAGE: "[CONTACT_OPTOUT] The contact has opted out.",
        },
    )  # fmt: skip

    story, following, *_ = paragraphs(cli, job)

    lines = story.splitlines()
    assert lines[0].endswith(f"Add Tag for contact {contact}")
    assert lines[1].endswith("  created")
    assert lines[2:] == [
        "2026-03-01 10:00:03Z  claimed 2 times, most recently then",
        "2026-03-01 10:00:04Z  Failed: [CONTACT_OPTOUT] The contact has opted out.",
    ]
    assert following == "Next\nNothing: it has ended. job retry sets it back to Queued."


def test_a_completed_job_shows_its_code(cli, load):
    job = load(JobStatus.COMPLETED, **{Job.RESULT_CODE: "OK", Job.RESULT_MESSAGE: "1 tag added."})

    story, following, *_ = paragraphs(cli, job)

    assert story.endswith("  Completed, OK: 1 tag added.")
    assert following == "Next\nNothing: it has ended. It is Completed; job retry --force does it again."


def test_a_job_that_is_not_valid_is_told_to_be_made_anew_and_not_to_be_retried(cli, load):
    job = load(
        JobStatus.FAILED,
        **{Job.RESULT_CODE: "JOB_NOT_VALID", Job.RESULT_MESSAGE: "[JOB_NOT_VALID] The job has no tag."},
    )

    _, following, *_ = paragraphs(cli, job)

    assert "create a corrected job instead" in following
    assert "job retry" not in following


def test_a_job_that_may_have_been_done_is_not_said_to_be_set_back(cli, load):
    code = {Job.RESULT_CODE: "OUTCOME_UNKNOWN"}
    job = load(JobStatus.FAILED, operation=Operation.START_AUTOMATION, **code)

    assert "look in Spotler" in paragraphs(cli, job)[1]


def test_a_queued_job_runs_next(cli, load):
    story, following, bus, *_ = paragraphs(cli, load(JobStatus.QUEUED))

    assert story.endswith("  Queued")
    assert following.startswith("Next\nIt runs when its work item is delivered")
    assert bus.startswith("On the bus\nNo message of it.")


def test_a_job_waits_for_the_older_ones_of_its_record(cli, load):
    older = load(JobStatus.IN_PROGRESS, operation=Operation.REMOVE_TAG, **{Job.LEASE_UNTIL: "2030-01-01T00:00:00Z"})
    load(JobStatus.COMPLETED)
    job = load(JobStatus.QUEUED)
    newer = load(JobStatus.QUEUED)

    _, following, *_ = paragraphs(cli, job)

    assert following.splitlines()[1] == "It waits for older jobs of the same record:"
    assert [line.split("  ")[2:] for line in following.splitlines()[2:]] == [["Remove Tag", "In Progress", older]]
    assert newer not in following


def test_a_job_in_progress_says_until_when_it_is_protected(cli, load):
    job = load(
        JobStatus.IN_PROGRESS,
        **{Job.CLAIM: "theirs", Job.LEASE_UNTIL: "2030-01-01T00:00:00Z", Job.STARTED_ON: moment(minutes=1)},
    )

    story, following, *_ = paragraphs(cli, job)

    assert "2030-01-01 00:00:00Z  protected until then: no other worker takes it" in story
    assert "A worker has it" in following


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.IN_PROGRESS])
@pytest.mark.parametrize("prefix", ["", "[NOT_AUTHORIZED] "])
def test_an_unfinished_job_says_why_it_waits(cli, load, status, prefix):
    problem = {Job.RESULT_CODE: "NOT_AUTHORIZED", Job.RESULT_MESSAGE: f"{prefix}Spotler refuses the key."}
    job = load(status, **{Job.CLAIM: "theirs", Job.LEASE_UNTIL: "2030-01-01T00:00:00Z"} | problem)

    following = paragraphs(cli, job)[1]

    assert following.splitlines()[1] == "Last problem: [NOT_AUTHORIZED] Spotler refuses the key."


@pytest.mark.parametrize("code", ["OK", "SKIPPED_FILTER", ""])
def test_the_good_end_of_an_earlier_run_is_not_a_problem(cli, load, code):
    job = load(JobStatus.QUEUED, **{Job.RESULT_CODE: code, Job.RESULT_MESSAGE: "1 tag added."})

    assert "problem" not in paragraphs(cli, job)[1]


def test_a_job_is_explained_by_its_number(cli, door, load):
    job = load(JobStatus.QUEUED)
    (row,) = door.rows(Job.TABLE)

    by_number, by_id = (cli("job", "explain", name).stdout for name in (row[Job.NUMBER].lstrip("0"), job))

    assert by_number == by_id


def test_an_interrupted_start_of_an_automation_ends_as_unknown(cli, load):
    held = {Job.CLAIM: "a token", Job.LEASE_UNTIL: moment(minutes=1), Job.STARTED_ON: moment(minutes=6)}
    job = load(JobStatus.IN_PROGRESS, operation=Operation.START_AUTOMATION, **held)

    _, following, *_ = paragraphs(cli, job)

    assert "It ends as Failed without being run, OUTCOME_UNKNOWN" in following


def test_a_sync_that_is_superseded_says_so(cli, load):
    job = load(JobStatus.QUEUED, operation=Operation.SYNC_CONTACT)
    load(JobStatus.QUEUED, operation=Operation.SYNC_CONTACT)

    assert "Completed without being run, SUPERSEDED" in paragraphs(cli, job)[1]


def test_a_job_without_record_and_operation_is_explained(cli, door):
    job = door.load(Job.TABLE, {Job.NAME: "A job"})[0]

    story, following, *_ = paragraphs(cli, job)

    assert "no known operation without a record" in story.splitlines()[0]
    assert "It runs" in following


@pytest.mark.usefixtures("all_subscriptions")
def test_its_messages_are_found_wherever_they_lie(cli, load, bus, sdk):
    job, other = load(JobStatus.QUEUED), str(uuid4())
    with sdk.get_queue_sender(QUEUE_DATAVERSE) as sender:
        sender.send_messages(ServiceBusMessage(f'{{"PrimaryEntityId": "{job.upper()}"}}'.encode()))
    receipt = Receipt(status=JobStatus.COMPLETED, code="OK", message="Done.")
    bus.to_topic(TOPIC_JOBS, [item(job, reason="sweep").message("1"), item(other).message("2")])
    quarantine(bus, item(job).model_dump_json().encode(), InternalError(), source="add-tag")
    bus.to_topic(TOPIC_JOBS, [item(job, operation="remove-tag", receipt=receipt).message("3")])
    bus.to_topic(TOPIC_JOBS, [item(job, operation="set-score").message("4")])
    with sdk.get_subscription_receiver(TOPIC_JOBS, "set-score") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=5)
        receiver.dead_letter_message(message, "MaxDeliveryCountExceeded", "")

    lines = paragraphs(cli, job)[2].splitlines()[1:-1]

    assert [line.split(", since ")[0] for line in lines] == [
        "queue dataverse",
        "subscription add-tag",
        "subscription remove-tag",
        "queue quarantine, message 1",
        "dead letters of subscription set-score, message set-score/1",
    ]
    assert [line.rpartition("Z")[2] for line in lines] == [
        ", message of Dataverse",
        ", work item (sweep), delivered 0 times",
        ", an outcome to be written, delivered 0 times",
        ": INTERNAL_ERROR",
        ": MaxDeliveryCountExceeded",
    ]


def test_an_item_that_is_due_later_is_not_seen_and_that_is_said(cli, load, bus):
    job = load(JobStatus.QUEUED)
    bus.to_topic(TOPIC_JOBS, [item(job).message("later", due=datetime.now(UTC) + timedelta(minutes=5))])

    assert paragraphs(cli, job)[2].splitlines()[1:] == [
        "No message of it.", "Work items that are due later cannot be seen on a topic before their time."
    ]  # fmt: skip


def test_a_bus_that_is_away_hides_nothing_but_itself(cli, load, monkeypatch):
    monkeypatch.setenv("ServiceBus", "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=x;SharedAccessKey=eA==")
    get_settings.cache_clear()

    story, following, bus, *log = paragraphs(cli, load(JobStatus.QUEUED))

    assert "Queued" in story
    assert "It runs" in following
    assert "[TRANSIENT] Service Bus did not show" in bus
    assert bus.endswith("Try again later.")
    assert log


def test_the_query_finds_the_lines_of_the_job_since_it_was_created(cli, load):
    job = load(JobStatus.QUEUED)

    query = paragraphs(cli, job)[3].splitlines()

    assert query[0] == "In Application Insights, under Logs"
    assert query[1] == "union traces, exceptions"
    since = datetime.fromisoformat(query[2].removeprefix("| where timestamp > datetime(").removesuffix(")"))
    assert timedelta(minutes=4) < datetime.now(UTC) - since < timedelta(minutes=6)
    assert query[3] == f'| where message has "{job}" or tostring(customDimensions) has "{job}"'


def test_the_same_query_is_there_with_the_names_of_the_workspace(cli, load):
    job = load(JobStatus.QUEUED)

    classic, workspace = (paragraph.splitlines() for paragraph in paragraphs(cli, job)[3:])

    assert workspace[0] == "In the Log Analytics workspace, under Logs"
    assert workspace[1] == "union AppTraces, AppExceptions"
    assert workspace[2] == classic[2].replace("timestamp", "TimeGenerated")
    assert workspace[3] == f'| where Message has "{job}" or tostring(Properties) has "{job}"'
    # The workspace knows none of the classic names, and the component none of its own.
    assert not {"timestamp", "customDimensions", "message"} & set(" ".join(workspace).replace(",", " ").split())


LOG = """\
2026-03-01 10:00:02,500 WARNING sandbox.functions.app connector.jobs.recorder add_tag Job {job}: Spotler was busy.
2026-03-01 10:00:02,600 INFO sandbox.functions.app connector.jobs.recorder - Job {other} Completed: OK
a line of somebody else about {job}
2026-03-01 10:00:04,100 INFO sandbox.functions.app connector.jobs.recorder - Job {job} Completed: OK
"""


@pytest.fixture
def reported(load, monkeypatch, tmp_path):
    """A job that was completed in 2026, and the log of a host about it in the time of its machine, UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    job = load(
        JobStatus.COMPLETED,
        **{
            "createdon": "2026-03-01T10:00:01Z", Job.STARTED_ON: "2026-03-01T10:00:03Z",
            Job.COMPLETED_ON: "2026-03-01T10:00:04Z", Job.ATTEMPTS: 2, Job.RESULT_CODE: "OK",
        },
    )  # fmt: skip
    log = tmp_path / "functions.log"
    log.write_text(LOG.format(job=job, other=uuid4()))
    yield job, log
    monkeypatch.undo()
    time.tzset()


def test_the_lines_of_a_log_stand_where_they_belong_in_the_story(cli, reported):
    job, log = reported

    story, *_, last = cli("job", "explain", job, "--log", log).stdout.split("\n\n")

    assert story.splitlines()[1:] == [
        "2026-03-01 10:00:01Z  created",
        f"2026-03-01 10:00:02Z  WARNING connector.jobs.recorder add_tag Job {job}: Spotler was busy.",
        "2026-03-01 10:00:03Z  claimed 2 times, most recently then",
        "2026-03-01 10:00:04Z  Completed, OK: ",
        f"2026-03-01 10:00:04Z  INFO connector.jobs.recorder - Job {job} Completed: OK",
    ]
    assert last == f"The log lines are from {log}.\n"


def test_the_log_of_the_running_sandbox_lies_beside_its_settings(cli, reported):
    job, log = reported
    settings = log.with_name("local.settings.json")
    settings.write_text("{}")

    assert "Spotler was busy." in cli("--settings", settings, "job", "explain", job).stdout
    log.unlink()
    assert "In Application Insights" in cli("--settings", settings, "job", "explain", job).stdout


def test_values_of_the_record_and_the_job_are_not_printed(cli, load, bus):
    job = load(JobStatus.QUEUED, **{Job.TAG: "Secret", Job.FIELD_VALUE: "Secret"})
    bus.to_topic(TOPIC_JOBS, [OutgoingMessage(f"{job} Secret".encode(), "x", {"operation": "add-tag"})])

    assert "Secret" not in cli("job", "explain", job).stdout
