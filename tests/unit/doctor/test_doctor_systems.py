"""The checks of Dataverse, Spotler, the state and the work, against the stand-ins: each finds what is broken."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connector.dataverse.api import Dataverse
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Automation, Info, Job
from connector.health import SWEEP
from connector.http import Transport
from connector.spotler import Spotler
from connector.spotler.calls import Calls
from connector.spotler.signature import OAuth1
from connector.state.pause import set_pause
from connector.state.successes import record_success

SYSTEMS = (
    "DATAVERSE_TOKEN", "DATAVERSE_USER", "DATAVERSE_LIMITS", "SPOTLER_KEY", "SPOTLER_THROTTLED", "SPOTLER_RIGHTS",
    "FIELDS_MAPPED", "EXTERNAL_IDS", "AUTOMATIONS_MATCH", "STATE_WORKS", "CHECKPOINTS_MOVE", "NOT_PAUSED", "TIMERS_RUN",
    "JOBS_FLOW", "JOBS_SUCCEED",
)  # fmt: skip


@pytest.fixture
def sick(world, context, monkeypatch):
    """A connector with nothing wrong, between fresh systems."""
    services = world.services
    context.settings = services.settings.model_copy(update={"dataverse_user_id": world.ready.user_id})
    context.dataverse, context.spotler, context.state = services.dataverse, services.spotler, services.state
    context.now = lambda: world.now
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", world.ready.ca_file)
    record_success(lambda: services.state, SWEEP, world.now)
    return context


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("code", SYSTEMS)
def test_nothing_is_wrong_with_fresh_systems(sick, diagnose, code):
    assert diagnose(sick, code)[0] == "ok"


def test_a_secret_that_the_identity_service_refuses_is_found(sick, diagnose):
    sick.settings = sick.settings.model_copy(update={"dataverse_client_secret": SecretStr("wrong")})

    verdict, sentence, remedy = diagnose(sick, "DATAVERSE_TOKEN")

    assert (verdict, "AADSTS7000215" in sentence) == ("failed", True)
    assert remedy.startswith("DATAVERSE_CLIENT_SECRET is wrong")


@pytest.mark.parametrize("named", [None, "00000000-0000-4000-8000-000000000001"])
def test_a_user_that_the_settings_do_not_name_is_found(world, sick, diagnose, named):
    sick.settings = sick.settings.model_copy(update={"dataverse_user_id": named})

    verdict, sentence, remedy = diagnose(sick, "DATAVERSE_USER")

    assert (verdict, "own writes" in sentence) == ("failed", True)
    assert remedy == f"Set DATAVERSE_USER_ID to {world.ready.user_id}."


def test_a_budget_that_is_used_up_is_found(sick, diagnose, monkeypatch):
    send = Dataverse.request

    def few(*given, **options):
        answer = send(*given, **options)
        answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] = "300"
        return answer

    monkeypatch.setattr(Dataverse, "request", few)

    assert diagnose(sick, "DATAVERSE_LIMITS")[:2] == (
        "warning",
        "Only 5% of the requests of five minutes are left to the application user.",
    )


def test_a_key_that_spotler_refuses_is_found(world, sick, diagnose):
    transport = Transport(world.services.settings.spotler_url, system="Spotler", timeout=10, parallel=1)
    sick.spotler = Spotler(Calls(transport, OAuth1("wrong", "wrong")))

    verdict, _, remedy = diagnose(sick, "SPOTLER_KEY")
    sick.spotler.close()

    assert (verdict, "SPOTLER_KEY" in remedy) == ("failed", True)


def test_calls_that_spotler_refuses_are_counted(world, sick, diagnose):
    world.spotler.arm("throttle", count=None)

    assert diagnose(sick, "SPOTLER_THROTTLED")[:2] == ("warning", "10 of 10 calls to Spotler failed.")


def test_a_group_of_calls_that_the_key_may_not_use_is_named(world, sick, diagnose):
    world.spotler.arm("auth", status=403, route="*/automation*", count=None)

    verdict, sentence, _ = diagnose(sick, "SPOTLER_RIGHTS")

    assert verdict == "warning"
    assert "automations (NOT_AUTHORIZED)" in sentence


def test_a_mapped_field_that_spotler_lost_is_found(world, sick, diagnose):
    world.spotler.show_properties(city=False)

    verdict, sentence, _ = diagnose(sick, "FIELDS_MAPPED")

    assert verdict in ("warning", "failed")
    assert "city" in sentence


def test_a_record_that_spotler_does_not_have_is_found(world, sick, diagnose):
    world.contact("ann", known=True)
    assert diagnose(sick, "EXTERNAL_IDS")[:2] == ("ok", "Spotler has the 1 record that was looked for.")
    world.load(Info.TABLE, **{Info.RECORD: "00000000-0000-4000-8000-000000000009", Info.SENT_HASH: "x"})

    assert diagnose(sick, "EXTERNAL_IDS")[:2] == (
        "warning",
        "1 of 2 records that were sent are not in Spotler under their External Id.",
    )


def test_an_automation_that_is_gone_from_spotler_is_found(world, sick, diagnose):
    world.load(Automation.TABLE, **{Automation.NAME: "Old", Automation.TRIGGER_CODE: "gone"})

    assert diagnose(sick, "AUTOMATIONS_MATCH")[1].startswith("1 row of Spotler Automation can be picked")


def test_a_state_that_overwrites_is_found(sick, diagnose, monkeypatch):
    write = sick.state.write
    monkeypatch.setattr(
        sick.state,
        "write",
        lambda name, value, *, version: sick.state.delete(name) or write(name, value, version=version),
    )

    assert diagnose(sick, "STATE_WORKS")[1] == "The state does not refuse a write that comes too late."


def test_two_looks_at_the_state_at_the_same_time_find_nothing_of_one_another(sick, diagnose, monkeypatch):
    write, others = sick.state.write, []

    def between(name, value, *, version):
        with monkeypatch.context() as unwatched:  # another doctor looks before each write
            unwatched.setattr(sick.state, "write", write)
            others.append(diagnose(sick, "STATE_WORKS")[0])
        return write(name, value, version=version)

    monkeypatch.setattr(sick.state, "write", between)

    assert diagnose(sick, "STATE_WORKS")[0] == "ok"
    assert others == ["ok", "ok"]
    assert sick.state.names("doctor/") == []


def test_a_state_that_loses_what_was_written_is_found(sick, diagnose, monkeypatch):
    read = sick.state.read
    monkeypatch.setattr(sick.state, "read", lambda name: (found := read(name)) and replace(found, value={}))

    assert diagnose(sick, "STATE_WORKS")[1] == "The state does not return what was written."


def test_a_checkpoint_that_stands_still_is_found(world, sick, diagnose):
    sick.state.write("feeds/updates", {"until": (world.now - timedelta(days=3)).isoformat(), "seen": []}, version=None)
    sick.state.write("feeds/bounces", {"until": world.now.isoformat(), "seen": []}, version=None)

    assert diagnose(sick, "CHECKPOINTS_MOVE")[1] == "The checkpoint stands still for more than two days: updates."


def test_a_pause_is_found(world, sick, diagnose):
    set_pause(sick.state, world.now - timedelta(minutes=50), timedelta(hours=1))

    assert diagnose(sick, "NOT_PAUSED") == (
        "warning",
        "The connector has been paused for 50 minutes.",
        "End the pause with the command resume.",
    )


def test_a_sweep_that_does_not_succeed_is_found(world, sick, diagnose):
    world.now += timedelta(minutes=20)
    assert diagnose(sick, "TIMERS_RUN")[:2] == ("failed", "The last successful sweep was 20 minutes ago.")

    sick.state.delete(f"successes/{SWEEP}")
    assert diagnose(sick, "TIMERS_RUN")[0] == "warning"


def test_timers_that_stand_still_in_a_pause_are_no_failure(world, sick, diagnose):
    set_pause(sick.state, world.now, timedelta(hours=1))
    world.now += timedelta(minutes=20)

    assert diagnose(sick, "TIMERS_RUN")[0] == "not checked"


def test_a_checkpoint_that_cannot_be_read_is_named(sick, diagnose):
    sick.state.write("feeds/updates", {"until": "yesterday", "seen": []}, version=None)

    verdict, sentence, remedy = diagnose(sick, "CHECKPOINTS_MOVE")
    assert (verdict, sentence) == ("failed", "The stored value feeds/updates has no valid until.")
    assert "Delete it" in remedy


def test_jobs_that_wait_are_found(world, sick, diagnose):
    world.job(Operation.ADD_TAG, world.contact(), createdon=stamp(world.now - timedelta(hours=2)))

    assert diagnose(sick, "JOBS_FLOW")[1] == "JOBS_OVERDUE: 1 job has been unfinished for more than an hour."


def test_failures_that_somebody_should_look_at_are_found_and_wrong_rows_are_not(world, sick, diagnose):
    over = {Job.STATUS: JobStatus.FAILED.value, Job.STATE: 1, Job.COMPLETED_ON: stamp(world.now)}
    world.job(Operation.ADD_TAG, **over, **{Job.RESULT_CODE: "JOB_NOT_VALID"})
    assert diagnose(sick, "JOBS_SUCCEED")[0] == "ok"
    for _ in range(2):
        world.job(Operation.ADD_TAG, **over, **{Job.RESULT_CODE: "OUTCOME_UNKNOWN"})

    assert diagnose(sick, "JOBS_SUCCEED")[1] == "Jobs of the last 24 hours failed with: OUTCOME_UNKNOWN 2."


# The probe


def test_no_job_is_created_unless_that_is_allowed(world, sick, diagnose):
    assert diagnose(sick, "END_TO_END")[0] == "not checked"
    assert world.rows(Job.TABLE) == []


def test_the_probe_says_how_long_the_way_took(world, sick, diagnose):
    sick.probe = True

    def app_works(_):
        world.run(world.rows(Job.TABLE)[0][Job.ID])

    sick.sleep = app_works

    verdict, sentence, _ = diagnose(sick, "END_TO_END")

    assert (verdict, sentence.startswith("The job arrived. Seconds: ")) == ("ok", True)


def test_a_probe_that_nothing_takes_is_found(sick, diagnose):
    sick.probe = True

    verdict, sentence, remedy = diagnose(sick, "END_TO_END")

    assert (verdict, sentence) == ("failed", "The job was created and nothing took it within 120 seconds.")
    assert "BUS_REACHABLE" in remedy


def test_a_probe_that_meets_a_problem_is_found(world, sick, diagnose):
    sick.probe = True
    world.spotler.arm("empty_error", status=503, count=None)
    sick.sleep = lambda _: world.bus.sends or world.run(world.rows(Job.TABLE)[0][Job.ID])

    verdict, sentence, _ = diagnose(sick, "END_TO_END")

    assert verdict == "failed"
    assert sentence.startswith("The job met a problem: ")
