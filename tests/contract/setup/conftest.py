"""An empty environment in this process."""

import pytest

from tests.setup_world import SetupWorld, one_of_each


@pytest.fixture(scope="session")
def _setup_world():
    return SetupWorld()


@pytest.fixture
def world(_setup_world):
    """Nothing is in it."""
    return _setup_world.fresh()


@pytest.fixture
def every(world):
    """A set-up with every kind of component."""
    return one_of_each(world.form_of_contacts, world.environment.settings.client_id)
