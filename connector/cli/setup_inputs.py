"""What the commands of the set-up read beside their options: the mapping, the bus, and the key of the endpoint."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from connector.cli.output import put
from connector.words import Sentence

if TYPE_CHECKING:
    from connector.setup.inputs import SetupInputs

#: The environment variable with the key of the policy that Dataverse sends with. It is no setting of the app.
KEY: Final = "SERVICE_ENDPOINT_KEY"


def _client_id(text: str | None) -> str | None:
    """A client id. An empty one is a mistake: a variable that was to hold it was never filled.

    Raises:
        typer.BadParameter: it is something else.
    """
    try:
        return None if text is None else str(UUID(text))
    except ValueError:
        wrong = Sentence(
            "“{text}” is no client id: in Microsoft Entra, see App registrations, Application (client) ID.",
            text=text or "",
        )
        raise typer.BadParameter(put(wrong)) from None


Application = Annotated[
    str | None,
    typer.Option(
        metavar="CLIENT_ID",
        callback=_client_id,
        help="The application that the connector signs in with. With --own-sign-in it is DATAVERSE_CLIENT_ID, if set.",
    ),
]
KeyFromStdin = Annotated[
    bool, typer.Option("--key-from-stdin", help="Read the key of the service endpoint from standard input.")
]
ReplaceKey = Annotated[bool, typer.Option("--replace-key", help="Write the key although the endpoint has one.")]
EnabledByDefault = Annotated[
    str,
    typer.Option(
        "--enabled-by-default", metavar="NAMES", help="Permissions of new records, where nothing is set yet: A;B."
    ),
]
_BUS: Final = ("ServiceBus", "ServiceBus__fullyQualifiedNamespace")


def read_inputs(
    application: str | None = None,
    enabled_by_default: str = "",
    *,
    own_sign_in: bool,
    from_stdin: bool = False,
    replaces_key: bool = False,
) -> "SetupInputs":
    """The inputs of the settings; without a bus, the endpoint and its steps are left alone.

    Args:
        application: the client id of the connector; None for DATAVERSE_CLIENT_ID, if an operator signs in.
        enabled_by_default: the first value of the variable with the permissions of new records; empty for none.
        own_sign_in: whether the operator signs in.
        from_stdin: whether the key is read from standard input.
        replaces_key: whether it is written although the endpoint has one.

    Raises:
        Misconfigured: the mapping or a setting is wrong.
        typer.BadParameter: DATAVERSE_CLIENT_ID is no client id.
    """
    from pydantic import SecretStr  # noqa: PLC0415 - loaded when used

    from connector.dataverse.names import ENABLED_VARIABLE  # noqa: PLC0415
    from connector.mapping import load_mapping  # noqa: PLC0415
    from connector.settings import BusSettings, load_settings  # noqa: PLC0415
    from connector.setup.inputs import SetupInputs, inputs_from, needs_of, steps_of  # noqa: PLC0415

    given = sys.stdin.readline().strip() if from_stdin else os.environ.get(KEY, "").strip()
    own = os.environ.get("DATAVERSE_CLIENT_ID") if own_sign_in else None
    named = application or _client_id(own or None) or ""
    values = {ENABLED_VARIABLE: enabled_by_default} if enabled_by_default else {}
    if not any(os.environ.get(name) for name in _BUS):
        mapping = load_mapping(Path(os.environ.get("MAPPING_FILE", "mappings/default.json")))
        return SetupInputs(needs_of(mapping), steps_of(mapping), None, named, values, mapping)
    bus = load_settings(BusSettings)
    key = SecretStr(given) if given else None
    return inputs_from(
        load_mapping(bus.mapping_file), bus, application=named, key=key, replaces_key=replaces_key, values=values
    )
