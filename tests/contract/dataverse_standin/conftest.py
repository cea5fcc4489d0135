"""One process of the stand-in for all tests of this folder; each test begins with an empty environment."""

import pytest

from sandbox.dataverse.server import running
from tests.contract.dataverse_standin.blocking import HALVES, signed_in
from tests.contract.dataverse_standin.support import connect


@pytest.fixture(scope="session")
def _process():
    with running("--http") as ready:
        yield connect(ready)


@pytest.fixture
def standin(_process):
    _process.side("reset", {})
    yield _process
    _process.admin.session.close()
    _process.connector.session.close()


@pytest.fixture
def api(standin):
    """The Web API as an administrator sees it: nothing is refused for lack of privileges."""
    return standin.admin


@pytest.fixture(params=HALVES)
def client(request, standin, monkeypatch):
    """Microsoft's own Python client, signed in as an administrator: each of its two halves."""
    with signed_in(request.param, standin.ready, monkeypatch) as client:
        yield client
