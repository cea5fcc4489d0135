"""The environment and the options that all commands of `setup` share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.files import store
from connector.words import Sentence

if TYPE_CHECKING:
    from connector.setup.applying import SetupReport
    from connector.setup.component import Component
    from connector.setup.inputs import SetupInputs
    from connector.setup.plan import Adoption, Extras
    from connector.setup.target import SetupTarget

OwnSignIn = Annotated[
    bool, typer.Option("--own-sign-in", help="Sign in as you (az login or azd auth login), not as the app.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def environment(*, own_sign_in: bool) -> "Iterator[SetupTarget]":
    """The environment of the settings, as it is now."""
    from connector.dataverse.api import Forbidden  # noqa: PLC0415 - loaded when used
    from connector.errors import Misconfigured  # noqa: PLC0415
    from connector.settings.settings import load_settings  # noqa: PLC0415
    from connector.settings.systems import DataverseSettings  # noqa: PLC0415
    from connector.setup.connecting import connect_setup, explained  # noqa: PLC0415
    from connector.setup.target import read_target  # noqa: PLC0415

    calls, dataverse = connect_setup(load_settings(DataverseSettings), own_sign_in=own_sign_in)
    try:
        yield read_target(calls)
    except (Forbidden, Misconfigured) as error:
        raise explained(error, own_sign_in=own_sign_in) from None
    finally:
        dataverse.close()


def components_of(
    target: "SetupTarget", adoption: "Adoption | None", extras: "Extras", inputs: "SetupInputs"
) -> "list[Component]":
    """The components of the manifest, with the publisher that the solution has, or gets.

    Args:
        target: the environment.
        adoption: what becomes ours; None where nothing does.
        extras: what an operator asked for beside the manifest.
        inputs: what the manifest does not say.
    """
    from connector.dataverse.schema.installation import PUBLISHER  # noqa: PLC0415 - loaded when used
    from connector.setup.components import components  # noqa: PLC0415

    wanted = PUBLISHER.name if adoption is None else adoption.publisher
    return components(target.publisher or wanted, extras, inputs)


def installed_components(target: "SetupTarget") -> "list[Component]":
    """The components of the manifest, and what the environment has beside it; nothing is made of them."""
    from connector.setup.inputs import EndpointInputs, SetupInputs  # noqa: PLC0415 - loaded when used
    from connector.setup.installed_steps import installed_steps  # noqa: PLC0415
    from connector.setup.interface.extras import installed_extras  # noqa: PLC0415

    steps = SetupInputs().steps
    inputs = SetupInputs(endpoint=EndpointInputs(""), steps=(*steps, *installed_steps(target, steps)))
    return components_of(target, None, installed_extras(target, published=True), inputs)


def reading(target: "SetupTarget") -> Sentence:
    """What is done while a plan is made."""
    return Sentence("{environment}: components read", environment=target.organization)


def figures_of(report: "SetupReport") -> Sentence:
    """What a run took."""
    return Sentence(
        "{count} write, {seconds} s of waiting",
        plural="{count} writes, {seconds} s of waiting",
        count=report.writes,
        seconds=round(report.waited),
    )


def hand_out(text: str, show: Callable[[], object], *, out: Path | None, as_json: bool, refused: bool) -> None:
    """Store and print a plan; where it is refused, the command ends with 1.

    Args:
        text: the plan as JSON.
        show: prints it for people.
        out: the file to store it in; None for none.
        as_json: whether it is printed as JSON.
        refused: whether the plan cannot be carried out.
    """
    if out is not None:
        store(out, text)
    if as_json:
        typer.echo(text)
    else:
        show()
    if refused:
        raise typer.Exit(1)
