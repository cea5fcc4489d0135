"""A person who has the role Spotler User and no other: what forms, buttons and views do is allowed, all else refused.

The role is made by the set-up. The person is in a unit of their own; everything else is owned by the connector.
"""

from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.schema.roles import Depth, Right, user_role
from connector.dataverse.schema.views import VIEWS
from connector.settings.systems import DataverseSettings
from connector.setup.connecting import connect_setup
from connector.setup.interface.view_xml import fetch_xml
from connector.setup.publisher import PublisherPart, SolutionPart
from connector.setup.roles import RolePart
from connector.setup.target import read_target
from sandbox.dataverse.server import running
from tests.contract.dataverse_standin.support import Api, connect, created_id, error_code

FAILED = {"statecode": JobStatus.FAILED.state, "statuscode": JobStatus.FAILED.value}
QUEUED = {"statecode": JobStatus.QUEUED.state, "statuscode": JobStatus.QUEUED.value}
MISSING = (403, "0x80040220")


@pytest.fixture(scope="module")
def standin():
    with running() as ready, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", ready.ca_file)
        yield connect(ready)


@pytest.fixture(scope="module")
def rows(standin):
    """What the connector owns, and the records of colleagues."""
    owner = {"ownerid@odata.bind": f"/systemusers({standin.ready.user_id})"}

    def made(table, **values):
        (row,) = standin.load(table, {**values, **owner})
        return row

    contact = made("contact", lastname="x")
    return SimpleNamespace(
        contact=contact,
        lead=made("lead", lastname="x"),
        account=made("account", name="x"),
        list=made("list", listname="x", createdfromcode=2),
        job=made("dh_spotlerjob", dh_operation=Operation.SYNC_CONTACT.value, **FAILED),
        info=made("dh_spotlerinfo", dh_recordid=contact),
        permission=made("dh_spotlerpermission", dh_name="News", dh_subscribed=True),
        consent=made(
            "dh_spotlerconsent",
            dh_name="News",
            dh_key="k",
            dh_recordid=contact,
            dh_recordtable="contact",
            dh_permission="News",
        ),
        automation=made("dh_spotlerautomation", dh_name="Welcome", dh_triggercode="t", dh_fields="name=STRING"),
        interaction=made("dh_marketinginteraction", dh_key="k"),
        visitor=made("dh_websitevisitor"),
    )


@pytest.fixture(scope="module")
def give(standin):
    """Makes the role as the set-up does, and writes it anew with other privileges."""
    ready = standin.ready
    calls, dataverse = connect_setup(
        DataverseSettings(
            dataverse_url=ready.url,
            dataverse_authority=ready.url,
            dataverse_tenant_id=ready.tenant_id,
            dataverse_client_id=ready.admin_client_id,
            dataverse_client_secret=SecretStr(ready.admin_client_secret),
        ),
        own_sign_in=False,
    )
    target = read_target(calls)

    def _give(role):
        part = RolePart(role)
        found = part.read(target)
        if found is None:
            for each in (PublisherPart(), SolutionPart(), part):
                each.create(target)
            found = part.read(target)
        part.change(found, part.compare(found, target), target)
        assert part.compare(part.read(target), target) == []

    yield _give
    dataverse.close()


@pytest.fixture(scope="module")
def person(standin, give):
    """The person, signed in, with the role as the set-up makes it."""
    (root,) = standin.admin.rows("businessunits?$select=businessunitid")
    above = {"parentbusinessunitid@odata.bind": f"/businessunits({root['businessunitid']})"}
    (unit,) = standin.load("businessunit", {"name": "North", **above})
    give(user_role())
    (user,) = standin.load(
        "systemuser",
        {
            "fullname": "Eva",
            "azureactivedirectoryobjectid": "11111111-0000-4000-8000-000000000001",
            "businessunitid@odata.bind": f"/businessunits({unit})",
        },
    )
    condition = f"name eq 'Spotler User' and _businessunitid_value eq {unit}"
    (role,) = standin.admin.rows(f"roles?$select=roleid&$filter={condition}")
    address = f"systemusers({user})/systemuserroles_association/$ref"
    standin.admin.post(address, {"@odata.id": f"{standin.admin.root}/roles({role['roleid']})"}).raise_for_status()
    return Api(standin.ready, standin.side("people", {"user": user})["access_token"])


#: The lookups of a job, and what a form can choose for them.
CHOSEN = (
    ("dh_CustomerId_contact", "contacts", "contact"),
    ("dh_CustomerId_account", "accounts", "account"),
    ("dh_LeadId", "leads", "lead"),
    ("dh_ListId", "lists", "list"),
    ("dh_SpotlerAutomationId", "dh_spotlerautomations", "automation"),
    ("dh_WebsiteVisitorId", "dh_websitevisitors", "visitor"),
)


def ordered(person, rows, navigation, set_name, row):
    bound = {f"{navigation}@odata.bind": f"/{set_name}({getattr(rows, row)})"}
    return person.post("dh_spotlerjobs", {"dh_operation": Operation.SYNC_CONTACT.value, **bound})


@pytest.mark.parametrize("chosen", CHOSEN, ids=lambda each: each[2])
def test_a_job_is_ordered_for_whatever_a_form_can_choose(person, rows, chosen):
    assert ordered(person, rows, *chosen).status_code == 204


def test_an_own_job_may_get_another_record(person, rows):
    job = created_id(person.post("dh_spotlerjobs", {"dh_operation": Operation.ADD_TAG.value}))

    body = {"dh_LeadId@odata.bind": f"/leads({rows.lead})"}
    assert person.patch(f"dh_spotlerjobs({job})", body).status_code == 204


def test_a_failed_job_of_somebody_else_is_retried(person, rows, standin):
    status = person.get(f"dh_spotlerjobs({rows.job})?$select=statuscode").json()["statuscode"]
    retried = person.patch(f"dh_spotlerjobs({rows.job})", QUEUED)

    (job,) = standin.admin.rows(f"dh_spotlerjobs?$select=statuscode&$filter=dh_spotlerjobid eq {rows.job}")
    assert status == JobStatus.FAILED
    assert (retried.status_code, job["statuscode"]) == (204, JobStatus.QUEUED)


def test_keep_out_and_permissions_are_changed(person, rows):
    assert person.patch(f"dh_spotlerinfos({rows.info})", {"dh_keepout": True}).status_code == 204
    assert person.patch(f"dh_spotlerpermissions({rows.permission})", {"dh_subscribed": False}).status_code == 204


@pytest.mark.parametrize("view", VIEWS, ids=lambda each: f"{each.table}-{each.name}")
def test_every_view_shows_its_rows(person, view):
    set_name = f"{view.table}s"
    shown = person.get(f"{set_name}?fetchXml={quote(fetch_xml(view))}")

    assert shown.status_code == 200, shown.text


def test_the_history_of_others_is_read(person, rows):
    assert [each["dh_name"] for each in person.rows("dh_spotlerconsents?$select=dh_name")] == ["News"]
    assert len(person.rows("dh_marketinginteractions?$select=createdon")) == 1
    assert (
        person.get(f"dh_spotlerautomations({rows.automation})?$select=dh_fields").json()["dh_fields"] == "name=STRING"
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "dh_spotlerjobs({job})", None),
        ("PATCH", "dh_spotlerjobs({job})", {"dh_LeadId@odata.bind": "/leads({lead})"}),
        ("PATCH", "dh_spotlerjobs({job})", {"ownerid@odata.bind": "/systemusers({connector})"}),
        ("POST", "dh_spotlerjobs", {"ownerid@odata.bind": "/systemusers({connector})"}),
        ("POST", "dh_spotlerinfos", {"dh_recordid": "x"}),
        ("DELETE", "dh_spotlerinfos({info})", None),
        ("POST", "dh_spotlerpermissions", {"dh_name": "x"}),
        ("DELETE", "dh_spotlerpermissions({permission})", None),
        ("POST", "dh_spotlerconsents", {"dh_name": "x", "dh_key": "x"}),
        ("PATCH", "dh_spotlerconsents({consent})", {"dh_name": "x"}),
        ("DELETE", "dh_spotlerconsents({consent})", None),
        ("PATCH", "dh_spotlerautomations({automation})", {"dh_name": "x"}),
        ("DELETE", "dh_marketinginteractions({interaction})", None),
        ("PATCH", "dh_websitevisitors({visitor})", {"dh_name": "x"}),
        ("GET", "contacts({contact})?$select=lastname", None),
        ("GET", "contacts?$select=lastname", None),
        ("PATCH", "contacts({contact})", {"lastname": "y"}),
        ("DELETE", "leads({lead})", None),
        ("POST", "systemusers", {"applicationid": "x"}),
        ("POST", "serviceendpoints({endpoint})/Microsoft.Dynamics.CRM.TriggerServiceEndpointCheck", {}),
    ],
)
def test_everything_else_is_refused(person, rows, standin, method, path, body):
    (endpoint,) = standin.admin.rows("serviceendpoints?$select=serviceendpointid")
    known = {**vars(rows), "connector": standin.ready.user_id, "endpoint": endpoint["serviceendpointid"]}
    filled = {name: value.format(**known) for name, value in (body or {}).items()}

    answer = person.request(method, path.format(**known), json=None if body is None else filled)

    assert answer.status_code == 403, answer.text
    assert (answer.status_code, error_code(answer)) == MISSING


def test_the_role_reaches_the_rows_of_everybody_but_for_what_people_make_themselves():
    own = {(each.table, each.right) for each in user_role().privileges if each.depth is not Depth.GLOBAL}

    assert own == {("dh_spotlerjob", Right.CREATE), ("dh_spotlerjob", Right.APPEND)}


def works(person, rows):
    """Whether everything that forms, buttons and views do is allowed, and shows what there is."""
    answers = [ordered(person, rows, *each) for each in CHOSEN]
    answers.append(person.patch(f"dh_spotlerjobs({rows.job})", QUEUED))
    answers.append(person.patch(f"dh_spotlerinfos({rows.info})", {"dh_keepout": True}))
    answers.append(person.patch(f"dh_spotlerpermissions({rows.permission})", {"dh_subscribed": False}))
    read = {
        "dh_spotlerjobs": rows.job,
        "dh_spotlerinfos": rows.info,
        "dh_spotlerpermissions": rows.permission,
        "dh_spotlerconsents": rows.consent,
        "dh_spotlerautomations": rows.automation,
        "dh_marketinginteractions": rows.interaction,
        "dh_websitevisitors": rows.visitor,
    }
    answers += [person.get(f"{set_name}({row})?$select=createdon") for set_name, row in read.items()]
    return all(each.ok for each in answers)


@pytest.mark.parametrize("one", user_role().privileges, ids=lambda each: f"{each.right.value} {each.table}")
def test_no_privilege_can_be_left_out_or_reach_less_far(person, rows, give, one):
    others = tuple(each for each in user_role().privileges if each is not one and each != one)
    shorter = (replace(one, depth=Depth.DEEP),) if one.depth is Depth.GLOBAL else ()

    assert works(person, rows)
    give(replace(user_role(), privileges=(*others, *shorter)))
    try:
        assert not works(person, rows)
    finally:
        give(user_role())
