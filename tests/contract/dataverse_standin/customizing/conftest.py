"""One process without anything of the connector for all tests of this folder; each begins with a fresh environment."""

import pytest

from sandbox.dataverse.server import running
from tests.contract.dataverse_standin.customizing.support import FAST, Setup
from tests.contract.dataverse_standin.support import connect


@pytest.fixture(scope="session")
def _empty_process():
    with running("--empty") as ready:
        yield connect(ready)


@pytest.fixture
def empty(_empty_process):
    """An environment in which everything settles at once."""
    _empty_process.side("reset", {})
    _empty_process.side("customizing", FAST)
    yield _empty_process
    _empty_process.admin.session.close()
    _empty_process.connector.session.close()


@pytest.fixture
def slow(_empty_process):
    """An environment that settles as slowly as real ones."""
    _empty_process.side("reset", {})
    yield _empty_process
    _empty_process.admin.session.close()
    _empty_process.connector.session.close()


@pytest.fixture
def begun(slow):
    """The publisher and the solution are there, and everything settles slowly."""
    return Setup(slow).begin()


@pytest.fixture
def setup(empty):
    """The publisher and the solution are there."""
    return Setup(empty).begin()
