"""Values of Spotler are written into rows of contact, lead and account, over the version that was read.

With each row goes a note on Spotler Info that it has these values from Spotler, in one change set. So there is never
one without the other, and a record whose value a person changes back is not taken for one that did not get it yet.

The answer to each write has what Dataverse made of the values, plug-ins included: so it is known what both systems have
in common, and nothing that a person writes at the same time is taken for that.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector import telemetry
from connector.dataverse.api import BatchRequest, Conflict, Duplicate, NotFound, Row, etag
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError, Transient
from connector.services import Services
from connector.sync.info import InfoWrite
from connector.sync.old_values import OPERATION, Overwritten, keep
from connector.sync.records import Record

log = logging.getLogger(__name__)


class RecordChanged(Transient):
    """The record was changed in Dataverse while it was being synced."""

    code = "RECORD_CHANGED"


@dataclass(frozen=True, slots=True)
class ColumnWrite:
    """Columns of one record.

    Attributes:
        record: as it was read.
        values: by column.
        note: what Spotler Info says from then on; None where nothing is noted.
    """

    record: Record
    values: Mapping[str, object]
    note: InfoWrite | None = None

    @property
    def requests(self) -> list[BatchRequest]:
        """The write, on condition of the row version, and the note."""
        ref = self.record.ref
        row = BatchRequest.update(
            RECORD_TABLES[ref.table].set_name,
            ref.id,
            self.values,
            if_match=etag(self.record.row),
            returning=",".join(sorted(self.values)),
        )
        if self.note is None:
            return [row]
        return [replace(each, change_set=ref.id) for each in (row, self.note.request)]


def write_columns(services: Services, writes: Sequence[ColumnWrite]) -> dict[RecordRef, Record | ConnectorError]:
    """Write columns of records, all in one call.

    Returns:
        each record as it is then, with its Spotler Info; or why it was not written: `RecordChanged` where somebody else
        has written one of the two.
    """
    if not writes:
        return {}
    unkept = keep(services, {write.record.ref: _overwritten(write, write.values) for write in writes})
    results: dict[RecordRef, Record | ConnectorError] = dict(unkept)
    writes = [write for write in writes if write.record.ref not in unkept]
    if not writes:
        return results
    try:
        answers = iter(services.dataverse.batch([request for write in writes for request in write.requests]))
    except ConnectorError as error:
        return results | {write.record.ref: error for write in writes}
    other: dict[RecordRef, Overwritten] = {}
    for write in writes:
        ref, answer = write.record.ref, next(answers)
        noted = next(answers) if write.note is not None else None
        if isinstance(answer.error, Conflict | Duplicate | NotFound):
            results[ref] = RecordChanged()
        elif answer.error is not None:
            results[ref] = answer.error
        else:
            written = _written(write, answer.body if isinstance(answer.body, Mapping) else {})
            if write.note is not None and noted is not None:
                written = replace(written, info=write.note.made(noted))
            results[ref] = written
            if any(written.row.get(column) != value for column, value in write.values.items()):
                other[ref] = _overwritten(write, {column: written.row.get(column) for column in write.values})
    for problem in keep(services, other).values():  # an undo then leaves what it does not recognise
        telemetry.log_problem(log, problem, operation=OPERATION)
    return results


def _overwritten(write: ColumnWrite, after: Mapping[str, object]) -> Overwritten:
    columns = {column: (write.record.row.get(column), value) for column, value in after.items()}
    return Overwritten(write.record.ref.table, columns, {})


def _written(write: ColumnWrite, answer: Row) -> Record:
    """The record with what Dataverse made of the columns; what it does not say is as it was sent."""
    kept = {name: value for name, value in write.record.row.items() if name.partition("@")[0] not in write.values}
    return replace(write.record, row={**kept, **write.values, **answer})
