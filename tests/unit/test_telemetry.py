"""What is logged: sentences and allowed fields, one line a minute, one alert per outage, and no personal data."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from connector import telemetry
from connector.errors import Invalid, Misconfigured, Transient
from connector.problem_log import ALERT_INTERVAL, LINE_INTERVAL

log = logging.getLogger("test")
SECRET = "jane@example.org"


@pytest.fixture(autouse=True)
def clock(monkeypatch, caplog):
    """Time as the log sees it."""
    caplog.set_level(logging.DEBUG)
    now = [1000.0]
    monkeypatch.setattr(telemetry, "_clock", lambda: now[0])
    return now


def levels(caplog):
    return [record.levelname for record in caplog.records]


def test_fields_are_those_of_the_allow_list_and_none_is_left_out():
    assert telemetry.fields(job="j", code="OK", count=None) == {"job": "j", "code": "OK"}


@pytest.mark.parametrize("name", ["email", "name", "body", "tag", "message"])
def test_any_other_field_is_refused(name):
    with pytest.raises(ValueError, match=f"allow-list of log fields: {name}"):
        telemetry.fields(**{name: SECRET})


def test_no_allowed_field_is_one_of_the_record_itself():
    """The attributes of a log record cannot be overwritten: logging would raise."""
    taken = logging.makeLogRecord({}).__dict__

    assert telemetry.ALLOWED.isdisjoint(taken)


@pytest.mark.parametrize("error", [Transient("Spotler is away."), Invalid("The job has no tag.")])
def test_a_problem_is_a_warning_with_its_sentence_and_what_to_do(caplog, error):
    telemetry.log_problem(log, error, operation="add-tag", job="j-1")

    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", f"Job j-1: {error.sentence} {error.what_to_do}")
    assert (record.operation, record.job, record.code) == ("add-tag", "j-1", error.result_code)


WRONG_KEY = Misconfigured("The key is refused.", advice="Correct it.")


def reported(caplog) -> list[tuple[str, str]]:
    found = [(record.levelname, record.getMessage()) for record in caplog.records]
    caplog.clear()
    return found


def test_equal_problems_are_one_line_a_minute_with_their_number(caplog, clock):
    for number in range(1214):
        telemetry.log_problem(log, WRONG_KEY, operation="add-tag", job=f"j-{number}")
    assert reported(caplog) == [("ERROR", "Job j-0: The key is refused. Correct it.")]

    clock[0] += LINE_INTERVAL
    telemetry.log_problem(log, WRONG_KEY, operation="add-tag", job="j-7")
    assert [record.count for record in caplog.records] == [1214]
    assert reported(caplog) == [("WARNING", "Job j-7: The key is refused. Correct it. (This happened 1214 times.)")]


@pytest.mark.parametrize(
    ("error", "operation"),
    [
        (WRONG_KEY, "sync-contact"),
        (Misconfigured("The key is refused.", advice="Correct it.", code="OTHER"), "add-tag"),
        (Misconfigured("The key has expired.", advice="Correct it."), "add-tag"),
        (ValueError("The key is refused."), "add-tag"),
    ],
)
def test_problems_that_differ_are_lines_of_their_own(caplog, error, operation):
    telemetry.log_problem(log, WRONG_KEY, operation="add-tag")
    telemetry.log_problem(log, error, operation=operation)

    assert len(caplog.records) == 2


def test_repeated_problems_are_logged_when_nobody_meets_them_any_more(caplog, clock):
    for _ in range(3):
        telemetry.log_problem(log, Transient("Spotler is away.", advice="Wait."), operation="add-tag", job="j-1")
    telemetry.log_repeated_problems()
    assert reported(caplog) == [("WARNING", "Job j-1: Spotler is away. Wait.")]

    clock[0] += LINE_INTERVAL
    for _ in range(2):
        telemetry.log_repeated_problems()
    assert reported(caplog) == [("WARNING", "Spotler is away. Wait. (This happened 2 times.)")]


def test_an_outage_is_one_alert_until_it_is_over(caplog, clock):
    def minutes(*, succeeding: bool = False) -> list[str]:
        """The levels of five minutes in which the problem is met again and again."""
        for _ in range(5):
            if succeeding:
                telemetry.succeeded("add-tag")
            telemetry.log_problem(log, WRONG_KEY, operation="add-tag")
            clock[0] += LINE_INTERVAL
        return [level for level, _ in reported(caplog)]

    assert minutes() == ["ERROR"] + ["WARNING"] * 4
    assert minutes() == ["WARNING"] * 5
    assert minutes() == ["ERROR"] + ["WARNING"] * 4, "after ten minutes, again"
    assert minutes(succeeding=True) == ["ERROR"] * 5


@pytest.mark.parametrize(("code", "level"), [("OK", "ERROR"), ("JOB_NOT_VALID", "WARNING"), ("UNCHANGED", "WARNING")])
def test_a_job_whose_work_is_done_ends_the_outage(caplog, clock, code, level):
    """A job that failed, or had nothing to do, need not have met what was wrong."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    telemetry.log_problem(log, WRONG_KEY, operation="add-tag")
    telemetry.job_ended(log, job="j", operation="add-tag", status="-", code=code, attempts=1, since=now, now=now)
    clock[0] += LINE_INTERVAL
    telemetry.log_problem(log, WRONG_KEY, operation="add-tag")

    assert caplog.records[-1].levelname == level


def test_an_alert_of_its_own_is_logged_rarely_until_it_is_over(caplog, clock):
    def alert() -> list[tuple[str, str]]:
        telemetry.log_alert(log, "3 jobs are overdue.", code="JOBS_OVERDUE", operation="overdue-jobs", count=3)
        return reported(caplog)

    assert alert() == [("ERROR", "3 jobs are overdue.")]
    clock[0] += ALERT_INTERVAL - 1
    assert alert() == []
    telemetry.succeeded("overdue-jobs")
    assert alert() == [("ERROR", "3 jobs are overdue.")]


def raised() -> Exception:
    from connector.spotler.texts import clean_text

    try:
        clean_text(None)  # type: ignore[arg-type]  # a bug
    except AttributeError as error:
        return error
    raise AssertionError


def test_an_internal_error_is_logged_by_its_fingerprint_without_its_text(caplog):
    class Telling(Exception):
        pass

    telemetry.log_problem(log, Telling(SECRET), operation="add-tag")

    (record,) = caplog.records
    assert (record.levelname, record.fingerprint) == ("ERROR", "Telling@unknown")
    assert SECRET not in caplog.text + str(record.__dict__)
    assert record.exc_info is None


def test_a_fingerprint_names_the_type_and_our_innermost_place():
    kind, _, place = telemetry.fingerprint(raised()).partition("@")
    path, _, line = place.partition(":")

    assert (kind, path) == ("AttributeError", "spotler/texts.py")
    assert line.isdigit()


def test_the_same_bug_has_the_same_fingerprint():
    assert telemetry.fingerprint(raised()) == telemetry.fingerprint(raised())


def test_a_job_that_ended_is_reported_with_how_long_it_took(caplog):
    now = datetime(2026, 3, 1, tzinfo=UTC)

    telemetry.job_ended(
        log, job="j-1", operation="add-tag", status="Failed", code="JOB_NOT_VALID", attempts=2,
        since=now - timedelta(seconds=2.5), now=now,
    )  # fmt: skip

    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("INFO", "Job j-1 Failed: JOB_NOT_VALID")
    assert (record.seconds, record.attempts, record.status) == (2.5, 2, "Failed")


def test_libraries_do_not_log_by_themselves():
    names = ("azure", "msal", "urllib3")
    before = {name: logging.getLogger(name).level for name in names}
    try:
        telemetry.silence_loggers()

        assert not any(logging.getLogger(f"{name}.deep").isEnabledFor(logging.WARNING) for name in names)
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
