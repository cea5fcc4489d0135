"""How the commands speak: moments, and refusals as a sentence on standard error."""

from datetime import UTC, datetime
from typing import NoReturn

import typer


def moment(value: datetime | None) -> str:
    """A moment in UTC, to the second; `unknown` for none."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if value else "unknown"


def refuse(sentence: str) -> NoReturn:
    """End the command: it cannot be done.

    Raises:
        typer.Exit: with 1.
    """
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
