"""An empty environment, the set-up, and the first job, with the connector signed in with the role that it was given."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import requests
from pydantic import SecretStr

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import tokens_from
from connector.dataverse.choices import Operation
from connector.dataverse.names import SystemUser
from connector.http import Clock, Transport
from connector.mapping import load_mapping
from connector.settings import BusSettings
from connector.settings.systems import DataverseSettings
from connector.setup.applying import apply_setup
from connector.setup.calls import SetupCalls
from connector.setup.components import components
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


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment after the set-up.

    Attributes:
        around: what runs, with the id of the application user among the settings.
        left: what a second plan would do.
        writes: the calls of a second run that wrote.
    """

    around: Surroundings
    left: tuple[str, ...]
    writes: int


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
            condition = f"applicationid eq '{inputs.application}'"
            (user,) = People(around.dataverse).find(SystemUser.SET, condition, SystemUser.ID)
            told = {**around.settings, "DATAVERSE_USER_ID": str(user[SystemUser.ID])}
            yield Installed(replace(around, settings=told), *again)
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


def _door(around: Surroundings, path: str, content: dict[str, object]) -> None:
    url, ca_file = around.dataverse.get("url"), around.dataverse.get("ca_file")
    requests.post(f"{url}/_sandbox/{path}", json=content, verify=ca_file, timeout=60).raise_for_status()


@pytest.mark.feature("SEC-01")
@pytest.mark.feature("SEC-02")
def test_the_first_job_of_an_empty_environment_completes_with_the_role_that_the_set_up_gave(installed):
    around = installed.around
    with functions(around, OPTIONS) as app:
        world = World(System(around.servicebus, around.dataverse, around.spotler, app, around.settings))
        record = world.contact()

        world.run(Operation.ADD_TAG, record, dh_tag="first").assert_completed()

        assert world.spotler.contact(record).tags == ["first"]
        world.bus.close()
    assert (installed.left, installed.writes) == ((), 0)
