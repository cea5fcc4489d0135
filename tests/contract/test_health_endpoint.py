"""The app's own `GET /api/health`, on Microsoft's engine, as Azure serves it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

import connector
from connector.health import SWEEP
from connector.state import FileState
from connector.state.successes import record_success
from sandbox.functions.host import FunctionsHost

ROOT = Path(__file__).parents[2]
SCHEDULES = (
    "SWEEP", "REFRESH_AUTOMATIONS", "REFRESH_PERMISSIONS", "UPDATES", "BOUNCES", "LISTS", "VISITORS", "RECONCILE",
    "INTERACTIONS", "CLEAN_UP", "DOCTOR",
)  # fmt: skip


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def host(state):
    settings = {f"{name}_SCHEDULE": "0 0 0 1 1 *" for name in SCHEDULES}
    # The bus is not there: health needs neither it nor any other system.
    bus = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;"
    with FunctionsHost(ROOT, environment=settings | {"STATE": str(state), "ServiceBus": bus}, timers=False) as host:
        yield host


def test_it_answers_with_its_key_and_reveals_nothing_without(host, state):
    url = f"{host.http_url}/api/health"
    record_success(lambda: FileState(state), SWEEP, datetime.now(UTC))

    answer = requests.get(url, headers={"x-functions-key": host.function_key}, timeout=30)
    refused = requests.get(url, timeout=30)

    assert (answer.status_code, answer.json().keys()) == (200, {"status", "version", "sweepSecondsAgo"})
    assert (answer.json()["status"], answer.json()["version"]) == ("ok", connector.__version__)
    assert (refused.status_code, refused.content) == (401, b"")
    assert requests.post(url, timeout=30).status_code == 404
