"""How the commands speak: tables, moments, and refusals as a sentence on standard error."""

import sys
from datetime import UTC, datetime
from typing import Final, NoReturn

import typer
from rich.console import Console

from connector.errors import ConnectorError, Misconfigured, Transient, Unclear

#: Columns of a table that goes into a file or another program: nothing of it may be cut. No row is as long.
UNLIMITED: Final = 100_000

#: What to do, instead of the advice of a family that counts on functions which try again; the narrower family first.
_ADVICE: Final[dict[type[ConnectorError], str]] = {
    Unclear: "Look whether it happened before you try again.",
    Transient: "Try again later.",
    Misconfigured: "Mend it and run the command again.",
}


def console() -> Console:
    """What tables are printed on: as wide as the terminal, or as the table where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else UNLIMITED)


def moment(value: datetime | None) -> str:
    """A moment in UTC, to the second; `unknown` for none."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if value else "unknown"


def told(error: ConnectorError) -> str:
    """An error as its reader at the command line needs it: here nothing is tried again by itself."""
    for family, advice in _ADVICE.items():
        if isinstance(error, family) and error.what_to_do == family.advice:
            return error.with_advice(advice)
    return error.for_people


def refuse(sentence: str) -> NoReturn:
    """End the command: it cannot be done.

    Raises:
        typer.Exit: with 1.
    """
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
