"""What a Stop Automation job stops, and what it needs of the row of its automation."""

import pytest

from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.names import Automation, Job as Names
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.operations.job import JobRow
from connector.operations.start_automation import AutomationRow
from connector.operations.stop_automation import RunNotFound, Stop, stop_of
from sandbox.spotler import seed

START, STOP = Operation.START_AUTOMATION, Operation.STOP_AUTOMATION
DONE = (JobStatus.COMPLETED, "OK")
RECORD = RecordRef("contact", "c")


def row(kind, automation_id):
    return AutomationRow(
        kind=kind, name="Welcome", trigger_code="code", automation_id=automation_id, fields="", is_active=True
    )


def job(run):
    return JobRow("j", customer=RECORD, automation_id="a", automation_contact_id=run)


@pytest.mark.parametrize(("kind", "run"), [(AutomationKind.AUTOMATION, "17"), (AutomationKind.CAMPAIGN, "")])
def test_what_has_no_id_in_spotler_cannot_be_stopped_and_the_job_says_what_to_do(kind, run):
    with pytest.raises(Invalid, match="Refresh Automations"):
        stop_of(job(run), [], {"a": row(kind, "")})


@pytest.mark.parametrize(("kind", "run"), [(AutomationKind.AUTOMATION, "17"), (AutomationKind.CAMPAIGN, "")])
def test_what_has_an_id_is_stopped(kind, run):
    automation = row(kind, "42")

    assert stop_of(job(run), [], {"a": automation}) == Stop(automation, "c", (run,))


def start(number, run, record=RECORD, automation="a"):
    return JobRow("s", number=number, customer=record, automation_id=automation, automation_contact_id=run)


def test_without_an_id_the_runs_of_record_and_automation_are_tried_from_the_newest_on():
    automation = row(AutomationKind.AUTOMATION, "42")
    starts = [
        start("1", "17"),
        start("2", "18"),
        start("3", "19", RecordRef("contact", "d")),
        start("4", "20", automation="b"),
    ]

    assert stop_of(job(""), starts, {"a": automation}).runs == ("18", "17")
    assert stop_of(job("17"), starts, {"a": automation}).runs == ("17",)


def test_without_an_id_and_without_a_start_there_is_no_run():
    with pytest.raises(RunNotFound):
        stop_of(job(""), [], {"a": row(AutomationKind.AUTOMATION, "42")})


def test_a_run_of_another_automation_is_not_valid():
    rows = {name: row(AutomationKind.AUTOMATION, name) for name in ("a", "b")}

    with pytest.raises(Invalid, match="another automation"):
        stop_of(job("20"), [start("4", "20", automation="b")], rows)


@pytest.fixture
def welcome(world) -> dict[str, str]:
    """The column that names an automation which Spotler has."""
    row = world.automation(seed.WELCOME_TRIGGER_CODE, **{Automation.AUTOMATION_ID: seed.WELCOME_AUTOMATION_ID})
    return {"_dh_spotlerautomationid_value": row}


def test_the_run_of_a_start_that_was_queued_again_and_failed_is_stopped(world, welcome):
    record = world.contact(known=True)
    started = world.job(START, record, **welcome)
    world.run(started)
    world.services.dataverse.update(Names.SET, started, {Names.STATUS: JobStatus.QUEUED.value, Names.STATE: 0})
    world.spotler.arm("error", route="POST /automation/trigger/*", status=417, error_type="AUTOMATION_INACTIVE")
    world.run(started)
    stop = world.job(STOP, record, **welcome)

    world.run(stop)

    assert world.status(started) == (JobStatus.FAILED, "AUTOMATION_INACTIVE")
    assert world.status(stop) == DONE
    assert "automation.stopped" in world.effects()


def test_the_run_of_another_automation_behind_the_same_trigger_is_stopped(world):
    for name, limit in (("full", {"participationLimit": 0}), ("open", {})):
        triggers = [{"triggerCode": "shared", "name": "Shared"}]
        world.spotler.post(
            "automations", automations=[{"automationId": name, "name": name, "triggers": triggers, **limit}]
        )
    record = world.contact(known=True)
    columns = {"_dh_spotlerautomationid_value": world.automation("shared", **{Automation.AUTOMATION_ID: "full"})}
    world.run(world.job(START, record, **columns))
    stops = [world.job(STOP, record, **columns) for _ in range(2)]

    for stop in stops:
        world.run(stop)

    assert [world.status(stop) for stop in stops] == [DONE, DONE]
    assert [world.row(stop)[Names.RESULT_MESSAGE] for stop in stops] == [
        "It was stopped.", "There was nothing to stop: Spotler says that the contact is not in it."
    ]  # fmt: skip
    assert world.effects().count("automation.stopped") == 1


def test_where_automations_cannot_be_listed_only_that_of_the_job_is_asked(world, welcome):
    record = world.contact(known=True)
    world.run(world.job(START, record, **welcome))
    stops = [world.job(STOP, record, **welcome) for _ in range(2)]
    world.spotler.arm("error", route="GET /automation/list", status=403, error_type="NOT_AUTHORIZED", count=None)

    for stop in stops:
        world.run(stop)

    assert [world.status(stop) for stop in stops] == [DONE, DONE]
