"""Files that commands write: their place is looked at first, and what cannot be written is named."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.cli.output import refuse
from connector.words import Sentence


def writable(file: Path | None) -> Path | None:
    """A file that the command is to write, looked at before the work whose result goes into it.

    Raises:
        typer.Exit: with 1, where no file can be made there.
    """
    if file is not None:
        folder = file.absolute().parent
        if not folder.is_dir():
            refuse(Sentence("There is no folder {folder}.", folder=str(folder)))
        if file.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
            refuse(Sentence("{file} cannot be written: give the name of a file.", file=str(file)))
    return file


def store(file: Path, content: str | bytes) -> None:
    """Put a file in its place, whole.

    Raises:
        typer.Exit: it cannot be written, after saying so.
    """
    from connector.state.files import replace_file  # noqa: PLC0415 - loaded when used

    data = content.encode() if isinstance(content, str) else content
    with written(file):
        if file.exists() and not file.is_file():  # a terminal, or a pipe
            file.write_bytes(data)
        else:
            replace_file(file, data)


@contextmanager
def written(place: Path) -> Iterator[None]:
    """End the command with a sentence where something cannot be written there."""
    try:
        yield
    except OSError as error:
        refuse(
            Sentence(
                "{file} cannot be written ({kind}). Name a folder that exists, and in which you may write.",
                file=str(place),
                kind=type(error).__name__,
            )
        )
