"""Every test begins with nothing logged, and none is judged by how fast the machine is.

What several folders need and what is slow to make is made here, once per process that runs tests.
"""

import gc
import os
from types import SimpleNamespace

import certifi
import pytest
from hypothesis import settings

from sandbox.forking import WARM_ENGINES

#: How seldom all objects are looked through for garbage: there are a million, and what tests leave is found before.
SELDOM = 100

settings.register_profile("any machine", deadline=None)
settings.register_profile("without the long forms", deadline=None, max_examples=30)


def pytest_configure(config):
    """Without the long forms, tests that say nothing else try 30 examples instead of 100, and engines start warm."""
    is_short = config.option.markexpr == "not nightly"
    if is_short:
        os.environ[WARM_ENGINES] = "1"
    settings.load_profile("without the long forms" if is_short else "any machine")
    if hasattr(config, "workerinput") and config.args == config.getini("testpaths"):
        from tests.distribution import read_from

        number, of = int(config.workerinput["workerid"].removeprefix("gw")), config.workerinput["workercount"]
        config.args = read_from(number / of, config.rootpath / "tests")


@pytest.fixture(autouse=True)
def _no_problem_logged_before(monkeypatch):
    """What other tests met neither hides a line nor mutes an alert."""
    from connector import telemetry
    from connector.problem_log import ProblemLog

    monkeypatch.setattr(telemetry, "_problems", ProblemLog())


@pytest.fixture
def cold_engines(monkeypatch):
    """Engines are started as in Azure, with nothing loaded; other tests have copies of one that has loaded much."""
    monkeypatch.delenv(WARM_ENGINES, raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays until the end, so nobody looks through it again and again for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], SELDOM)
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


#: Where the stand-ins are for whoever uses `requests` in this process; nothing listens there.
DATAVERSE, SPOTLER, LEADS = "https://dataverse.localhost", "http://localhost:81", "https://leads.localhost"


@pytest.fixture(scope="session")
def standins(tmp_path_factory):
    """The three stand-ins in this process, and where states are kept; whoever uses them empties them first."""
    from sandbox.dataverse.app import Application
    from sandbox.dataverse.environment import Environment
    from sandbox.dataverse.limits import LimitSettings
    from sandbox.dataverse.server import ready_of
    from sandbox.dataverse.settings import Settings
    from sandbox.leads import server as leads
    from sandbox.leads.app import LeadsSandbox
    from sandbox.spotler import server as spotler
    from sandbox.spotler.app import Sandbox
    from tests.in_process import reached_without_a_network

    environment = Environment(Settings(limits=LimitSettings(enabled=False)))
    environment.addresses = (DATAVERSE,)
    of_spotler, of_leads = Sandbox(), LeadsSandbox()
    applications = {
        DATAVERSE: Application(environment),
        SPOTLER: spotler.app_of(of_spotler),
        LEADS: leads.app_of(of_leads),
    }
    with reached_without_a_network(applications):
        yield SimpleNamespace(
            dataverse=ready_of(environment.settings, DATAVERSE, None, certifi.where()),
            spotler=spotler.Running(SPOTLER, of_spotler),
            leads=leads.RunningLeads(LEADS, of_leads),
            states=tmp_path_factory.mktemp("states"),
        )
