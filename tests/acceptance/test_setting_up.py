"""An empty environment, the set-up, the doctor, and the first job.

The connector signs in with the role that it was given.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pytest
import requests
from pydantic import SecretStr

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import tokens_from
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, SystemUser
from connector.doctor.run import CHECKS
from connector.http import Clock, Transport
from connector.mapping import load_mapping
from connector.settings import BusSettings
from connector.settings.systems import DataverseSettings
from connector.setup.applying import apply_setup
from connector.setup.calls import SetupCalls
from connector.setup.components import components
from connector.setup.endpoint_check import EndpointVerdict
from connector.setup.inputs import SetupInputs, inputs_from
from connector.setup.patience import Patience
from connector.setup.planning import make_plan
from connector.setup.target import read_target
from sandbox.launch import ROOT
from sandbox.people import People
from sandbox.system import Options, Surroundings, System, functions, surroundings
from tests.acceptance.world import World

OPTIONS = Options(dataverse_arguments=("--empty",))
#: Definitions settle at once: how long they take is shown elsewhere.
SETTLED = dict.fromkeys(("definition_seconds", "write_seconds", "set_seconds", "attributes_seconds", "key_seconds"), 0)
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
    "TELEMETRY_ARRIVES": _WITHOUT_AZURE,
}


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment after the set-up.

    Attributes:
        around: what runs, with the id of the application user among the settings.
        left: what a second plan would do.
        writes: the calls of a second run that wrote.
        said: what the command `setup apply` says of a plan with nothing to do.
    """

    around: Surroundings
    left: tuple[str, ...]
    writes: int
    said: str


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with surroundings(OPTIONS, folder=tmp_path_factory.mktemp("empty")) as around:
        url, ca_file = around.dataverse.get("url"), around.dataverse.get("ca_file")
        settings = DataverseSettings(
            dataverse_url=url,
            dataverse_authority=url,
            dataverse_tenant_id=around.dataverse.get("tenant_id"),
            dataverse_client_id=around.dataverse.get("admin_client_id"),
            dataverse_client_secret=SecretStr(around.dataverse.get("admin_client_secret")),
        )
        transport = Transport(url + API, timeout=60, parallel=1, system="Dataverse", verify=ca_file)
        dataverse = Dataverse(transport, tokens_from(settings, verify=ca_file))
        try:
            inputs = _inputs(around)
            _door(around, "customizing", SETTLED)
            _apply(dataverse, inputs)
            again = _apply(dataverse, inputs)
            said = _apply_by_command(around, inputs)
            condition = f"applicationid eq '{inputs.application}'"
            (user,) = People(around.dataverse).find(SystemUser.SET, condition, SystemUser.ID)
            told = {**around.settings, "DATAVERSE_USER_ID": str(user[SystemUser.ID])}
            yield Installed(replace(around, settings=told), *again, said)
        finally:
            dataverse.close()


def _inputs(around: Surroundings) -> SetupInputs:
    """Those of the settings, with the key of the policy that Dataverse sends with."""
    sending = around.servicebus.get("dataverse_connection_string")
    key = next(part.partition("=")[2] for part in sending.split(";") if part.startswith("SharedAccessKey="))
    mapping = load_mapping(ROOT / "mappings" / "default.json")
    return inputs_from(
        mapping,
        BusSettings(ServiceBus=sending),  # type: ignore[call-arg] - by its alias
        application=around.dataverse.get("client_id"),
        key=SecretStr(key),
    )


def _apply(dataverse: Dataverse, inputs: SetupInputs) -> tuple[tuple[str, ...], int]:
    """Plan, apply, and plan again."""
    calls, parts = SetupCalls(dataverse), components(inputs=inputs)
    apply_setup(make_plan(read_target(calls), parts), read_target(calls), parts, Patience(Clock(sleep=lambda _: None)))
    left = make_plan(read_target(calls), parts)
    return (*(each.component for each in left.writes), *left.refusals), calls.writes


def _apply_by_command(around: Surroundings, inputs: SetupInputs) -> str:
    """Plan and apply once more, as an administrator does; returns what was printed."""
    assert inputs.endpoint is not None
    assert inputs.endpoint.key is not None
    settings = {
        **around.settings,
        "DATAVERSE_CLIENT_ID": around.dataverse.get("admin_client_id"),
        "DATAVERSE_CLIENT_SECRET": around.dataverse.get("admin_client_secret"),
        "SERVICE_ENDPOINT_KEY": inputs.endpoint.key.get_secret_value(),
    }
    file = str(around.folder / "plan.json")
    _command(settings, "setup", "plan", "--application", inputs.application, "--out", file).check_returncode()
    ended = _command(settings, "setup", "apply", file, "--application", inputs.application)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _command(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
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


def _door(around: Surroundings, path: str, content: dict[str, object]) -> None:
    url, ca_file = around.dataverse.get("url"), around.dataverse.get("ca_file")
    requests.post(f"{url}/_sandbox/{path}", json=content, verify=ca_file, timeout=60).raise_for_status()


@pytest.fixture(scope="module")
def world(installed: Installed) -> Iterator[World]:
    """The app between the systems, signed in as the application user that the set-up made."""
    around = installed.around
    with functions(around, OPTIONS) as app:
        world = World(System(around.servicebus, around.dataverse, around.spotler, app, around.settings))
        yield world
        world.bus.close()


def test_a_second_set_up_has_nothing_to_do(installed):
    assert (installed.left, installed.writes) == ((), 0)


@pytest.mark.feature("JOB-09")
def test_the_test_message_of_the_set_up_passes_the_router_without_a_trace(installed, world):
    world.settle()

    assert installed.said.splitlines() == ["0 components, 0 writes, 0 s of waiting.", EndpointVerdict.ARRIVED]
    assert world.routed() == 1
    assert world.bus.quarantine() == []
    assert world.rows(Job.TABLE) == []


@pytest.mark.feature("SEC-01")
@pytest.mark.feature("SEC-02")
def test_the_first_job_of_an_empty_environment_completes_with_the_role_that_the_set_up_gave(world):
    record = world.contact()

    world.run(Operation.ADD_TAG, record, dh_tag="first").assert_completed()

    assert world.spotler.contact(record).tags == ["first"]


def test_the_doctor_finds_nothing_wrong_after_the_set_up(installed, world):
    world.sweep()

    ended = _command(installed.around.settings, "doctor", "--json", "--probe")

    results = {each["check"]: each for each in json.loads(ended.stdout)}
    not_ok = {code: each["sentence"] for code, each in results.items() if each["result"] != "ok"}
    assert not_ok == NOT_CHECKED
    assert {results[code]["result"] for code in NOT_CHECKED} == {"not checked"}
    assert list(results) == [each.code for each in CHECKS]
    assert ended.returncode == 0
