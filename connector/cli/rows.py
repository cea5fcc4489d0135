"""Rows of Dataverse, for the commands: the client of the settings, and ids and numbers as people type them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from connector.cli.output import refuse
from connector.dataverse.api import Dataverse, Row, connect, filters
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.dataverse.schema.labels import named
from connector.settings import get_settings
from connector.words import Sentence

#: Digits of a job's number, with leading zeros: the autonumber format of the column.
NUMBER_DIGITS: Final = 12
#: Characters of the column. An id without hyphens is longer, so digits alone are never mistaken for one.
NUMBER_LENGTH: Final = 20


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
        typer.Exit: when it is not an id, after saying so.
    """
    try:
        return str(filters.guid(text)).lower()
    except ValueError:
        refuse(Sentence("{text} is not an id; an id looks like 00000000-0000-0000-0000-000000000000.", text=text))


def job_key(text: str) -> str:
    """What finds the row of a job: its id, or its number with or without leading zeros.

    Raises:
        typer.Exit: when it is neither, after saying so.
    """
    number = number_of(text)
    return filters.key({Job.NUMBER: number}) if number else row_id(text)


def number_of(text: str) -> str | None:
    """The number of a job as its row has it; None for what is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= NUMBER_LENGTH
    return text.zfill(NUMBER_DIGITS) if is_number else None


def operation_named(value: object) -> Sentence:
    """An operation as the form of a job calls it."""
    if isinstance(value, int) and value in set(Operation):
        return named(Operation(value).label)
    return Sentence("no known operation")


def status_named(value: object) -> Sentence:
    """A status as the form of a job calls it."""
    if isinstance(value, int) and value in set(JobStatus):
        return named(JobStatus(value).label)
    return Sentence("status {number}", number=str(value))


def moment_of(row: Row, column: str) -> datetime | None:
    """The time in a column; None where it is empty."""
    value = row.get(column)
    return datetime.fromisoformat(value) if isinstance(value, str) else None
