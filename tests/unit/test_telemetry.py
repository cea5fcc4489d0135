"""What is logged: sentences and allowed fields, one alert for a misconfiguration, and nothing of anybody's data."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from connector import telemetry
from connector.errors import Invalid, Misconfigured, Transient

log = logging.getLogger("test")
SECRET = "jane@example.org"


@pytest.fixture(autouse=True)
def clock(monkeypatch, caplog):
    """Time as the alerts see it, and no alert yet."""
    caplog.set_level(logging.DEBUG)
    now = [1000.0]
    monkeypatch.setattr(telemetry, "_alerted", {})
    monkeypatch.setattr(telemetry.time, "monotonic", lambda: now[0])
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


def test_a_misconfiguration_is_one_alert_per_interval_and_code(caplog, clock):
    wrong_key, wrong_url = Misconfigured("The key is refused."), Misconfigured("No.", code="SPOTLER_URL")

    for error in (wrong_key, wrong_key, wrong_url, wrong_key):
        telemetry.log_problem(log, error, operation="add-tag")
    assert levels(caplog) == ["ERROR", "WARNING", "ERROR", "WARNING"]

    caplog.clear()
    clock[0] += telemetry.ALERT_INTERVAL - 1
    telemetry.log_problem(log, wrong_key, operation="add-tag")
    clock[0] += 1
    telemetry.log_problem(log, wrong_key, operation="add-tag")
    assert levels(caplog) == ["WARNING", "ERROR"]


def raised() -> Exception:
    from connector.spotler.text_values import parse_boolean

    try:
        parse_boolean(None)  # type: ignore[arg-type]  # a mistake of ours
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

    assert (kind, path) == ("AttributeError", "spotler/text_values.py")
    assert line.isdigit()


def test_the_same_bug_has_the_same_fingerprint():
    assert telemetry.fingerprint(raised()) == telemetry.fingerprint(raised())


def test_a_job_that_ended_is_told_with_how_long_it_took(caplog):
    now = datetime(2026, 3, 1, tzinfo=UTC)

    telemetry.job_ended(
        log, job="j-1", operation="add-tag", status="Failed", code="JOB_NOT_VALID", attempts=2,
        since=now - timedelta(seconds=2.5), now=now,
    )  # fmt: skip

    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("INFO", "Job j-1 Failed: JOB_NOT_VALID")
    assert (record.seconds, record.attempts, record.status) == (2.5, 2, "Failed")


def test_libraries_do_not_log_by_themselves():
    import stamina

    names = ("azure", "msal", "urllib3")
    before = {name: logging.getLogger(name).level for name in names}
    hooks = stamina.instrumentation.get_on_retry_hooks()
    try:
        telemetry.silence_loggers()

        assert not any(logging.getLogger(f"{name}.deep").isEnabledFor(logging.WARNING) for name in names)
        assert stamina.instrumentation.get_on_retry_hooks() == ()
    finally:
        stamina.instrumentation.set_on_retry_hooks(hooks)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
