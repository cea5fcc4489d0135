"""How far long work is: a bar on a terminal, a line now and then elsewhere. Both go to stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from connector.cli.output import put

#: Seconds between two lines where there is no terminal.
INTERVAL: Final = 10.0


@contextmanager
def progress(
    what: str, *, total: int | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Show how much of something is done; what it yields is called with the number so far.

    Args:
        what: a message, e.g. `contact: records read`.
        total: how many there are; None where that is not known.
        clock: seconds, of any clock that never goes back.
    """
    what = put(what)
    if sys.stderr.isatty():
        counted = "{task.completed}" if total is None else "{task.completed} / {task.total}"
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn(counted), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda number: bar.update(task, completed=number)
        return
    last = clock()

    def line(number: int) -> None:
        nonlocal last
        if clock() - last >= INTERVAL:
            last = clock()
            typer.echo(f"{what}: {number}" if total is None else f"{what}: {number} / {total}", err=True)

    yield line
