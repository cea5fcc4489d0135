"""What all commands print in the same way: tables, times, errors, and messages in the language of RESULT_LANGUAGE."""

import os
import sys
from datetime import UTC, datetime
from io import StringIO
from typing import Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from connector.errors import ConnectorError, Misconfigured, Transient, Unclear
from connector.words import Sentence, marked, wording_from

#: Width of a table that goes into a file or another program: wider than any row, so that nothing is cut off or wrapped.
UNLIMITED: Final = 100_000

#: Of a list whose reader asked for a part of what there is.
NOTHING_FITS: Final = Sentence("There is nothing that fits.")

#: What to do, instead of the advice that is right for functions, which try again. The narrower family comes first.
_ADVICE: Final[dict[type[ConnectorError], str]] = {
    Unclear: marked("Check whether it happened before you try again."),
    Transient: marked("Try again later."),
    Misconfigured: marked("Fix it and run the command again."),
}


def print_table(table: Table) -> None:
    """Print a table: as wide as the terminal; into a file or another program, a line for each row, without a frame.

    There a long text makes its own line long, and no other.
    """
    if sys.stdout.isatty():
        Console(highlight=False).print(table)
        return
    table.box, table.pad_edge, table.padding = None, False, (0, 2, 0, 0)
    plain = Console(highlight=False, width=UNLIMITED, file=StringIO())
    with plain.capture() as printed:
        plain.print(table)
    for line in printed.get().splitlines():
        typer.echo(line.rstrip())


def headed(*headings: str) -> Table:
    """An empty table with these headings, in the language that the settings ask for."""
    return Table(*map(put, headings))


def add_row(table: Table, *cells: str) -> None:
    """Add a row: messages in the language that the settings ask for, names as they are; brackets are no markup."""
    table.add_row(*((put(each) if isinstance(each, Sentence) else each).replace("[", "\\[") for each in cells))


def moment(value: datetime | None) -> str:
    """A time in UTC, to the second; `unknown` for None, in the language that the settings ask for."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if value else put(Sentence("unknown"))


def put(message: str) -> str:
    """A message in the language that the settings ask for."""
    return wording_from(os.environ).text(message)


def say(message: str, *, err: bool = False) -> None:
    """Print a message; with `err`, on standard error."""
    typer.echo(put(message), err=err)


def error_text(error: ConnectorError) -> str:
    """An error with the advice for a person at the command line, where nothing is tried again by itself."""
    for family, advice in _ADVICE.items():
        if isinstance(error, family) and error.what_to_do == family.advice:
            return put(error.with_advice(advice))
    return put(error.for_people)


def refuse(sentence: str) -> NoReturn:
    """End the command because it cannot be done.

    Raises:
        typer.Exit: with 1.
    """
    typer.echo(put(sentence), err=True)
    raise typer.Exit(1)
