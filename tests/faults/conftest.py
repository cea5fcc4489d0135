"""What the fault tests run in: a simulated day between both stand-ins, or the whole system with several hosts."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def day(standins):
    """A simulated day, with nothing in either system."""
    from connector import telemetry
    from tests.faults.support import Simulation

    telemetry.silence_loggers()  # as every process of the app does at its first message
    with ThreadPoolExecutor(4) as pool:
        simulation = Simulation(standins.dataverse, standins.spotler, pool, standins.states)
        yield simulation
        simulation.close()


@pytest.fixture
def slow_day(standins):
    """A simulated day in which only calls and pauses take time: a second to Spotler, a tenth to Dataverse."""
    from dataclasses import replace

    from connector import telemetry
    from tests.faults.slow_systems import StandingTime, slow_down
    from tests.faults.support import Simulation

    telemetry.silence_loggers()
    with ThreadPoolExecutor(8) as pool, ThreadPoolExecutor(8) as side_pool:
        simulation = Simulation(
            standins.dataverse, standins.spotler, pool, standins.states, parallel=8, clock=StandingTime()
        )
        simulation.services = replace(simulation.services, side_pool=side_pool)
        slow_down(simulation.wire.transport, simulation.time, 1.0)
        slow_down(simulation.services.dataverse._transport, simulation.time, 0.1)
        yield simulation
        simulation.close()


@pytest.fixture
def small_chunks(monkeypatch):
    """Batches are divided into chunks, as those of a backlog are, although a test has only a few jobs."""
    from connector.jobs import chunks

    monkeypatch.setattr(chunks, "SIZE", 3)


@pytest.fixture(scope="session")
def crowd(tmp_path_factory):
    """The whole system with four engine processes of two hosts, as when the app has scaled out; sweeps in seconds."""
    from contextlib import ExitStack
    from dataclasses import replace

    from sandbox.system import Options, functions, surroundings
    from tests.faults.crowd import Crowd

    folder = tmp_path_factory.mktemp("crowd")
    settings = {"SWEEP_SCHEDULE": "*/2 * * * * *", "JOB_SWEEP_AFTER_SECONDS": "2"}
    options = Options(settings=settings, workers=2, dataverse_arguments=("--no-limits",))
    with ExitStack() as stack:
        around = stack.enter_context(surroundings(options, folder=folder))
        hosts = []
        for name in ("one", "two"):
            logs = folder / name
            logs.mkdir()
            hosts.append(stack.enter_context(functions(replace(around, folder=logs), options)))
        yield Crowd(around, hosts)
