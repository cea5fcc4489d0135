"""Both stand-ins and the services between them, for the tests of work that needs real systems on the other side.

What most tests do without is imported by those who ask for it.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture(scope="session")
def systems():
    """Both stand-ins in this process, on a clock that tests move; whoever uses them starts with empty ones."""
    from tests.faults.matrix.systems import Systems

    return Systems()


@pytest.fixture(scope="session")
def threads():
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def world(standins, threads):
    """A fresh Dataverse and a fresh Spotler, and the services of an app between them."""
    from tests.unit.world import World

    made = World(standins.dataverse, standins.spotler, threads, standins.states)
    yield made
    made.close()


@pytest.fixture
def website(world, standins):
    """The same, with Spotler Leads and nobody on the website yet."""
    from tests.unit.leads_world import Website

    made = Website(world, standins.leads)
    yield made
    made.close()


@pytest.fixture
def _no_settings_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.upper().startswith(("SPOTLER_", "DATAVERSE_", "JOB_", "SERVICEBUS", "LEADS_")):
            monkeypatch.delenv(name)
