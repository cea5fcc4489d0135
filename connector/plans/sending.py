"""Records are sent on the order of a person, and what was sent is remembered before the order counts as done."""

from collections.abc import Collection, Mapping, Sequence

from connector.dataverse.records import RecordRef
from connector.services import Services
from connector.sync.brake.braking import NOT_EDITED
from connector.sync.info import write_late
from connector.sync.outward.outward import Outward
from connector.sync.records import Record
from connector.sync.results import Delivery, NotSent


def send(
    services: Services,
    records: Sequence[Record],
    *,
    always: bool = False,
    edited: Mapping[RecordRef, Collection[str]] = NOT_EDITED,
) -> dict[RecordRef, Delivery]:
    """Send records, and write Spotler Info; where that failed, it is the result of the record.

    Args:
        services: the systems.
        records: which.
        always: also those whose content did not change since it was sent.
        edited: the columns that people changed, as far as that is known.
    """
    began = services.now()
    results = Outward(services).send(records, always=always, edited=edited)
    late = [(ref, began, result.info) for ref, result in results.items() if result.info is not None]
    unwritten = write_late(services.dataverse, late)
    lost = {ref: NotSent(error) for ref, error in unwritten.items() if not isinstance(results[ref], NotSent)}
    return results | lost
