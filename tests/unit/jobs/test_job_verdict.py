"""What happens after an attempt ended with an error."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.choices import JobStatus
from connector.due import BACKOFF_FIRST, BACKOFF_LONGEST, backoff
from connector.errors import Invalid, Misconfigured, OutcomeUnknown, Refused, Transient, Unclear, Unreadable
from connector.jobs.verdict import INTERNAL_ATTEMPTS, verdict as decide
from connector.operations.results import Done, Failed, OlderFirst, Retry, Unknown

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GIVE_UP = timedelta(hours=3)


def verdict(error, *, tries=1, age=timedelta(0), repeatable=True, begun=True, give_up=GIVE_UP):
    made = decide(
        Failed(error, begun=begun),
        tries=tries,
        first_seen=NOW - age,
        first_attempt=NOW - age,
        now=NOW,
        give_up=give_up,
        repeatable=repeatable,
    )
    return made.outcome if isinstance(made, Unknown) else made


RETRY = NOW + BACKOFF_FIRST


@pytest.mark.parametrize(
    ("error", "repeatable", "expected"),
    [
        (Invalid("The job has no tag."), True, "JOB_NOT_VALID"),
        (Refused("No.", code="CONTACT_OPTOUT"), True, "CONTACT_OPTOUT"),
        (OutcomeUnknown(), False, "OUTCOME_UNKNOWN"),
        (Unreadable("What is this?"), True, "MESSAGE_UNREADABLE"),
        (Transient("Busy."), True, RETRY),
        (Transient("Busy."), False, RETRY),
        (Misconfigured("The key is refused."), True, RETRY),
        (Misconfigured("The key is refused."), False, RETRY),
        (Unclear("The answer was lost."), True, RETRY),
        (Unclear("The answer was lost."), False, "OUTCOME_UNKNOWN"),
        (ZeroDivisionError("secret"), True, RETRY),
        (ZeroDivisionError("secret"), False, "INTERNAL_ERROR"),
    ],
)
def test_the_family_of_the_error_decides(error, repeatable, expected):
    made = verdict(error, repeatable=repeatable)

    if isinstance(expected, datetime):
        assert made.due == expected
    else:
        assert (made.status, made.code) == (JobStatus.FAILED, expected)


def test_a_failed_job_says_what_went_wrong_and_what_to_do():
    assert verdict(Invalid("The job has no tag.")) == Done(
        "[JOB_NOT_VALID] The job has no tag. Correct it in a new job.",
        "JOB_NOT_VALID",
        JobStatus.FAILED,
    )


@pytest.mark.parametrize(
    ("error", "reported"),
    [
        (Transient("Busy."), "Not done for 3 hours: Busy."),
        (Unclear("Lost."), "Not done for 3 hours: Lost."),
        (Misconfigured("Refused key."), "Not done for 3 hours: Refused key."),
    ],
)
def test_what_passes_is_retried_for_three_hours_and_no_longer(error, reported):
    almost = GIVE_UP - timedelta(seconds=1)

    assert isinstance(verdict(error, age=almost), Retry)
    given_up = verdict(error, age=GIVE_UP)
    assert (given_up.status, given_up.code) == (JobStatus.FAILED, "TRANSIENT_GIVEN_UP")
    assert reported in given_up.message


def test_the_sentence_names_the_time_that_the_setting_gives():
    half_an_hour = timedelta(minutes=30)
    given_up = verdict(Transient("Busy."), tries=9, age=half_an_hour, give_up=half_an_hour)

    assert "for 0.5 hours" in given_up.message


def test_an_unclear_end_of_what_must_not_be_repeated_is_unknown_and_not_given_up_even_after_hours():
    assert verdict(Unclear(), age=GIVE_UP, repeatable=False).code == "OUTCOME_UNKNOWN"


def test_the_other_system_may_ask_for_a_longer_pause_than_the_back_off_but_not_for_a_shorter_one():
    assert verdict(Transient(retry_after=77)).due == NOW + timedelta(seconds=77)
    assert verdict(Transient(retry_after=0.5)).due == RETRY
    assert verdict(Transient(retry_after=0)).due == RETRY


@pytest.mark.parametrize(("tries", "seconds"), [(0, 5), (1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (1_000_000, 300)])
def test_the_back_off_doubles_up_to_five_minutes(tries, seconds):
    assert backoff(tries) == timedelta(seconds=seconds)


@given(st.integers(min_value=-5, max_value=10_000))
def test_the_back_off_never_leaves_its_bounds_and_never_shrinks(tries):
    assert BACKOFF_FIRST <= backoff(tries) <= backoff(tries + 1) <= BACKOFF_LONGEST


def raised(text: str) -> Exception:
    try:
        int(text)
    except ValueError as error:
        return error
    raise AssertionError


def test_an_internal_error_is_tried_again_twice_and_then_reported_by_its_fingerprint_without_its_text():
    error = raised("jane@example.org")
    made = [verdict(error, tries=number) for number in range(1, INTERNAL_ATTEMPTS + 1)]

    assert [type(each) for each in made] == [Retry, Retry, Done]
    assert made[-1].code == "INTERNAL_ERROR"
    assert "fingerprint: ValueError@" in made[-1].message
    assert "jane" not in made[-1].message


@pytest.mark.parametrize("error", [Unclear(), ZeroDivisionError()])
def test_what_was_not_begun_is_tried_again_even_if_it_must_not_run_twice(error):
    assert isinstance(verdict(error, repeatable=False, begun=False), Retry)


def test_a_job_that_waits_for_an_older_one_has_no_problem_to_show():
    assert verdict(OlderFirst()).problem is None
    assert verdict(busy := Transient("Busy.")).problem is busy
