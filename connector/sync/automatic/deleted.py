"""What Spotler Info still says of records that were deleted, once they are anonymised in Spotler.

The row may outlive its record. It then keeps no name, and says that Spotler has no contact: a record that is restored,
or made again with the same id, is sent as a new one.
"""

from collections.abc import Sequence
from typing import Final

from connector.dataverse.api import Dataverse, Keyed, NotFound, filters
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.outcomes import ANONYMIZED

_FORGOTTEN: Final[dict[str, object]] = {
    Info.NAME: "Deleted record",
    Info.SENT_HASH: "",
    Info.GONE: True,
    Info.ACTIVE: False,
    Info.LAST_STATUS: ANONYMIZED,
    Info.LAST_ERROR: None,
    Info.LAST_COMMON: None,
    Info.SENT_FIELDS: None,
}


def forget_deleted(dataverse: Dataverse, refs: Sequence[RecordRef]) -> dict[RecordRef, ConnectorError]:
    """Empty the rows of Spotler Info of records that were deleted.

    Returns:
        the records whose row could not be written, and why. A row that is gone is the same end state.
    """
    if not refs:
        return {}
    try:
        rows = dataverse.query(
            Info.SET, select=(Info.ID, Info.RECORD), filter=filters.in_(Info.RECORD, sorted(ref.id for ref in refs))
        )
        results = dataverse.update_multiple(Info, [Keyed(str(row[Info.ID]), _FORGOTTEN) for row in rows])
    except ConnectorError as error:
        return dict.fromkeys(refs, error)
    by_id = {ref.id: ref for ref in refs}
    return {
        by_id[str(row[Info.RECORD]).lower()]: result.error
        for row, result in zip(rows, results, strict=True)
        if result.error is not None and not isinstance(result.error, NotFound)
    }
