"""Deleted Marketing Lists whose audience could not be removed: it is tried again each night.

No job can be about a deleted list, so nobody can retry its removal. Its Failed job row (`failed_jobs`) says that
Dataverse reported the deletion. It is Completed once the audience is gone; as long as it is Failed, it is tried again.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import batched
from typing import Final
from uuid import UUID

from connector import telemetry
from connector.dataverse.api import BatchRequest, Conflict, NotFound, Row, filters
from connector.dataverse.api.rows import ETAG
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.job_outcome import outcome_columns
from connector.dataverse.names import Job, MarketingList, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.outcomes import OK
from connector.services import Services
from connector.sync.automatic.failed_jobs import name_of_deleted
from connector.sync.lists.removal import remove_audience
from connector.words import Sentence

log = logging.getLogger(__name__)

#: The name in logs.
NAME: Final = "lists"
#: Lists of one query.
PART: Final = 100


def remove_left_audiences(services: Services) -> int:
    """Remove what deleted lists have left behind, and complete their rows; how many lists that were.

    An audience that cannot be removed is logged and keeps no other.

    Raises:
        ConnectorError: Dataverse cannot be used; the next night goes on.
    """
    left = _left(services)
    removed = [list_id for list_id in left if _remove(services, list_id)]
    rows = [row for list_id in removed for row in left[list_id]]
    for answer in services.dataverse.batch([_completed(services, row) for row in rows]) if rows else ():
        # A row that somebody has changed or deleted meanwhile is theirs.
        if answer.error is not None and not isinstance(answer.error, Conflict | NotFound):
            telemetry.log_problem(log, answer.error, operation=NAME)
    return len(removed)


def _left(services: Services) -> Mapping[str, Sequence[Row]]:
    """The Failed rows of each list that was deleted and is not back."""
    beginning = name_of_deleted(RecordRef(MarketingList.TABLE, ""))
    found = defaultdict[str, list[Row]](list)
    for row in services.dataverse.query(
        Job.SET,
        select=(Job.ID, Job.NAME),
        filter=filters.and_(
            filters.eq(Job.OPERATION, Operation.REMOVE_MARKETING_LIST.value),
            filters.eq(Job.STATUS, JobStatus.FAILED.value),
            filters.eq(lookup_value(Job.LIST), None),
        ),
    ):
        name = str(row[Job.NAME])
        with suppress(ValueError):  # a person may have written anything behind the beginning
            if name.startswith(beginning):
                found[str(UUID(name.removeprefix(beginning)))].append(row)
    for part in batched(sorted(found), PART, strict=False):
        condition = filters.in_(MarketingList.ID, part)
        for row in services.dataverse.query(MarketingList.SET, select=(MarketingList.ID,), filter=condition):
            found.pop(str(row[MarketingList.ID]).lower(), None)
    return found


def _remove(services: Services, list_id: str) -> bool:
    try:
        remove_audience(services, list_id)
    except ConnectorError as error:
        telemetry.log_problem(log, error, operation=NAME)
        return False
    return True


def _completed(services: Services, row: Row) -> BatchRequest:
    said = services.wording.text(Sentence("The audience of the marketing list was deleted in Spotler."))
    values = outcome_columns(JobStatus.COMPLETED, OK, said, services.now())
    return BatchRequest.update(Job.SET, str(row[Job.ID]), values, if_match=str(row[ETAG]))
