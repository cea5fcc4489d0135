"""Systems that take a connection and then hang, drip or talk nonsense: each check ends in its time, with its code.

The servers never end before the test does. So a check that had no limit would not end at all.
"""

import gc
import threading
from dataclasses import replace
from queue import Empty, SimpleQueue
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from connector.dataverse.api import connect
from connector.doctor import bus, configuration, run
from connector.doctor.arm import AzureManagement
from connector.doctor.run import CHECKS
from connector.servicebus import connection
from connector.settings import BusSettings
from connector.spotler import spotler_from
from connector.state import blobs
from connector.state.blobs import BlobState
from connector.threads import start_thread
from tests.unit.doctor.hostile import (
    drips_a_body,
    drips_amqp,
    drips_http,
    drips_tls,
    garbage,
    hostile,
    page,
    silent,
)

ALL = {check.code: check for check in CHECKS}
HTTP = (silent, drips_http, drips_a_body, garbage, page)
AMQP = (silent, drips_amqp, garbage, page)
#: Seconds that a check has here, and a client for one call. What a client says is better than what the limit says.
LIMIT, CALL = 4.0, 0.5
#: Seconds after which a check has certainly missed its limit, however busy the machine is.
NEVER = 120.0
TOKENS = SimpleNamespace(get_token=lambda *_: SimpleNamespace(token="a token"))


#: The SDKs of Service Bus and of storage leave a socket to Python where a connection fails.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Checks that were given up have ended when the test is over, and so have their sockets."""
    ends = []

    def make(work):
        ended = threading.Event()
        ends.append(ended)

        def do():
            try:
                work()
            finally:
                ended.set()

        start_thread(do)

    monkeypatch.setattr(run, "start_thread", make)
    yield
    assert all(each.wait(NEVER) for each in ends)
    gc.collect(1)  # what a test has left is young


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """The same limits, in seconds that a test has."""
    monkeypatch.setattr(bus, "CONNECT_SECONDS", CALL)
    monkeypatch.setattr(configuration, "DATE_SECONDS", CALL)
    monkeypatch.setattr(connection, "ATTEMPT_SECONDS", CALL)
    monkeypatch.setattr(blobs, "_SECONDS", CALL)
    monkeypatch.setattr(blobs, "_PAUSE", 0)


@pytest.fixture
def found_in_time(context):
    """Makes checks, all at the same time; fails where one does not end."""

    def _found(*codes):
        answers = SimpleQueue()
        for code in codes:
            check = replace(ALL[code], seconds=LIMIT)
            threading.Thread(target=lambda check=check: answers.put(run._look(context, check)), daemon=True).start()
        try:
            return [answers.get(timeout=NEVER) for _ in codes]
        except Empty:
            pytest.fail(f"one of {codes} did not end")

    return _found


@pytest.fixture
def settings(world):
    return world.services.settings.model_copy(update={"dataverse_timeout": CALL, "spotler_timeout": CALL})


def failed(diagnosis):
    assert diagnosis.verdict.value == "failed", diagnosis
    assert diagnosis.remedy
    assert "Internal error" not in diagnosis.sentence, diagnosis
    return True


@pytest.mark.parametrize("behave", HTTP)
def test_dataverse(world, context, settings, found_in_time, monkeypatch, behave):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", world.ready.ca_file)
    with hostile(behave) as port:
        there = settings.model_copy(update={"dataverse_url": f"http://127.0.0.1:{port}"})
        context.settings, context.dataverse = there, connect(there)

        assert all(map(failed, found_in_time("DATAVERSE_USER", "JOBS_FLOW", "JOBS_SUCCEED")))


@pytest.mark.parametrize("behave", [silent, drips_tls, garbage, page])
def test_the_identity_service(context, settings, found_in_time, behave):
    with hostile(behave) as port:
        context.settings = settings.model_copy(update={"dataverse_authority": f"https://127.0.0.1:{port}"})

        assert all(map(failed, found_in_time("DATAVERSE_TOKEN")))


@pytest.mark.parametrize("behave", HTTP)
def test_spotler(context, settings, found_in_time, behave):
    with hostile(behave) as port:
        there = settings.model_copy(update={"spotler_url": f"http://127.0.0.1:{port}/integrationservice-1.1.0"})
        context.settings, context.spotler = there, spotler_from(there)

        assert all(map(failed, found_in_time("SPOTLER_KEY", "SPOTLER_RIGHTS")))


@pytest.mark.parametrize("behave", HTTP)
def test_the_storage_account(context, found_in_time, behave):
    with hostile(behave) as port:
        place = f"AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:{port}/a;DefaultEndpointsProtocol=http"
        context.state = BlobState(place, container="spotler")

        assert all(map(failed, found_in_time("STATE_WORKS", "NOT_PAUSED")))


@pytest.mark.parametrize("behave", [silent, drips_tls, garbage, page])
def test_the_way_to_the_bus(context, found_in_time, behave):
    with hostile(behave) as port:
        text = f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=k;SharedAccessKey=a2V5"
        context.bus_settings = BusSettings(ServiceBus=SecretStr(text))

        assert all(map(failed, found_in_time("BUS_REACHABLE")))


@pytest.mark.parametrize("behave", AMQP)
def test_the_bus(context, found_in_time, behave):
    with hostile(behave) as port:
        text = f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true"
        context.bus_settings = BusSettings(ServiceBus=SecretStr(text))

        assert all(map(failed, found_in_time("QUARANTINE")))


@pytest.mark.parametrize("behave", HTTP)
def test_azure(context, found_in_time, behave):
    with hostile(behave) as port:
        address = f"http://127.0.0.1:{port}"
        context.azure = AzureManagement("s", "g", "a", "n", TOKENS, management=address, logs=address)

        assert all(map(failed, found_in_time("APP_RUNS")))


@pytest.mark.parametrize("behave", HTTP)
def test_the_clock_of_systems_that_do_not_say_what_time_it_is(context, settings, found_in_time, behave):
    with hostile(behave) as port:
        address = f"http://127.0.0.1:{port}"
        context.settings = settings.model_copy(update={"dataverse_url": address, "spotler_url": address})

        (found,) = found_in_time("CLOCK_RIGHT")

        assert found.sentence == "No system said what time it is."
