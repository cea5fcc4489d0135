"""Why a field has its value: the rule, the direction, the job or the run, the time and the mapping.

Only what the connector itself recorded is told: Spotler Info, the old values of runs, the history of consent, the rows
of jobs. Values are never told. What was not recorded, or is not kept any more, is "not known".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.dataverse.api import Row, filters, lookup_id
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, Lead, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.mapping import MappingRow, mapping_version
from connector.mapping.columns import Expression, Mapped, base_column, column_text
from connector.mapping.model import PERMISSIONS
from connector.services import Services
from connector.sync.moments import read_moment
from connector.sync.old_values import OLD, Overwritten, runs
from connector.sync.permissions.history import history_of
from connector.sync.records import Record, RecordReader

NOT_KNOWN: Final = "not known"

#: How long a job may take between its send and its end, so that it is named as what sent the record.
_OF_ONE_JOB: Final = timedelta(minutes=5)
_NEWEST: Final = 20


class NoSuchField(Invalid):
    """The mapping has no row with this column or field for the table of the record."""

    code = "FIELD_NOT_MAPPED"
    advice = "Look at the names in the mapping; mapping check lists what is wrong with it."


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is known.

    Attributes:
        about: what it is about: `rule`, `in Dataverse`, `in Spotler`, `consent` or `job`.
        text: a sentence without values.
        at: when; None where there is no time or it is not known.
    """

    about: str
    text: str
    at: datetime | None = None


def why(services: Services, ref: RecordRef, name: str) -> list[Told]:
    """What is known of a field of a record.

    Args:
        services: the systems, which are only read.
        ref: the record.
        name: a column of Dataverse or a field of Spotler, as the mapping names it.

    Raises:
        NoSuchField: the mapping has no such row.
        ConnectorError: what Dataverse or the state said.
    """
    rows = [
        (number, row)
        for number, row in enumerate(services.mapping.rows, 1)
        if ref.table in row.columns and _is_about(row, row.columns[ref.table], name)
    ]
    if not rows:
        raise NoSuchField
    record = RecordReader(services).read([ref]).get(ref)
    version = mapping_version(services.mapping)
    found = [_rule(number, row, ref.table, version) for number, row in rows]
    columns = sorted({base_column(row.columns[ref.table]) for _, row in rows} - {""})
    if any(_is_permissions(row, ref.table) for _, row in rows):
        found += _consent(services, ref)
    found += [each for column in columns for each in _in_dataverse(services, ref, record, column, rows)]
    outward = [row for _, row in rows if row.field and row.direction.outward]
    fields = sorted({row.field for row in outward})
    lists = frozenset(row.field for row in outward if row.item or _is_permissions(row, ref.table))
    jobs = _jobs(services, ref)
    found += [_in_spotler(record, field, version, jobs, is_list=field in lists) for field in fields]
    found += [Told("job", _job(row), _ended(row)) for row in jobs if _touches(row, fields)]
    return found


def _is_about(row: MappingRow, expression: Expression, name: str) -> bool:
    wanted = name.casefold()
    return wanted in (row.field.casefold(), base_column(expression).casefold())


def _is_permissions(row: MappingRow, table: str) -> bool:
    return isinstance(row.columns[table], Mapped) or row.field.casefold() == PERMISSIONS


def _rule(number: int, row: MappingRow, table: str, version: str) -> Told:
    column = column_text(row.columns[table])
    what = f"{column} {row.direction} {row.field}" if row.field else f"{column} filters"
    return Told("rule", f"Row {number} of the mapping {version}, {table}: {what}{f': {row.item}' if row.item else ''}.")


def _in_dataverse(
    services: Services, ref: RecordRef, record: Record | None, column: str, rows: Sequence[tuple[int, MappingRow]]
) -> Iterator[Told]:
    if record is None:
        yield Told("in Dataverse", "The record is not there any more.")
        return
    known = {run.id: run for run in runs(services.state)}
    wrote: list[tuple[datetime, str, str, object]] = []
    for name in services.state.names(f"{OLD}/{ref.id}/"):
        run, stored = known.get(name.rpartition("/")[2]), services.state.read(name)
        columns = Overwritten.parse(name, stored.value).columns if stored else {}
        if run is not None and column in columns:
            wrote.append((run.began, run.id, run.mapping, columns[column][1]))
    if wrote:
        at, run_id, mapping, value = max(wrote, key=lambda each: each[0])
        after = "" if record.row.get(column) == value else " It was changed in Dataverse since then."
        yield Told("in Dataverse", f"{column} came from Spotler with run {run_id}, mapping {mapping}.{after}", at)
        return
    if any(row.direction.inward for _, row in rows):
        days = services.settings.undo_days
        text = f"Whether {column} came from Spotler is {NOT_KNOWN}: no run of the last {days} days wrote it."
        yield Told("in Dataverse", text)
    else:
        yield Told("in Dataverse", f"The connector never writes {column}; Dataverse knows who did.")


def _in_spotler(record: Record | None, field: str, version: str, jobs: Sequence[Row], *, is_list: bool) -> Told:
    if record is None or record.sent_on is None or record.is_gone:
        return Told("in Spotler", f"When {field} was sent is {NOT_KNOWN}: Spotler Info has no send of this record.")
    sent = record.sent_fields
    mapping = f"mapping {sent.mapping}" if sent.mapping else f"a mapping that is {NOT_KNOWN}"
    if sent.mapping and sent.mapping != version:
        mapping += ", which is not the present one"
    filled = {each.casefold() for each in sent.filled}
    by = f"by {mapping}, with {_sender(record.sent_on, jobs)}"
    if field.casefold() in filled:
        text = f"{field} was sent with a value, {by}."
    elif is_list:
        text = f"{field} was sent, {by}. Which of its items were on is not recorded here."
    else:
        text = f"{field} was sent without a value, or left out because its value could not be sent, {by}."
    return Told("in Spotler", text, record.sent_on)


def _sender(sent_on: datetime, jobs: Sequence[Row]) -> str:
    for row in jobs:
        began, ended = read_moment(row.get(Job.STARTED_ON)), _ended(row)
        if began and ended and began - timedelta(seconds=1) <= sent_on <= ended <= began + _OF_ONE_JOB:
            return f"job {row.get(Job.NUMBER)}"
    return "an automatic sync, a plan, or a job that is not kept any more"


def _consent(services: Services, ref: RecordRef) -> Iterator[Told]:
    changes = history_of(services.dataverse, ref.id)
    if not changes:
        yield Told("consent", f"Who switched a permission is {NOT_KNOWN}: the history of consent has no entry.")
    for change in changes:
        source = f"{change.cause.name.lower().replace('_', ' ')}; {change.evidence or NOT_KNOWN}"
        yield Told("consent", f"{change.permission}: {'on' if change.after else 'off'}, by {source}.", change.at)


def _jobs(services: Services, ref: RecordRef) -> list[Row]:
    """The newest jobs of a record."""
    lookup = Job.LEAD if ref.table == Lead.TABLE else Job.CUSTOMER
    rows = services.dataverse.query(
        Job.SET,
        select=(
            Job.ID, Job.NUMBER, Job.OPERATION, Job.RESULT_CODE, Job.STARTED_ON, Job.COMPLETED_ON, Job.FIELD_NAME,
            lookup_value(lookup),
        ),
        filter=filters.eq(lookup_value(lookup), filters.guid(ref.id)),
        orderby=("createdon desc",),
        top=_NEWEST,
    )  # fmt: skip
    return [row for row in rows if (lookup_id(row, lookup) or "").lower() == ref.id]


def _touches(row: Row, fields: Sequence[str]) -> bool:
    """Whether a job sent the record, or wrote one of these fields."""
    named = str(row.get(Job.FIELD_NAME) or "").casefold()
    is_sync = row.get(Job.OPERATION) == Operation.SYNC_CONTACT.value
    return is_sync or named in {field.casefold() for field in fields}


def _job(row: Row) -> str:
    operation = next((each.label for each in Operation if each.value == row.get(Job.OPERATION)), NOT_KNOWN)
    return f"Job {row.get(Job.NUMBER)}, {operation}: {row.get(Job.RESULT_CODE) or 'not ended'}."


def _ended(row: Row) -> datetime | None:
    return read_moment(row.get(Job.COMPLETED_ON))
