"""The operations that this version carries out, by slug."""

from connector.jobs.automations import StartAutomation
from connector.jobs.contacts import SyncContact
from connector.jobs.fields import SET_CONTACT_FIELD
from connector.jobs.operation import Operation
from connector.jobs.resolve import Unknown
from connector.jobs.tags import AddTag

_OPERATIONS: dict[str, Operation] = {
    operation.slug: operation
    for operation in (Unknown(), SyncContact(), AddTag(), SET_CONTACT_FIELD, StartAutomation())
}


def operation_of(slug: str) -> Operation:
    """The operation of a subscription.

    Raises:
        KeyError: when no operation has this slug.
    """
    return _OPERATIONS[slug]
