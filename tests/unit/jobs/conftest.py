"""Two jobs for tests that need any: one that may run twice, and one that must not."""

import pytest

from connector.dataverse.choices import Operation
from sandbox.spotler import seed


@pytest.fixture
def tag_job(world):
    return world.job(Operation.ADD_TAG, world.contact(known=True), dh_tag="x")


@pytest.fixture
def start_job(world):
    automation = world.automation(seed.WELCOME_TRIGGER_CODE)
    return world.job(Operation.START_AUTOMATION, world.contact(known=True), _dh_spotlerautomationid_value=automation)
