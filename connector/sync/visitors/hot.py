"""Which visitors are hot, where the setting has changed since they were written."""

from typing import Final

from connector.dataverse.api import Keyed, filters
from connector.dataverse.names import Visitor
from connector.services import Services
from connector.sync.visitors.results import count_refusal

#: Rows that are changed in one run; the next run goes on.
MOST: Final = 1000


def follow_setting(services: Services) -> int:
    """Make Hot agree with the score of the setting; returns how many visitors were changed.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    score = services.settings.visitors_hot_score
    changed = 0
    for hot, condition in (
        (True, filters.and_(filters.ge(Visitor.RATING, score), filters.ne(Visitor.HOT, True))),
        (False, filters.and_(filters.lt(Visitor.RATING, score), filters.eq(Visitor.HOT, True))),
    ):
        rows = services.dataverse.query(Visitor.SET, select=(Visitor.ID,), filter=condition, top=MOST)
        changes = [Keyed(str(row[Visitor.ID]), {Visitor.HOT: hot}) for row in rows]
        for result in services.dataverse.update_multiple(Visitor, changes) if changes else []:
            if result.error is not None:
                count_refusal(result.error)
            else:
                changed += 1
    return changed
