"""Throttling, outages and wrong keys: the work waits, nothing is lost, and it goes on by itself afterwards."""

import itertools
import logging
from collections import Counter
from datetime import datetime, timedelta

import pytest

from connector import telemetry
from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Info, Job
from connector.due import BACKOFF_LONGEST
from connector.jobs import chunks
from connector.problem_log import ALERT_INTERVAL
from sandbox.spotler import seed
from tests.faults.support import SWEEP_INTERVAL
from tests.unit.world import LOOKUP_TABLE

DONE = ("Completed", "OK")
GIVEN_UP = ("Failed", "TRANSIENT_GIVEN_UP")
UNKNOWN = ("Failed", "OUTCOME_UNKNOWN")
GIVE_UP = timedelta(hours=3)
#: What the attempts of the clients and the rest of a batch may add to a promised pause.
SLACK = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
#: One operation for each way to Spotler, some that may be repeated and some that must not.
KINDS = (
    (Operation.SYNC_CONTACT, {}),
    (Operation.ADD_TAG, {Job.TAG: "Storm"}),
    (Operation.SET_SCORE, {Job.TAG: "Storm", Job.SCORE: 5}),
    (Operation.SET_CONTACT_FIELD, {Job.FIELD_NAME: "freeField1", Job.FIELD_VALUE: "7"}),
    (Operation.ADD_TO_AUDIENCE, {Job.AUDIENCE: "Everybody"}),
    (Operation.START_AUTOMATION, {}),
    (Operation.INCREASE_SCORE, {Job.TAG: "Rising", Job.SCORE: 1}),
)
#: Those that must not run twice.
ONCE = (Operation.START_AUTOMATION, Operation.INCREASE_SCORE)


def make_jobs(day, count: int, *, known: bool = False) -> list[str]:
    """Jobs of all kinds in turn, each for a contact of its own; `known` to Spotler, so that nothing comes before it."""
    welcome = day.automation(seed.WELCOME_TRIGGER_CODE)
    jobs = []
    for number, (operation, columns) in zip(range(count), itertools.cycle(KINDS), strict=False):
        more = {"_dh_spotlerautomationid_value": welcome} if operation is Operation.START_AUTOMATION else {}
        jobs.append(day.job(operation, day.contact(f"person{number}", known=known), **columns, **more))
    return jobs


def moments(day, column: str) -> list[datetime]:
    """The moments in one column of all jobs that have one."""
    return [datetime.fromisoformat(row[column]) for row in day.rows(Job.TABLE) if row[column]]


def every_start_and_raise_once(day) -> bool:
    """Whether no contact entered an automation twice, and no score rose twice."""
    done = Counter(
        (entry["effect"], entry["externalId"])
        for entry in day.spotler.journal()
        if entry["effect"] == "automation.started" or entry["detail"].get("tag") == "Rising"
    )
    return set(done.values()) == {1}


def refuse(day, answer: str, probability: float = 1.0) -> None:
    """Both systems refuse so large a part of what they are asked, before they do anything."""
    mend(day)
    kind = "throttle" if answer == "429" else "html"
    after = 1 if probability < 1 else None
    day.spotler.arm(kind, probability=probability, count=None, retry_after_s=after)
    day.break_dataverse(answer, probability=probability, retry_after=after)


def mend(day) -> None:
    day.mend_spotler()
    day.mend_dataverse()


def unknown(day) -> set[str]:
    """The jobs whose outcome is unknown."""
    return {job for job, outcome in day.outcomes().items() if outcome == UNKNOWN}


def answered(day, status: int, *routes: str) -> int:
    """How often Spotler answered with this status on these routes."""
    return sum(
        each["count"]
        for each in day.spotler.calls()["calls"]
        if each["status"] == status and f"{each['method']} {each['route']}" in routes
    )


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("answer", ["429", pytest.param("503", marks=pytest.mark.nightly)])
def test_a_storm_and_an_outage_lose_nothing_and_fail_nothing(day, answer):
    """A 503 proves nothing about work that must not run twice: such jobs, and no others, may end as unknown."""
    jobs = make_jobs(day, 42)
    refuse(day, answer, 0.5)
    day.wake(*jobs[:21])
    day.pass_time(timedelta(seconds=10))
    day.wake(*jobs[21:])

    refuse(day, "503")
    day.pass_time(timedelta(minutes=30))
    before = set(day.outcomes().values())
    mend(day)
    mended = day.time.now()
    day.run_until_over()
    once = {job for job, (operation, _) in zip(jobs, itertools.cycle(KINDS), strict=False) if operation in ONCE}
    lost = answered(day, 503, "POST /automation/trigger/{triggerCode}", "POST /contact/{externalId}/tags")

    assert {status for status, _ in before} & {"Queued", "In Progress"}
    assert {outcome for outcome in before if outcome[0] == "Failed"} <= {UNKNOWN}
    assert set(day.outcomes().values()) <= {DONE, UNKNOWN}
    assert unknown(day) <= once
    assert len(unknown(day)) <= lost
    assert every_start_and_raise_once(day)
    assert max(moments(day, Job.COMPLETED_ON)) <= mended + BACKOFF_LONGEST + SLACK
    assert day.bus.dead_letters() == 0
    assert day.bus.quarantined() == []


@pytest.mark.usefixtures("small_chunks")
def test_half_of_all_calls_refused_for_hours_only_slows_the_work_down(day):
    jobs = make_jobs(day, 4 * len(KINDS))
    refuse(day, "429", 0.5)
    day.wake(*jobs)
    began = day.time.now()

    day.run_until_over()

    assert set(day.outcomes().values()) == {DONE}
    assert every_start_and_raise_once(day)
    assert day.time.now() - began < GIVE_UP
    assert day.bus.dead_letters() == 0


def tag_jobs(day, name: str, count: int) -> list[str]:
    """Jobs that cost a call to Spotler each, for contacts that it knows, put in place in one go."""
    names = [f"{name}{number}" for number in range(count)]
    contacts = [{"lastname": each, "emailaddress1": f"{each}@example.org"} for each in names]
    ids = day.door("POST", "rows", json={Contact.TABLE: contacts})[Contact.TABLE]
    day.spotler.contacts(*({"externalId": each, "properties": {"email": f"{each}@example.org"}} for each in ids))
    infos = [{Info.RECORD: each, Info.SENT_HASH: "0" * 64, "_dh_contactid_value": each} for each in ids]
    subjects = [{f"_{Job.CUSTOMER}_value": each, f"_{Job.CUSTOMER}_value{LOOKUP_TABLE}": Contact.TABLE} for each in ids]
    jobs = [{Job.NAME: "Load", Job.OPERATION: Operation.ADD_TAG.value, Job.TAG: "Load", **each} for each in subjects]
    day.door("POST", "rows", json={Info.TABLE: infos})
    return day.door("POST", "rows", json={Job.TABLE: jobs})[Job.TABLE]


def rate(day, start: datetime, duration: timedelta) -> float:
    """Jobs a second that ended within this time."""
    ended = sum(start <= moment < start + duration for moment in moments(day, Job.COMPLETED_ON))
    return ended / duration.total_seconds()


def test_the_rate_is_back_within_a_minute_after_a_storm_and_an_outage(slow_day, monkeypatch):
    day, window = slow_day, timedelta(seconds=90)
    monkeypatch.setattr(chunks, "SIZE", 10)  # what ends at the same time is little beside what ends in a window
    day.wake(*tag_jobs(day, "before", 1300))
    began = day.time.now()
    day.pass_time(2 * MINUTE)
    before = rate(day, began + MINUTE / 2, window)

    refuse(day, "429", 0.5)
    day.pass_time(timedelta(seconds=20))
    refuse(day, "503")
    day.pass_time(timedelta(minutes=3))
    mend(day)
    mended = day.time.now()
    day.wake(*tag_jobs(day, "fresh", 1300))
    day.pass_time(MINUTE + window)

    assert rate(day, mended, MINUTE / 6) < before / 2  # the storm was felt
    assert rate(day, mended + MINUTE, window) >= 0.95 * before
    assert "Failed" not in {status for status, _ in day.outcomes().values()}


@pytest.mark.parametrize(
    ("known", "fault"),
    [(False, {"kind": "empty_error", "status": 503}), (True, {"kind": "throttle", "retry_after_s": 1})],
    ids=["before the record is there", "at what the job itself does"],
)
def test_an_outage_of_spotler_is_given_up_after_three_hours_and_not_before_with_pauses_of_five_minutes(
    day, known, fault
):
    jobs = make_jobs(day, len(KINDS), known=known)
    day.spotler.arm(**fault, count=None)
    day.wake(*jobs)
    began = day.time.now()

    day.pass_time(GIVE_UP - timedelta(minutes=1))
    before = day.outcomes()
    day.pass_time(BACKOFF_LONGEST + 5 * SLACK)
    after = day.outcomes()

    assert {status for status, _ in before.values()} == {"In Progress"}
    assert set(after.values()) == {GIVEN_UP}
    assert min(moments(day, Job.COMPLETED_ON)) >= began.replace(microsecond=0) + GIVE_UP
    attempts = [row[Job.ATTEMPTS] for row in day.rows(Job.TABLE)]
    assert all(GIVE_UP / (BACKOFF_LONGEST + SLACK) <= each <= GIVE_UP / BACKOFF_LONGEST + 8 for each in attempts)
    assert day.effects() == []
    assert day.bus.dead_letters() == 0


def test_of_two_jobs_of_one_record_that_must_not_run_twice_the_younger_is_not_unknown(day):
    record = day.contact(known=True)
    jobs = [day.job(Operation.INCREASE_SCORE, record, dh_tag=tag, dh_score=1) for tag in ("Rising", "Falling")]
    day.spotler.arm("throttle", route="POST /contact/*/tags", count=None, retry_after_s=120)
    day.wake(*jobs)
    day.pass_time(timedelta(minutes=30))
    day.mend_spotler()

    day.run_until_over()

    assert [day.outcomes()[job] for job in jobs] == [DONE, DONE]
    assert day.effects().count("score.changed") == 2


def test_a_claim_that_could_not_be_renewed_is_not_forgotten(day):
    """Spotler is away at the first attempt; at the second, Dataverse does not let the claim be renewed."""
    code = day.automation(seed.WELCOME_TRIGGER_CODE)
    job = day.job(Operation.START_AUTOMATION, day.contact(known=True), _dh_spotlerautomationid_value=code)
    day.spotler.arm("throttle", route="POST /automation/*", count=3)
    day.break_dataverse("429", r"^\$batch", skip=2, count=3)  # after the claim and its postponement
    day.wake(job)

    day.run_until_over()

    assert day.outcomes()[job] == DONE
    assert day.effects().count("automation.started") == 1


def test_an_outage_of_dataverse_fails_nothing_however_long_it_lasts(day):
    jobs = make_jobs(day, 2)
    day.break_dataverse("503")
    day.wake(*jobs)

    day.pass_time(GIVE_UP + timedelta(minutes=30))
    day.mend_dataverse()
    mended = day.time.now()
    day.run_until_over()

    assert set(day.outcomes().values()) == {DONE}
    assert max(moments(day, Job.COMPLETED_ON)) <= mended + BACKOFF_LONGEST + SLACK
    assert day.bus.dead_letters() == 0


def test_outcomes_that_dataverse_cannot_take_are_written_later(day):
    jobs = make_jobs(day, 14)
    # The claims are made; nothing that says how a job ended is taken.
    day.break_dataverse("503", r"^\$batch", content=Job.COMPLETED_ON, count=None)
    day.wake(*jobs)

    day.pass_time(timedelta(minutes=30))
    effects, waiting = day.effects(), day.unfinished()
    day.mend_dataverse()
    day.run_until_over()

    assert waiting
    assert set(day.outcomes().values()) == {DONE}
    assert every_start_and_raise_once(day)
    assert day.effects() == effects


def test_a_wrong_key_pauses_the_work_with_one_alert_and_loses_nothing(day, caplog, monkeypatch):
    monkeypatch.setattr(telemetry, "_clock", day.time.monotonic)
    caplog.set_level(logging.WARNING, logger="connector")
    jobs = make_jobs(day, 14)
    key, secret = day.services.settings.spotler_key, day.services.settings.spotler_secret
    day.spotler.settings(credentials=[{"key": key.get_secret_value(), "secret": "another1"}])
    day.wake(*jobs)

    day.pass_time(timedelta(seconds=ALERT_INTERVAL - 30))
    alerts = [record for record in caplog.records if record.levelno >= logging.ERROR]
    paused = day.outcomes()
    day.pass_time(timedelta(minutes=30))
    later = [record for record in caplog.records if record.levelno >= logging.ERROR]
    day.spotler.settings(credentials=[{"key": key.get_secret_value(), "secret": secret.get_secret_value()}])
    day.run_until_over()

    assert [record.code for record in alerts] == ["NOT_AUTHORIZED"]
    assert {status for status, _ in paused.values()} == {"In Progress"}
    assert len(later) <= 1 + 40 * 60 / ALERT_INTERVAL
    assert set(day.outcomes().values()) == {DONE}
    assert every_start_and_raise_once(day)


def test_a_sweep_that_meets_a_storm_comes_again(day):
    jobs = make_jobs(day, 14)
    refuse(day, "503")
    day.pass_time(2 * SWEEP_INTERVAL)
    mend(day)

    day.run_until_over()

    assert len(day.failures) >= 1
    assert {day.outcomes()[job] for job in jobs} == {DONE}
