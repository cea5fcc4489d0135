"""Check of the queries of dynamic Marketing Lists: they may read tables that the role of the connector may not."""

from typing import Final

from connector.dataverse.api import Forbidden, Row, UnknownName
from connector.dataverse.api.errors import missing_privilege
from connector.dataverse.edition import has_lists
from connector.dataverse.names import MEMBER_TABLES, MarketingList
from connector.doctor.context import CheckContext
from connector.doctor.model import CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, some_of
from connector.errors import Refused
from connector.words import Sentence

#: So many lists are looked at.
LOOKED_AT: Final = 100
_WANTED: Final = f"{MarketingList.DYNAMIC} eq true and {MarketingList.SYNCED} eq true and {MarketingList.STATE} eq 0"
_COLUMNS: Final = (MarketingList.ID, MarketingList.QUERY, MarketingList.MEMBER_TYPE)


def _queries(context: CheckContext) -> Diagnosis:
    if not has_lists(context.dataverse):
        return ok("The environment has no Marketing Lists.")
    rows = context.dataverse.query(MarketingList.SET, select=_COLUMNS, filter=_WANTED, top=LOOKED_AT)
    found = {str(row[MarketingList.ID]): _lacks(context, row) for row in rows}
    lacking = [f"{list_id} ({privilege})" for list_id, privilege in found.items() if privilege]
    if not lacking:
        return ok("The application user may read all that the queries of dynamic Marketing Lists ask for.")
    return failed(
        Sentence(
            "Queries of dynamic Marketing Lists need privileges that the application user lacks: {names}.",
            names=some_of(lacking),
        ),
        "Give the application user a role with these privileges beside Spotler Service, or change the queries.",
    )


def _lacks(context: CheckContext, row: Row) -> str:
    """The privilege that a list's query needs and the connector lacks; what else is wrong with it, its job says."""
    from connector.dataverse.api.fetching import fetch_page  # noqa: PLC0415 - loaded when used
    from connector.sync.lists.query import dynamic_query  # noqa: PLC0415

    number = row.get(MarketingList.MEMBER_TYPE)
    table = MEMBER_TABLES.get(number, "") if isinstance(number, int) else ""
    if not table:
        return ""
    try:
        query = dynamic_query(str(row.get(MarketingList.QUERY) or ""), table, ())
        fetch_page(context.dataverse, query.set_name, query.page(1, 1, ""))
    except Forbidden as error:
        return missing_privilege(str(error.sentence)) or "?"
    except (Refused, UnknownName):
        return ""
    return ""


_check: Final = CheckMaker(CheckGroup.DATAVERSE, Reach.SYSTEMS_ON_REQUEST)

CHECKS: Final = (_check("DATAVERSE_LISTS", "the queries of dynamic Marketing Lists", _queries, "DATAVERSE_TOKEN"),)
