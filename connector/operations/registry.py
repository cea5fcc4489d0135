"""All operations, by slug."""

from typing import Final

from connector.dataverse.choices import Operation as Choice
from connector.operations.audiences import ADD_TO_AUDIENCE, REMOVE_FROM_AUDIENCE
from connector.operations.contacts import AnonymizeContact, SyncContact
from connector.operations.fields import CLEAR_CONTACT_FIELD, SET_CONTACT_FIELD
from connector.operations.marketing_lists import REMOVE_MARKETING_LIST, SYNC_MARKETING_LIST
from connector.operations.operation import Operation
from connector.operations.refreshes import REFRESH_AUTOMATIONS, REFRESH_PERMISSIONS
from connector.operations.resolve import Unknown
from connector.operations.scores import ChangeScore
from connector.operations.start_automation import StartAutomation
from connector.operations.stop_automation import StopAutomation
from connector.operations.tags import AddTag, RemoveTag
from connector.spotler import ScoreOperation

_ALL: Final[tuple[Operation, ...]] = (
    Unknown(),
    SyncContact(),
    SYNC_MARKETING_LIST,
    REMOVE_MARKETING_LIST,
    AddTag(),
    RemoveTag(),
    ChangeScore(Choice.SET_SCORE, ScoreOperation.SET),
    ChangeScore(Choice.INCREASE_SCORE, ScoreOperation.INCREASE),
    ChangeScore(Choice.DECREASE_SCORE, ScoreOperation.DECREASE),
    StartAutomation(),
    StopAutomation(),
    REFRESH_AUTOMATIONS,
    ADD_TO_AUDIENCE,
    REMOVE_FROM_AUDIENCE,
    SET_CONTACT_FIELD,
    CLEAR_CONTACT_FIELD,
    AnonymizeContact(),
    REFRESH_PERMISSIONS,
)

OPERATIONS: Final = {operation.slug: operation for operation in _ALL}


def operation_of(slug: str) -> Operation:
    """The operation of a subscription.

    Raises:
        KeyError: when no operation has this slug.
    """
    return OPERATIONS[slug]
