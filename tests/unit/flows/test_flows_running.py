"""What each flow of docs/flows does in a Dataverse."""

from datetime import timedelta
from pathlib import Path

import pytest

from connector.dataverse.choices import ChangedBy, ContactStatus, InteractionType, JobStatus, Operation
from connector.dataverse.names import Automation, Info, Interaction, Job, Permission
from tests.unit.flows.definitions import FLOWS, steps
from tests.unit.flows.running import FlowRun, Stopped, row_of_trigger


class Flow:
    """A flow that runs in a world; every step has to run in one of the runs of its test."""

    def __init__(self, world, name):
        self._world, self._definition = world, FLOWS[name]["definition"]
        self.ran: set[str] = set()

    def by_row(self, row_id):
        row = row_of_trigger(self._definition, self._world, row_id)
        return None if row is None else self.run(row=row)

    def run(self, **more):
        try:
            run = FlowRun(self._definition, self._world, **more)
        except Stopped as stopped:
            self.ran |= stopped.args[1]
            raise
        self.ran |= run.ran
        return run

    def assert_whole(self):
        assert self.ran == {name for name, _, _ in steps(self._definition["actions"])}


@pytest.fixture
def flow(world):
    return lambda name: Flow(world, name)


@pytest.fixture
def automation(world):
    """Makes a row of an automation that Spotler has, under another name."""
    known = next(each for each in world.services.spotler.automations() if each.active and each.triggers)

    def _automation(name):
        columns = {Automation.NAME: f"🚀 {name}", Automation.AUTOMATION_ID: known.id}
        return world.automation(known.triggers[0].id, **columns)

    return _automation


def done(world, job):
    world.run(job)
    return world.status(job)


OK = (JobStatus.COMPLETED, "OK")


def info(world, record, **columns):
    return world.load(Info.TABLE, **{Info.RECORD: record.id, f"_dh_{record.table}id_value": record.id, **columns})


def test_a_hard_bounce_makes_a_task_for_the_owner_of_the_contact_or_lead(world, flow):
    bounced = flow("BounceNotification")
    anna, lars = world.contact("anna"), world.lead("lars")
    hard = {Info.CONTACT_STATUS: ContactStatus.HARD_BOUNCE.value}

    (task,) = bounced.by_row(info(world, anna, **hard)).tasks
    (other,) = bounced.by_row(info(world, lars, **hard)).tasks
    soft = bounced.by_row(info(world, world.contact("bert"), **{Info.CONTACT_STATUS: ContactStatus.SOFT_BOUNCE.value}))

    assert task["subject"] == "Correct the e-mail address of Anna"
    assert task["regardingobjectid_contact_task@odata.bind"] == f"contacts({anna.id})"
    assert task["ownerid@odata.bind"].startswith("systemusers(")
    assert other["regardingobjectid_lead_task@odata.bind"] == f"leads({lars.id})"
    assert soft is None
    bounced.assert_whole()


def silent_since(world, days, **columns):
    """A contact that has opened nothing for so many days."""
    person = world.contact(f"silent{days}", known=True)
    opened = (world.now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    old = world.info(person)
    world.services.dataverse.update(
        Info.SET,
        old[Info.ID],
        {Info.ACTIVE: True, Info.LAST_OPENED_ON: opened, **columns},
    )
    return person


def about(world, run):
    return {world.row(job)["_dh_customerid_value"] for job in run.jobs}


def test_people_who_stop_opening_get_the_reactivation_once(world, flow, automation):
    reactivation = flow("ReactivationStart")
    with pytest.raises(Stopped, match="0 active Spotler Automations"):
        reactivation.run()
    automation("Reactivation")
    now = silent_since(world, 183)
    for days in (170, 200):  # opened since, or had it a week ago
        silent_since(world, days)
    never, later = world.contact("never"), world.contact("later")
    for person, days in ((never, 183), (later, 20)):
        created = (world.now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        info(world, person, createdon=created, **{Info.ACTIVE: True})

    run = reactivation.run()

    assert about(world, run) == {now.id, never.id}
    assert done(world, run.jobs[0]) == OK
    world.now += timedelta(days=7)
    assert now.id not in about(world, reactivation.run())
    reactivation.assert_whole()


def test_who_does_not_answer_the_reactivation_loses_the_permission(world, flow):
    end = flow("ReactivationEnd")
    person = silent_since(world, 213)
    silent_since(world, 183)

    run = end.run()

    assert about(world, run) == {person.id}
    assert done(world, run.jobs[0]) == OK
    end.assert_whole()


def test_a_renewal_is_announced_on_its_day(world, flow, automation):
    renewal = flow("Renewal")
    column = {"column": "birthdate"}  # a date that the manifest has stands for the customer's own
    with pytest.raises(Stopped, match="0 active"):
        renewal.run(settings=column)
    automation("Renewal")
    days = {
        each: world.contact(f"in{each}", birthdate=f"{world.now + timedelta(days=each):%Y-%m-%d}") for each in (29, 30)
    }

    run = renewal.run(settings=column)

    assert about(world, run) == {days[30].id}
    assert done(world, run.jobs[0]) == OK
    renewal.assert_whole()


def test_a_new_lead_is_welcomed(world, flow, automation):
    welcome = flow("WelcomeLead")
    lars, silent = world.lead("lars"), world.lead("mute", donotemail=True)
    with pytest.raises(Stopped, match="0 active"):
        welcome.by_row(lars.id)
    automation("Welcome")

    (job,) = welcome.by_row(lars.id).jobs

    assert (world.row(job)["_dh_leadid_value"], done(world, job)) == (lars.id, OK)
    assert welcome.by_row(silent.id) is None
    welcome.assert_whole()


def test_a_contact_that_was_a_lead_gets_a_tag(world, flow):
    qualified = flow("QualifiedLead")
    contact = world.contact("anna", _originatingleadid_value=world.lead("lars").id)

    (job,) = qualified.by_row(contact.id).jobs

    assert done(world, job) == OK
    assert world.in_spotler(contact)["tags"].keys() == {"Qualified"}
    assert qualified.by_row(world.contact("bert").id) is None
    qualified.assert_whole()


def test_a_click_in_a_mailing_that_matters_makes_a_task(world, flow):
    click, anna = flow("ClickFollowUp"), world.contact("anna")
    row = {"_dh_contactid_value": anna.id, Interaction.TYPE: InteractionType.EMAIL_CLICKED.value}
    rows = [
        world.load(Interaction.TABLE, **row, **{Interaction.MAILING: mailing, Interaction.KEY: mailing})
        for mailing in ("Offer of May", "News of May")
    ]

    (task,) = click.by_row(rows[0]).tasks

    assert (task["subject"], "Offer of May" in task["description"]) == ("Call Anna", True)
    assert click.by_row(rows[1]) is None
    click.assert_whole()


def test_an_unsubscription_makes_a_task(world, flow):
    unsubscribed, anna = flow("Unsubscribed"), world.contact("anna")
    for by in ChangedBy:
        world.permission(anna, f"News {by.name}", subscribed=False, **{Permission.CHANGED_BY: by.value})
    rows = {row[Permission.CHANGED_BY]: row[Permission.ID] for row in world.rows(Permission.TABLE)}

    (task,) = unsubscribed.by_row(rows[ChangedBy.SPOTLER]).tasks

    assert task["subject"] == "Anna has unsubscribed from News SPOTLER"
    assert unsubscribed.by_row(rows[ChangedBy.DYNAMICS]) is None
    unsubscribed.assert_whole()


def test_failed_jobs_of_a_day_make_one_task(world, flow):
    digest = flow("FailedJobs")
    assert digest.run().tasks == []
    ended = {Job.STATE: 1, Job.STATUS: JobStatus.FAILED.value, Job.RESULT_CODE: "JOB_NOT_VALID"}
    for hours in (1, 2, 30):
        at = (world.now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        world.job(Operation.ADD_TAG, **ended, **{Job.COMPLETED_ON: at})

    (task,) = digest.run().tasks

    assert task["subject"] == "Spotler Jobs failed: 2"
    assert task["description"].count("A job  JOB_NOT_VALID") == 2
    digest.assert_whole()


def test_every_flow_has_been_run():
    own = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in FLOWS if f'flow("{name}")' not in own] == []
