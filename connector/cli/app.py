"""The command line. Settings come from the environment, or from a file like local.settings.json."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from connector import telemetry
from connector.cli import consent, jobs, mapping, messages, plan, setup, stored_message_commands
from connector.cli.codes import codes
from connector.cli.definitions import definitions
from connector.cli.doctor import doctor
from connector.cli.entities import entities
from connector.cli.listing import audiences, automations, records
from connector.cli.output import error_text
from connector.cli.pause import pause, resume
from connector.cli.reconcile import reconcile
from connector.cli.undo import undo
from connector.cli.why import why
from connector.errors import ConnectorError, Misconfigured
from connector.words import Sentence

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The Spotler connector, for administrators.")
app.add_typer(jobs.app, name="job")
app.add_typer(messages.app, name="message")
app.add_typer(mapping.app, name="mapping")
app.add_typer(consent.app, name="consent")
app.add_typer(plan.app, name="plan")
app.add_typer(setup.app, name="setup")
app.add_typer(stored_message_commands.quarantine, name="quarantine")
app.add_typer(stored_message_commands.dead_letters, name="dead-letters")
app.command()(audiences)
app.command()(automations)
app.command()(codes)
app.command()(definitions)
app.command()(doctor)
app.command()(entities)
app.command()(pause)
app.command()(reconcile)
app.command()(records)
app.command()(resume)
app.command()(undo)
app.command()(why)

#: Where application settings are looked for when the environment has none.
DEFAULT_SETTINGS = Path("local.settings.json")


@app.callback()
def settings_of(
    context: typer.Context,
    settings: Annotated[
        Path | None, typer.Option(help="Application settings, a file like local.settings.json.", exists=True)
    ] = None,
) -> None:
    """Read the settings; the environment takes precedence."""
    telemetry.silence_loggers()
    path = settings or (DEFAULT_SETTINGS if DEFAULT_SETTINGS.exists() else None)
    context.obj = path  # for commands that look for what lies beside it
    if path is not None:
        for name, value in _values(path).items():
            os.environ.setdefault(name, str(value))


def _values(path: Path) -> dict[str, object]:
    """The application settings in a file.

    Raises:
        Misconfigured: when it does not have the form of local.settings.json.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = None
    values = document.get("Values", {}) if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise Misconfigured(
            Sentence("{file} is not a file like local.settings.json: an object with the member Values.", file=str(path))
        )
    return values


def main() -> None:
    """Run a command; print an error as a sentence, without a stack trace."""
    try:
        app()
    except ConnectorError as error:
        typer.echo(error_text(error), err=True)
        sys.exit(1)
