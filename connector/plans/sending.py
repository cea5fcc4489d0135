"""Records are sent on the order of a person, and what was sent is remembered before the order counts as done."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from connector.dataverse.api import Dataverse
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Transient
from connector.plans.patience import PAUSES
from connector.services import Services
from connector.sync.brake.braking import NOT_EDITED
from connector.sync.info import InfoValues, write_late
from connector.sync.outward.outward import Outward
from connector.sync.records import Record
from connector.sync.results import Delivery, NotSent


def send(
    services: Services,
    records: Sequence[Record],
    *,
    always: bool = False,
    edited: Mapping[RecordRef, Collection[str]] = NOT_EDITED,
    pause: Callable[[float], object] | None = None,
) -> dict[RecordRef, Delivery]:
    """Send records, and write Spotler Info; where that failed, it is the result of the record.

    No row of Spotler Info is given up at once: nothing else would say that a contact left Spotler on our order, and not
    because the person refused.

    Args:
        services: the systems.
        records: which.
        always: also those whose content did not change since it was sent.
        edited: the columns that people changed, as far as that is known.
        pause: waits for so many seconds while Dataverse is busy; None where there is no time for that: then a removal
            that Dataverse cannot note is not made.
    """
    began = services.now()
    outward = Outward(services, remembers=pause is not None)
    results = outward.send(records, always=always, edited=edited)
    late = [(ref, began, result.info) for ref, result in results.items() if result.info is not None]
    unwritten = _written(services.dataverse, late, pause)
    lost = {ref: NotSent(error) for ref, error in unwritten.items() if not isinstance(results[ref], NotSent)}
    return results | lost


def _written(
    dataverse: Dataverse, late: list[tuple[RecordRef, datetime, InfoValues]], pause: Callable[[float], object] | None
) -> dict[RecordRef, ConnectorError]:
    """Write rows, again while Dataverse is busy; those that could not be written, and why."""
    unwritten = write_late(dataverse, late)
    if pause is None:
        return unwritten
    for seconds in PAUSES:
        busy = {ref: error for ref, error in unwritten.items() if isinstance(error, Transient)}
        if not busy:
            break
        pause(max(seconds, *(error.retry_after or 0 for error in busy.values())))
        again = write_late(dataverse, [each for each in late if each[0] in busy])
        unwritten = {ref: error for ref, error in unwritten.items() if ref not in busy} | again
    return unwritten
