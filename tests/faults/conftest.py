"""What the fault tests run in: a simulated day between both stand-ins, or the whole system with several hosts."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture(scope="session")
def fault_dataverse(tmp_path_factory):
    from sandbox.dataverse.server import running

    folder = tmp_path_factory.mktemp("dataverse")
    with running("--ca-file", str(folder / "ca.pem"), "--no-limits") as ready:
        yield ready


@pytest.fixture(scope="session")
def fault_spotler():
    from sandbox.spotler.server import running

    with running() as standin:
        yield standin


@pytest.fixture
def day(fault_dataverse, fault_spotler):
    """A simulated day, with nothing in either system."""
    import stamina

    from connector import telemetry
    from tests.faults.support import Simulation

    telemetry.quieten()  # as every process of the app does at its first message
    with ThreadPoolExecutor(4) as pool:
        simulation = Simulation(fault_dataverse, fault_spotler, pool)
        yield simulation
        simulation.close()
    stamina.instrumentation.set_on_retry_hooks(None)
