"""`job add`, `job show`, `job list`, against a running Dataverse; and how settings are found."""

from datetime import datetime
from pathlib import Path

import pytest

from connector.cli import rows
from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.messages.reasons import NotJson
from connector.dataverse.names import Job
from connector.dataverse.schema.own import JOB
from connector.errors import Misconfigured, Transient, Unclear
from connector.operations.context import OutOfTime

ROOT = Path(__file__).parents[3]
UNKNOWN = "99999999-0000-4000-8000-000000000000"


@pytest.fixture
def job(cli, settings_file):
    return lambda *arguments: cli("--settings", str(settings_file), "job", *arguments)


def test_a_job_is_created_as_a_flow_would_and_its_id_is_printed(world, job):
    record = world.contact()

    ended = job("add", "--operation", "add-tag", "--contact", record.id, "--tag", "Customer")

    assert (ended.code, ended.err) == (0, "")
    row = world.row(ended.out.strip())
    assert (row[Job.OPERATION], row[Job.STATUS], row[Job.TAG]) == (Operation.ADD_TAG, JobStatus.QUEUED, "Customer")
    assert row["_dh_customerid_value"] == record.id
    (entry,) = world.door("GET", f"journal?table={Job.TABLE}")
    assert entry["tag"] is None, "the router would take it for an echo of the connector"


def test_every_column_has_an_option(world, job):
    account, lead = world.account(), world.lead()
    automation = world.automation("code", dh_kind=AutomationKind.AUTOMATION.value)

    first = job("add", "--operation", "sync-contact", "--account", account.id.upper()).out.strip()
    second = job(
        "add", "--operation", "start-automation", "--lead", lead.id, "--automation", automation,
        "--automation-fields", "a=1;b=2", "--field", "City", "--value", "Utrecht",
    ).out.strip()  # fmt: skip

    assert world.row(first)["_dh_customerid_value"] == account.id
    row = world.row(second)
    assert (row["_dh_leadid_value"], row["_dh_spotlerautomationid_value"]) == (lead.id, automation)
    assert (row[Job.AUTOMATION_FIELDS], row[Job.FIELD_NAME], row[Job.FIELD_VALUE]) == ("a=1;b=2", "City", "Utrecht")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["add", "--operation", "add-tags"], "sync-contact"),
        (["add", "--operation", "add-tag", "--tag", "x", "--contact", UNKNOWN], "DATAVERSE_NOT_FOUND"),
        (["show", "12x"], "00000000-0000-0000-0000-000000000000"),
        (["show", "12"], "DATAVERSE_NOT_FOUND"),
        (["show", "1" * 21], "is not an id"),
        (["show", UNKNOWN], "DATAVERSE_NOT_FOUND"),
        (["list", "--status", "lost"], "queued, in-progress, completed, failed"),
    ],
)
def test_what_cannot_be_done_is_reported_as_a_sentence(world, job, arguments, says):
    ended = job(*arguments)

    assert (ended.code, ended.out) == (1, "")
    assert says in ended.err
    assert "Traceback" not in ended.err
    assert world.rows(Job.TABLE) == []


def test_a_job_is_shown_as_people_read_it(world, job):
    shown = world.job(
        Operation.ADD_TAG, statecode=1, statuscode=JobStatus.FAILED.value, dh_resultcode="JOB_NOT_VALID",
        dh_resultmessage="[JOB_NOT_VALID] The job has no tag.", dh_attempts=1,
    )  # fmt: skip

    ended = job("show", shown)

    assert ended.code == 0
    for text in (
        world.row(shown)[Job.NUMBER],
        "Add Tag",
        "Failed",
        "JOB_NOT_VALID",
        "[JOB_NOT_VALID] The job has no tag.",
    ):
        assert text in ended.out


def test_times_are_in_utc_as_in_all_commands(world, job):
    shown = world.job(Operation.ADD_TAG)
    created = f"{datetime.fromisoformat(world.row(shown)['createdon']):%Y-%m-%d %H:%M:%SZ}"

    assert created in job("show", shown).out
    assert created in job("list").out


@pytest.mark.parametrize("zeros", [True, False])
def test_a_job_is_found_by_its_number_with_and_without_leading_zeros(world, job, zeros):
    shown, _ = world.job(Operation.ADD_TAG), world.job(Operation.SYNC_CONTACT)
    number = world.row(shown)[Job.NUMBER]

    ended = job("show", number if zeros else number.lstrip("0"))

    assert (ended.code, ended.err) == (0, "")
    assert number in ended.out
    assert "Add Tag" in ended.out


def test_numbers_have_as_many_digits_as_the_column_gives_them():
    column = JOB.column(Job.NUMBER)

    assert column.auto_number == f"{{SEQNUM:{rows.NUMBER_DIGITS}}}"
    assert column.length == rows.NUMBER_LENGTH


def test_the_newest_jobs_are_listed_first(world, job):
    jobs = [world.job(Operation.ADD_TAG) for _ in range(3)]

    lines = [line for line in job("list", "--top", "2").out.splitlines() if "Add Tag" in line]

    assert [next(each for each in jobs if each in line) for line in lines] == [jobs[2], jobs[1]]


def test_nothing_is_cut_where_there_is_no_terminal(world, job):
    sentence = "[JOB_NOT_VALID] " + "The job has no tag; fill the column Tag. " * 10
    made = world.job(Operation.ADD_TAG, dh_resultmessage=sentence)

    assert any(made in line and "Add Tag" in line and "Queued" in line for line in job("list").out.splitlines())
    assert sentence.strip() in job("show", made).out


def test_jobs_can_be_listed_by_their_status(world, job):
    queued = world.job(Operation.ADD_TAG)
    failed = world.job(Operation.SYNC_CONTACT, statecode=1, statuscode=JobStatus.FAILED.value)

    assert failed not in job("list", "--status", "queued").out
    assert queued not in job("list", "--status", "failed").out
    assert {queued, failed} <= set(job("list").out.split())
    assert job("list", "--status", "in-progress").code == 0


# Settings


def test_without_settings_it_says_which_are_missing(cli):
    ended = cli("job", "list")

    assert ended.code == 1
    assert "DATAVERSE_URL: Field required" in ended.err


def test_settings_are_found_in_the_folder_where_the_command_is_given(cli, settings_file):
    settings_file.rename(settings_file.with_name("local.settings.json"))

    assert cli("job", "list").code == 0


def test_the_environment_wins_over_the_file(job, environment):
    environment["DATAVERSE_URL"] = "http://somewhere.example.org"

    ended = job("list")

    assert ended.code == 1
    assert "DATAVERSE_URL: Value error, must be an https address" in ended.err


@pytest.mark.parametrize("content", ["", "{", "[]", '{"Values": []}', b"\xff\xfe"])
def test_a_file_of_another_form_is_reported_as_a_sentence(cli, tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    ended = cli("--settings", str(path), "job", "list")

    assert ended.code == 1
    assert "is not a file like local.settings.json" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (Transient("Busy."), "Try again later."),
        (OutOfTime(), "Try again later."),
        (Unclear("Lost."), "Check whether it happened before you try again."),
        (Misconfigured("Wrong."), "Fix it and run the command again."),
        (Misconfigured("Wrong.", advice="Check the key."), "Check the key."),
        (NotJson(), NotJson.advice),
    ],
)
def test_the_advice_fits_the_command_line(cli, monkeypatch, error, advice):
    def fail():
        raise error

    monkeypatch.setattr(rows, "get_settings", fail)

    assert cli("job", "list").err == f"[{error.result_code}] {error.sentence} {advice}\n"


def test_without_a_command_it_explains_itself(cli):
    ended = cli("--help")

    assert ended.code == 0
    assert {"job", "message"} <= set(ended.out.split())
