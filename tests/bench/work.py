"""The work of each operation in the bench, derived from its class and from its sample."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from connector.dataverse.choices import Operation
from connector.operations.operation import Needs
from connector.operations.registry import operation_of
from sandbox.samples import WORKING, Work

#: What can be measured. Marketing lists are not synced yet.
OPERATIONS: Final = tuple(WORKING)

#: What Spotler's journal shows when a contact is created.
_CREATED: Final = "contact.created"


def work_of(operation: Operation) -> Work:
    """What the sample of an operation does in Spotler."""
    work = WORKING[operation].work
    assert work is not None  # by the definition of `WORKING`
    return work


def is_about_contact(operation: Operation) -> bool:
    """Whether its jobs are about a contact."""
    return operation_of(operation.slug).needs is not Needs.NOTHING


def is_known(operation: Operation) -> bool:
    """Whether Spotler has the contacts before, so that the operation is all there is to do."""
    return work_of(operation).effect != _CREATED


def row_of(operation: Operation, contact: str, automations: Mapping[str, str]) -> dict[str, object]:
    """A job like the sample, about this contact; the automations are known by the names that samples use."""
    return WORKING[operation].row(defaultdict(lambda: contact, automations))
