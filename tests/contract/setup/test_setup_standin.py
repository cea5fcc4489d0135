"""The set-up against an empty stand-in: installing, going on, drift and locks. Waits move the stand-in's clock."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import requests
from pydantic import SecretStr

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import tokens_from
from connector.dataverse.schema.installation import OWN_TABLES
from connector.dataverse.schema.resources import BUTTONS
from connector.http import Clock, Transport
from connector.mapping import load_mapping
from connector.settings.systems import DataverseSettings
from connector.setup.applying import apply_setup
from connector.setup.calls import SetupCalls
from connector.setup.components import components
from connector.setup.errors import SetupPlanOutdated
from connector.setup.inputs import EndpointInputs, SetupInputs, needs_of, steps_of
from connector.setup.interface.extras import installed_extras
from connector.setup.interface.views import view_id
from connector.setup.interface.xml_compare import read_xml, shape
from connector.setup.patience import Patience
from connector.setup.plan import Extras, SetupAction
from connector.setup.planning import make_plan
from connector.setup.removal import plan_removal
from connector.setup.removing import remove_setup
from connector.setup.target import read_target
from sandbox.dataverse.server import running
from sandbox.launch import ROOT
from tests.contract.setup.interface_changes import add_tab, change_form, main_form, publish, texts

MAPPING = load_mapping(ROOT / "mappings" / "default.json")
JOB, VISITOR = "dh_spotlerjob", "dh_websitevisitor"
TAG = "column dh_spotlerjob.dh_tag"
#: Of a bus that is not there: nothing is posted before rows are written.
ENDPOINT = EndpointInputs("sb://localhost:1/", key=SecretStr("k" * 44))
#: The components of the second run at which somebody else imports a solution, and at which an answer is lost.
LOCKED, LOST = 30, 50
#: Seconds after which Dataverse has forgotten how many calls there were.
LIMITED = 300
COLUMN = "EntityDefinitions(LogicalName='dh_spotlerjob')/Attributes(LogicalName='dh_tag')"


@pytest.fixture(scope="module")
def standin():
    with running("--http", "--empty") as ready:
        session = requests.Session()
        session.trust_env = False
        session.verify = ready.ca_file
        settings = DataverseSettings(
            dataverse_url=ready.url,
            dataverse_authority=ready.url,
            dataverse_tenant_id=ready.tenant_id,
            dataverse_client_id=ready.admin_client_id,
            dataverse_client_secret=ready.admin_client_secret,
        )
        transport = Transport(
            settings.dataverse_url + API, timeout=60, parallel=1, system="Dataverse", verify=ready.ca_file
        )
        dataverse = Dataverse(transport, tokens_from(settings, verify=ready.ca_file))

        def door(path, content):
            answer = session.post(f"{ready.url}/_sandbox/{path}", json=content, timeout=60)
            assert answer.ok, answer.text

        slept = []

        def move(seconds):
            slept.append(seconds)
            door("clock", {"move_seconds": seconds})

        inputs = SetupInputs(
            needs_of(MAPPING),
            steps_of(MAPPING),
            ENDPOINT,
            ready.client_id,
            {"dh_spotlerpermissionsenabledbydefault": "A"},
        )
        yield SimpleNamespace(
            dataverse=dataverse,
            calls=SetupCalls(dataverse),
            door=door,
            clock=Clock(sleep=move),
            slept=slept,
            inputs=inputs,
        )
        dataverse.close()
        session.close()


def planned(standin, extras=None, **changes):
    calls = SetupCalls(standin.dataverse)  # as in a command of its own
    return make_plan(read_target(calls), components(extras=extras, inputs=replace(standin.inputs, **changes)))


def applied(standin, plan, told=lambda _number, _name: None, extras=None):
    target = read_target(standin.calls)
    return apply_setup(plan, target, components(extras=extras, inputs=standin.inputs), Patience(standin.clock), told)


@pytest.fixture(scope="module")
def installed(standin):
    """Installed by a run that died in the middle, and one that went on, with a lock and a lost answer on its way."""
    plan = planned(standin)

    def die(number, _name):
        if number == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        applied(standin, plan, die)

    def disturb(number, _name):
        if number == LOCKED:
            standin.door("customizing", {"foreign_seconds": 25})
        elif number == LOST:
            standin.door("faults", {"kind": "drop-after-write", "method": "POST", "count": 1})

    standin.slept.clear()
    report = applied(standin, plan, disturb)
    return SimpleNamespace(standin=standin, plan=plan, report=report, slept=tuple(standin.slept))


def test_an_empty_environment_gets_everything_and_a_run_that_died_goes_on(installed):
    names = [each.component for each in installed.plan.components]

    assert {each.action for each in installed.plan.components} == {SetupAction.CREATE}
    # What the first run made is not made again; the version is written at the end.
    assert list(installed.report.done) == names[20:-1]
    for table in OWN_TABLES:
        assert installed.standin.calls.rows(f"{table.set_name}?$select={table.id_column}&$top=1") == []


def test_a_lock_and_a_lost_answer_are_waited_for_and_nothing_is_made_twice(installed):
    # Twice for the lock; once for the answer: nothing else of this run waits for so long.
    assert [each for each in installed.slept if each in (5, 10, 20)] == [10, 20, 5]
    assert len(set(installed.report.done)) == len(installed.report.done)


def test_a_second_plan_is_empty_and_applying_it_writes_nothing(installed):
    before = installed.standin.calls.writes

    again = planned(installed.standin)
    report = applied(installed.standin, installed.plan)

    assert (again.writes, again.refusals, report.done) == ((), (), ())
    assert installed.standin.calls.writes == before


def test_what_somebody_changed_is_drift_and_is_set_back(installed):
    calls = installed.standin.calls
    found = {**calls.get(COLUMN), "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "MaxLength": 50}
    found.pop("@odata.context")
    calls.put(COLUMN, found)

    plan = planned(installed.standin)
    with pytest.raises(SetupPlanOutdated, match=TAG):  # the old plan says nothing of it
        applied(installed.standin, replace(installed.plan, components=()))
    report = applied(installed.standin, plan)

    assert [(each.component, each.action) for each in plan.writes] == [(TAG, SetupAction.DRIFT)]
    assert report.done == (TAG,)
    assert calls.get(COLUMN)["MaxLength"] == 1000
    assert planned(installed.standin).writes == ()


# Views, forms, web resources and buttons


def test_views_have_texts_in_both_languages_and_the_job_form_has_its_script(installed):
    calls = installed.standin.calls
    form = main_form(calls, JOB)["formxml"]

    assert texts(calls, "savedqueries", view_id(VISITOR, "hot"), "name") == {1033: "Hot List", 1043: "Hotlijst"}
    assert ("Spotler.jobForm.onLoad" in form, 'description="Opdracht"' in form) == (True, True)


def test_what_somebody_changed_of_the_interface_is_set_back_and_published_and_additions_stay(installed):
    installed.standin.clock.sleep(LIMITED)
    calls = installed.standin.calls
    broken, wrong = f"savedqueries({view_id(JOB, 'failed')})", f"savedqueries({view_id(JOB, 'late')})"
    (late,) = calls.rows(f"savedqueries?$filter=savedqueryid eq {view_id(JOB, 'late')}&$select=fetchxml")
    change_form(calls, JOB, lambda xml: add_tab(xml.replace("Spotler.jobForm.onLoad", "Mine.load")))
    calls.patch(broken, {"fetchxml": f'<fetch><entity name="{JOB}"><attribute name="dh_name"/></entity></fetch>'})
    calls.patch(wrong, {"fetchxml": late["fetchxml"].replace('value="3"', 'value="9"')})
    publish(calls, JOB)
    calls.patch(wrong, {"fetchxml": late["fetchxml"]})  # a run that ended before it published

    plan = planned(installed.standin)
    report = applied(installed.standin, plan)

    changed = {each.component: [one.property for one in each.differences] for each in plan.writes}
    assert changed == {
        f"view {JOB}.failed": ["fetchxml"],
        f"view {JOB}.late": ["published"],
        f"form {JOB}": ["formxml"],
    }
    assert set(report.done) == set(changed)
    form = main_form(calls, JOB)["formxml"]
    assert ('name="mine"' in form, "Spotler.jobForm.onLoad" in form) == (True, True)
    assert planned(installed.standin).writes == ()


def test_a_form_of_the_customer_gets_one_tab_more_and_buttons_come_when_they_are_asked_for(installed):
    installed.standin.clock.sleep(LIMITED)
    calls = installed.standin.calls
    change_form(calls, "account", add_tab)  # somebody works on it
    lead = change_form(calls, "lead", add_tab)
    publish(calls, "lead")
    before = read_xml(main_form(calls, "lead")["formxml"])
    account = main_form(calls, "account")["formid"]
    extras = Extras(buttons=True, forms=(f"lead:{lead}",))
    late = planned(installed.standin, Extras(forms=(f"account:{account}",)))
    members = read_target(calls).members

    plan = planned(installed.standin, extras)
    applied(installed.standin, plan, extras=extras)

    assert [each.component for each in late.components if "not published" in each.why] == [
        f"form tab account:{account}"
    ]
    left = {each.component for each in plan.components if "not published" in each.why}
    assert left == {"button account.form.sync", "button account.main_grid.sync"}
    after = read_xml(main_form(calls, "lead")["formxml"])
    tab = after.find("tabs/tab[@name='dh_spotler']")
    after.find("tabs").remove(tab)
    assert shape(after) == shape(before)
    assert lead not in read_target(calls).members - members
    assert len(read_target(calls).members - members) == len(
        [b for b in BUTTONS if b.table in ("contact", "lead", "list")]
    )
    assert installed_extras(read_target(calls)) == extras
    assert planned(installed.standin, extras).writes == ()
    assert 'name="mine"' not in main_form(calls, "account")["formxml"]  # nobody published it

    everything = components(extras=extras)
    removal = plan_removal(read_target(calls), everything)
    gone = remove_setup(removal, read_target(calls), everything, Patience(installed.standin.clock)).done

    assert {name.partition(" ")[0] for name in gone} >= {"button", "dashboard", "form"}
    assert shape(read_xml(main_form(calls, "lead")["formxml"])) == shape(before)
    assert installed_extras(read_target(calls)) == Extras()


# Roles, variables, endpoint, steps and user


def only(plan):
    return [(each.component, each.action) for each in plan.writes]


def test_the_steps_are_on_and_watch_what_the_mapping_sends(installed):
    rows = installed.standin.calls.rows("sdkmessageprocessingsteps?$select=name,statecode,filteringattributes")
    watched = {row["name"]: row["filteringattributes"] for row in rows}

    assert {row["statecode"] for row in rows} == {0}
    assert set(watched) == {
        f"SpotlerAutomate: {each.message} of {each.table}" for each in installed.standin.inputs.steps
    }
    assert "emailaddress1" in watched["SpotlerAutomate: Update of contact"].split(",")


def test_what_somebody_did_to_roles_steps_and_user_is_drift_and_is_set_back(installed):
    calls = installed.standin.calls
    (role,) = calls.rows("roles?$select=roleid&$filter=name eq 'Spotler Service' and _parentroleid_value eq null")
    (one,) = calls.rows("privileges?$select=privilegeid&$filter=name eq 'prvDeletecontact'")
    body = {"PrivilegeId": one["privilegeid"], "Depth": "Global"}
    calls.act(f"roles({role['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole", {"Privileges": [body]})
    step = "SpotlerAutomate: Update of lead"
    (row,) = calls.rows(f"sdkmessageprocessingsteps?$select=sdkmessageprocessingstepid&$filter=name eq '{step}'")
    address = f"sdkmessageprocessingsteps({row['sdkmessageprocessingstepid']})"
    calls.patch(address, {"filteringattributes": "fax", "statecode": 1, "statuscode": 2})
    (user,) = calls.rows(
        f"systemusers?$select=systemuserid&$filter=applicationid eq '{installed.standin.inputs.application}'"
    )
    calls.patch(f"systemusers({user['systemuserid']})", {"isdisabled": True})

    plan = planned(installed.standin)
    applied(installed.standin, plan)

    assert only(plan) == [
        ("role Spotler Service", SetupAction.DRIFT),
        (f"step {step}", SetupAction.DRIFT),
        ("application user Spotler Connector", SetupAction.DRIFT),
        (f"switch of step {step}", SetupAction.DRIFT),
    ]
    assert planned(installed.standin).writes == ()


def test_the_key_is_never_cleared_and_replaced_only_when_that_is_asked_for(installed):
    without = replace(ENDPOINT, key=None)
    replacing = replace(ENDPOINT, replaces_key=True)
    rows = "serviceendpoints?$select=name,issaskeyset"

    assert planned(installed.standin, endpoint=without).writes == ()
    plan = planned(installed.standin, endpoint=replacing)
    assert only(plan) == [("service endpoint SpotlerAutomate", SetupAction.DRIFT)]
    calls = installed.standin.calls
    (found,) = calls.rows("serviceendpoints?$select=serviceendpointid")
    calls.patch(f"serviceendpoints({found['serviceendpointid']})", {"saskey": None})
    refused = planned(installed.standin, endpoint=without)
    applied(installed.standin, planned(installed.standin))

    assert "SERVICE_ENDPOINT_KEY" in refused.refusals[0]
    assert [row["issaskeyset"] for row in calls.rows(rows)] == [True]
    assert ENDPOINT.key.get_secret_value() not in repr(plan)


def test_without_bus_and_application_the_rest_is_planned_and_these_say_why_not(installed):
    plan = planned(installed.standin, endpoint=None, application="")
    why = {each.component: each.why for each in plan.components}

    assert (plan.writes, plan.refusals) == ((), ())
    assert "ServiceBus" in why["service endpoint SpotlerAutomate"]
    assert "--application" in why["application user Spotler Connector"]
