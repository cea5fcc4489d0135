"""A context without systems, one with an installation, and how a check is made."""

from datetime import UTC, datetime

import pytest
import requests

from connector.doctor.context import CheckContext
from connector.doctor.run import CHECKS, _look
from connector.settings import BusSettings
from sandbox.people import People

BUS = "Endpoint=sb://localhost:1;SharedAccessKeyName=dataverse-send;SharedAccessKey=none"
NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
ALL = {check.code: check for check in CHECKS}


@pytest.fixture
def context():
    made = CheckContext({}, lambda: NOW, lambda _: None)
    yield made
    made.close()


@pytest.fixture
def diagnose():
    """Makes one check, whatever it needs; returns its verdict, sentence and remedy."""

    def _diagnose(context, code):
        found = _look(context, ALL[code])
        return found.verdict.value, found.sentence, found.remedy

    return _diagnose


@pytest.fixture
def sick(world, context, monkeypatch):
    """A connector with nothing wrong; its endpoint is that of a bus that is not there."""
    services = world.services
    context.settings = services.settings.model_copy(update={"dataverse_user_id": world.ready.user_id})
    context.dataverse = services.dataverse
    context.now = lambda: world.now
    context.bus_settings = BusSettings(ServiceBus=BUS)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", world.ready.ca_file)
    return context


@pytest.fixture
def admin(world):
    """An administrator, who undoes what a test did by a fresh environment."""
    ready = world.ready
    yield People({name: getattr(ready, name) for name in ready.__slots__})
    answer = requests.post(f"{ready.url}/_sandbox/reset", verify=ready.ca_file, timeout=30)
    answer.raise_for_status()
