"""Rows that are not needed any more are deleted in blocks, for as long as there is time."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connector import telemetry
from connector.dataverse.api import BatchRequest, Conflict, NotFound, TableNames
from connector.services import Services
from connector.sync.slices import in_slices

log = logging.getLogger(__name__)

#: Rows that are looked up at once.
BLOCK: Final = 1000


def delete_rows(services: Services, table: TableNames, condition: str, *, until: datetime, operation: str) -> int:
    """Delete the rows of a table that fit, until the time is over; returns how many.

    What is left is for the next run. Rows that cannot be deleted are logged, and the others are deleted.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    deleted = 0
    while services.now() < until:
        rows = services.dataverse.query(table.SET, select=(table.ID,), filter=condition, top=BLOCK)
        requests = [BatchRequest.delete(table.SET, str(row[table.ID])) for row in rows]
        number = delete_each(services, requests, operation=operation)
        deleted += number
        if len(rows) < BLOCK or not number:
            break
    return deleted


def delete_each(services: Services, requests: Sequence[BatchRequest], *, operation: str) -> int:
    """Send deletions; returns how many rows were deleted. A row that has changed or is gone already is left."""
    answers = [answer for part in in_slices(services, requests, services.dataverse.batch) for answer in part]
    errors = [answer.error for answer in answers if answer.error is not None]
    refusals = [error for error in errors if not isinstance(error, Conflict | NotFound)]
    for first_of_each_type in {type(refusal): refusal for refusal in refusals}.values():
        telemetry.log_problem(log, first_of_each_type, operation=operation)
    return len(answers) - len(errors)
