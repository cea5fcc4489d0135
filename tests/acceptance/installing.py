"""An environment that was empty, after the set-up: all that runs, with the connector signed in as it was told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import requests
from pydantic import SecretStr

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import tokens_from
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
from sandbox.system import Options, Surroundings, surroundings

MAPPING = ROOT / "mappings" / "default.json"
OPTIONS = Options(dataverse_arguments=("--empty",))
#: Definitions settle at once: how long they take is shown elsewhere.
SETTLED = dict.fromkeys(
    ("definition_seconds", "write_seconds", "set_seconds", "attributes_seconds", "column_seconds", "key_seconds"), 0
)


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment after the set-up.

    Attributes:
        around: what runs, with the id of the application user among the settings.
        dataverse: the client of an administrator.
        inputs: what the set-up was told.
    """

    around: Surroundings
    dataverse: Dataverse
    inputs: SetupInputs


@contextmanager
def empty_environment(
    folder: Path, *, light: bool = False, leads: bool = True
) -> Iterator[tuple[Surroundings, Dataverse]]:
    """What runs around an empty environment, and the client of an administrator.

    Args:
        folder: of what runs.
        light: whether it has no Marketing Lists.
        leads: whether it has leads.
    """
    with surroundings(OPTIONS, folder=folder) as around:
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
            door(around, "edition", {"light": light, "leads": leads})
            door(around, "customizing", SETTLED)
            yield around, dataverse
        finally:
            dataverse.close()


def install(around: Surroundings, dataverse: Dataverse, mapping: Path = MAPPING) -> Installed:
    """Set it up for a mapping."""
    inputs = _inputs(around, mapping)
    set_up(dataverse, inputs)
    condition = f"applicationid eq '{inputs.application}'"
    (user,) = People(around.dataverse).find(SystemUser.SET, condition, SystemUser.ID)
    told = {**around.settings, "DATAVERSE_USER_ID": str(user[SystemUser.ID]), "MAPPING_FILE": str(mapping)}
    return Installed(replace(around, settings=told), dataverse, inputs)


def door(around: Surroundings, path: str, content: dict[str, object]) -> None:
    """The side door of the stand-in."""
    url, ca_file = around.dataverse.get("url"), around.dataverse.get("ca_file")
    requests.post(f"{url}/_sandbox/{path}", json=content, verify=ca_file, timeout=60).raise_for_status()


def mapping_without(table: str, folder: Path) -> Path:
    """The usual mapping without the columns of a table, in a file."""
    content = json.loads(MAPPING.read_text(encoding="utf-8"))
    for row in content["rows"]:
        row.pop(table, None)
    file = folder / "mapping.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def _inputs(around: Surroundings, mapping: Path) -> SetupInputs:
    """Those of the settings, with the key of the policy that Dataverse sends with."""
    sending = around.servicebus.get("dataverse_connection_string")
    key = next(part.partition("=")[2] for part in sending.split(";") if part.startswith("SharedAccessKey="))
    return inputs_from(
        load_mapping(mapping),
        BusSettings(ServiceBus=sending),  # type: ignore[call-arg] - by its alias
        application=around.dataverse.get("client_id"),
        key=SecretStr(key),
    )


def set_up(dataverse: Dataverse, inputs: SetupInputs) -> int:
    """Plan and apply; return the number of calls that wrote."""
    calls, parts = SetupCalls(dataverse), components(inputs=inputs)
    apply_setup(make_plan(read_target(calls), parts), read_target(calls), parts, Patience(Clock(sleep=lambda _: None)))
    return calls.writes
