"""The audiences of Marketing Lists: who is on each list, beside who was sent into its audience.

Spotler cannot tell who is in an audience, so what the state holds of it stands for it. Nothing is changed here: a list
whose members differ, or whose stored membership is lost, gets a Sync Marketing List job, which has its own brake.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from connector.dataverse.api import UnknownName, filters
from connector.dataverse.choices import Operation
from connector.dataverse.names import MarketingList
from connector.errors import Refused
from connector.services import Services
from connector.sync.lists.difference import DOUBT, Difference, Todo, differences, on_list
from connector.sync.lists.ids import packed, unpacked
from connector.sync.lists.orders import LIST_OPERATIONS, order
from connector.sync.lists.reading import LIST_COLUMNS, ListReader, ListRow
from connector.sync.lists.run import ListRun
from connector.sync.lists.stored import ListState


class AudienceState(StrEnum):
    """What was found about the audience of a list; a code of a refusal stands for itself."""

    EQUAL = "equal"
    DIFFERS = "members differ: a sync was ordered"
    LOST = "the stored membership is lost: a sync was ordered"


#: What a sync is ordered for.
_ORDERED: Final = (AudienceState.DIFFERS, AudienceState.LOST)


def synced_lists(services: Services) -> list[ListRow]:
    """The active lists that are synced; none in an environment without Marketing Lists."""
    try:
        rows = services.dataverse.query(
            MarketingList.SET,
            select=LIST_COLUMNS,
            filter=filters.and_(filters.eq(MarketingList.SYNCED, value=True), filters.eq(MarketingList.STATE, 0)),
        )
    except UnknownName:
        return []
    return [ListRow.from_row(row) for row in rows]


def compare_audience(services: Services, row: ListRow) -> str:
    """Compare one list with what was sent of it; order its sync where they differ.

    Raises:
        ConnectorError: Dataverse or the state cannot be used.
    """
    try:
        found = _found(services, row)
    except Refused as refusal:  # the query of the list; its job says the same
        return refusal.result_code
    if found in _ORDERED:
        order(services, Operation.SYNC_MARKETING_LIST, [row.id], unless=LIST_OPERATIONS)
    return found


def _found(services: Services, row: ListRow) -> AudienceState:
    membership = ListState(services.state, row.id).membership()
    if membership.is_uncertain:
        return AudienceState.LOST
    differs = any(map(_is_different, differences(on_list(_pages(services, row)), membership)))
    return AudienceState.DIFFERS if differs else AudienceState.EQUAL


def _pages(services: Services, row: ListRow) -> Iterator[tuple[str, bytes]]:
    """Everybody on the list, by what its pages say of them."""
    reader, run = ListReader(services, row), ListRun("", services.now().isoformat())
    kept_out, has_more = reader.kept_out(), True
    while has_more:
        page, has_more = reader.read(run, kept_out)
        for verdict, members in page.items():
            yield verdict, unpacked(packed(members))


def _is_different(each: Difference) -> bool:
    """Whether somebody has to be added or removed; who is in doubt is left to the sync of the list."""
    if each.reason == DOUBT:
        return False
    return each.todo in (Todo.SYNC, Todo.CHECK)
