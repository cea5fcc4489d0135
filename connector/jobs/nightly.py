"""The nightly clean-up: what is kept for a time only. Who adds such a thing adds its part to `PARTS`."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.errors import ConnectorError
from connector.jobs.clean_up import clean_up
from connector.plans.expiry import erase_expired, forget_counts
from connector.pulls.people_gone import erase_gone
from connector.services import Services
from connector.sync.interactions.clean_up import delete_old, delete_without_record
from connector.sync.visitors.retention import delete_old_visitors

log = logging.getLogger(__name__)

#: How long a clean-up goes on: less than the ten minutes of a function. What is left is for the next night.
TIME: Final = timedelta(minutes=8)

#: Deletes something until a time, and returns how many.
type Part = Callable[[Services, datetime], int]

#: What is deleted, in this order; the name is that in the log.
PARTS: Final[Sequence[tuple[str, Part]]] = (
    ("old values", lambda services, _: erase_expired(services)),
    ("old counts of the brake", lambda services, _: forget_counts(services)),
    ("old jobs", clean_up),
    ("old website visitors", delete_old_visitors),
    ("interactions of people who have left", erase_gone),
    ("interactions without a record", delete_without_record),
    ("old interactions", delete_old),
)


def clean_up_nightly(services: Services) -> int:
    """Delete what is too old; returns how many rows and values. The time that is left is shared among the parts.

    A part that fails does not keep the others from it.

    Raises:
        ConnectorError: of the first part that failed.
    """
    end, deleted = services.now() + TIME, 0
    errors: list[ConnectorError] = []
    for left, (name, part) in zip(range(len(PARTS), 0, -1), PARTS, strict=True):
        now = services.now()
        try:
            number = part(services, now + (end - now) / left)
        except ConnectorError as error:
            errors.append(error)
            continue
        log.info("%d %s were deleted.", number, name, extra=telemetry.fields(operation="clean-up-jobs", count=number))
        deleted += number
    if errors:
        raise errors[0]
    return deleted
