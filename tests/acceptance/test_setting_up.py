"""An empty environment, the set-up, the doctor and the first jobs, with the connector in the role that it was given.

With Marketing Lists and leads, which need a licence of Dynamics 365 Sales, and without them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, Lead, MarketingList
from connector.doctor.run import CHECKS
from connector.setup.calls import SetupCalls
from connector.setup.endpoint_check import EndpointVerdict, check_endpoint
from connector.setup.patience import Patience
from sandbox.launch import ROOT
from sandbox.system import System, functions
from tests.acceptance.installing import (
    MAPPING,
    OPTIONS,
    Installed,
    empty_environment,
    install,
    mapping_without,
    set_up,
)
from tests.acceptance.world import World

#: Whether the environment has Marketing Lists, and leads.
EDITIONS = {"with lists": (True, True), "without lists": (False, True), "without Sales": (False, False)}
#: Said by the checks that only Azure can answer.
_WITHOUT_AZURE: Final = "Not asked for: run doctor with --azure on a machine that is signed in with az login."
#: The checks that nothing here can answer, and why.
NOT_CHECKED: Final = {
    "PACKAGE_COMPLETE": "Name the package for deployment with --package, a folder or a zip file.",
    "TELEMETRY_AGREES": "APPLICATIONINSIGHTS_CONNECTION_STRING is not set, so no telemetry is sent.",
    "APP_RUNS": _WITHOUT_AZURE,
    "RULES_RIGHT": _WITHOUT_AZURE,
    "PROPERTIES_MATCH": _WITHOUT_AZURE,
    "BUS_RIGHTS": _WITHOUT_AZURE,
    "SEND_RULE": _WITHOUT_AZURE,
    "ALERTS_ON": _WITHOUT_AZURE,
    "CALLS_THROTTLED": _WITHOUT_AZURE,
    "TELEMETRY_ARRIVES": _WITHOUT_AZURE,
}


@pytest.fixture(scope="module", params=EDITIONS.values(), ids=EDITIONS.keys())
def edition(request: pytest.FixtureRequest) -> tuple[bool, bool]:
    lists, leads = request.param
    return lists, leads


@pytest.fixture(scope="module")
def light(edition: tuple[bool, bool]) -> bool:
    return not edition[0]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, edition: tuple[bool, bool]) -> Iterator[Installed]:
    lists, leads = edition
    with empty_environment(tmp_path_factory.mktemp("empty"), light=not lists, leads=leads) as (around, dataverse):
        yield install(around, dataverse, MAPPING if leads else mapping_without(Lead.TABLE, around.folder))


@pytest.fixture(scope="module")
def world(installed: Installed) -> Iterator[World]:
    """The app between the systems, signed in as the application user that the set-up made."""
    around = installed.around
    with functions(around, OPTIONS) as app:
        world = World(System(around.servicebus, around.dataverse, around.spotler, app, around.settings))
        yield world
        world.bus.close()


def command(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the connector, in a process of its own."""
    return subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "connector", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def a_list(world: World) -> dict[str, str]:
    """A Marketing List of contacts, as a job has it."""
    made = world.people.create(MarketingList.SET, {MarketingList.NAME: "Friends", "createdfromcode": 2})
    return {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({made})"}


def test_a_second_set_up_has_nothing_to_do(installed):
    assert set_up(installed.dataverse, installed.inputs) == 0


@pytest.mark.feature("JOB-09")
def test_the_test_message_of_the_set_up_passes_the_router_without_a_trace(installed, world):
    verdict = check_endpoint(SetupCalls(installed.dataverse), Patience())
    world.settle()

    assert verdict is EndpointVerdict.ARRIVED
    assert world.routed() == 1
    assert world.bus.quarantine() == []
    assert world.rows(Job.TABLE) == []


@pytest.mark.parametrize("edition", [EDITIONS["with lists"]], ids=["with lists"], indirect=True, scope="module")
def test_the_command_apply_tests_the_key_also_where_there_is_nothing_to_do(installed, world):
    around, endpoint = installed.around, installed.inputs.endpoint
    settings = {
        **around.settings,
        "DATAVERSE_CLIENT_ID": around.dataverse.get("admin_client_id"),
        "DATAVERSE_CLIENT_SECRET": around.dataverse.get("admin_client_secret"),
        "SERVICE_ENDPOINT_KEY": endpoint.key.get_secret_value(),
    }
    application = ("--application", installed.inputs.application)
    file = str(around.folder / "plan.json")

    planned = command(settings, "setup", "plan", *application, "--out", file)
    applied = command(settings, "setup", "apply", file, *application)

    world.settle()
    assert (planned.returncode, applied.returncode) == (0, 0), planned.stderr + applied.stderr
    assert applied.stdout.splitlines()[-1] == EndpointVerdict.ARRIVED
    assert world.bus.quarantine() == []


@pytest.mark.feature("SEC-01")
@pytest.mark.feature("SEC-02")
@pytest.mark.feature("GEN-01")
def test_the_first_jobs_of_an_empty_environment_end_with_the_role_that_the_set_up_gave(world, light):
    record = world.contact()

    world.run(Operation.ADD_TAG, record, dh_tag="first").assert_completed()
    of_list = world.run(Operation.SYNC_MARKETING_LIST, **({} if light else a_list(world)))

    assert world.spotler.contact(record).tags == ["first"]
    if light:
        of_list.assert_failed("JOB_NOT_VALID", "no marketing lists; they need a licence of Dynamics 365 Sales")
    else:
        of_list.assert_completed()


def test_the_doctor_finds_nothing_wrong_after_the_set_up(installed, world):
    world.sweep()

    ended = command(installed.around.settings, "doctor", "--json", "--probe")

    results = {each["check"]: each for each in json.loads(ended.stdout)}
    not_ok = {code: each["sentence"] for code, each in results.items() if each["result"] != "ok"}
    assert not_ok == NOT_CHECKED
    assert {results[code]["result"] for code in NOT_CHECKED} == {"not checked"}
    assert list(results) == [each.code for each in CHECKS]
    assert ended.returncode == 0
