"""Every test begins with nothing logged, and none is judged by how fast the machine is.

What several folders need and what is slow to start is started here, once per process that runs tests.
"""

import gc

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.register_profile("without the long forms", deadline=None, max_examples=30)


def pytest_configure(config):
    """Without the long forms, a test that says nothing else tries 30 examples instead of 100."""
    is_short = config.option.markexpr == "not nightly"
    settings.load_profile("without the long forms" if is_short else "any machine")


@pytest.fixture(autouse=True)
def _no_problem_logged_before(monkeypatch):
    """What other tests met neither hides a line nor mutes an alert."""
    from connector import telemetry
    from connector.problem_log import ProblemLog

    monkeypatch.setattr(telemetry, "_problems", ProblemLog())


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays until the end, so nobody looks through it again and again for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Several processes share the tests as `tests/distribution.py` says."""
    from tests.distribution import ByFile

    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(config, items):
    """In several processes, what takes longest is begun first."""
    if hasattr(config, "workerinput"):
        from tests.distribution import begin_with_the_longest

        begin_with_the_longest(items)


@pytest.fixture(scope="session")
def dataverse_standin(tmp_path_factory):
    """Dataverse as a process, without service protection limits; whoever uses it empties it first."""
    from sandbox.dataverse.server import running

    folder = tmp_path_factory.mktemp("dataverse")
    with running("--ca-file", str(folder / "ca.pem"), "--no-limits") as ready:
        yield ready


@pytest.fixture(scope="session")
def spotler_standin():
    """Spotler as a process; whoever uses it empties it first."""
    from sandbox.spotler.server import running

    with running() as standin:
        yield standin
