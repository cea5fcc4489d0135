"""All operations, by slug."""

from typing import Final

from connector.dataverse.choices import Operation as Choice
from connector.jobs.audiences import ADD_TO_AUDIENCE, REMOVE_FROM_AUDIENCE
from connector.jobs.automations import StartAutomation
from connector.jobs.contacts import AnonymizeContact, SyncContact
from connector.jobs.fields import CLEAR_CONTACT_FIELD, SET_CONTACT_FIELD
from connector.jobs.lists import REMOVE_MARKETING_LIST, SYNC_MARKETING_LIST
from connector.jobs.operation import Operation
from connector.jobs.refreshes import REFRESH_AUTOMATIONS, REFRESH_PERMISSIONS
from connector.jobs.resolve import Unknown
from connector.jobs.runs import StopAutomation
from connector.jobs.scores import ChangeScore
from connector.jobs.tags import AddTag, RemoveTag
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

_BY_SLUG: Final = {operation.slug: operation for operation in _ALL}


def operation_of(slug: str) -> Operation:
    """The operation of a subscription.

    Raises:
        KeyError: when no operation has this slug.
    """
    return _BY_SLUG[slug]
