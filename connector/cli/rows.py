"""Rows of Dataverse, for the commands: the client of the settings, and ids as people type them."""

from collections.abc import Iterator
from contextlib import contextmanager

from connector.cli.output import refuse
from connector.dataverse.api import Dataverse, connect, filters
from connector.settings import get_settings


@contextmanager
def dataverse() -> Iterator[Dataverse]:
    """The client of the settings, for one command."""
    client = connect(get_settings())
    try:
        yield client
    finally:
        client.close()


def row_id(text: str) -> str:
    """The id of a row, as rows have it.

    Raises:
        typer.Exit: when it is none, after saying so.
    """
    try:
        return str(filters.guid(text)).lower()
    except ValueError:
        refuse(f"{text} is not an id; an id looks like 00000000-0000-0000-0000-000000000000.")
