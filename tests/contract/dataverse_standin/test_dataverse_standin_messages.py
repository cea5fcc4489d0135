"""Messages arrive on a real bus, posted by the real SDK."""

import json

import pytest
from azure.servicebus import ServiceBusClient

from sandbox.dataverse.server import running
from sandbox.dataverse.steps import MISSING_KEY
from sandbox.servicebus.definition import NamespaceDefinition
from sandbox.servicebus.server import running as running_bus
from tests.contract.dataverse_standin.support import DEADLINE_SECONDS, connect, wait_for

ENTITIES = {
    "queues": [{"name": "dataverse"}],
    "topics": [],
    "authorizationRules": [{"name": "dataverse-send", "queue": "dataverse", "rights": ["Send"]}],
}


@pytest.fixture(scope="module")
def bus():
    with running_bus(NamespaceDefinition.model_validate(ENTITIES)) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def _sending_process(bus):
    arguments = ("--service-bus-connection-string", bus.connection_strings["dataverse-send"], "--retry-seconds", "0.05")
    with running(*arguments) as ready:
        yield connect(ready)


@pytest.fixture
def sending(_sending_process):
    _sending_process.side("reset", {})
    yield _sending_process
    _sending_process.admin.session.close()
    _sending_process.connector.session.close()


@pytest.fixture
def receive(bus):
    """Take exactly so many messages from the queue, which is empty at first."""
    with (
        ServiceBusClient.from_connection_string(bus.connection_string, retry_total=0) as client,
        client.get_queue_receiver("dataverse") as receiver,
    ):
        while receiver.peek_messages(1):
            for message in receiver.receive_messages(100, max_wait_time=DEADLINE_SECONDS):
                receiver.complete_message(message)

        def take(count):
            messages = []
            while len(messages) < count:
                batch = receiver.receive_messages(min(count - len(messages), 100), max_wait_time=DEADLINE_SECONDS)
                assert batch, f"{len(messages)} of {count} messages came"
                for message in batch:
                    receiver.complete_message(message)
                messages += batch
            return messages

        yield take


def contexts(messages):
    return [json.loads(b"".join(message.body)) for message in messages]


def system_jobs(standin):
    return standin.connector.rows(
        "asyncoperations?$select=name,statecode,statuscode,message,friendlymessage,retrycount"
    )


def test_the_creation_of_a_job_arrives(sending, receive):
    job = sending.admin.create("dh_spotlerjobs?tag=from-a-flow", dh_operation=100000003, dh_tag="vip")
    (message,) = receive(1)
    (context,) = contexts([message])

    assert (context["MessageName"], context["PrimaryEntityName"], context["PrimaryEntityId"]) == (
        "Create",
        "dh_spotlerjob",
        job,
    )
    assert message.content_type == "application/json"
    properties = {key.decode(): value.decode() for key, value in message.application_properties.items()}
    assert properties["http://schemas.microsoft.com/xrm/2011/Claims/EntityLogicalName"] == "dh_spotlerjob"
    assert message.message_id == message.message_id.replace("-", "")
    wait_for(lambda: system_jobs(sending) == [])


def test_only_what_is_registered_and_committed_posts(sending, receive):
    sending.admin.post("dh_spotlerjobs", {"nosuch": 1})
    sending.admin.create("lists", listname="x", createdfromcode=2)
    job = sending.admin.create("dh_spotlerjobs")
    sending.admin.patch(f"dh_spotlerjobs({job})", {"dh_tag": "x"})
    last = sending.admin.create("dh_spotlerjobs", dh_tag="last")

    assert {context["PrimaryEntityId"] for context in contexts(receive(2))} == {job, last}


def test_a_thousand_creations_arrive_once_each(sending, receive):
    ids = sending.admin.bulk("dh_spotlerjobs", "CreateMultiple", "dh_spotlerjob", [{}] * 1000).json()["Ids"]

    assert sorted(context["PrimaryEntityId"] for context in contexts(receive(1000))) == sorted(ids)


def test_without_a_key_the_system_job_waits_and_says_why(sending, receive):
    sending.side("steps", {"has_key": False})
    job = sending.admin.create("dh_spotlerjobs")
    (waiting,) = wait_for(lambda: [row for row in system_jobs(sending) if row["statuscode"] == 10])

    assert waiting["message"] == waiting["friendlymessage"] == MISSING_KEY
    assert waiting["name"] == "SpotlerAutomate: Create of dh_spotlerjob"

    sending.side("steps", {"has_key": True})
    assert contexts(receive(1))[0]["PrimaryEntityId"] == job
    wait_for(lambda: system_jobs(sending) == [])


def test_a_post_that_never_works_is_given_up():
    keyless = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=x;UseDevelopmentEmulator=true;"
    arguments = ("--service-bus-connection-string", keyless, "--retry-seconds", "0.01", "--retry-attempts", "2")
    with running(*arguments) as ready:
        standin = connect(ready)
        standin.admin.create("dh_spotlerjobs")
        (failed,) = wait_for(lambda: [row for row in system_jobs(standin) if row["statuscode"] == 31])
        standin.admin.session.close()
        standin.connector.session.close()

    assert (failed["statecode"], failed["retrycount"], failed["message"]) == (3, 2, MISSING_KEY)


def test_messages_can_be_lost_and_doubled(sending, receive):
    ordered = sending.side("steps", {"drop_next": 1, "duplicate_next": 1})
    sending.admin.create("dh_spotlerjobs", dh_tag="lost")
    job = sending.admin.create("dh_spotlerjobs", dh_tag="doubled")
    first, second = contexts(receive(2))

    switches = {"enabled": True, "tables": []}

    assert ordered == {"drop_next": 1, "duplicate_next": 1, **switches}
    assert sending.side("steps", {}) == {"drop_next": 0, "duplicate_next": 0, **switches}
    assert first["PrimaryEntityId"] == second["PrimaryEntityId"] == job
    assert first["OperationId"] == second["OperationId"]


def test_steps_can_be_switched_off(sending, receive):
    sending.side("steps", {"enabled": False})
    sending.admin.create("dh_spotlerjobs")
    sending.side("steps", {"enabled": True})
    job = sending.admin.create("dh_spotlerjobs")

    assert contexts(receive(1))[0]["PrimaryEntityId"] == job


def test_only_the_steps_of_some_tables_can_run(sending, receive):
    sending.side("steps", {"tables": ["contact"]})
    sending.admin.create("dh_spotlerjobs")
    contact = sending.admin.create("contacts", lastname="x")

    assert contexts(receive(1))[0]["PrimaryEntityId"] == contact


def test_the_endpoint_and_its_steps_can_be_read(sending):
    (endpoint,) = sending.connector.rows("serviceendpoints?$filter=name eq 'SpotlerAutomate'")
    of_endpoint = (
        "sdkmessageprocessingsteps?$select=name,statecode,asyncautodelete"
        f"&$filter=_eventhandler_value eq {endpoint['serviceendpointid']}"
    )
    tables = "&$expand=sdkmessageid($select=name),sdkmessagefilterid($select=primaryobjecttypecode)"
    steps = sending.admin.rows(of_endpoint + tables)

    assert (endpoint["issaskeyset"], endpoint["path"], endpoint["messagecharset"]) == (True, "dataverse", 1)
    assert {(step["sdkmessageid"]["name"], step["sdkmessagefilterid"]["primaryobjecttypecode"]) for step in steps} >= {
        ("Create", "dh_spotlerjob")
    }
    assert {step["name"] for step in sending.connector.rows(of_endpoint)} == {step["name"] for step in steps}
