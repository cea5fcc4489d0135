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

SLUGS: Final = frozenset(operation.slug for operation in CARRIED_OUT)
