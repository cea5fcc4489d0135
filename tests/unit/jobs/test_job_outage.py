"""What an outage of Spotler costs where work must not run twice, and what consent costs that is withdrawn meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Job
from connector.spotler.caution import LONGEST_PAUSE
from sandbox.spotler import seed

START, RAISE = Operation.START_AUTOMATION, Operation.INCREASE_SCORE
DONE, UNKNOWN = (JobStatus.COMPLETED, "OK"), (JobStatus.FAILED, "OUTCOME_UNKNOWN")
ROUTES = {START: "POST /automation/trigger/*", RAISE: "POST /contact/*/tags"}


def jobs_of(world, operation, count):
    columns = {"dh_tag": "x", "dh_score": 1}
    if operation is START:
        columns = {"_dh_spotlerautomationid_value": world.automation(seed.WELCOME_TRIGGER_CODE)}
    return [world.job(operation, world.contact(f"p{n}", known=True), **columns) for n in range(count)]


def pass_time(world, seconds):
    world.now += timedelta(seconds=seconds)
    world.time.sleep(seconds)


@pytest.mark.parametrize("operation", [START, RAISE], ids=lambda each: each.slug)
@pytest.mark.parametrize("fault", ["error", "error_after_write", "html"])
def test_an_outage_leaves_a_handful_of_jobs_unknown_and_the_others_run_after_it(world, operation, fault):
    jobs = jobs_of(world, operation, 40)
    status = {"error": 503, "error_after_write": 503, "html": 502}[fault]
    world.spotler.arm(fault, route=ROUTES[operation], status=status, count=None)

    world.run(*jobs)
    for _ in range(5):
        pass_time(world, 60)
        world.run(*world.put_back())
    lost = [job for job, status in world.statuses().items() if status == UNKNOWN]
    world.mend_spotler()
    for _ in range(4):
        pass_time(world, LONGEST_PAUSE)
        if items := world.put_back():
            world.run(*items)

    assert 1 <= len(lost) <= 4 + 5, "as many as were under way, and one more at a time"
    assert world.statuses() == {job: UNKNOWN if job in lost else DONE for job in jobs}


def test_while_one_start_is_tried_at_a_time_the_others_are_not_begun(world):
    jobs = jobs_of(world, START, 10)
    world.spotler.arm("drop_before_write", route=ROUTES[START], count=None)
    world.run(*jobs)

    waiting = [row for row in world.rows(Job.TABLE) if row[Job.STATUS] == JobStatus.IN_PROGRESS.value]

    assert {row[Job.RESULT_CODE] for row in waiting} == {"SPOTLER_UNANSWERED"}
    assert {row[Job.STARTED_ON] for row in waiting} == {None}


@pytest.mark.parametrize("kind", ["automation", "campaign"])
def test_consent_that_is_withdrawn_while_starts_wait_for_their_turn_is_seen(world, monkeypatch, kind):
    """Ten starts, one at a time, each of 15 seconds; Do Not Email is set on all of them before the first."""
    jobs = jobs_of(world, START, 10)
    if kind == "campaign":
        code = {"dh_triggercode": seed.CAMPAIGN_TRIGGER_ID, "dh_kind": 100000001}
        campaign = world.automation(code.pop("dh_triggercode"), **code)
        for job in jobs:
            world.services.dataverse.update(
                Job.SET, job, {"dh_SpotlerAutomationId@odata.bind": f"/dh_spotlerautomations({campaign})"}
            )
    transport = world.services.spotler._calls._transport
    send = transport._session.send

    def slow(request, **options):
        if "/trigger/" in request.url:
            if not world.effects():
                for row in world.rows(Contact.TABLE):
                    world.services.dataverse.update(Contact.SET, row[Contact.ID], {"donotemail": True})
            pass_time(world, 15)
        return send(request, **options)

    monkeypatch.setattr(transport._session, "send", slow)
    with ThreadPoolExecutor(1) as one_at_a_time:
        world.services = replace(world.services, pool=one_at_a_time)
        world.run(*jobs)

    started = [effect for effect in world.effects() if effect.endswith(".started")]
    refused = [each for each in world.statuses().values() if each == (JobStatus.FAILED, "SKIPPED_DO_NOT_EMAIL")]
    assert len(started) <= 3, "those of the first 30 seconds"
    assert len(started) + len(refused) == 10


def test_a_start_that_waited_for_its_turn_is_checked_right_before_it_goes_out(world, monkeypatch):
    """The limiter holds the call back; meanwhile consent is withdrawn."""
    (job,) = jobs_of(world, START, 1)
    limiter = world.services.spotler._calls._transport._limiter
    slot = limiter.slot

    def wait_for_a_turn(longest):
        row = world.row(job)
        world.services.dataverse.update(Contact.SET, row[f"_{Job.CUSTOMER}_value"], {"donotemail": True})
        pass_time(world, 31)
        return slot(longest)

    monkeypatch.setattr(limiter, "slot", wait_for_a_turn)
    world.run(job)

    assert world.status(job) == (JobStatus.FAILED, "SKIPPED_DO_NOT_EMAIL")
    assert world.effects() == []
