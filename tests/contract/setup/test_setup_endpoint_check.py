"""The test of the key of the service endpoint: Dataverse posts a message to a real bus, or says why it could not."""

import json

import pytest
from azure.servicebus import ServiceBusClient
from pydantic import SecretStr
from typer.testing import CliRunner

from connector.cli.app import app
from connector.cli.output import error_text
from connector.dataverse.messages import parse_message
from connector.dataverse.names import ENDPOINT_CHECK
from connector.routing.route import Ignore, route
from connector.settings.systems import DataverseSettings
from connector.setup.connecting import connect_setup
from connector.setup.endpoint_check import EndpointVerdict, check_endpoint, why
from connector.setup.errors import EndpointRefused
from connector.setup.patience import Patience, Waits
from sandbox.dataverse.server import running
from sandbox.dataverse.steps import ENDPOINT_ID
from sandbox.launch import ROOT
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import running as running_bus
from tests.contract.dataverse_standin.support import connect
from tests.setup_world import SetupWorld

ENTITIES = {
    "queues": [{"name": "dataverse"}],
    "topics": [],
    "authorizationRules": [{"name": "dataverse-send", "queue": "dataverse", "rights": ["Send"]}],
}
#: Of the right form, and of nobody.
WRONG_KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
#: An endpoint of which nothing is posted.
ROW = {
    "name": "SpotlerAutomate", "contract": 6, "authtype": 2, "messageformat": 2, "messagecharset": 1,
    "namespaceformat": 2, "connectionmode": 1, "userclaim": 1, "namespaceaddress": "sb://contoso.example/",
    "solutionnamespace": "contoso", "path": "dataverse", "saskeyname": "dataverse-send", "saskey": WRONG_KEY,
}  # fmt: skip
ENDPOINT = f"serviceendpoints({ENDPOINT_ID})"


@pytest.fixture(scope="module")
def bus():
    with running_bus(NamespaceDefinition.model_validate(ENTITIES)) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def _process(bus):
    sending = bus.connection_strings["dataverse-send"]
    with running("--service-bus-connection-string", sending, "--retry-seconds", "0.05") as ready:
        yield connect(ready)


@pytest.fixture
def standin(_process, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", _process.ready.ca_file)
    _process.side("reset", {})
    yield _process
    _process.admin.session.close()


@pytest.fixture
def checked(standin):
    """Tests the endpoint under a sign-in: that of the administrator, or of the connector."""
    opened = []

    def _checked(client="admin"):
        ready = standin.ready
        named = (ready.admin_client_id, ready.admin_client_secret)
        settings = DataverseSettings(
            dataverse_url=ready.url,
            dataverse_authority=ready.url,
            dataverse_tenant_id=ready.tenant_id,
            dataverse_client_id=named[0] if client == "admin" else ready.client_id,
            dataverse_client_secret=SecretStr(named[1] if client == "admin" else ready.client_secret),
        )
        calls, dataverse = connect_setup(settings, own_sign_in=False)
        opened.append(dataverse)
        return check_endpoint(calls, Patience(waits=Waits(poll=0.05, retry=0.05)))

    yield _checked
    for dataverse in opened:
        dataverse.close()


def jobs_of_tests(standin):
    return standin.admin.rows(
        f"asyncoperations?$select=name,statecode,statuscode,message&$filter=messagename eq '{ENDPOINT_CHECK}'"
    )


def test_the_test_message_arrives_and_the_router_does_nothing_about_it(standin, checked, bus):
    verdict = checked()

    with (
        ServiceBusClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_receiver("dataverse") as receiver,
    ):
        (message,) = receiver.receive_messages(1, max_wait_time=60)
        receiver.complete_message(message)
    body = b"".join(message.body)
    parsed = parse_message(body, properties=message.application_properties)
    context = json.loads(body)
    assert verdict is EndpointVerdict.ARRIVED
    assert (context["MessageName"], context["PrimaryEntityName"]) == (ENDPOINT_CHECK, "serviceendpoint")
    assert context["PrimaryEntityId"] == context["OwningExtension"]["Id"] == ENDPOINT_ID
    assert route(parsed, now=parsed.created_on) == Ignore("Dataverse tested the service endpoint")
    (job,) = jobs_of_tests(standin)
    assert (job["statecode"], job["statuscode"]) == (3, 30)


def test_a_wrong_key_is_refused_and_the_right_one_accepted_afterwards(standin, checked, bus):
    standin.admin.patch(ENDPOINT, {"saskey": WRONG_KEY})

    with pytest.raises(EndpointRefused, match=r"Its key is wrong\.") as refused:
        checked()

    right = dict(part.split("=", 1) for part in bus.connection_strings["dataverse-send"].split(";") if "=" in part)
    standin.admin.patch(ENDPOINT, {"saskey": right["SharedAccessKey"]})
    assert "--replace-key" in refused.value.what_to_do
    assert WRONG_KEY not in str(refused.value)
    assert checked() is EndpointVerdict.ARRIVED


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"saskey": ""}, r"It has no key\."),
        ({"saskeyname": "nobody"}, r"Its key is wrong\."),
        ({"path": "nosuch"}, r"(Its queue does not exist|Its key is wrong)\."),  # the key is for one queue
    ],
)
def test_what_keeps_messages_from_arriving_is_named(standin, checked, change, sentence):
    standin.admin.patch(ENDPOINT, change)

    with pytest.raises(EndpointRefused, match=sentence):
        checked()


def test_a_missing_endpoint_is_refused(checked, standin):
    for step in standin.admin.rows("sdkmessageprocessingsteps?$select=sdkmessageprocessingstepid"):
        standin.admin.delete(f"sdkmessageprocessingsteps({step['sdkmessageprocessingstepid']})")
    standin.admin.delete(ENDPOINT)

    with pytest.raises(EndpointRefused, match="is missing"):
        checked()


def test_whoever_may_not_test_endpoints_is_told_so(standin, checked):
    assert checked("connector") is EndpointVerdict.NOT_ALLOWED
    assert jobs_of_tests(standin) == []


def test_that_dataverse_refuses_the_test_says_nothing_of_the_key(standin, checked):
    standin.side("faults", {"kind": "400", "path": ENDPOINT_CHECK})

    assert checked() is EndpointVerdict.NOT_DONE
    assert jobs_of_tests(standin) == []


def test_a_lost_answer_is_made_good_by_another_test(standin, checked):
    standin.side("faults", {"kind": "drop-after-write", "path": ENDPOINT_CHECK, "count": 1})

    assert checked() is EndpointVerdict.ARRIVED


def test_a_post_that_takes_for_ever_leaves_the_key_unverified():
    world = SetupWorld()
    world.make("serviceendpoints", ROW)

    assert check_endpoint(world.calls, Patience(world.clock)) is EndpointVerdict.NOT_SHOWN
    assert sum(world.slept) >= Waits().endpoint


@pytest.fixture
def check(standin, bus, monkeypatch, tmp_path):
    """Runs `setup check` as the administrator; returns how it ended and what the error says."""
    ready = standin.ready
    values = {
        "MAPPING_FILE": str(ROOT / "mappings" / "default.json"),
        "ServiceBus": bus.connection_strings["dataverse-send"],
        "DATAVERSE_URL": ready.url,
        "DATAVERSE_AUTHORITY": ready.url,
        "DATAVERSE_TENANT_ID": ready.tenant_id,
        "DATAVERSE_CLIENT_ID": ready.admin_client_id,
        "DATAVERSE_CLIENT_SECRET": ready.admin_client_secret,
    }
    monkeypatch.chdir(tmp_path)
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    def _check(*options):
        ended = CliRunner().invoke(app, ["setup", "check", *options])
        return ended, error_text(ended.exception) if isinstance(ended.exception, EndpointRefused) else ""

    return _check


TRACKING = "TrackingId:0b401a7e-4040-4401-8404-2b5c40404401_G2, SystemTracker:sb401.servicebus.windows.net:dataverse"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (f"40400: Endpoint not found. {TRACKING}", "Its queue does not exist."),
        (f"MessagingEntityNotFoundException. {TRACKING}", "Its queue does not exist."),
        (f"40103: Invalid authorization token signature. {TRACKING}", "Its key is wrong."),
        (f"The remote server returned an error: (401) Unauthorized. {TRACKING}", "Its key is wrong."),
        (f"The quota is exceeded. {TRACKING}", "says why"),
        (f"The posts to sb://contoso404.servicebus.windows.net/ timed out. {TRACKING}", "says why"),
    ],
)
def test_ids_and_addresses_in_what_dataverse_says_are_no_reason(said, sentence):
    assert sentence in why({"message": said, "friendlymessage": None})


def test_the_command_check_says_that_the_key_is_right_and_refuses_a_wrong_one(standin, check):
    right, _ = check()
    as_json, _ = check("--json")
    standin.admin.patch(ENDPOINT, {"saskey": WRONG_KEY})
    _, error = check()

    assert EndpointVerdict.ARRIVED in right.stdout
    assert json.loads(as_json.stdout)["format"] == 1
    assert EndpointVerdict.ARRIVED in as_json.stderr
    assert "Its key is wrong." in error


def test_the_test_is_an_action_without_parameters(standin):
    action = f"{ENDPOINT}/Microsoft.Dynamics.CRM.{ENDPOINT_CHECK}"

    assert standin.admin.post(action, {"Entity": {}}).status_code == 400
    assert standin.admin.get(action).status_code == 405
    assert standin.admin.post(f"{ENDPOINT}/Microsoft.Dynamics.CRM.NoSuch", {}).status_code == 404
