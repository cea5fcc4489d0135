"""The operations that have a subscription, and so a function of their own. Light: it is loaded at every start."""

from typing import Final

from connector.dataverse.choices import Operation

#: The subscription of jobs whose operation the message did not tell: the row has to be read first.
RESOLVE: Final = "resolve-job"

CARRIED_OUT: Final = (
    Operation.SYNC_CONTACT,
    Operation.ADD_TAG,
    Operation.SET_CONTACT_FIELD,
    Operation.START_AUTOMATION,
)


def slug_of(operation: Operation | None) -> str:
    """The subscription of an operation; `RESOLVE` for one that nobody carries out."""
    return operation.slug if operation in CARRIED_OUT and operation is not None else RESOLVE
