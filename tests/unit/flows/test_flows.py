"""The flows of docs/flows: their form, their expressions, and what each of them does in a Dataverse."""

import json
import re
import shlex
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from connector.dataverse.choices import ChangedBy, ContactStatus, InteractionType, JobStatus, Operation
from connector.dataverse.names import Automation, Info, Interaction, Job, Permission
from connector.dataverse.schema import TABLES
from connector.dataverse.schema.installation import PUBLISHER
from tests.unit.flows.expressions import NotAnExpression, calls_in, parts_of
from tests.unit.flows.running import BY_SET, FlowRun, Stopped, row_of_trigger

DOCS = Path(__file__).parents[3] / "docs" / "flows"
SOLUTION = DOCS / "solution"
FILES = {file.name.partition("-")[0]: file for file in sorted((SOLUTION / "Workflows").glob("*.json"))}
FLOWS = {name: json.loads(file.read_text(encoding="utf-8"))["properties"] for name, file in FILES.items()}
DATAVERSE = "shared_commondataserviceforapps"
EACH_FLOW = pytest.mark.parametrize("name", FLOWS)
#: The trigger numbers of "When a row is added, modified or deleted" that our flows use: added, modified, either.
MESSAGES = {1, 3, 4}


def steps(actions, before=frozenset()):
    """Every step with its name and the names of the steps that have run before it."""
    for name, step in actions.items():
        after, pending = set(before), [*step.get("runAfter", {})]
        while pending:
            after.add(each := pending.pop())
            pending += actions[each].get("runAfter", {})
        yield name, step, after
        for below in (step.get("actions", {}), step.get("else", {}).get("actions", {})):
            yield from steps(below, after | {name})


def texts(value):
    """Every text in a value."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)


# Their form


@EACH_FLOW
def test_the_definition_has_the_form_that_is_imported(name):
    flow, definition = FLOWS[name], FLOWS[name]["definition"]

    assert flow.keys() == {"connectionReferences", "definition"}
    assert definition.keys() == {"$schema", "contentVersion", "parameters", "triggers", "actions"}
    assert definition["$schema"].endswith("/2016-06-01/workflowdefinition.json#")
    assert definition["parameters"].keys() == {"$connections", "$authentication"}
    assert len(definition["triggers"]) == 1


@EACH_FLOW
def test_every_step_is_of_a_known_type_and_follows_steps_beside_it(name):
    found = list(steps(FLOWS[name]["definition"]["actions"]))

    assert len({step_name for step_name, _, _ in found}) == len(found), "a name stands for one step of the whole flow"
    for step_name, step, _ in found:
        assert step["type"] in {"Compose", "OpenApiConnection", "If", "Foreach", "Select", "Terminate"}
        assert all(statuses == ["Succeeded"] for statuses in step["runAfter"].values())
        assert re.fullmatch(r"\w{1,80}", step_name)


@EACH_FLOW
def test_every_step_of_dataverse_uses_the_connection_reference_of_the_flow(name):
    flow = FLOWS[name]
    hosts = [
        step["inputs"]
        for _, step, _ in steps(flow["definition"]["triggers"] | flow["definition"]["actions"])
        if step["type"].startswith("OpenApiConnection")
    ]

    assert hosts
    for inputs in hosts:
        assert inputs["host"]["apiId"] == f"/providers/Microsoft.PowerApps/apis/{DATAVERSE}"
        assert inputs["host"]["connectionName"] in flow["connectionReferences"]
        assert inputs["authentication"] == "@parameters('$authentication')"


@EACH_FLOW
def test_expressions_can_be_read_and_name_steps_that_have_run(name):
    for step_name, step, before in steps(FLOWS[name]["definition"]["actions"]):
        own = {key: value for key, value in step.items() if key not in ("actions", "else")}
        for text in texts(own):
            for call in calls_in(text):
                if call.name in ("outputs", "body", "items"):
                    assert call.arguments[0].value in before, f"{step_name}: {text}"


@EACH_FLOW
def test_the_trigger_is_about_columns_of_the_manifest(name):
    (trigger,) = FLOWS[name]["definition"]["triggers"].values()
    if trigger["type"] == "Recurrence":
        assert trigger["recurrence"]["frequency"] in ("Day", "Week")
        return
    parameters = trigger["inputs"]["parameters"]
    table = TABLES[parameters["subscriptionRequest/entityname"]]

    assert parameters["subscriptionRequest/message"] in MESSAGES
    assert parameters["subscriptionRequest/scope"] == 4, "the whole organisation"
    for column in filter(None, parameters.get("subscriptionRequest/filteringattributes", "").split(",")):
        table.column(column)


def choices_of(name):
    """The numbers that a flow writes into columns or compares them with, each with its column."""
    definition = FLOWS[name]["definition"]
    for _, step, _ in steps(definition["triggers"] | definition["actions"]):
        if not step["type"].startswith("OpenApiConnection"):
            continue
        parameters = step["inputs"]["parameters"]
        table = BY_SET.get(parameters.get("entityName"))
        table = table or TABLES.get(parameters.get("subscriptionRequest/entityname"))
        conditions = " ".join(value for key, value in parameters.items() if "filter" in key.lower())
        values = [(column, int(value)) for column, value in re.findall(r"(\w+) eq (\d+)\b", conditions)]
        values += [
            (key[5:], value) for key, value in parameters.items() if key[:5] == "item/" and isinstance(value, int)
        ]
        yield from ((table.column(column), value) for column, value in values)


@EACH_FLOW
def test_choices_have_values_of_the_manifest(name):
    assert [(column.name, value) for column, value in choices_of(name) if value not in column.options] == []


def test_choices_are_found_in_conditions_and_in_new_rows():
    assert {(column.name, value) for column, value in choices_of("BounceNotification")} == {("dh_status", 100000003)}
    assert (Job.OPERATION, Operation.ADD_TAG) in {(column.name, value) for column, value in choices_of("QualifiedLead")}


@pytest.mark.parametrize(
    "text", ["@length(", "@{length('a')", "@fly('a')", "@add(1)", "@outputs('a')?['b'", "@x", "@add(1,2) 3", "@{}"]
)
def test_what_is_no_expression_is_found(text):
    with pytest.raises(NotAnExpression):
        parts_of(text)


# The solution around them


def test_solution_and_customizations_list_every_flow_once():
    ids = {name: file.stem.partition("-")[2].lower() for name, file in FILES.items()}
    customizations = ET.parse(SOLUTION / "customizations.xml").getroot()  # noqa: S314 - our own file
    manifest = ET.parse(SOLUTION / "solution.xml").getroot()  # noqa: S314
    workflows = {
        (each.get("WorkflowId", "").strip("{}"), each.findtext("JsonFileName"))
        for each in customizations.iter("Workflow")
    }
    references = {each.get("connectionreferencelogicalname") for each in customizations.iter("connectionreference")}
    used = {
        each["connection"]["connectionReferenceLogicalName"]
        for flow in FLOWS.values()
        for each in flow["connectionReferences"].values()
    }

    assert workflows == {(ids[name], f"/Workflows/{file.name}") for name, file in FILES.items()}
    assert sorted(each.get("id", "").strip("{}") for each in manifest.iter("RootComponent")) == sorted(ids.values())
    assert references == used
    assert all(name.startswith(f"{PUBLISHER.prefix}_") for name in used)
    assert manifest.findtext(".//Publisher/UniqueName") == PUBLISHER.name
    assert manifest.findtext(".//CustomizationPrefix") == PUBLISHER.prefix
    assert manifest.findtext(".//CustomizationOptionValuePrefix") == str(PUBLISHER.option_prefix)


def test_the_file_that_is_imported_holds_the_whole_folder_and_nothing_else():
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    (words,) = re.findall(r"python3 -m zipfile -c \S+ (.+)", page)

    assert sorted(shlex.split(words)) == sorted(each.name for each in SOLUTION.iterdir())


def test_the_page_has_a_section_for_every_flow():
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    titles = {
        each.get("Name", "").removeprefix("Spotler: ")
        for each in ET.parse(SOLUTION / "customizations.xml").getroot().iter("Workflow")  # noqa: S314
    }
    sections = dict(re.findall(r"^### (.+)\n\n((?:.|\n)+?)(?=^##|\Z)", page, flags=re.MULTILINE))

    assert {title.lower() for title in sections} >= {title.lower() for title in titles}
    described = [text for title, text in sections.items() if title.lower() in {each.lower() for each in titles}]
    assert all(re.search(r"^\* \*\*Steps:\*\*", text, flags=re.MULTILINE) for text in described)
    assert all(re.search(r"^\* \*\*Change:\*\*", text, flags=re.MULTILINE) for text in described)


# What they do


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
