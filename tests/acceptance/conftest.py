"""The whole system, once per process that runs tests, and a fresh view of it for every test.

The mapping is the default one with a few rows more: what it does not have (a filter, fields that come from Spotler, a
field that Spotler does not show) must be seen working too.
"""

import json
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from typer.testing import CliRunner

from connector.cli.app import app as commands
from connector.cli.output import error_text
from connector.dataverse.names import PERMISSIONS_VARIABLE, EnvironmentVariable
from connector.errors import ConnectorError
from connector.settings import get_settings
from sandbox.launch import ROOT
from sandbox.system import Options, System, running
from tests.acceptance.automations import automation_in_both, campaign_in_both
from tests.acceptance.variables import definition_of, forget_values
from tests.acceptance.world import World

#: Rows beside those of the default mapping.
MORE_ROWS: Final = (
    {"contact": "donotphone", "direction": "->", "filter": "false", "note": "Those who refuse calls stay out."},
    {"contact": "numberofchildren", "direction": "<->", "spotler": "freeField1"},
    {"contact": "creditlimit", "direction": "<-", "spotler": "turnover"},
    {"contact": "new_hobbies", "direction": "<-", "spotler": "profileFields", "items": ["Garden"]},
    {"lead": "$value:CRM", "direction": "->", "spotler": "scoreNote2"},
    {"lead": "address1_stateorprovince", "direction": "->", "spotler": "province", "note": "Not visible in Spotler."},
)

#: The columns of accounts that start a sync, instead of all mapped ones; the last one is not mapped.
TRIGGERS: Final = {"account": ["name", "emailaddress1", "accountnumber"]}


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("system")
    mapping = json.loads((ROOT / "mappings" / "default.json").read_text(encoding="utf-8"))
    mapping["rows"] += MORE_ROWS
    mapping["triggers"] = TRIGGERS
    del mapping["$schema"]
    file = folder / "mapping.json"
    file.write_text(json.dumps(mapping), encoding="utf-8")
    settings = {
        "MAPPING_FILE": str(file),
        # The sweep takes every waiting job.
        "JOB_SWEEP_AFTER_SECONDS": "0",
        # More than all tests but that of the brake cause.
        "BRAKE_LEAST": "40",
        # So small that every list needs several pages, blocks and steps.
        "LIST_PAGE": "2",
        "LIST_BLOCK": "2",
        "LIST_STEP": "3",
        # What a test sets counts at once.
        "PERMISSION_VARIABLES_SECONDS": "0",
    }
    with running(Options(settings=settings, leads=True), folder=folder) as system:
        yield system


@pytest.fixture(scope="session")
def _world(system: System) -> Iterator[World]:
    world = World(system)
    yield world
    world.bus.close()


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    yield _world
    _world.calm_down()


@pytest.fixture
def automatic(world: World) -> Iterator[World]:
    """The world in which changes of records are posted too, and not only jobs that are created."""
    world.settle()
    world.steps(tables=[])
    yield world
    world.settle()


@pytest.fixture
def automation(world: World) -> str:
    """The row of an automation that Spotler and Dataverse both know, with three fields."""
    return automation_in_both(world)


@pytest.fixture
def campaign(world: World) -> str:
    """The row of a campaign that both know."""
    return campaign_in_both(world)


@pytest.fixture
def variable(world: World) -> Iterator[str]:
    """The environment variable, without a value; there is one for the whole environment."""
    row = definition_of(world, PERMISSIONS_VARIABLE)
    world.people.update(EnvironmentVariable.SET, row, {EnvironmentVariable.DEFAULT: "Outdated;"})
    yield row
    forget_values(world)


@pytest.fixture
def command(system: System, tmp_path, monkeypatch) -> Iterator[Callable[..., tuple[int, str]]]:
    """Runs a command with the settings of the system: its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    for name, value in system.settings.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()

    def _command(*arguments: str) -> tuple[int, str]:
        ended = CliRunner().invoke(commands, list(arguments))
        if isinstance(ended.exception, ConnectorError):
            return 1, error_text(ended.exception)
        return ended.exit_code, ended.output

    yield _command
    get_settings.cache_clear()
