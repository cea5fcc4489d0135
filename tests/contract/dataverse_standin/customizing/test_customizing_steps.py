"""Service endpoints, steps and images that a client registers, and the messages that they post."""

import json

import pytest
from azure.servicebus import ServiceBusClient

from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import running as running_bus
from tests.contract.dataverse_standin.support import DEADLINE_SECONDS, created_id, error_code, wait_for

ENTITIES = {
    "queues": [{"name": "jobs"}],
    "topics": [],
    "authorizationRules": [{"name": "send", "queue": "jobs", "rights": ["Send"]}],
}


@pytest.fixture(scope="module")
def bus():
    with running_bus(NamespaceDefinition.model_validate(ENTITIES)) as endpoint:
        yield endpoint


@pytest.fixture
def parts(bus):
    """The parts of the connection string of the policy that may send."""
    return dict(part.split("=", 1) for part in bus.connection_strings["send"].split(";") if "=" in part)


@pytest.fixture
def admin(empty):
    return empty.admin


def endpoint(admin, parts, **more):
    body = {
        "name": "Tester", "contract": 6, "authtype": 2, "saskeyname": "send", "namespaceformat": 2, "path": "jobs",
        "namespaceaddress": f"{parts['Endpoint'].rstrip('/')}/", "solutionnamespace": "localhost", "messageformat": 2,
        "messagecharset": 1, "connectionmode": 1, "userclaim": 1, **more,
    }  # fmt: skip
    return admin.post("serviceendpoints", body)


def step(admin, endpoint_id, message="Update", table="contact", **more):
    (found,) = admin.rows(f"sdkmessages?$select=sdkmessageid&$filter=name eq '{message}'")
    condition = f"_sdkmessageid_value eq {found['sdkmessageid']} and primaryobjecttypecode eq '{table}'"
    (of_table,) = admin.rows(f"sdkmessagefilters?$select=sdkmessagefilterid&$filter={condition}")
    body = {
        "name": f"{message} of {table}", "stage": 40, "mode": 1, "rank": 1, "supporteddeployment": 0,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint_id})",
        "sdkmessageid@odata.bind": f"/sdkmessages({found['sdkmessageid']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({of_table['sdkmessagefilterid']})",
        **more,
    }  # fmt: skip
    return admin.post("sdkmessageprocessingsteps", body)


def image(admin, step_id, **more):
    body = {
        "name": "before", "entityalias": "before", "imagetype": 0, "messagepropertyname": "Target",
        "attributes": "emailaddress1",
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step_id})", **more,
    }  # fmt: skip
    return admin.post("sdkmessageprocessingstepimages", body)


def system_jobs(empty):
    return empty.side("rows/asyncoperation")


def test_a_step_posts_what_it_filters_with_its_image_once_the_endpoint_has_a_key(empty, admin, bus, parts):
    made = created_id(endpoint(admin, parts))
    off = {"statecode": 1, "statuscode": 2, "asyncautodelete": True}
    posting = created_id(step(admin, made, filteringattributes="emailaddress1", **off))
    assert image(admin, posting).status_code == 204
    contact = admin.create("contacts", emailaddress1="old@example.org")
    address = f"contacts({contact})"

    admin.patch(address, {"emailaddress1": "while.off@example.org"})
    admin.patch(f"sdkmessageprocessingsteps({posting})", {"statecode": 0, "statuscode": 1})
    admin.patch(address, {"lastname": "not filtered"})
    admin.patch(address, {"emailaddress1": "new@example.org"})
    (waiting,) = wait_for(lambda: [row for row in system_jobs(empty) if row["statuscode"] == 10])
    without = admin.get(f"serviceendpoints({made})").json()
    admin.patch(f"serviceendpoints({made})", {"saskey": parts["SharedAccessKey"]})
    admin.patch(f"serviceendpoints({made})", {"description": "Later."})  # and the key stays

    assert waiting["message"] == f"A SASKey has not been configured for ServiceEndpoint Tester [{made}]"
    with_key = admin.get(f"serviceendpoints({made})").json()
    assert (without["issaskeyset"], with_key["issaskeyset"]) == (False, True)
    assert "saskey" not in without | with_key
    assert admin.get(f"serviceendpoints({made})?$select=saskey").status_code == 400
    with (
        ServiceBusClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_receiver("jobs") as receiver,
    ):
        (message,) = receiver.receive_messages(1, max_wait_time=DEADLINE_SECONDS)
        receiver.complete_message(message)
    context = json.loads(str(message))
    assert context["OwningExtension"]["Id"] == posting
    ((before,),) = ([each["value"] for each in context["PreEntityImages"]],)
    assert {"key": "emailaddress1", "value": "while.off@example.org"} in before["Attributes"]
    wait_for(lambda: system_jobs(empty) == [])


@pytest.mark.parametrize(
    "more",
    [{"mode": 0}, {"stage": 20}, {"filteringattributes": "nothing"}, {"SdkMessageId@odata.bind": "/sdkmessages(x)"}],
)
def test_a_step_that_cannot_work_is_refused(admin, parts, more):
    assert step(admin, created_id(endpoint(admin, parts)), **more).status_code == 400


def test_what_goes_with_other_messages_only_is_refused(admin, parts):
    made = created_id(endpoint(admin, parts))
    created = created_id(step(admin, made, "Create"))

    assert step(admin, made, "Create", filteringattributes="emailaddress1").status_code == 400
    assert image(admin, created).status_code == 400
    assert image(admin, created_id(step(admin, made, "Delete")), imagetype=1).status_code == 400


def test_an_endpoint_is_in_use_while_it_has_steps(admin, parts):
    made = created_id(endpoint(admin, parts))
    posting = created_id(step(admin, made))
    listed = admin.get(f"RetrieveDependenciesForDelete(ObjectId={made},ComponentType=95)").json()["value"]
    refused = admin.delete(f"serviceendpoints({made})")

    assert [each["dependentcomponentobjectid"] for each in listed] == [posting]
    assert (refused.status_code, error_code(refused)) == (400, "0x8004f01f")
    assert admin.delete(f"sdkmessageprocessingsteps({posting})").status_code == 204
    assert admin.delete(f"serviceendpoints({made})").status_code == 204


@pytest.mark.parametrize("more", [{"namespaceaddress": "https://x/"}, {"saskeyname": None}, {"contract": 8}])
def test_an_endpoint_that_cannot_be_posted_through_is_refused(admin, parts, more):
    assert endpoint(admin, parts, **more).status_code == 400
