"""The subscription of each operation, and so its function."""

from typing import Final

from connector.dataverse.choices import Operation

#: The subscription of jobs whose operation is not in the message: the row has to be read first.
RESOLVE: Final = "resolve-job"

#: Every operation has one.
CARRIED_OUT: Final = tuple(Operation)


def slug_of(operation: Operation | None) -> str:
    """The subscription of an operation; `RESOLVE` for a row that names none."""
    return RESOLVE if operation is None else operation.slug
