"""An empty environment in this process."""

import pytest

from tests.setup_world import SetupWorld


@pytest.fixture(scope="session")
def _setup_world():
    return SetupWorld()


@pytest.fixture
def world(_setup_world):
    """Nothing is in it."""
    return _setup_world.fresh()
